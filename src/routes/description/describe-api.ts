// The service's description of itself (OpenAPI 3.1), made of the schemas that validate, and completed: every answer that an
// operation can give, and an example of each body.
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/app-env.ts";
import { type ApiDocument, type Content, operationsOf } from "./api-document.ts";
import { completeAnswers } from "./common-answers.ts";
import { composeExample } from "./compose-example.ts";

const SECURITY_SCHEMES = {
	apiKey: {
		type: "http",
		scheme: "bearer",
		description: "An API key with any of the scopes that are named; `operate` opens everything",
	},
	accessToken: {
		type: "http",
		scheme: "dpop",
		description: "RFC 9449: with a proof in the header DPoP; a token that is not bound to a key goes as Bearer",
	},
	authCode: {
		type: "http",
		scheme: "dpop",
		description: "The auth code, with a proof in the header DPoP by the key that is being registered",
	},
	registrationToken: {
		type: "http",
		scheme: "bearer",
		description: "The `registration_access_token` of the activation",
	},
	signedUrl: { type: "apiKey", in: "query", name: "s", description: "The URL as a permit gave it" },
} as const;

/** @param app with all of its routes */
export function describeApi(app: OpenAPIHono<AppEnv>): ApiDocument {
	for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
		app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
	}
	const document = app.getOpenAPI31Document({
		openapi: "3.1.0",
		info: {
			title: "Parapet",
			version: "1",
			description: "Update service for fleets of firewalls.",
			license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
		},
	}) as unknown as ApiDocument;
	return complete(document);
}

function complete(document: ApiDocument): ApiDocument {
	for (const { path, method, operation } of operationsOf(document)) {
		const place = `${method} ${path}`;
		for (const { name, schema } of operation.parameters ?? []) composeExample(document, schema, place, name);
		if (operation.requestBody !== undefined) addExamples(document, operation.requestBody.content, place);
		for (const [status, { content = {} }] of Object.entries(operation.responses)) {
			if (Number(status) < 400) addExamples(document, content, place);
		}
		Object.assign(operation.responses, completeAnswers(path, operation));
	}
	for (const [name, schema] of Object.entries(document.components.schemas)) composeExample(document, schema, name);
	correctPatterns(document);
	return document;
}

/** JSON Schema knows no flags of a pattern, and reads each as one with the flag u; the generator leaves `/u` at its end. */
function correctPatterns(part: unknown): void {
	if (typeof part !== "object" || part === null) return;
	for (const [name, value] of Object.entries(part)) {
		if (name === "pattern" && typeof value === "string") Object.assign(part, { pattern: value.replace(/\$\/u$/, "$") });
		else correctPatterns(value);
	}
}

function addExamples(document: ApiDocument, content: Content, place: string): void {
	for (const media of Object.values(content)) {
		const example = composeExample(document, media.schema, place);
		if (example !== undefined) media.example = example;
	}
}
