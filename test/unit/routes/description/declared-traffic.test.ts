// The tests' own look at traffic notices each way in which a request or an answer can differ from the API's description.
import { expect, it } from "vitest";
import { findUndeclared } from "../../../support/description/declared-traffic.ts";

const ANSWER = {
	status: 202,
	headers: { "content-type": "application/json", "cache-control": "private, no-store" },
	body: { permit: "p", outcome: "installed" } as Record<string, unknown>,
};
const REQUEST = {
	headers: { "content-type": "application/json", authorization: "Bearer token" } as Record<string, string>,
	query: "",
	body: { permit: "p", outcome: "installed" } as Record<string, unknown>,
};

function look(request: Partial<typeof REQUEST>, answer: Partial<typeof ANSWER>): string | null {
	const sent = { ...REQUEST, ...request };
	const got = { ...ANSWER, ...answer };
	const url = new URL(`https://updates.test/v1/reports${sent.query}`);
	return findUndeclared(
		{ method: "POST", url, headers: new Headers(sent.headers), hasBody: true, text: JSON.stringify(sent.body) },
		{ status: got.status, headers: new Headers(got.headers), text: JSON.stringify(got.body) },
	);
}

it("finds nothing in an exchange that is as it is described", () => {
	expect(look({}, {})).toBeNull();
	const dpop = { ...REQUEST.headers, authorization: "DPoP token", dpop: "proof" };
	expect(look({ headers: dpop }, {})).toBeNull();
});

it.each([
	["a status", { status: 204 }],
	["a code", { status: 422, body: { code: "version_exists" } }],
	["a field of a body", { body: { permit: "p", outcome: "installed", more: 1 } }],
	["the lack of a field", { body: { permit: "p" } }],
	["a value", { body: { permit: "p", outcome: "lost" } }],
	["a header field", { headers: { ...ANSWER.headers, "x-more": "1" } }],
	["the lack of a header field", { headers: { "content-type": "application/json" } as typeof ANSWER.headers }],
	["a media type", { headers: { ...ANSWER.headers, "content-type": "text/plain" } }],
])("notices %s in an answer that is not declared", (_, answer) => {
	expect(look({}, answer)).not.toBeNull();
});

it.each([
	["without credentials", { headers: { "content-type": "application/json" } }],
	["with a bound token and no proof", { headers: { ...REQUEST.headers, authorization: "DPoP token" } }],
	["of another media type", { headers: { ...REQUEST.headers, "content-type": "text/plain" } }],
	["with a parameter that is not declared", { query: "?more=1" }],
	["without a field that it must have", { body: { permit: "p" } }],
	["with a text that does not match", { body: { ...REQUEST.body, detail: "Not a Word" } }],
])("notices that a request was taken %s", (_, request) => {
	expect(look(request, {})).not.toBeNull();
});
