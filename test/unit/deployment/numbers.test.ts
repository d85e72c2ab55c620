// What each version answered, read from a server that plays the platform's SQL API.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAnalyticsReader } from "../../../scripts/deploy/numbers.ts";

const asked: { url: string | undefined; authorization: string | undefined; query: string }[] = [];
let answers: { status: number; body: string }[] = [];
let server: Server;
let origin: string;

beforeAll(async () => {
	server = createServer((request, response) => {
		let query = "";
		request.on("data", (chunk) => (query += chunk));
		request.on("end", () => {
			asked.push({ url: request.url, authorization: request.headers.authorization, query });
			const codes = query.includes("blob3");
			const { status, body } = answers[codes ? 1 : 0] ?? { status: 500, body: "" };
			response.writeHead(status).end(body);
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const read = (seconds: number) =>
	createAnalyticsReader({ origin, account: "account-1", token: "token-1", dataset: "parapet_requests" })(seconds);
const ok = (data: readonly unknown[]) => ({ status: 200, body: JSON.stringify({ meta: [], data, rows: data.length }) });

it("gives each version its requests, errors, degraded answers, latency and refusals, numbers as texts too", async () => {
	answers = [
		ok([
			{ version: "a", requests: "12000", errors: "3", degraded: 0, p95: 12.5 },
			{ version: "b", requests: 90, errors: 0, degraded: 1, p95: 9 },
		]),
		ok([
			{ version: "a", code: "not_entitled", requests: "40" },
			{ version: "a", code: "invalid_token", requests: 2 },
			{ version: "gone", code: "invalid_token", requests: 2 },
		]),
	];
	expect([...(await read(90.2))]).toEqual([
		["a", { requests: 12_000, errors: 3, degraded: 0, p95Ms: 12.5, refusals: { not_entitled: 40, invalid_token: 2 } }],
		["b", { requests: 90, errors: 0, degraded: 1, p95Ms: 9, refusals: {} }],
	]);
	expect(asked).toHaveLength(2);
	for (const { url, authorization, query } of asked) {
		expect(url).toBe("/client/v4/accounts/account-1/analytics_engine/sql");
		expect(authorization).toBe("Bearer token-1");
		expect(query).toContain("FROM parapet_requests WHERE timestamp > NOW() - INTERVAL '91' SECOND");
	}
});

it.each([
	["refuses", { status: 403, body: "no permission" }, /answered 403: no permission/],
	["answers something else", { status: 200, body: "<html>" }, /answered 200: <html>/],
	["leaves numbers out", ok([{ version: "a" }]), /answered 200/],
])("is an error where the platform %s, and never shows the token", async (_, answer, said) => {
	answers = [answer, answer];
	const error = await read(60).catch((cause: Error) => cause.message);
	expect(error).toMatch(said);
	expect(error).not.toContain("token-1");
});
