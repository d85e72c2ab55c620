// docs/http-api.md, from the OpenAPI document that the service itself gives out.
import { createApp, describeApi } from "../../src/app.ts";
import { GENERATED } from "./markdown.ts";

interface Operation {
	readonly tags?: readonly string[];
	readonly summary?: string;
	readonly description?: string;
	readonly security?: readonly Record<string, unknown>[];
	readonly parameters?: readonly Parameter[];
	readonly requestBody?: { readonly content: Content };
	readonly responses: Record<string, { readonly description: string; readonly content?: Content }>;
}
type Parameter = { name: string; in: string; required?: boolean; description?: string; schema?: Schema };
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
interface Schema {
	readonly $ref?: string;
	readonly type?: string | readonly string[];
	readonly enum?: readonly unknown[];
	readonly const?: unknown;
	readonly description?: string;
	readonly properties?: Readonly<Record<string, Schema>>;
	readonly required?: readonly string[];
	readonly items?: Schema;
	readonly allOf?: readonly Schema[];
	readonly anyOf?: readonly Schema[];
	readonly oneOf?: readonly Schema[];
	readonly format?: string;
}
interface ApiDocument {
	readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
	readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const PLANES = ["Discovery", "Device", "Publisher", "Operator", "Hook"];

const api = describeApi(createApp()) as unknown as ApiDocument;

/** docs/http-api.md */
export function httpApi(): string {
	const lines = [
		GENERATED,
		"",
		"# HTTP API",
		"",
		"Source: `src/routes/`. The same as OpenAPI 3.1: `GET /openapi.json`.",
		"",
	];
	lines.push(
		"JSON in and out, snake_case; times are RFC 3339; errors are [problem documents](errors.md), under `/oauth2/` those of RFC 6749.",
		"Every answer is `Cache-Control: private, no-store` unless it says otherwise.",
		"",
	);
	for (const plane of PLANES) {
		lines.push(`## ${plane}`, "");
		for (const [path, operations] of Object.entries(api.paths)) {
			for (const [method, operation] of Object.entries(operations)) {
				if (operation.tags?.[0] === plane) lines.push(...operationLines(method, path, operation));
			}
		}
	}
	lines.push("## Bodies", "");
	for (const [name, schema] of Object.entries(api.components.schemas).sort()) {
		lines.push(
			`### ${name}`,
			"",
			...(schema.description === undefined ? [] : [schema.description, ""]),
			...fieldLines(schema),
			"",
		);
	}
	return `${lines.join("\n").trimEnd()}\n`;
}

function operationLines(method: string, path: string, operation: Operation): string[] {
	const lines = [`### ${method.toUpperCase()} ${path}`, "", `${operation.summary ?? ""}.`, ""];
	if (operation.description !== undefined) lines.push(operation.description, "");
	for (const parameter of operation.parameters ?? []) {
		const text = parameter.description ?? parameter.schema?.description ?? "";
		lines.push(
			`- ${parameter.in} \`${parameter.name}\`${parameter.required ? "" : " (optional)"}: ${describe(parameter.schema)}${text && `. ${text}`}`,
		);
	}
	const body = Object.entries(operation.requestBody?.content ?? {})[0];
	if (body !== undefined) lines.push(`- body \`${body[0]}\`: ${describe(body[1].schema)}`);
	if (lines.at(-1) !== "") lines.push("");
	lines.push("| status | answer |", "| --- | --- |");
	for (const [status, answer] of Object.entries(operation.responses)) {
		const schema = Object.values(answer.content ?? {})[0]?.schema;
		const shape = Number(status) < 400 && schema !== undefined ? `: ${describe(schema)}` : "";
		lines.push(`| ${status} | ${answer.description}${shape} |`);
	}
	return [...lines, ""];
}

function fieldLines(schema: Schema): string[] {
	const lines = ["| field | type | |", "| --- | --- | --- |"];
	for (const [name, field] of Object.entries(properties(schema))) {
		const optional = required(schema).includes(name) ? "" : "optional";
		const notes = [optional, field.description ?? ""].filter((text) => text !== "").join("; ");
		lines.push(`| \`${name}\` | ${describe(field)} | ${notes} |`);
	}
	return lines;
}

function properties(schema: Schema): Record<string, Schema> {
	return Object.assign({}, ...(schema.allOf ?? []).map((part) => properties(resolve(part))), schema.properties);
}

function required(schema: Schema): readonly string[] {
	return [...(schema.required ?? []), ...(schema.allOf ?? []).flatMap((part) => required(resolve(part)))];
}

function resolve(schema: Schema): Schema {
	const name = schema.$ref?.split("/").at(-1);
	return (name === undefined ? undefined : api.components.schemas[name]) ?? schema;
}

/** One line on a schema: its name, or its type. */
function describe(schema: Schema | undefined): string {
	if (schema === undefined) return "any";
	if (schema.$ref !== undefined) {
		const name = schema.$ref.split("/").at(-1) ?? "";
		return `[${name}](#${name.toLowerCase()})`;
	}
	if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
	if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
	const parts = schema.anyOf ?? schema.oneOf ?? schema.allOf;
	if (parts !== undefined)
		return [...new Set(parts.map(describe))].join(schema.allOf === undefined ? " or " : " with ");
	if (schema.items !== undefined) return `list of ${describe(schema.items)}`;
	if (schema.format === "date-time") return "time";
	if (schema.properties !== undefined)
		return `{ ${Object.keys(schema.properties)
			.map((name) => `\`${name}\``)
			.join(", ")} }`;
	return [schema.type ?? "any"].flat().join(" or ");
}
