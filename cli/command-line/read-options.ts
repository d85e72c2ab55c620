// Reading a command's options and operands with schemas: whatever does not fit is an error that names it.
import type { Command } from "commander";
import type { z } from "zod";
import { UsageError } from "../errors.ts";

/**
 * Reads the options of a command and of those above it, the nearest winning.
 * @throws UsageError naming the option that is wrong
 */
export function readOptions<T>(command: Command, schema: z.ZodType<T>): T {
	const lineage: Command[] = [];
	for (let at: Command | null = command; at !== null; at = at.parent) lineage.unshift(at);
	const given: unknown = Object.assign({}, ...lineage.map((one) => one.opts()));
	return readGiven(given, schema, (path) => `--${path.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
}

/** @returns the operand at `index`, checked; @throws UsageError calling it `name` */
export function readOperand<T>(operands: readonly string[], index: number, name: string, schema: z.ZodType<T>): T {
	return readGiven(operands[index], schema, () => name);
}

function readGiven<T>(given: unknown, schema: z.ZodType<T>, nameOf: (path: string) => string): T {
	const read = schema.safeParse(given);
	if (read.success) return read.data;
	const issue = read.error.issues[0];
	const path = issue?.path[0];
	throw new UsageError(`${nameOf(path === undefined ? "" : String(path))}: ${issue?.message ?? "not understood"}`);
}
