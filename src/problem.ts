// A problem on its way to being an answer: thrown by routes, written as RFC 9457 has it. Which problems there are stands in
// problem-catalogue.ts.
import { PROBLEMS, type ProblemCode } from "./problem-catalogue.ts";

/** Members of an answer beyond the standard ones. Nothing secret: they go to the client. */
export type ProblemExtras = Readonly<Record<string, string | number | boolean | null | readonly unknown[]>>;

/** How credentials were refused: RFC 6750 §3.1 and RFC 9449 §7.1 have these two words. */
export interface Challenge {
	readonly scheme: "DPoP" | "Bearer";
	readonly error: "invalid_token" | "invalid_dpop_proof";
}

/**
 * The schemes that a 401 names (RFC 9110 §11.6.1), with the error in the one that was used. None without credentials: RFC 6750
 * §3.1 keeps error codes to requests that carried some.
 */
function challengesOf(challenge: Challenge | undefined): string {
	const error = (scheme: Challenge["scheme"]) => (challenge?.scheme === scheme ? [`error="${challenge.error}"`] : []);
	const dpop = [...error("DPoP"), 'algs="ES256 EdDSA Ed25519"'].join(", ");
	const bearer = ["Bearer", ...error("Bearer")].join(" ");
	return `DPoP ${dpop}, ${bearer}`;
}

/** Thrown by routes; the application's error handler turns it into the answer. */
export class ProblemError extends Error {
	override readonly name = "ProblemError";
	readonly code: ProblemCode;
	readonly detail: string | undefined;
	readonly extras: ProblemExtras;
	readonly headers: Readonly<Record<string, string>>;
	readonly challenge: Challenge | undefined;

	constructor(
		code: ProblemCode,
		options: {
			detail?: string;
			extras?: ProblemExtras;
			headers?: Readonly<Record<string, string>>;
			/** of a 401: what was wrong with credentials that were sent; not given = none were */
			challenge?: Challenge;
		} = {},
	) {
		super(options.detail ?? PROBLEMS[code].title);
		this.code = code;
		this.detail = options.detail;
		this.extras = options.extras ?? {};
		this.headers = options.headers ?? {};
		this.challenge = options.challenge;
	}
}

/** The answer to a problem: RFC 9457 `application/problem+json`, never cached. */
export function problemResponse(problem: ProblemError, requestId: string): Response {
	const { status, title, fix, retryable } = PROBLEMS[problem.code];
	const body = {
		type: `/problems/${problem.code}`,
		title,
		status,
		code: problem.code,
		...(problem.detail === undefined ? {} : { detail: problem.detail }),
		fix,
		retryable,
		request_id: requestId,
		...problem.extras,
	};
	const headers = new Headers({
		"content-type": "application/problem+json",
		"cache-control": "no-store",
		...problem.headers,
	});
	if (status === 401) headers.set("www-authenticate", challengesOf(problem.challenge));
	return new Response(JSON.stringify(body), { status, headers });
}
