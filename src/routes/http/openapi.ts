// Short forms for describing routes: what a request takes and what answers it can meet. The same schemas validate.
import { type Hook, OpenAPIHono, z } from "@hono/zod-openapi";
import { ProblemError } from "../../problem.ts";
import { PROBLEMS, type ProblemCode } from "../../problem-catalogue.ts";
import { formatTimestamp } from "../../timestamps.ts";
import type { AppEnv } from "./app-env.ts";

// biome-ignore lint/suspicious/noExplicitAny: the hook serves routes of every shape; it reads the outcome only
const refuseInvalid: Hook<any, AppEnv, any, any> = (result) => {
	if (result.success) return;
	throw result.target === "param" ? invalidRequest(result.error, "invalid_identifier") : invalidRequest(result.error);
};

/** The problem of a request that does not have the form its schema asks for, naming each field. */
export function invalidRequest(
	error: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] },
	code: "invalid_request" | "invalid_identifier" = "invalid_request",
): ProblemError {
	const errors = error.issues
		.slice(0, 20)
		.map(({ path, message }) => ({ field: path.join(".").slice(0, 128), message: message.slice(0, 256) }));
	return new ProblemError(code, { extras: { errors } });
}

/** A router whose routes validate what they describe, and answer with a problem where it does not hold. */
export function createRouter(): OpenAPIHono<AppEnv> {
	return new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid });
}

const problemBody = z
	.looseObject({
		type: z.string(),
		title: z.string(),
		status: z.int(),
		code: z.string(),
		detail: z.string().optional(),
		fix: z.string(),
		retryable: z.boolean(),
		request_id: z.string(),
	})
	.openapi("Problem");

/** A body that has a name, or null. With `.nullable()` the description would call the body itself nullable everywhere. */
export function orNull<T extends z.ZodType>(schema: T) {
	return z.union([schema, z.null()]);
}

/** A body of JSON that a request must carry. */
export function jsonBody<T extends z.ZodType>(schema: T) {
	return { content: { "application/json": { schema } }, required: true } as const;
}

/** An answer of JSON. */
export function jsonAnswer<T extends z.ZodType>(schema: T, description: string) {
	return { content: { "application/json": { schema } }, description } as const;
}

interface DescribedProblems {
	readonly description: string;
	readonly content: { readonly "application/problem+json": { readonly schema: typeof problemBody } };
	readonly "x-codes": readonly ProblemCode[];
}

/** The answers with which a route refuses, grouped by status as OpenAPI wants them. */
export function problems(...codes: readonly ProblemCode[]) {
	const answers: Record<number, DescribedProblems> = {};
	for (const code of codes) {
		const { status, title } = PROBLEMS[code];
		const text = `\`${code}\`: ${title}.`;
		const earlier = answers[status];
		answers[status] = {
			description: earlier === undefined ? text : `${earlier.description} ${text}`,
			content: { "application/problem+json": { schema: problemBody } },
			"x-codes": [...(earlier?.["x-codes"] ?? []), code],
		};
	}
	return answers;
}

/** The last time that RFC 3339 can write: the grace of a license that never ends ends later. */
const END_OF_9999 = 253_402_300_799;

/** An RFC 3339 time on the wire, unix seconds inside: from 1970, since none is negative, to what can be written in UTC. */
export const timestamp = z.iso
	.datetime({ offset: true })
	.refine((time) => toSeconds(time) >= 0 && toSeconds(time) <= END_OF_9999, "a time from 1970 to 9999, in UTC")
	.openapi({ example: "2026-12-31T00:00:00Z" });

/** A whole number in a query, in decimal digits: `Number` would take `0x10`, `1e2` and blanks too. */
export function wholeNumber(min: number, max: number) {
	return z
		.string()
		.regex(/^(?:0|[1-9]\d{0,14})$/, "a whole number in digits is expected")
		.transform(Number)
		.pipe(z.int().min(min).max(max))
		.openapi({ type: "integer", minimum: min, maximum: max });
}

export function toSeconds(time: string): number {
	return Math.floor(Date.parse(time) / 1000);
}

/** Only in answers that rest on records which cannot be read at the moment. */
export const degradedFlag = z.literal(true).optional().openapi({
	description: "Present while records cannot be read: what is said here was so at `as_of`",
});

/** Both marks, for answers that have no `as_of` otherwise. */
export const degradedMarks = {
	degraded: degradedFlag,
	as_of: timestamp.optional().openapi({ description: "With `degraded` only" }),
};

/** @param degradedAsOf of the request's scope, asked after the last read that the answer rests on */
export function markDegraded(degradedAsOf: number | null): { degraded?: true; as_of?: string } {
	return degradedAsOf === null ? {} : { degraded: true, as_of: toTimestamp(degradedAsOf) };
}

const MAX_TIMESTAMPS = 1000;
const timestamps = new Map<number, string>();

/** @param seconds unix seconds; the same few come up in every answer of a second, so each is written once */
export function toTimestamp(seconds: number): string {
	let text = timestamps.get(seconds);
	if (text === undefined) {
		text = formatTimestamp(Math.min(seconds, END_OF_9999));
		if (timestamps.size >= MAX_TIMESTAMPS) timestamps.clear();
		timestamps.set(seconds, text);
	}
	return text;
}

/** @param seconds unix seconds @returns null for what does not exist or never comes (Infinity) */
export function toTimestampOrNull(seconds: number | null | undefined): string | null {
	return seconds == null || seconds === Number.POSITIVE_INFINITY ? null : toTimestamp(seconds);
}
