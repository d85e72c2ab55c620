// Types of the API in words: one line on a schema, and a table of all the fields of a body, down to the last.
import { type ApiDocument, componentOf, type Schema } from "../../src/routes/description/api-document.ts";
import { table } from "./markdown.ts";

/** One line on a schema: the body that it is, or its type with its bounds. */
export function typeOf(schema: Schema | undefined): string {
	if (schema === undefined) return "any";
	const name = schema.$ref?.split("/").at(-1);
	if (name !== undefined) return `[${name}](#${name.toLowerCase()})`;
	if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
	const choices = schema.anyOf ?? schema.oneOf;
	if (choices !== undefined) return [...new Set(choices.map(typeOf))].join(" or ");
	if (schema.allOf !== undefined) return [...new Set(schema.allOf.map(typeOf))].join(" with ");
	const types = [schema.type ?? "any"].flat();
	const texts = types.filter((type) => type !== "null").map((type) => simpleType(type, schema));
	return [...texts, ...(types.includes("null") ? ["null"] : [])].join(" or ");
}

function simpleType(type: string, schema: Schema): string {
	if (schema.enum !== undefined) {
		return schema.enum
			.filter((value) => value !== null)
			.map((value) => `\`${value}\``)
			.join(", ");
	}
	if (type === "string") return stringType(schema);
	if (type === "integer" || type === "number") return `${type}${range(schema.minimum, schema.maximum)}`;
	if (type === "array") {
		const items = schema.items ?? schema.prefixItems?.[0];
		const count = schema.prefixItems === undefined ? range(schema.minItems, schema.maxItems) : ", exactly one";
		return `list of ${typeOf(items)}${count}`;
	}
	if (type === "object" && typeof schema.additionalProperties === "object" && schema.properties === undefined) {
		return `object: name → ${typeOf(schema.additionalProperties)}`;
	}
	return type;
}

function stringType({ format, pattern, minLength, maxLength }: Schema): string {
	if (format === "date-time") return "time";
	if (format === "date") return "date, `2026-12-31`";
	if (format === "binary") return "bytes";
	const length = minLength === undefined && maxLength === undefined ? "" : `${range(minLength, maxLength)} characters`;
	// In a table a bar would end the cell.
	return `string${length}${pattern === undefined ? "" : `, \`${pattern.replaceAll("|", "\\|")}\``}`;
}

/** zod bounds every integer by what a number can hold; that is no bound to speak of. */
function range(from: number | undefined, to: number | undefined): string {
	const low = from === undefined || from <= Number.MIN_SAFE_INTEGER ? undefined : from;
	const high = to === undefined || to >= Number.MAX_SAFE_INTEGER ? undefined : to;
	if (low !== undefined && high !== undefined) return low === high ? `, ${low}` : `, ${low} to ${high}`;
	if (low !== undefined) return `, at least ${low}`;
	return high === undefined ? "" : `, at most ${high}`;
}

/** A table of the fields of a body, those inside it as `outer.inner` and `list[].inner`; bodies with a name are linked. */
export function fieldTable(document: ApiDocument, schema: Schema): string[] {
	const rows = fieldRows(document, schema, "");
	if (rows.length === 0) return [`${typeOf(schema)}.`];
	const end = schema.additionalProperties === false ? ["", "Any other field is refused."] : [];
	return [...table(["field", "type", ""], rows), ...end];
}

/** What stands beside a field or a parameter. */
export function notesOn(isRequired: boolean, description = ""): string {
	return [...(isRequired ? [] : ["Optional."]), ...(description === "" ? [] : [description])].join(" ");
}

function fieldRows(document: ApiDocument, schema: Schema, prefix: string): string[][] {
	const required = requiredOf(document, schema);
	return Object.entries(propertiesOf(document, schema)).flatMap(([name, field]) => {
		const path = `${prefix}${name}`;
		const notes = notesOn(required.includes(name), field.description);
		return [[`\`${path}\``, typeOf(field), notes], ...innerRows(document, field, path)];
	});
}

function innerRows(document: ApiDocument, field: Schema, path: string): string[][] {
	if (field.$ref !== undefined) return [];
	const item = field.items ?? field.prefixItems?.[0];
	if (item !== undefined) return innerRows(document, item, `${path}[]`);
	const choices = [...(field.anyOf ?? []), ...(field.oneOf ?? [])];
	if (choices.length > 0) return choices.flatMap((choice) => innerRows(document, choice, path));
	const inner = fieldRows(document, field, `${path}.`);
	const value = field.additionalProperties;
	return typeof value === "object" ? [...inner, ...innerRows(document, value, `${path}.*`)] : inner;
}

function propertiesOf(document: ApiDocument, schema: Schema): Record<string, Schema> {
	const parts = (schema.allOf ?? []).map((part) => propertiesOf(document, componentOf(document, part)?.schema ?? part));
	return Object.assign({}, ...parts, schema.properties);
}

function requiredOf(document: ApiDocument, schema: Schema): readonly string[] {
	const parts = (schema.allOf ?? []).flatMap((part) =>
		requiredOf(document, componentOf(document, part)?.schema ?? part),
	);
	return [...(schema.required ?? []), ...parts];
}
