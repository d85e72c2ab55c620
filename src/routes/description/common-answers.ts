// Refusals that a request can meet on every route: for its credentials, the form of its body and
// of its parameters, and when a part of the service is down. A route declares its own refusals.
import { PROBLEMS, type ProblemCode } from "../../problem-catalogue.ts";
import { isOAuthError, type OAuthErrorCode, oauthErrors } from "../http/oauth-error.ts";
import { problems } from "../http/openapi.ts";
import { headersOf } from "./answer-headers.ts";
import type { Answer, Operation } from "./api-document.ts";

/** The answers of an operation, with those that every one of its kind can give. */
export function completeAnswers(path: string, operation: Operation): Record<string, Answer> {
	const isOAuth = path.startsWith("/oauth2/");
	const refusals = isOAuth ? oauthErrors(allErrors(operation)) : problems(...allProblems(path, operation));
	const content = isOAuth
		? { "application/json": { schema: { $ref: "#/components/schemas/OAuthError" } } }
		: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
	const described = Object.entries(refusals).map(([status, refusal]) => [status, { ...refusal, content }]);
	const answers: Record<string, Answer> = { ...operation.responses, ...Object.fromEntries(described) };
	return Object.fromEntries(
		Object.entries(answers).map(([status, answer]) => [
			status,
			{ ...answer, headers: headersOf(path, Number(status), operation) },
		]),
	);
}

function allProblems(path: string, operation: Operation): ProblemCode[] {
	const { security = [], parameters = [], requestBody, responses } = operation;
	const codes = new Set(Object.values(responses).flatMap((answer) => (answer["x-codes"] ?? []).filter(isProblem)));
	const add = (...more: ProblemCode[]) => {
		for (const code of more) codes.add(code);
	};
	const asks = (scheme: string) => security.some((one) => Object.hasOwn(one, scheme));
	if (asks("accessToken")) add("unauthenticated", "dpop_proof_missing", "device_refused");
	if (asks("apiKey")) add("unauthenticated", "insufficient_scope", "rate_limited");
	if (operation["x-idempotency-key"])
		add("idempotency_key_invalid", "idempotency_key_in_use", "idempotency_key_reused");
	if (path.startsWith("/v1/")) {
		if (parameters.some((parameter) => parameter.in === "path")) add("invalid_identifier");
		if (parameters.some((parameter) => parameter.in === "query")) add("invalid_request");
	}
	if (requestBody?.content["application/json"] !== undefined) {
		add("length_required", "content_too_large", "unsupported_media_type", "invalid_request");
	}
	add("https_required", "misconfigured");
	// What is the same for everybody needs no part that could be down.
	if (!path.startsWith("/.well-known/")) add("internal", "unavailable");
	return [...codes];
}

/** Under /oauth2/ the same, in OAuth's fewer words. */
function allErrors({ requestBody, responses }: Operation): Record<string, readonly OAuthErrorCode[]> {
	const errors: Record<string, readonly OAuthErrorCode[]> = {
		403: ["invalid_request"],
		500: ["server_error"],
		503: ["temporarily_unavailable"],
	};
	if (requestBody !== undefined) for (const status of ["411", "413", "415"]) errors[status] = ["invalid_request"];
	for (const [status, answer] of Object.entries(responses)) {
		const declared = (answer["x-codes"] ?? []).filter(isOAuthError);
		if (declared.length > 0) errors[status] = [...new Set([...declared, ...(errors[status] ?? [])])];
	}
	return errors;
}

function isProblem(code: string): code is ProblemCode {
	return Object.hasOwn(PROBLEMS, code);
}
