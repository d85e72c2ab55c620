// Judges values by the JSON Schemas of the API's description.
import { z } from "zod";
import type { ApiDocument, Schema } from "../../src/routes/description/api-document.ts";
import { componentOf } from "../../src/routes/description/api-document.ts";

/**
 * @param isClosed whether a field that an object's schema does not name is a fault
 * @returns what is wrong with a value, by a schema of the document; null = nothing
 */
export function createJudge(document: ApiDocument, { isClosed }: { readonly isClosed: boolean }) {
	const $defs = readable(document, document.components.schemas, isClosed);
	const known = new Map<Schema, z.ZodType>();
	return (schema: Schema, value: unknown): string | null => {
		let judge = known.get(schema);
		if (judge === undefined) {
			const whole = Object.assign({}, readable(document, schema, isClosed), { $defs });
			judge = z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0]);
			known.set(schema, judge);
		}
		const parsed = judge.safeParse(value);
		return parsed.success ? null : JSON.stringify(parsed.error.issues[0]);
	};
}

/** The same schemas as zod reads them: it sets no flag on patterns, and takes the parts of `allOf` one by one. */
function readable(document: ApiDocument, part: unknown, isClosed: boolean): unknown {
	if (Array.isArray(part)) return part.map((one) => readable(document, one, isClosed));
	if (typeof part !== "object" || part === null) return part;
	const { allOf } = part as Schema;
	if (allOf !== undefined) return readable(document, merged(document, allOf), isClosed);
	const entries = Object.entries(part).flatMap(([name, value]): [string, unknown][] => {
		if (name === "pattern" && /\\p\{/i.test(String(value))) return [];
		if (name === "$ref") return [[name, String(value).replace("#/components/schemas/", "#/$defs/")]];
		return [[name, name === "example" ? value : readable(document, value, isClosed)]];
	});
	// A key is whatever its kind of key has.
	const isNamed = "properties" in part && !("kty" in Object(part.properties)) && !("kid" in Object(part.properties));
	if (isClosed && isNamed && !("additionalProperties" in part)) entries.push(["additionalProperties", false]);
	return Object.fromEntries(entries);
}

function merged(document: ApiDocument, parts: readonly Schema[]): Schema {
	const whole = parts.map((part) => componentOf(document, part)?.schema ?? part);
	return {
		type: "object",
		properties: Object.assign({}, ...whole.map(({ properties }) => properties)),
		required: whole.flatMap(({ required = [] }) => required),
	};
}
