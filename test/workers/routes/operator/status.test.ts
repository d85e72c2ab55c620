// What a deployment says of itself: what it promises, computed from its settings, and how its parts are right now.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import worker from "../../../../src/worker.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { ISSUER, operated, send } from "../../../support/service.ts";
import { sealedText } from "../../../support/stored-record.ts";
import { newScene, serviceWith } from "../../support/fixtures.ts";
import { useFrozenClock } from "../../support/frozen-clock.ts";

const { timeAfter } = useFrozenClock();

interface Status {
	readonly stores: readonly {
		readonly store: string;
		readonly state: string;
		readonly heads: number | null;
		readonly broken: string[];
	}[];
	readonly directory: { readonly state: string; readonly heads: number | null; readonly settled: boolean | null };
	readonly packages: { readonly state: string };
	readonly pulse: { readonly url: string; readonly value: string } | null;
	readonly downloads: { readonly origin: string } | null;
}

describe("anybody may read what is promised:", () => {
	const redis = { REDIS_URL: "http://redis.test", REDIS_TOKEN: "token-of-redis" };
	test.each([
		["KV", { RECORD_STORE: "kv", HEADS_FRESH_SECONDS: "5" }, 75],
		["Redis", { RECORD_STORE: "redis", HEADS_FRESH_SECONDS: "5", ...redis }, 16],
		["both", { RECORD_STORE: "redis,kv", HEADS_FRESH_SECONDS: "5", ...redis }, 75],
		["a longer memory", { RECORD_STORE: "kv", HEADS_FRESH_SECONDS: "60" }, 130],
	])("the revocation bound with %s", async (_, variables, bound) => {
		const answer = await serviceWith(variables)("/.well-known/parapet");
		expect(answer.status).toBe(200);
		expect(await answer.json()).toMatchObject({ issuer: ISSUER, revocation: { bound_seconds: bound } });
	});

	test("lifetimes as they are set, and the time", async () => {
		const answer = await serviceWith({ TOKEN_TTL_SECONDS: "600", URL_TTL_SECONDS: "60" })("/.well-known/parapet");
		expect(answer.headers.get("cache-control")).toBe("no-store");
		expect(await answer.json()).toMatchObject({
			time: timeAfter(0),
			token_ttl_seconds: 600,
			url_ttl_seconds: 60,
			last_good_seconds: 86_400,
			max_package_bytes: 536_870_912,
			max_body_bytes: 104_857_600,
		});
	});

	test("without any record or object", async () => {
		const nothing = { ...env, RECORDS: {}, DIRECTORY: {} } as unknown as Env;
		const request = new Request(`${ISSUER}/.well-known/parapet`) as Parameters<typeof worker.fetch>[0];
		expect((await worker.fetch(request, nothing, createExecutionContext())).status).toBe(200);
	});
});

describe("an operator sees", () => {
	beforeAll(async () => {
		// Twice, so that `heads` is beyond its first version.
		await newScene();
		await newScene();
	});

	async function statusWith(broken: Record<string, unknown>): Promise<Status> {
		const headers = { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}` };
		const request = new Request(`${ISSUER}/v1/status`, { headers }) as Parameters<typeof worker.fetch>[0];
		const variant = { ...env, ...broken } as unknown as Env;
		const answer = await worker.fetch(request, variant, createExecutionContext());
		expect(answer.status).toBe(200);
		return answer.json();
	}
	const NO_HEADS = { products: {}, messages: 0, denied: 0 };
	const kvThatSays = (get: (key?: string) => Promise<unknown>) => ({ RECORDS: { get } });

	test("that all is well, and that nothing is held back from the stores", async () => {
		const { stores, directory, packages, pulse } = await operated<Status>("GET", "/v1/status");
		expect(directory).toMatchObject({ state: "reachable", settled: true });
		expect(directory.heads).toBeGreaterThan(0);
		expect(stores).toMatchObject([{ store: "kv", state: "current", heads: directory.heads }]);
		expect(packages.state).toBe("reachable");
		expect(await (await send((pulse?.url ?? "").slice(ISSUER.length))).json()).toMatchObject({ value: pulse?.value });
	});

	test.each([
		["unreachable", () => Promise.reject(new Error("KV GET failed: 503"))],
		["empty", async () => null],
		["unreadable", async () => "<html>"],
		["unreadable", async () => '{"key":"denied@1","version":1,"body":{}}'],
		["unreadable", async () => '{"key":"heads","version":999999,"body":{}}'],
		["unreadable", () => sealedText("heads", { version: 999_999, body: {} })],
		["behind", () => sealedText("heads", { version: 1, body: NO_HEADS })],
		["ahead", () => sealedText("heads", { version: 999_999, body: NO_HEADS })],
	])("a store that is %s", async (state, get) => {
		expect((await statusWith(kvThatSays(get))).stores).toMatchObject([{ store: "kv", state }]);
	});

	test("a store that lacks the messages that its heads names", async () => {
		const heads = sealedText("heads", { version: 1, body: { ...NO_HEADS, messages: 4 } });
		const { stores } = await statusWith(kvThatSays(async (key?: string) => (key === "heads" ? heads : null)));
		expect(stores).toMatchObject([{ store: "kv", state: "incomplete", broken: ["messages@4"] }]);
	});

	test("which of two stores it is", async () => {
		const { stores } = await statusWith({
			RECORD_STORE: "kv,redis",
			// Nobody listens there.
			REDIS_URL: "http://127.0.0.1:9",
			REDIS_TOKEN: "token-of-redis",
		});
		expect(stores).toMatchObject([
			{ store: "kv", state: "current" },
			{ store: "redis", state: "unreachable", heads: null },
		]);
	});

	test("that the Directory is gone, and then not whether a store is new", async () => {
		const { stores, directory } = await statusWith({ DIRECTORY: {} });
		expect(directory).toMatchObject({ state: "unreachable", heads: null, settled: null });
		expect(stores).toMatchObject([{ state: "unknown" }]);
	});

	test("where downloads come from a CDN, and not its key", async () => {
		const cdn = { DOWNLOAD_ORIGIN: "https://packages.test", DOWNLOAD_KEY: "cdn0".repeat(11) };
		const found = await statusWith(cdn);
		expect(found.downloads).toEqual({ origin: cdn.DOWNLOAD_ORIGIN });
		expect(JSON.stringify(found)).not.toContain(cdn.DOWNLOAD_KEY);
		expect((await statusWith({})).downloads).toBeNull();
		expect((await statusWith({ DOWNLOAD_KEY: cdn.DOWNLOAD_KEY })).downloads).toBeNull();
	});

	test("that the packages cannot be reached", async () => {
		const { packages } = await statusWith({ PACKAGES: { head: () => Promise.reject(new Error("R2 is gone")) } });
		expect(packages.state).toBe("unreachable");
	});
});

test("nobody else sees how the parts are", async () => {
	expect((await send("/v1/status")).status).toBe(401);
});
