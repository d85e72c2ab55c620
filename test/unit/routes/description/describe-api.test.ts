// The description of the API is usable: each operation says who may call it and every way in which it can answer, and each body
// has an example that its own schema accepts.
import { describe, expect, it } from "vitest";
import { createApp } from "../../../../src/app.ts";
import { PROBLEMS } from "../../../../src/problem-catalogue.ts";
import { operationsOf, type Schema } from "../../../../src/routes/description/api-document.ts";
import { describeApi } from "../../../../src/routes/description/describe-api.ts";
import { EXAMPLES, LEFT_OUT } from "../../../../src/routes/description/examples.ts";
import { OAUTH_ERRORS } from "../../../../src/routes/http/oauth-error.ts";
import { createJudge } from "../../../support/description/json-schema.ts";

const document = describeApi(createApp());
const operations = operationsOf(document).map((one) => ({ ...one, name: `${one.method} ${one.path}` }));

const judge = createJudge(document, { isClosed: false });

/** Bodies in JSON that an operation takes and answers with. */
function bodiesOf({ operation }: (typeof operations)[number]) {
	const good = Object.entries(operation.responses).filter(([status]) => Number(status) < 400);
	const contents = [operation.requestBody?.content, ...good.map(([, { content }]) => content)];
	return contents
		.flatMap((content) => Object.entries(content ?? {}))
		.filter(([, { schema }]) => schema.format !== "binary");
}

describe.each(operations)("$name", (one) => {
	const { path, operation } = one;

	it("has an example of each body, which its schema accepts", () => {
		for (const [, { schema, example }] of bodiesOf(one)) {
			expect(example).toBeDefined();
			expect(judge(schema, example)).toBeNull();
		}
	});

	it("has an example, or the values, of each parameter", () => {
		for (const { schema } of operation.parameters ?? []) expect(schema.example ?? schema.enum).toBeDefined();
	});

	it("names the codes of each refusal, all of its status", () => {
		for (const [status, answer] of Object.entries(operation.responses)) {
			if (Number(status) < 400 || status === "416") continue;
			const codes = answer["x-codes"] ?? [];
			expect(codes.length).toBeGreaterThan(0);
			for (const code of codes) {
				expect(answer.description).toContain(`\`${code}\``);
				if (path.startsWith("/oauth2/")) expect(Object.keys(OAUTH_ERRORS)).toContain(code);
				else expect(PROBLEMS[code as keyof typeof PROBLEMS].status).toBe(Number(status));
			}
		}
	});

	it("says what a key must be good for", () => {
		const { security = [], "x-scopes": scopes = [] } = operation;
		expect(scopes.length > 0).toBe(security.some((one) => Object.hasOwn(one, "apiKey")));
		for (const scope of scopes) {
			expect(scope).toMatch(
				/^(operate|read|(operate|read|lifecycle):\{account\}|(publish|release|validate|propose):\{product\})$/,
			);
		}
	});
});

describe("the bodies", () => {
	/** Fields without an example of their own or of what they stand in. */
	function bareFields(schema: Schema, path: string): string[] {
		if (schema.example !== undefined || schema.$ref !== undefined || schema.type === "null") return [];
		const parts = [schema.items, ...(schema.prefixItems ?? []), ...(schema.allOf ?? []), ...(schema.anyOf ?? [])];
		const inner = parts.flatMap((part) => (part === undefined ? [] : bareFields(part, path)));
		const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
			bareFields(field, `${path}.${name}`),
		);
		const isSimple = inner.length + fields.length === 0 && parts.every((part) => part === undefined);
		const isBare = isSimple && schema.properties === undefined && schema.enum === undefined;
		return [...inner, ...fields, ...(isBare ? [path] : [])];
	}

	it("have an example of every field", () => {
		const bare = Object.entries(document.components.schemas).flatMap(([name, schema]) => bareFields(schema, name));
		expect(bare).toEqual([]);
	});

	it("are never null: null stands beside a body where there may be none", () => {
		const types = Object.values(document.components.schemas).map(({ type }) => type);
		expect(types.filter((type) => Array.isArray(type))).toEqual([]);
	});

	it("have patterns that are patterns of JSON Schema", () => {
		const patterns = [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)];
		expect(patterns.length).toBeGreaterThan(20);
		for (const [, text = ""] of patterns) expect(() => new RegExp(JSON.parse(text), "u")).not.toThrow();
		for (const [, text = ""] of patterns) expect(JSON.parse(text)).toMatch(/^\^.*\$$/);
	});
});

it("the table of examples speaks of fields and bodies that there are", () => {
	const text = JSON.stringify(document);
	const places = new Set([...Object.keys(document.components.schemas), ...operations.map(({ name }) => name)]);
	const strays = [...Object.keys(EXAMPLES), ...LEFT_OUT].filter((name) => {
		const end = name.lastIndexOf(".");
		return (end >= 0 && !places.has(name.slice(0, end))) || !text.includes(`"${name.slice(end + 1)}"`);
	});
	expect(strays).toEqual([]);
});
