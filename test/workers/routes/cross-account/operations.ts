// The operations of the service's own description, the fields by which a request says what it is about, and a request that
// is filled in: what the cross-account matrix is generated from.
import { send } from "../../../support/service.ts";

interface Schema {
	readonly $ref?: string;
	readonly type?: string;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly required?: readonly string[];
	readonly items?: Schema;
	readonly anyOf?: readonly Schema[];
	readonly oneOf?: readonly Schema[];
	readonly enum?: readonly unknown[];
	readonly const?: unknown;
	readonly format?: string;
	readonly minimum?: number;
}
interface Described {
	readonly security?: readonly Record<string, readonly string[]>[];
	readonly "x-scopes"?: readonly string[];
	readonly parameters?: readonly { name: string; in: string; required?: boolean; schema?: Schema }[];
	readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
interface Document {
	readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
	readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** A value of a request: in the path, in the query, or at the end of a branch of the body. */
export interface Field {
	/** `{license}`, `?after` or `owner.account`: no other field of the operation has the same */
	readonly key: string;
	/** its last part */
	readonly name: string;
	readonly required: boolean;
	readonly schema: Schema;
}

export interface Operation {
	/** such as `DELETE /v1/keys/{key}` */
	readonly name: string;
	readonly method: string;
	readonly path: string;
	readonly schemes: readonly string[];
	/** of API keys, any of which will do */
	readonly scopes: readonly string[];
	/** headers are left out */
	readonly fields: readonly Field[];
	/** null where it takes none, or none of JSON */
	readonly body: Schema | null;
	readonly resolve: (schema: Schema) => Schema;
}

export interface Call {
	readonly path: string;
	readonly body: unknown;
}

/** Every operation of the service under test. */
export async function listOperations(): Promise<Operation[]> {
	return operationsOf((await (await send("/openapi.json")).json()) as Document);
}

/** Every operation that an OpenAPI document describes. */
export function operationsOf({ paths, components }: Document): Operation[] {
	const resolve = (schema: Schema): Schema => {
		if (schema.$ref === undefined) return schema;
		const found = components?.schemas?.[schema.$ref.split("/").at(-1) ?? ""];
		if (found === undefined) throw new Error(`the document has no ${schema.$ref}`);
		return resolve(found);
	};
	return Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(
			([method, { security = [], "x-scopes": scopes = [], parameters = [], requestBody }]) => {
				const inUrl = parameters.filter((one) => one.in === "path" || one.in === "query");
				const bodies = Object.values(requestBody?.content ?? {}).map(({ schema }) => schema);
				return {
					name: `${method.toUpperCase()} ${path}`,
					method: method.toUpperCase(),
					path,
					schemes: [...new Set(security.flatMap((one) => Object.keys(one)))],
					scopes,
					fields: [
						...inUrl.map(({ name, required = false, schema = {}, ...one }) => {
							return { key: one.in === "path" ? `{${name}}` : `?${name}`, name, required, schema: resolve(schema) };
						}),
						...bodies.flatMap((schema) => leavesOf(schema, { key: "", name: "" }, true, resolve)),
					],
					body: requestBody?.content["application/json"]?.schema ?? null,
					resolve,
				};
			},
		),
	);
}

type Place = Pick<Field, "key" | "name">;
const placeIn = ({ key }: Place, name: string): Place => ({ key: key === "" ? name : `${key}.${name}`, name });

function leavesOf(given: Schema, place: Place, required: boolean, resolve: Operation["resolve"]): Field[] {
	const schema = resolve(given);
	const variants = schema.anyOf ?? schema.oneOf;
	if (variants !== undefined) return variants.flatMap((one) => leavesOf(one, place, required, resolve));
	if (schema.items !== undefined) return leavesOf(schema.items, place, required, resolve);
	if (schema.properties === undefined) return [{ ...place, required, schema }];
	return Object.entries(schema.properties).flatMap(([name, property]) =>
		leavesOf(property, placeIn(place, name), required && (schema.required ?? []).includes(name), resolve),
	);
}

/** @returns the value of a field that the request is about; undefined for any other */
export type SubjectOf = (field: Field) => string | undefined;

/**
 * A request with what it is about, and of the rest what it must have.
 * @param plainOf value of a required field that is about nothing
 */
export function fillIn(operation: Operation, subjectOf: SubjectOf, plainOf: (field: Field) => unknown): Call {
	const query = new URLSearchParams();
	let { path } = operation;
	for (const field of operation.fields.filter(({ key }) => /^[{?]/.test(key))) {
		const value = subjectOf(field) ?? (field.required ? String(plainOf(field)) : undefined);
		if (value === undefined) continue;
		if (field.key.startsWith("?")) query.set(field.name, value);
		else path = path.replace(field.key, encodeURIComponent(value));
	}
	const body = operation.body === null ? undefined : fillBody(operation, subjectOf, plainOf);
	return { path: query.size === 0 ? path : `${path}?${query}`, body };
}

function fillBody({ body, resolve }: Operation, subjectOf: SubjectOf, plainOf: (field: Field) => unknown): unknown {
	const isAbout = (schema: Schema, place: Place) =>
		leavesOf(schema, place, true, resolve).some((field) => subjectOf(field) !== undefined);

	const fill = (given: Schema, place: Place, required: boolean): unknown => {
		const schema = resolve(given);
		const variants = schema.anyOf ?? schema.oneOf;
		const variant = variants?.find((one) => isAbout(one, place)) ?? variants?.[0];
		if (variant !== undefined) return fill(variant, place, required);
		if (schema.items !== undefined) {
			const item = fill(schema.items, place, required);
			return item === undefined ? undefined : [item];
		}
		if (schema.properties === undefined) {
			const field = { ...place, required, schema };
			return subjectOf(field) ?? (required ? plainOf(field) : undefined);
		}
		if (!required && !isAbout(schema, place)) return undefined;
		const filled = fillProperties(schema, place, schema.required ?? []);
		if (Object.keys(filled).length > 0) return filled;
		// A change that names nothing is none.
		const [first] = Object.keys(schema.properties);
		return first === undefined ? {} : fillProperties(schema, place, [first]);
	};
	const fillProperties = ({ properties = {} }: Schema, place: Place, required: readonly string[]) =>
		Object.fromEntries(
			Object.entries(properties)
				.map(([name, property]) => [name, fill(property, placeIn(place, name), required.includes(name))] as const)
				.filter(([, value]) => value !== undefined),
		);

	return body === null ? undefined : fill(body, { key: "", name: "" }, true);
}
