// What the service says of a request itself: which header fields arrived, never what was in them; and the bytes to try a download with.
import { afterEach, describe, expect, test, vi } from "vitest";
import { ECHO_SAMPLE, ECHO_SAMPLE_SHA256 } from "../../../../../src/content/echo-sample.ts";
import { ENDINGS, type Ending } from "../../../../../src/routes/http/endings.ts";
import { send, sendUndeclared } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { serviceWith } from "../../../support/fixtures.ts";
import { useFrozenClock } from "../../../support/frozen-clock.ts";

const { start } = useFrozenClock();
const now = () => start() / 1000;

interface Echo {
	readonly clock_offset_seconds: number | null;
	readonly address: string | null;
	readonly arrived: Record<string, boolean>;
}
const echo = async (query = "", headers: Record<string, string> = {}) =>
	(await (await send(`/v1/echo${query}`, { headers })).json()) as Echo;

const NOTHING = { authorization: false, dpop: false, if_none_match: false, range: false, via: false };

describe("an echo", () => {
	test.each([
		["Authorization", "authorization", "DPoP secret-of-a-device"],
		["DPoP", "dpop", "secret-of-a-device"],
		["If-None-Match", "if_none_match", '"secret-of-a-device"'],
		["Range", "range", "bytes=0-9"],
		["Via", "via", "1.1 secret-of-a-device"],
	])("says that %s arrived, and not what was in it", async (header, name, value) => {
		const logged = vi.spyOn(console, "log").mockImplementation(() => {});
		const answer = await serviceWith({ LOG_SAMPLE_RATE: "1" })("/v1/echo", { headers: { [header]: value } });
		const text = await answer.text();
		expect(answer.status).toBe(200);
		expect(JSON.parse(text).arrived).toEqual({ ...NOTHING, [name]: true });
		expect(text).not.toContain("secret");
		expect(logged.mock.calls.flat().join()).toMatch(/\/v1\/echo/);
		expect(logged.mock.calls.flat().join()).not.toContain("secret");
		logged.mockRestore();
	});

	test("says so of a field that is there and empty of sense, or far too long", async () => {
		const { arrived } = await echo("", { authorization: "x".repeat(8_000), range: "rows=a-b" });
		expect(arrived).toEqual({ ...NOTHING, authorization: true, range: true });
	});

	test.each([
		["as ours", 0],
		["ahead", 3_600],
		["behind", -86_400],
	])("says how far off a clock is: %s", async (_, offset) => {
		expect((await echo(`?time=${now() + offset}`)).clock_offset_seconds).toBe(offset);
	});

	test("knows of no clock that was not told, and refuses one that is no number", async () => {
		expect((await echo()).clock_offset_seconds).toBeNull();
		for (const time of ["-1", "0x10", "1e3", "", "10000000000"]) {
			await expectProblem(await sendUndeclared(`/v1/echo?time=${time}`), "invalid_request");
		}
	});

	test("says where the request came from, as the platform does and no client can", async () => {
		const headers = { "cf-connecting-ip": "2001:db8::7", "x-forwarded-for": "192.0.2.1" };
		expect((await echo("", headers)).address).toBe("2001:db8::7");
	});
});

describe("the sample", () => {
	const etag = `"${ECHO_SAMPLE_SHA256}"`;
	const sample = (headers: Record<string, string> = {}, method = "GET") => send("/v1/echo/sample", { method, headers });
	const bytesOf = async (answer: Response) => new Uint8Array(await answer.arrayBuffer());

	test("is given whole, under its digest", async () => {
		const answer = await sample();
		expect(answer.status).toBe(200);
		expect(answer.headers.get("etag")).toBe(etag);
		expect(answer.headers.get("content-length")).toBe("1024");
		expect(await bytesOf(answer)).toEqual(ECHO_SAMPLE);
	});

	test.each([
		["bytes=100-199", 206, "bytes 100-199/1024", [100, 200]],
		["bytes=1000-", 206, "bytes 1000-1023/1024", [1000, 1024]],
		["bytes=-24", 206, "bytes 1000-1023/1024", [1000, 1024]],
		["bytes=1024-", 416, "bytes */1024", [0, 0]],
		["rows=1-2", 200, null, [0, 1024]],
	] as const)("is given in part as a package is: %s", async (range, status, contentRange, [from, to]) => {
		const answer = await sample({ range });
		expect([answer.status, answer.headers.get("content-range")]).toEqual([status, contentRange]);
		expect(await bytesOf(answer)).toEqual(ECHO_SAMPLE.slice(from, to));
	});

	test("is not given again to who has it, and HEAD tells its size", async () => {
		expect((await sample({ "if-none-match": etag })).status).toBe(304);
		const head = await sample({}, "HEAD");
		expect([head.status, head.headers.get("content-length")]).toEqual([200, "1024"]);
	});
});

describe("an operation that ends says so in its answers,", () => {
	const table = ENDINGS as Map<string, Ending>;
	afterEach(() => table.clear());

	test("good ones and refusals, of plain routes and of routed ones", async () => {
		const ending = { deprecatedAt: now(), sunsetAt: now() + 86_400, page: "https://docs.example.com/" };
		for (const name of ["GET /v1/check", "GET /v1/echo", "GET /v1/products/{product}/releases"])
			table.set(name, ending);
		for (const path of ["/v1/check", "/v1/echo", "/v1/products/crs/releases"]) {
			const { headers } = await sendUndeclared(path);
			expect([path, headers.get("deprecation"), headers.get("sunset")]).toEqual([
				path,
				`@${now()}`,
				new Date((now() + 86_400) * 1000).toUTCString(),
			]);
		}
		expect((await send("/.well-known/parapet")).headers.has("deprecation")).toBe(false);
	});
});
