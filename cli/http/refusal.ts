// Reads what a refusing server says: problem details (RFC 9457) everywhere, RFC 6749 errors under /oauth2.
import { z } from "zod";
import { type RefusalWords, ServerRefusal } from "../errors.ts";
import { parseJson } from "../json.ts";
import { type HttpAnswer, retryAfterOf } from "./exchange.ts";
import { fixFor, type Members } from "./fixes.ts";

const problem = z.looseObject({
	title: z.string(),
	code: z.string().optional(),
	detail: z.string().optional(),
	errors: z
		.array(z.object({ field: z.string(), message: z.string() }))
		.optional()
		.catch(undefined),
	fix: z.string().optional(),
	request_id: z.string().optional(),
	server_time: z.number().optional(),
});

const oauthError = z.object({
	error: z.string(),
	error_description: z.string().optional(),
	server_time: z.number().optional(),
});

/**
 * Turns an answer of 400 and above into the error to throw.
 * @param what the thing that was tried, e.g. "could not create the account"
 */
export function refusalFrom(answer: HttpAnswer, what: string, nowMs: number): ServerRefusal {
	const body = parseJson(answer.text);
	const said = readProblem(body, what) ??
		readOauthError(body, what) ?? { code: `http_${answer.status}`, message: `${what}: status ${answer.status}` };
	const retryAfterSeconds = retryAfterOf(answer.headers, nowMs);
	const clockAheadSeconds = said.serverTime === undefined ? undefined : Math.round(nowMs / 1000 - said.serverTime);
	return new ServerRefusal({
		status: answer.status,
		code: said.code,
		message: said.message,
		said: said.words,
		members: said.members,
		fix: clockAheadSeconds === undefined ? said.fix : clockFix(clockAheadSeconds),
		requestId: said.requestId ?? headerText(answer.headers["x-request-id"]) ?? headerText(answer.headers["cf-ray"]),
		retryAfterSeconds,
		clockAheadSeconds,
	});
}

interface Said {
	readonly code: string;
	readonly message: string;
	readonly words?: RefusalWords | undefined;
	readonly members?: Members | undefined;
	readonly fix?: string | undefined;
	readonly requestId?: string | undefined;
	readonly serverTime?: number | undefined;
}

/** @returns one line of all that a problem says */
export function messageOf({ what, title, detail, errors }: RefusalWords): string {
	const faults = errors.map((one) => (one.field === "" ? one.message : `${one.field}: ${one.message}`)).join("; ");
	return [what, title, detail, faults].filter((part) => part !== undefined && part !== "").join(": ");
}

function readProblem(body: unknown, what: string): Said | undefined {
	const read = problem.safeParse(body);
	if (!read.success) return undefined;
	const { title, code = "problem", detail, errors = [], fix, request_id, server_time, ...rest } = read.data;
	const words = { what, title, detail, errors };
	const members = membersOf(rest);
	return {
		code,
		message: messageOf(words),
		words,
		members,
		fix: fixFor(code, members, fix),
		requestId: request_id,
		serverTime: server_time,
	};
}

function membersOf(rest: Readonly<Record<string, unknown>>): Members {
	const shown = Object.entries(rest).flatMap(([name, value]) =>
		typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? [[name, value]] : [],
	);
	return Object.fromEntries(shown);
}

function readOauthError(body: unknown, what: string): Said | undefined {
	const read = oauthError.safeParse(body);
	if (!read.success) return undefined;
	const { error, error_description, server_time } = read.data;
	return { code: error, message: `${what}: ${error_description ?? error}`, serverTime: server_time };
}

function clockFix(aheadSeconds: number): string {
	const way = aheadSeconds < 0 ? "behind" : "ahead of";
	return `this machine's clock is ${Math.abs(aheadSeconds)} s ${way} the server's: set it (NTP), then try again`;
}

function headerText(value: string | string[] | undefined): string | undefined {
	return typeof value === "string" ? value : undefined;
}
