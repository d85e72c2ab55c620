// What /oauth2/ answers instead of a problem document: RFC 6749 §5.2 (token), RFC 7591 §3.2.2 (registration) and
// RFC 9449 §12.2 (DPoP). Few codes, so that a caller who may not know which check failed does not learn it.
import { z } from "@hono/zod-openapi";
import { type DpopVerification, proofFault } from "../../signing/device-proofs/dpop.ts";

/** Each error, with what it means. */
export const OAUTH_ERRORS = {
	invalid_request: "The request does not have the form this endpoint takes",
	invalid_client: "The assertion was not accepted",
	invalid_token: "The auth code, or the registration token, was not accepted",
	invalid_scope: "The only scope is `device`",
	invalid_dpop_proof: "The DPoP proof is missing or was not accepted",
	invalid_client_metadata: "The metadata does not have the form this endpoint takes",
	unauthorized_client: "The device may not have a token now",
	unsupported_grant_type: "The grant is not the one that this endpoint takes",
	access_denied: "The credential is good, but not for this",
	temporarily_unavailable: "Not now; wait for the seconds in Retry-After",
	server_error: "The service failed",
} as const satisfies Record<string, string>;
export type OAuthErrorCode = keyof typeof OAUTH_ERRORS;

export function isOAuthError(code: string): code is OAuthErrorCode {
	return Object.hasOwn(OAUTH_ERRORS, code);
}

export class OAuthError extends Error {
	override readonly name = "OAuthError";
	readonly code: OAuthErrorCode;
	readonly status: number;
	/** unix seconds; given when the caller's clock is what is wrong */
	readonly serverTime: number | undefined;
	readonly retryAfter: number | undefined;
	/** what the status asks for beside that: Allow, a Retry-After that was set already, a challenge of another scheme */
	readonly headers: Readonly<Record<string, string>>;

	constructor(
		code: OAuthErrorCode,
		status: number,
		description: string,
		options: { serverTime?: number; retryAfter?: number; headers?: Readonly<Record<string, string>> } = {},
	) {
		super(description);
		this.code = code;
		this.status = status;
		this.serverTime = options.serverTime;
		this.retryAfter = options.retryAfter;
		this.headers = options.headers ?? {};
	}
}

const oauthErrorBody = z
	.object({ error: z.string(), error_description: z.string(), server_time: z.int().optional() })
	.openapi("OAuthError", { description: "`server_time` (unix seconds) is there when the caller's clock is wrong." });

interface DescribedErrors {
	readonly description: string;
	readonly content: { readonly "application/json": { readonly schema: typeof oauthErrorBody } };
	readonly "x-codes": readonly OAuthErrorCode[];
}

/** Descriptions of the answers with which a route refuses. @param codes by status */
export function oauthErrors(codes: Readonly<Record<number, readonly OAuthErrorCode[]>>) {
	const answers: Record<number, DescribedErrors> = {};
	for (const [status, errors] of Object.entries(codes)) {
		answers[Number(status)] = {
			description: errors.map((error) => `\`${error}\`: ${OAUTH_ERRORS[error]}.`).join(" "),
			content: { "application/json": { schema: oauthErrorBody } },
			"x-codes": errors,
		};
	}
	return answers;
}

export function oauthErrorResponse(error: OAuthError): Response {
	const headers = new Headers({ "content-type": "application/json", "cache-control": "no-store", ...error.headers });
	if (error.status === 401 && !headers.has("www-authenticate")) {
		headers.set("www-authenticate", `DPoP error="${error.code}", algs="ES256 EdDSA Ed25519"`);
	}
	if (error.retryAfter !== undefined) headers.set("retry-after", String(error.retryAfter));
	if (error.serverTime !== undefined) headers.set("date", new Date(error.serverTime * 1000).toUTCString());
	const body = {
		error: error.code,
		error_description: error.message,
		...(error.serverTime === undefined ? {} : { server_time: error.serverTime }),
	};
	return new Response(JSON.stringify(body), { status: error.status, headers });
}

/** The refusal of a DPoP proof that did not verify. @param now unix seconds, for a device whose clock is wrong */
export function proofError(proof: DpopVerification & { readonly ok: false }, now: number): OAuthError {
	return "clockOffsetSeconds" in proof
		? new OAuthError("invalid_dpop_proof", 400, clockMessage(proof.clockOffsetSeconds), { serverTime: now })
		: new OAuthError("invalid_dpop_proof", 400, proofFault(proof));
}

/** Three thousand years: who signs such a time has not set a clock wrongly but counts in another unit. */
const OTHER_UNIT_SECONDS = 1e11;

/** What a device with a wrong clock is told, once its signature was good. @param offsetSeconds positive = it is ahead */
export function clockMessage(offsetSeconds: number): string {
	if (offsetSeconds > OTHER_UNIT_SECONDS)
		return "`iat` and the like must be in seconds since 1970, not in milliseconds";
	const direction = offsetSeconds > 0 ? "ahead of" : "behind";
	return `the device's clock is about ${Math.abs(offsetSeconds)} s ${direction} the server's; set it (NTP) and try again`;
}
