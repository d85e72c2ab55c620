// docs/http-api.md, from the OpenAPI document that the service itself gives out: each operation with who may call it, what it
// takes and answers, an example of both, and every way in which it can refuse.
import { createApp } from "../../src/app.ts";
import {
	type ApiDocument,
	type Content,
	type Operation,
	operationsOf,
	type Schema,
} from "../../src/routes/description/api-document.ts";
import { composeExample } from "../../src/routes/description/compose-example.ts";
import { describeApi } from "../../src/routes/description/describe-api.ts";
import { readableJson } from "./json.ts";
import { anchorOf } from "./links.ts";
import { GENERATED, table } from "./markdown.ts";
import { fieldTable, notesOn, typeOf } from "./types.ts";

const PLANES = {
	Discovery: "For anybody.",
	Device: "What a firewall asks. [protocol.md](protocol.md) goes through it step by step.",
	Publisher: "Releases of a product.",
	Operator: "Accounts, licenses, devices, and the deployment itself.",
	Hook: "For clouds that start and end firewalls ([how](operations.md#auto-scaling)).",
} as const;

const INTRODUCTION = `Source: \`src/routes/\`. The same as OpenAPI 3.1: \`GET /openapi.json\`.

JSON in and out, UTF-8, snake_case; times are RFC 3339, and seconds where a name says so. Answers will have more members with time: clients pass over
what they do not know. Lists come a page at a time: \`next\` of one is what the next one asks for, null = it was the last.

Errors are problem documents (RFC 9457), under \`/oauth2/\` those of RFC 6749; [errors.md](errors.md) says what each code means:

\`\`\`http
HTTP/1.1 409 Conflict
Content-Type: application/problem+json

@problem
\`\`\`

\`POST\` of a device may be repeated after an error or without an answer; so may every \`PUT\`, \`PATCH\` and \`DELETE\`. A Worker that lacks a setting
answers everything with 503 \`misconfigured\`; a path that is not here with 404 \`not_found\`, another method with 405 \`method_not_allowed\`. Every
answer is \`Cache-Control: private, no-store\` unless it says otherwise, and has \`Cache-Status\` while records cannot be read; errors carry \`X-Request-Id\`, 429 and 503 \`Retry-After\`.

API keys go as \`Authorization: Bearer pk_…\`; a key of scope \`operate\` opens everything. Access tokens go as \`Authorization: DPoP …\` with a proof
(RFC 9449) in the header \`DPoP\`, those that are not bound to a key as \`Authorization: Bearer …\`.
`;

/** Header fields that the introduction speaks of. */
const COMMON_FIELDS: ReadonlySet<string> = new Set(["Cache-Control", "Cache-Status"]);

/** docs/http-api.md */
export function httpApi(): string {
	const api = describeApi(createApp());
	const problem = readableJson(composeExample(api, { $ref: "#/components/schemas/Problem" }, ""));
	const lines = [GENERATED, "", "# HTTP API", "", INTRODUCTION.replace("@problem", problem)];
	const operations = operationsOf(api);
	for (const [plane, text] of Object.entries(PLANES)) {
		const rows = operations
			.filter(({ operation }) => operation.tags[0] === plane)
			.map(({ path, method, operation }) => {
				const title = `${method} ${path}`;
				return [`[\`${title}\`](#${anchorOf(title)})`, operation.summary];
			});
		lines.push(`**${plane}**. ${text}`, "", ...table(["request", "does"], rows), "");
	}
	for (const plane of Object.keys(PLANES)) {
		lines.push(`## ${plane}`, "");
		for (const { path, method, operation } of operations) {
			if (operation.tags[0] === plane) lines.push(...operationLines(api, method, path, operation));
		}
	}
	lines.push("## Bodies", "");
	for (const [name, schema] of Object.entries(api.components.schemas).sort(([a], [b]) => a.localeCompare(b, "en"))) {
		lines.push(`### ${name}`, "", ...(schema.description === undefined ? [] : [`${schema.description}`, ""]));
		lines.push(...fieldTable(api, schema), "");
	}
	return `${lines.join("\n").trimEnd()}\n`;
}

