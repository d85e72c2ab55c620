// Reading what the service answers: with a schema, or as it came where it is only shown.
import { z } from "zod";
import { CliError } from "../errors.ts";
import type { AnswerSchema } from "./answer-schema.ts";

/** @throws CliError when the answer is not what it should be */
export function readAnswer<T>(value: unknown, what: string, schema: AnswerSchema<T>): T {
	const read = schema.safeParse(value);
	if (read.success) return read.data;
	throw new CliError(`${what}: the server's answer is not understood: ${z.prettifyError(read.error)}`, {
		code: "unexpected_answer",
		fix: "the server may speak another version of this interface: update this command line",
	});
}

/** An answer that is shown as it came. */
export const anyAnswer = z.looseObject({});
