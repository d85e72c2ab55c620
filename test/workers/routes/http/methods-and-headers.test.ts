// What holds for every endpoint: its methods, and the headers of all its answers. The endpoints are those of /openapi.json.
import { beforeAll, describe, expect, test } from "vitest";
import { createFleet } from "../../../support/fleet.ts";
import { operate, send } from "../../../support/service.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { newFirewall, newProduct } from "../../support/fixtures.ts";

interface Path {
	readonly path: string;
	/** as Allow has it */
	readonly methods: string;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const document = (await (await send("/openapi.json")).json()) as { paths: Record<string, Record<string, unknown>> };
const templates = Object.entries(document.paths).map(([path, operations]) => ({
	path,
	pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
	methods: Object.keys(operations).map((method) => method.toUpperCase()),
}));
const paths: Path[] = templates.map(({ path: template }) => {
	const path = template.replaceAll(/\{\w+\}/g, (name) => (name === "{sha256}" ? "ab".repeat(32) : "x-1"));
	// /v1/messages/all is also a /v1/messages/{message}.
	const named = templates.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
	const methods = METHODS.filter((method) => named.includes(method === "HEAD" ? "GET" : method)).join(", ");
	return { path, methods };
});

test("there are endpoints to be tested", () => {
	expect(paths.length).toBeGreaterThan(20);
});

describe.each(["PATCH", "OPTIONS", "PROPFIND", "TRACE"])("%s", (method) => {
	test.each(paths.filter(({ methods }) => !methods.split(", ").includes(method)))(
		"is not taken by $path, which says what is",
		async ({ path, methods }) => {
			const answer = await send(path, { method, headers: { origin: "https://evil.test" } });
			expect(answer.headers.get("allow")).toBe(methods);
			expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
			if (path.startsWith("/oauth2/")) await expectOAuthError(answer, 405, "invalid_request");
			else await expectProblem(answer, "method_not_allowed");
		},
	);
});

test.each(paths)("$path takes no method that it does not name", async ({ path, methods }) => {
	for (const method of METHODS.filter((name) => !methods.split(", ").includes(name) && name !== "HEAD")) {
		expect((await send(path, { method })).status).toBe(405);
	}
});

describe("a good answer", () => {
	let paths: [string, () => Promise<Response>][];
	beforeAll(async () => {
		const { account, code } = await createFleet({ products: [await newProduct()] });
		const firewall = await newFirewall(code, false);
		paths = [
			["/v1/check", () => firewall.call("GET", "/v1/check")],
			["/v1/messages", () => firewall.call("GET", "/v1/messages")],
			["/v1/entitlements", () => firewall.call("GET", "/v1/entitlements")],
			["/oauth2/token", () => firewall.requestToken()],
			["/oauth2/register", () => firewall.register(code)],
			...["/v1/accounts", `/v1/accounts/${account}/devices`, "/v1/keys", "/v1/products", "/v1/messages/all"].map(
				(path): [string, () => Promise<Response>] => [path, () => operate("GET", path)],
			),
		];
	});

	test("about somebody is private, of its own type, and kept by nobody unasked", async () => {
		for (const [path, ask] of paths) {
			const answer = await ask();
			expect([path, answer.status]).toEqual([path, 200]);
			expect(answer.headers.get("cache-control"), path).toMatch(/no-store|^private, no-cache$/);
			expect(answer.headers.get("x-content-type-options"), path).toBe("nosniff");
			expect(answer.headers.get("content-type"), path).toMatch(/^application\/json/);
			expect(answer.headers.get("set-cookie"), path).toBeNull();
		}
	});

	test("to HEAD is the same without a body", async () => {
		const answer = await operate("HEAD", "/v1/products");
		expect([answer.status, await answer.text()]).toEqual([200, ""]);
		expect(answer.headers.get("cache-control")).toBe("private, no-store");
	});

	test.each(["/.well-known/oauth-authorization-server", "/openapi.json"])(
		"of %s may be kept by everybody for five minutes",
		async (path) => {
			const answer = await send(path);
			expect(answer.status).toBe(200);
			expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
			expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
		},
	);
});

test("the publisher plane says its quota, and when to come back once it is used up", async () => {
	const headers = { authorization: "Bearer garbage", "cf-connecting-ip": "203.0.113.9" };
	const good = await operate("GET", "/v1/products");
	expect(good.headers.get("ratelimit-policy")).toBe('"publish";q=600;w=60');
	const answers: Response[] = [];
	// The minute may turn over once in between.
	for (let round = 0; round < 2 && !answers.some(({ status }) => status === 429); round++) {
		answers.push(...(await Promise.all(Array.from({ length: 601 }, () => send("/v1/products", { headers })))));
	}
	const refused = answers.filter(({ status }) => status === 429);
	expect(refused.length).toBeGreaterThan(0);
	const [first] = refused;
	expect(first?.headers.get("ratelimit")).toMatch(/^"publish";r=0;t=\d+$/);
	expect(Number(first?.headers.get("retry-after"))).toBeGreaterThanOrEqual(30);
	await expectProblem(first as Response, "rate_limited");
	expect((await operate("GET", "/v1/products")).status).toBe(200);
});
