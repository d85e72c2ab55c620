// The service's description of itself (OpenAPI 3.1), made of the schemas that validate, and completed: every answer that an
// operation can give, and an example of each body.
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { AppEnv } from "../http/app-env.ts";
import { ENDINGS } from "../http/endings.ts";
import { ANSWER_HEADERS, ENDING_HEADERS } from "./answer-headers.ts";
import { type ApiDocument, type Content, type Operation, operationsOf } from "./api-document.ts";
import { completeAnswers } from "./common-answers.ts";
import { composeExample } from "./compose-example.ts";
import { completeSecurity, credentialOf, SECURITY_SCHEMES } from "./credentials.ts";
import { TEXT_EXAMPLES } from "./examples/trust.ts";
import { completeParameters } from "./request-headers.ts";

/** What the tags stand for: who calls. */
const TAGS = {
	Discovery: "For anybody",
	Device: "What a firewall asks",
	Publisher: "Releases of a product",
	Operator: "Accounts, licenses, devices, and the deployment itself",
	Hook: "For clouds that start and end firewalls",
};

/** @param app with all of its routes */
export function describeApi(app: OpenAPIHono<AppEnv>): ApiDocument {
	for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) {
		app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
	}
	const headers = ENDINGS.size === 0 ? ANSWER_HEADERS : { ...ANSWER_HEADERS, ...ENDING_HEADERS };
	for (const [name, header] of Object.entries(headers)) {
		app.openAPIRegistry.registerComponent("headers", name, header);
	}
	const document = app.getOpenAPI31Document({
		openapi: "3.1.0",
		info: {
			title: "Parapet",
			version: "1",
			description: "Update service for fleets of firewalls.",
			contact: { name: "The operator of this deployment" },
			license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
		},
		// The deployment that this document was had from.
		servers: [{ url: "/" }],
		tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
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
		const security = completeSecurity(operation);
		const { description: own } = operation;
		const description = [...(own === undefined ? [] : [own]), `Credential: ${credentialOf(operation)}.`].join("\n\n");
		const responses = completeAnswers(path, operation);
		Object.assign(operation, { description, security, responses });
		const parameters = completeParameters(operation);
		if (parameters.length > 0) Object.assign(operation, { parameters });
		if (ENDINGS.has(place)) describeEnding(operation);
	}
	for (const [name, schema] of Object.entries(document.components.schemas)) composeExample(document, schema, name);
	correctPatterns(document);
	return document;
}

function describeEnding(operation: Operation): void {
	const fields = Object.keys(ENDING_HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }]);
	Object.assign(operation, { deprecated: true });
	for (const answer of Object.values(operation.responses)) {
		answer.headers = { ...answer.headers, ...Object.fromEntries(fields) };
	}
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
	for (const [type, media] of Object.entries(content)) {
		const example = type === "text/plain" ? TEXT_EXAMPLES[place] : composeExample(document, media.schema, place);
		if (example !== undefined) media.example = example;
	}
}
