// The one place where a failure becomes an answer. What is not expected tells the caller nothing but the request's id.
import { HTTPException } from "hono/http-exception";
import { ProblemError, problemResponse } from "./problem.ts";
import { PROBLEMS } from "./problem-catalogue.ts";
import type { RequestScope } from "./request-scope.ts";
import { retryAfterOfFleet } from "./retry-after.ts";
import { OAuthError, oauthErrorResponse } from "./routes/http/oauth-error.ts";
import { PackageStoreError } from "./storage/packages/package-store.ts";
import { RecordStoreError } from "./storage/record-store.ts";
import { RecordMissingError } from "./storage/records.ts";

/** @param path of the request: under /oauth2/ errors have another form */
export function answerFailure(error: unknown, scope: RequestScope, path: string): Response {
	const answer = describeFailure(error instanceof Error ? error : new Error("not an error"), scope, path);
	answer.headers.set("x-request-id", scope.requestId());
	return answer;
}

function describeFailure(error: Error, scope: RequestScope, path: string): Response {
	const { event } = scope;
	if (error instanceof OAuthError) {
		event.problem = error.code;
		return oauthErrorResponse(error);
	}
	const problem = asProblem(error, scope);
	event.problem = problem.code;
	return path.startsWith("/oauth2/")
		? oauthErrorResponse(asOAuthError(problem))
		: problemResponse(problem, scope.requestId());
}

function asProblem(error: Error, scope: RequestScope): ProblemError {
	if (error instanceof ProblemError) return error;
	// Hono throws these for bodies that are not JSON.
	if (error instanceof HTTPException && error.status < 500) {
		return new ProblemError("invalid_request", { detail: "the body is not valid JSON" });
	}
	scope.event.reason = locateFailure(error);
	const isStorage =
		error instanceof RecordMissingError ||
		error instanceof RecordStoreError ||
		error instanceof PackageStoreError ||
		"overloaded" in error ||
		"retryable" in error ||
		// The object died under the request: it ran out of memory or time, its disk failed, or another version took its place.
		"durableObjectReset" in error ||
		isOfAnotherVersion(error);
	if (!isStorage) return new ProblemError("internal");
	return new ProblemError("unavailable", { headers: { "retry-after": String(retryAfter(error)) } });
}

/**
 * While a version is deployed, this Worker may meet an object of the version before or after, which lacks a method that is
 * called. The runtime says so in words only.
 */
function isOfAnotherVersion(error: Error): boolean {
	return error.message.startsWith("The RPC receiver does not implement");
}

/** Seconds, at random. Where records cannot be read it is a whole fleet that comes back. */
function retryAfter(error: Error): number {
	return error instanceof RecordStoreError ? fleetRetryAfter() : 5 + Math.floor(Math.random() * 26);
}

/** Seconds for a failure that everybody meets, at random, so that a whole fleet comes back spread over minutes. */
export function fleetRetryAfter(): number {
	return retryAfterOfFleet(Math.random());
}

/** Name and place of a failure. Not its message, which may quote what a client sent. */
function locateFailure(error: Error): string {
	const place = /^\s*at (.+)$/m.exec(error.stack ?? "")?.[1];
	return `${error.name} at ${place ?? "unknown"}`;
}

/** RFC 6749 has few words; a malformed registration is RFC 7591's `invalid_client_metadata`. */
function asOAuthError(problem: ProblemError): OAuthError {
	const { status, title } = PROBLEMS[problem.code];
	if (status === 422) return new OAuthError("invalid_client_metadata", 400, describeFields(problem));
	const { headers } = problem;
	if (status < 500) return new OAuthError("invalid_request", status, title, { headers });
	return new OAuthError(status === 503 ? "temporarily_unavailable" : "server_error", status, title, { headers });
}

function describeFields(problem: ProblemError): string {
	const { errors } = problem.extras;
	const text = !Array.isArray(errors)
		? problem.message
		: errors.map(({ field, message }: { field: string; message: string }) => `${field}: ${message}`).join("; ");
	// RFC 6749 §5.2: a description is ASCII, and these two characters have no place in it. A field's name may be the sender's.
	return text.replaceAll(/["\\]/g, "'").replaceAll(/[^ -~]/g, "?");
}
