// Reading a command's options and operands with schemas: whatever does not fit is an error that names it.
import type { Command } from "commander";
import type { z } from "zod";
import { UsageError } from "../errors.ts";
import { closestWord } from "./did-you-mean.ts";

/** characters of a value that an error repeats */
const LONGEST_QUOTE = 60;

/**
 * Reads the options of a command and of those above it, the nearest winning.
 * @throws UsageError naming the option that is wrong
 */
export function readOptions<T>(command: Command, schema: z.ZodType<T>): T {
	const lineage: Command[] = [];
	for (let at: Command | null = command; at !== null; at = at.parent) lineage.unshift(at);
	const given: unknown = Object.assign({}, ...lineage.map((one) => one.opts()));
	const nameOf = (path: string) => `--${path.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
	const options = lineage.flatMap((one) => one.options);
	return readGiven(given, schema, nameOf, (name) => {
		const option = options.findLast(({ long }) => long === name);
		return option === undefined ? undefined : `give ${option.flags}: ${option.description}`;
	});
}

/** @returns the operand at `index`, checked; @throws UsageError calling it `name` */
export function readOperand<T>(operands: readonly string[], index: number, name: string, schema: z.ZodType<T>): T {
	return readGiven(operands[index], schema, () => name);
}

function readGiven<T>(
	given: unknown,
	schema: z.ZodType<T>,
	nameOf: (path: string) => string,
	fixOf: (name: string) => string | undefined = () => undefined,
): T {
	const read = schema.safeParse(given);
	if (read.success) return read.data;
	const issue = read.error.issues[0];
	const path = issue?.path[0];
	const name = nameOf(path === undefined ? "" : String(path));
	const value = path === undefined ? given : valueAt(given, issue?.path ?? []);
	const said = describeIssue(issue, value);
	throw new UsageError(`${name}${value === undefined ? "" : ` ${quote(value)}`}: ${said}`, fixOf(name));
}

/** @returns the part of what was typed that an issue is about; undefined when it was not text */
function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
	let at = given;
	for (const step of path) {
		// A list is typed as one text, or as several where the option is given several times.
		const typed = Array.isArray(at) ? at.join(",") : at;
		const next: unknown =
			typeof step === "number" && typeof typed === "string"
				? typed.split(",")[step]?.trim()
				: typeof at === "object" && at !== null
					? Reflect.get(at, step)
					: undefined;
		if (next === undefined) break;
		at = next;
	}
	return at === given ? undefined : at;
}

function quote(value: unknown): string {
	const text = Array.isArray(value) ? value.join(",") : String(value);
	return `"${text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text}"`;
}

/** zod's own messages are for programmers; ours are for whoever types. */
function describeIssue(issue: z.core.$ZodIssue | undefined, value: unknown): string {
	if (value === undefined && issue?.code.startsWith("invalid_")) return "required and missing";
	if (issue?.code === "invalid_value") {
		const values = issue.values.map(String);
		const meant = closestWord(String(value), values);
		const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
		return `not one of ${values.join(", ")}${hint}`;
	}
	if (issue?.code === "invalid_key") return `${String(issue.path.at(-1))}: ${issue.issues[0]?.message}`;
	if (issue?.code === "too_small" && issue.message.startsWith("Too small")) {
		if (issue.origin === "number" || issue.origin === "int") return `at least ${issue.minimum}`;
		if (Number(issue.minimum) === 1) return "something is expected here";
	}
	if (issue?.code === "too_big" && issue.message.startsWith("Too big")) {
		if (issue.origin === "array") return `at most ${issue.maximum} of them`;
		return issue.origin === "string" ? `longer than ${issue.maximum} characters` : `at most ${issue.maximum}`;
	}
	return issue?.message ?? "not understood";
}
