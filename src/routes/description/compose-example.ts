// Examples of whole bodies, composed from those of their fields. Gives each field in the description its example on the way.
import { type ApiDocument, componentOf, type Schema } from "./api-document.ts";
import { EXAMPLES, LEFT_OUT } from "./examples.ts";

/** What a schema is found under: the body's name, or the operation. */
type Place = string;

/**
 * Writes an example into the schema of every field that has one, and composes the example of the whole.
 * @param place name of the body that the schema is, or `METHOD /path` of an operation
 */
export function composeExample(document: ApiDocument, schema: Schema, place: Place, field?: string): unknown {
	const named = field === undefined ? undefined : exampleOf(place, field, schema);
	if (named !== undefined) {
		schema.example = named;
		return named;
	}
	if (schema.example !== undefined) return schema.example;
	const component = componentOf(document, schema);
	if (component !== null) return composeExample(document, component.schema, component.name);
	if (schema.allOf !== undefined) {
		return Object.assign({}, ...schema.allOf.map((part) => composeExample(document, part, place, field)));
	}
	const choices = schema.anyOf ?? schema.oneOf;
	if (choices !== undefined) {
		const composed = choices.map((choice) => composeExample(document, choice, place, field));
		return composed.find((one) => one !== null);
	}
	if (schema.const !== undefined) return schema.const;
	if (schema.enum !== undefined) return schema.enum[0];
	if (schema.properties !== undefined) return composeObject(document, schema, schema.properties, place);
	if (schema.prefixItems !== undefined) return schema.prefixItems.map((item) => composeExample(document, item, place));
	if (schema.items !== undefined) return [composeExample(document, schema.items, place)];
	return undefined;
}

function composeObject(
	document: ApiDocument,
	{ required = [] }: Schema,
	properties: Record<string, Schema>,
	place: Place,
): Record<string, unknown> {
	const composed: Record<string, unknown> = {};
	for (const [name, property] of Object.entries(properties)) {
		const value = composeExample(document, property, place, name);
		const isLeftOut = !required.includes(name) && (LEFT_OUT.has(name) || LEFT_OUT.has(`${place}.${name}`));
		if (!isLeftOut && value !== undefined) composed[name] = value;
	}
	return composed;
}

/** The example for a field by its name, where it is of the field's type. */
function exampleOf(place: Place, field: string, schema: Schema): unknown {
	const qualified = EXAMPLES[`${place}.${field}`];
	if (qualified !== undefined) return qualified;
	const example = EXAMPLES[field];
	return example !== undefined && isOfType(example, schema) ? example : undefined;
}

/** Whether a value is one of a schema's simple types; what refers to a body, or is a list of bodies, is composed instead. */
function isOfType(value: unknown, { type, enum: values, items, properties }: Schema): boolean {
	const types = type === undefined ? [] : [type].flat();
	if (value === null) return types.includes("null");
	if (values !== undefined) return values.includes(value);
	if (Array.isArray(value))
		return types.includes("array") && items?.$ref === undefined && items?.properties === undefined;
	if (typeof value === "number") return types.includes("number") || types.includes("integer");
	if (typeof value === "object") {
		return types.includes("object") && Object.keys(properties ?? {}).every((name) => Object.hasOwn(value, name));
	}
	return types.includes(typeof value);
}
