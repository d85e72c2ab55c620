// Judges values by the JSON Schemas of the API's description, as any reader of JSON Schema 2020-12 would. The library is one that
// runs in workerd too, where code cannot be made from text.
import { dereference, type Schema as LibrarySchema, validate } from "@cfworker/json-schema";
import type { ApiDocument, Schema } from "../../../src/routes/description/api-document.ts";

const BASE = "https://description.test/";

/** @returns what is wrong with a value, by a schema of the document; null = nothing */
export type Judge = (schema: Schema, value: unknown) => string | null;

/** @param isClosed whether a field that an object's schema does not name is a fault */
export function createJudge(document: ApiDocument, { isClosed }: { readonly isClosed: boolean }): Judge {
	const components = Object.entries(document.components.schemas).flatMap(([name, schema]) => [
		[`open.${name}`, readable(schema, false)],
		[`closed.${name}`, readable(schema, isClosed)],
	]);
	const known = new Map<Schema, LibrarySchema>();
	const lookup = dereference({ $defs: Object.fromEntries(components) }, undefined, new URL(`${BASE}components`));
	return (schema, value) => {
		let prepared = known.get(schema);
		if (prepared === undefined) {
			prepared = readable(schema, isClosed) as LibrarySchema;
			dereference(prepared, lookup, new URL(`${BASE}${known.size}`));
			known.set(schema, prepared);
		}
		const { valid, errors } = validate(value, prepared, "2020-12", lookup);
		if (valid) return null;
		const { instanceLocation, error } = errors.at(-1) ?? { instanceLocation: "#", error: "not valid" };
		return `${instanceLocation}: ${error}`;
	};
}

/** A copy of the schema that refers to the components of the judge, without examples, and closed where it is to be. */
function readable(part: unknown, isClosed: boolean): unknown {
	if (Array.isArray(part)) return part.map((one) => readable(one, isClosed));
	if (typeof part !== "object" || part === null) return part;
	const entries = Object.entries(part).flatMap(([name, value]): [string, unknown][] => {
		if (name === "example") return [];
		if (name === "$ref") return [[name, referenceTo(String(value), isClosed)]];
		if (name === "properties") {
			return [[name, Object.fromEntries(Object.entries(value).map(([key, one]) => [key, readable(one, isClosed)]))]];
		}
		// Each part names some of the fields; the whole is what can be closed.
		return [[name, readable(value, isClosed && name !== "allOf")]];
	});
	const isObject = "allOf" in part || ("properties" in part && !("additionalProperties" in part));
	if (isClosed && isObject) entries.push(["unevaluatedProperties", false]);
	return Object.fromEntries(entries);
}

function referenceTo(reference: string, isClosed: boolean): string {
	const name = reference.replace("#/components/schemas/", "");
	return `${BASE}components#/$defs/${isClosed ? "closed" : "open"}.${name}`;
}