function operationLines(api: ApiDocument, method: string, path: string, operation: Operation): string[] {
	const lines = [`### ${method} ${path}`, "", `${operation.summary}.`, ""];
	if (operation.description !== undefined) lines.push(operation.description, "");
	const parameters = (operation.parameters ?? []).map(({ in: place, name, required, description, schema }) => {
		return [`\`${name}\``, place, typeOf(schema), notesOn(required === true, description ?? schema.description)];
	});
	if (parameters.length > 0) lines.push(...table(["parameter", "in", "type", ""], parameters), "");
	lines.push(...bodyLines(api, "Body", operation.requestBody?.content));
	lines.push("```http", ...requestExample(method, path, operation), "```", "");
	const [status, success] =
		Object.entries(operation.responses).find(([code]) => Number(code) < 300) ?? ([undefined, undefined] as const);
	lines.push(...bodyLines(api, `Answer ${status}`, success?.content));
	const example = Object.values(success?.content ?? {})[0]?.example;
	if (example !== undefined) lines.push("```json", readableJson(example), "```", "");
	const fields = Object.keys(success?.headers ?? {}).filter((name) => !COMMON_FIELDS.has(name));
	if (fields.length > 0) lines.push(`Header fields: ${fields.map((name) => `\`${name}\``).join(", ")}.`, "");
	const answers = Object.entries(operation.responses).map(([code, { description, "x-codes": codes = [] }]) => [
		code,
		codes.length === 0 ? description : codes.map((one) => `\`${one}\``).join(", "),
	]);
	return [...lines, ...table(["status", "answer, or code of the refusal"], answers), ""];
}

function bodyLines(api: ApiDocument, title: string, content: Content | undefined): string[] {
	const [type, media] = Object.entries(content ?? {})[0] ?? [];
	if (type === undefined || media === undefined) return [];
	const form = type === "application/json" ? "" : ` (\`${type}\`)`;
	const { schema } = media;
	if (schema.properties === undefined) return [`${title}${form}: ${typeOf(schema)}.`, ""];
	return [`${title}${form}:`, "", ...fieldTable(api, schema), ""];
}

function requestExample(method: string, path: string, { parameters = [], requestBody, security = [] }: Operation) {
	const exampleFor = (name: string) => parameters.find((parameter) => parameter.name === name)?.schema;
	const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => text(exampleFor(name)));
	const query = parameters
		.filter((parameter) => parameter.in === "query" && (parameter.required || parameter.name === "installed"))
		.map(({ name, schema }) => `${name}=${text(schema)}`);
	const headers = parameters
		.filter((parameter) => parameter.in === "header" && parameter.name === "repr-digest")
		.map(({ schema }) => `Repr-Digest: ${text(schema)}`);
	const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
	const body = type === "application/json" ? readableJson(media?.example) : formOf(media?.example);
	return [
		`${method} ${filled}${query.length === 0 ? "" : `?${query.join("&")}`}`,
		...authorizationOf(security),
		...headers,
		...(type === undefined ? [] : [`Content-Type: ${type}`, "", body]),
	];
}

function authorizationOf(security: NonNullable<Operation["security"]>): string[] {
	const [scheme] = Object.keys(security[0] ?? {});
	if (scheme === "apiKey" || scheme === "registrationToken") return ["Authorization: Bearer …"];
	return scheme === "accessToken" || scheme === "authCode" ? ["Authorization: DPoP …", "DPoP: …"] : [];
}

function text(schema: Schema | undefined): string {
	return String(schema?.example ?? schema?.enum?.[0] ?? "…");
}

function formOf(example: unknown): string {
	return Object.entries(example ?? {})
		.map(([name, value]) => `${name}=${value}`)
		.join("&");
}
