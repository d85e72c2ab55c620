// How an answer tells that its operation will end: by the two RFCs, to the letter; and that the table names what there is.
import { afterEach, describe, expect, it } from "vitest";
import { createApp } from "../../../../src/app.ts";
import { type ApiDocument, operationsOf } from "../../../../src/routes/description/api-document.ts";
import { describeApi } from "../../../../src/routes/description/describe-api.ts";
import { ENDINGS, type Ending, tellEnding } from "../../../../src/routes/http/endings.ts";

const PAGE = "https://docs.example.com/endings";
const table = ENDINGS as Map<string, Ending>;
const standing = new Map(ENDINGS);
afterEach(() => {
	table.clear();
	for (const [name, ending] of standing) table.set(name, ending);
});

const told = (method: string, route: string) => {
	const headers = new Headers();
	tellEnding(headers, method, route);
	return Object.fromEntries(headers);
};
const described = (document: ApiDocument, place: string) =>
	operationsOf(document).find(({ method, path }) => `${method} ${path}` === place)?.operation;

describe("an operation that ends", () => {
	it("says since when by RFC 9745, from when it may be gone by RFC 8594, and where it stands what to do", () => {
		// The dates of RFC 9745's own example.
		table.set("GET /v1/check", { deprecatedAt: 1_688_169_599, sunsetAt: 1_719_791_999, page: PAGE });
		expect(told("GET", "/v1/check")).toEqual({
			deprecation: "@1688169599",
			sunset: "Sun, 30 Jun 2024 23:59:59 GMT",
			link: `<${PAGE}>; rel="deprecation"; type="text/html", <${PAGE}>; rel="sunset"; type="text/html"`,
		});
	});

	it("without a day says only that it is not to be used", () => {
		table.set("GET /v1/check", { deprecatedAt: 1_688_169_599, sunsetAt: null, page: PAGE });
		expect(Object.keys(told("GET", "/v1/check"))).toEqual(["deprecation", "link"]);
	});

	it.each([
		["HEAD as GET", "HEAD", "/v1/products/:product", true],
		["the router's way of writing a path", "GET", "/v1/products/:product", true],
		["another method", "POST", "/v1/products/{product}", false],
		["another path", "GET", "/v1/products", false],
		["no path of ours", "GET", "unmatched", false],
	])("is known by method and path: %s", (_, method, route, isTold) => {
		table.set("GET /v1/products/{product}", { deprecatedAt: 1, sunsetAt: null, page: PAGE });
		expect(told(method, route)).toEqual(isTold ? expect.objectContaining({ deprecation: "@1" }) : {});
	});

	it("is marked in the API's description, with the fields of its answers", () => {
		expect(described(describeApi(createApp()), "GET /v1/check")?.deprecated).toBeUndefined();
		table.set("GET /v1/check", { deprecatedAt: 1, sunsetAt: 2, page: PAGE });
		const document = describeApi(createApp());
		expect(described(document, "GET /v1/check")).toMatchObject({
			deprecated: true,
			responses: { 200: { headers: { Sunset: {} } }, 304: { headers: { Deprecation: {} } } },
		});
		expect(document.components.headers["Sunset"]).toBeDefined();
		expect(described(document, "POST /v1/permits")?.deprecated).toBeUndefined();
	});
});

it("every ending of the table is of an operation that there is, and leaves time between word and end", () => {
	const places = operationsOf(describeApi(createApp())).map(({ method, path }) => `${method} ${path}`);
	for (const [name, { deprecatedAt, sunsetAt, page }] of standing) {
		expect(places).toContain(name);
		expect(sunsetAt ?? deprecatedAt).toBeGreaterThanOrEqual(deprecatedAt);
		expect(page).toMatch(/^https:/);
	}
});
