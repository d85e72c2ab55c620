// The service's description of itself: complete enough that a client can be generated from it, and consistent.
import { describe, expect, it } from "vitest";
import { createApp } from "../../../../src/app.ts";
import { PROBLEMS } from "../../../../src/problem-catalogue.ts";
import { newRequestEvent } from "../../../../src/telemetry/request-event.ts";

interface Operation {
	summary?: string;
	tags?: string[];
	security?: Record<string, unknown>[];
	parameters?: { name: string; in: string; required?: boolean }[];
	requestBody?: { required?: boolean; content: Record<string, { schema?: unknown }> };
	responses: Record<string, { description?: string; content?: Record<string, { schema?: unknown }> }>;
}
interface Description {
	openapi: string;
	info: { title: string; version: string };
	paths: Record<string, Record<string, Operation>>;
	components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
}

const answer = await createApp().request("/openapi.json", undefined, { event: newRequestEvent("GET", null, null) });
const description = (await answer.json()) as Description;
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
	Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, method, operation })),
);

it("is an OpenAPI 3.1 document", () => {
	expect(description).toMatchObject({ openapi: "3.1.0", info: { title: "Parapet", version: "1" } });
	expect(operations.length).toBeGreaterThan(25);
});

it("refers only to what it has", () => {
	const references = [...JSON.stringify(description).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)];
	expect(references.length).toBeGreaterThan(10);
	for (const [, name = ""] of references) expect(Object.keys(description.components.schemas)).toContain(name);
});

describe.each(operations)("$name", ({ path, method, operation }) => {
	it("says what it is for", () => {
		expect(operation.summary).toMatch(/^[A-Z]/);
		expect(operation.tags).toHaveLength(1);
	});

	it("declares the parameters of its path", () => {
		const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
		const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
		expect(declared.map(({ name }) => name).sort()).toEqual(named);
		expect(declared.every(({ required }) => required)).toBe(true);
	});

	it("describes each answer, at least one of them good, with the schema of its body", () => {
		const statuses = Object.keys(operation.responses);
		expect(statuses.some((status) => /^2\d\d$/.test(status))).toBe(true);
		for (const { description: text, content = {} } of Object.values(operation.responses)) {
			expect(text).toBeTruthy();
			for (const { schema } of Object.values(content)) expect(schema).toBeTruthy();
		}
	});

	it("names the credentials it asks for, and the answer to bad ones", () => {
		for (const scheme of operation.security ?? []) {
			expect(Object.keys(description.components.securitySchemes)).toContain(Object.keys(scheme)[0]);
			expect(operation.responses).toHaveProperty("signedUrl" in scheme ? "403" : "401");
		}
	});

	it("requires a body where it takes one, of a type and schema", () => {
		if (operation.requestBody === undefined) return;
		expect(["post", "put", "patch"]).toContain(method);
		expect(operation.requestBody.required).toBe(true);
		for (const { schema } of Object.values(operation.requestBody.content)) expect(schema).toBeTruthy();
	});
});

describe.each(Object.entries(PROBLEMS))("the problem %s", (code, { status, title, fix, retryable }) => {
	it("has a stable code, and says what is wrong and what to do", () => {
		expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
		expect(title).toMatch(/^[A-Z].*[^.]$/);
		expect(fix).toMatch(/[.]$/);
		expect(status).toBeGreaterThanOrEqual(400);
	});

	it("is to be retried only where waiting can help", () => {
		if (retryable) expect([409, 429, 500, 502, 503]).toContain(status);
		else expect(status).toBeLessThan(500);
	});
});
