// What is wrong with a file that somebody wrote: each fault with the path of its field as it stands in the file, the reason, and what to
// do. From a schema that was tried here, or from what a server says of the request that the file became.
import { z } from "zod";
import type { FieldFault } from "../errors.ts";
import { fieldSchemaOf, fixOfField, fixOfUnknownField, schemaAt } from "./field-fix.ts";
import { plainWords } from "./plain-words.ts";

/** characters of a value that a fault repeats */
const LONGEST_QUOTE = 40;
const TYPES: Readonly<Record<string, string>> = {
	number: "a number",
	int: "a whole number",
	string: "a text",
	boolean: "true or false",
	array: "a list",
	object: "an object",
	record: "an object",
	null: "null",
};

export interface Said {
	readonly path: readonly PropertyKey[];
	readonly message: string;
}

/**
 * @param content of the file
 * @param taken the schema of what is in the file, for what to write in place of it
 */
export function faultsOf(said: readonly Said[], content: unknown, taken: z.ZodType): FieldFault[] {
	const schema = fieldSchemaOf(taken);
	return said.flatMap(({ path, message }) => {
		const unknown = /^Unrecognized keys?: (.+)$/.exec(message)?.[1];
		if (unknown !== undefined) {
			const names = [...unknown.matchAll(/"([^"]*)"/g)].map(([, name = ""]) => name);
			return names.map((name) => ({
				path: z.core.toDotPath([...path, name]),
				reason: "there is no such field",
				fix: fixOfUnknownField(name, schemaAt(schema, path)),
			}));
		}
		const reason = reasonOf(message);
		const value = valueAt(content, path);
		const isShort = ["string", "number", "boolean"].includes(typeof value) && reason !== "missing";
		const quoted = isShort ? `${quote(value)}: ` : "";
		const fix = fixOfField(reason, schemaAt(schema, path));
		return [{ path: path.length === 0 ? "the whole" : z.core.toDotPath([...path]), reason: quoted + reason, fix }];
	});
}

function reasonOf(message: string): string {
	const [, expected, received] = /^Invalid input: expected (\w+), received (\w+)$/.exec(message) ?? [];
	if (received === "undefined") return "missing";
	if (expected !== undefined) return `${TYPES[expected] ?? expected} is expected`;
	return plainWords(message);
}

function quote(value: unknown): string {
	const text = String(value);
	const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
	return typeof value === "string" ? JSON.stringify(short) : short;
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
	return path.reduce<unknown>(
		(at, step) =>
			typeof at === "object" && at !== null && Object.hasOwn(at, step) ? Reflect.get(at, step) : undefined,
		content,
	);
}

/** @returns the issues of a schema, and of a choice those of what was probably chosen */
export function saidOf(issues: readonly z.core.$ZodIssue[], above: readonly PropertyKey[] = []): Said[] {
	return issues.flatMap((issue) => {
		const path = [...above, ...issue.path];
		const chosen = issue.code === "invalid_union" ? chosenOf(issue.errors) : [];
		return chosen.length === 0 ? [{ path, message: issue.message }] : saidOf(chosen, path);
	});
}

/** @returns the issues of the form with the fewest; of several such those that all of them have */
function chosenOf(forms: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] {
	const weights = forms.map((issues) =>
		issues.reduce((total, issue) => total + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0),
	);
	const least = Math.min(...weights);
	const [first = [], ...others] = forms.filter((_, index) => weights[index] === least);
	const isIn = (one: z.core.$ZodIssue, issues: readonly z.core.$ZodIssue[]) =>
		issues.some(({ message, path }) => message === one.message && path.join(".") === one.path.join("."));
	return first.filter((one) => others.every((issues) => isIn(one, issues)));
}

/**
 * @param field as a server names it, its steps joined by dots, though names may have dots
 * @returns the same in steps, by what is in the content
 */
export function pathIn(content: unknown, field: string): PropertyKey[] {
	const path: PropertyKey[] = [];
	let at = content;
	for (let steps = field === "" ? [] : field.split("."); steps.length > 0; ) {
		const object: object = typeof at === "object" && at !== null ? at : {};
		const lengths = steps.map((_, index) => steps.length - index);
		const length = lengths.find((count) => Object.hasOwn(object, steps.slice(0, count).join("."))) ?? 1;
		const name = steps.slice(0, length).join(".");
		path.push(Array.isArray(at) || (at === undefined && /^\d+$/.test(name)) ? Number(name) : name);
		at = Object.hasOwn(object, name) ? Reflect.get(object, name) : undefined;
		steps = steps.slice(length);
	}
	return path;
}

/** @returns the JSON value in a file's text, or why it has none */
export function readJsonText(text: string): { readonly value: unknown } | { readonly fault: string } {
	try {
		return { value: JSON.parse(text) };
	} catch (error) {
		return { fault: error instanceof Error ? error.message : String(error) };
	}
}
