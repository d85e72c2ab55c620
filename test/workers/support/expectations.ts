// What every refusal of the service must look like, checked wherever a test meets one: code and status together, what to
// do about it, nothing of the service's inside.
import { expect } from "vitest";
import { PROBLEMS, type ProblemCode } from "../../../src/problem-catalogue.ts";

export interface ProblemBody extends Record<string, unknown> {
	readonly code: string;
	readonly status: number;
	readonly request_id: string;
}

/** Stack lines, file names of ours and names of what runs underneath. */
const INSIDES = /\bat \S+ \(|\.ts\b|node_modules|TypeError|RangeError|ZodError|SQLITE|workerd/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The answer is this problem (RFC 9457), whole and clean. */
export async function expectProblem(answer: Response, code: ProblemCode): Promise<ProblemBody> {
	const text = await answer.text();
	expect(`${answer.status} ${text}`).toContain(`"code":"${code}"`);
	const body = JSON.parse(text) as ProblemBody;
	const { status, title, fix, retryable } = PROBLEMS[code];
	expect(body).toMatchObject({ type: `/problems/${code}`, code, status, title, fix, retryable });
	expect(answer.status).toBe(status);
	expect(body.request_id).toMatch(UUID);
	expect(answer.headers.get("content-type")).toBe("application/problem+json");
	expectRefusal(answer, text);
	return body;
}

/** The answer is this error of OAuth (RFC 6749 §5.2), whole and clean. */
export async function expectOAuthError(
	answer: Response,
	status: number,
	error: string,
): Promise<{ error: string; error_description: string; server_time?: number }> {
	const text = await answer.text();
	expect(`${answer.status} ${text}`).toContain(`${status} {"error":"${error}","error_description":"`);
	expect(answer.headers.get("content-type")).toBe("application/json");
	expectRefusal(answer, text);
	return JSON.parse(text);
}

function expectRefusal(answer: Response, text: string): void {
	expect(text).not.toMatch(INSIDES);
	expect(answer.headers.get("cache-control")).toContain("no-store");
	expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
	if (answer.status === 401) expect(answer.headers.get("www-authenticate")).toMatch(/^(DPoP|Basic) /);
	if (answer.status === 405) expect(answer.headers.get("allow")).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
	if (answer.status === 429 || answer.status === 503) expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
	if (answer.status >= 500) expect(JSON.parse(text)).not.toHaveProperty("detail");
}
