// Every protected route refuses whoever may not pass. The list of routes is the service's own description of itself, so a
// new route cannot be forgotten; a route without credentials must stand in PUBLIC.
import { beforeAll, describe, expect, test, vi } from "vitest";
import { createFleet, publish } from "../../../support/fleet.ts";
import { newAddress } from "../../../support/fresh-names.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operate, operated, send } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newFirewall, newProduct, offerOf, serviceWith } from "../../support/fixtures.ts";

const PUBLIC = [
	"GET /.well-known/oauth-authorization-server",
	"GET /.well-known/parapet",
	"GET /v1/echo",
	"GET /v1/echo/sample",
	// These carry their credentials in their own ways: DPoP code, assertion, ID token, registration token, signed URL.
	"POST /oauth2/register",
	"DELETE /oauth2/register/{client_id}",
	"PUT /oauth2/register/{client_id}",
	"POST /oauth2/token",
	"POST /oauth2/products/{product}/token",
	"GET /d/{sha256}/{name}",
	// Public, under a name that only devices of the product are told.
	"GET /p/{name}",
	// Signed, for anybody to verify.
	"GET /tlog/checkpoint",
	"GET /tlog/tile/{level}/{tile}",
	"GET /tuf/{file}",
];

interface Operation {
	readonly security?: readonly Record<string, readonly string[]>[];
	readonly "x-scopes"?: readonly string[];
}
interface Route {
	readonly name: string;
	readonly method: string;
	readonly path: string;
	/** any of them will do */
	readonly schemes: readonly string[];
	/** of API keys: any of them will do, the first is the least */
	readonly scopes: readonly string[];
}

async function listRoutes(): Promise<Route[]> {
	const document = (await (await send("/openapi.json")).json()) as { paths: Record<string, Record<string, Operation>> };
	return Object.entries(document.paths).flatMap(([path, operations]) =>
		Object.entries(operations).map(([method, { security, "x-scopes": scopes = [] }]) => ({
			name: `${method.toUpperCase()} ${path}`,
			method: method.toUpperCase(),
			path,
			schemes: [...new Set((security ?? []).flatMap((one) => Object.keys(one)))],
			scopes,
		})),
	);
}

const routes = await listRoutes();
const routesFor = (wanted: string) => routes.filter(({ schemes }) => [...schemes].sort().join(" ") === wanted);
const deviceRoutes = routesFor("accessToken boundToken");
const keyRoutes = routesFor("apiKey");
/** Open to a device and to an operator; each is refused as on the routes of its own. */
const sharedRoutes = routesFor("accessToken apiKey boundToken");

let paths: Record<string, string>;
let product: string;
let other: Record<string, string>;
let deviceToken: string;
let boundToken: string;
let offer: string;
beforeAll(async () => {
	product = await newProduct();
	other = { product: await newProduct(), account: (await createFleet({ products: [product] })).account };
	const { account, code } = await createFleet({ products: [product] });
	await publish(product, "1.0.0", "rules");
	const firewall = await newFirewall(code, false);
	deviceToken = firewall.accessToken;
	offer = (await offerOf(firewall, product)).capability;
	boundToken = (await newFirewall(code)).accessToken;
	paths = {
		product,
		version: "1.0.0",
		account,
		device: firewall.clientId,
		key: "key-00000000",
		message: "msg-00000000",
		webhook: "whk-00000000",
		publisher: "pub-00000000",
	};
});

async function makeKey(scopes: string[], more: Record<string, unknown> = {}): Promise<{ key: string; id: string }> {
	return operated("POST", "/v1/keys", { subject: "a test", scopes, ...more });
}

/** Calls a route with a body that is well-formed, whatever else; one offer is good, or /v1/permits would look no further. */
async function call({ method, path }: Route, authorization: string | null, fetcher = send): Promise<Response> {
	const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => paths[name] ?? "unknown");
	const body = method === "GET" || method === "DELETE" ? undefined : JSON.stringify({ offer });
	// Hooks have their account in the query.
	return fetcher(path.startsWith("/v1/hooks/") ? `${filled}?account=${paths["account"]}` : filled, {
		method,
		headers: {
			"cf-connecting-ip": newAddress(),
			...(authorization === null ? {} : { authorization }),
			...(body === undefined ? {} : { "content-type": "application/json", "content-length": String(body.length) }),
		},
		...(body === undefined ? {} : { body }),
	});
}

test("a route without token or key is one of those that must have none", () => {
	const open = routes.filter(({ schemes }) => !schemes.includes("accessToken") && !schemes.includes("apiKey"));
	expect(open.map(({ name }) => name).sort()).toEqual([...PUBLIC].sort());
	expect([deviceRoutes.length > 3, keyRoutes.length > 15, sharedRoutes.length > 0]).toEqual([true, true, true]);
	const known = PUBLIC.length + deviceRoutes.length + keyRoutes.length + sharedRoutes.length;
	expect(known).toBe(routes.length);
});

type Credentials = readonly [string, () => string | null | Promise<string | null>];
const NO_DEVICE: readonly Credentials[] = [
	["no credentials", () => null],
	["an empty scheme", () => "Bearer"],
	["another scheme", () => "Basic dXNlcjpwYXNz"],
	["garbage", () => "Bearer garbage"],
	["garbage of three parts", () => "DPoP e30.e30.AAAA"],
	["the bootstrap key", () => `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`],
	["an API key", async () => `Bearer ${(await makeKey(["operate"])).key}`],
	["a bound token sent as a bearer token", () => `Bearer ${boundToken}`],
	["a bound token without a proof", () => `DPoP ${boundToken}`],
	["a bearer token under the DPoP scheme", () => `DPoP ${deviceToken}`],
	["two credentials", () => `Bearer ${deviceToken} ${deviceToken}`],
];
const NO_KEY: readonly Credentials[] = [
	["no credentials", () => null],
	["an empty scheme", () => "Bearer"],
	["garbage", () => "Bearer garbage"],
	["a key that was never made, of the right form", () => `Bearer pk_${"0".repeat(32)}`],
	["a device's bearer token", () => `Bearer ${deviceToken}`],
	["a device's bound token", () => `DPoP ${boundToken}`],
	["the bootstrap key under another scheme", () => `DPoP ${TEST_SECRETS.BOOTSTRAP_KEY}`],
	["the bootstrap key without its last character", () => `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY.slice(0, -1)}`],
];
/** Of these lists: what is good on a route that takes both. */
const GOOD_AS_THE_OTHER = ["the bootstrap key", "an API key", "a device's bearer token"];

/** A token that is good is refused for its missing proof, which the device should be told. */
const refusalOf = (name: string) => (/bound token(?! sent)/.test(name) ? "dpop_proof_missing" : "unauthenticated");

describe("every device route refuses", () => {
	test.each(NO_DEVICE)("%s", async (name, authorization) => {
		for (const route of deviceRoutes) {
			const answer = await call(route, await authorization());
			// The permit's credentials are offer and token together: an offer that was not given for this token opens nothing.
			if (route.path === "/v1/permits" && answer.status === 403) await expectProblem(answer, "offer_invalid");
			else await expectProblem(answer, refusalOf(name));
		}
	});
});

describe("every route for devices and operators", () => {
	const both = [...NO_DEVICE, ...NO_KEY];
	const isGood = ([name]: Credentials) => GOOD_AS_THE_OTHER.includes(name);

	test.each(both.filter((one) => !isGood(one)))("refuses %s", async (name, authorization) => {
		for (const route of sharedRoutes) await expectProblem(await call(route, await authorization()), refusalOf(name));
	});

	test.each(both.filter(isGood))("lets pass %s", async (_, authorization) => {
		for (const route of sharedRoutes)
			expect([401, 403]).not.toContain((await call(route, await authorization())).status);
	});
});

describe("every publisher and operator route refuses", () => {
	test.each(NO_KEY)("%s", async (_, authorization) => {
		for (const route of keyRoutes) await expectProblem(await call(route, await authorization()), "unauthenticated");
	});
});

describe("every route that takes a key refuses", () => {
	const takesKeys = [...keyRoutes, ...sharedRoutes];

	test("a revoked key", async () => {
		const { key, id } = await makeKey(["operate"]);
		expect((await operate("GET", "/v1/keys", undefined, key)).status).toBe(200);
		await operated("DELETE", `/v1/keys/${id}`);
		for (const route of takesKeys) await expectProblem(await call(route, `Bearer ${key}`), "unauthenticated");
	});

	test("an expired key, from its last second on", async () => {
		const expires = Math.floor(Date.now() / 1000) + 600;
		const { key } = await makeKey(["operate"], { expires_at: new Date(expires * 1000).toISOString() });
		vi.useFakeTimers({ toFake: ["Date"], now: (expires - 1) * 1000 });
		try {
			expect((await operate("GET", "/v1/keys", undefined, key)).status).toBe(200);
			vi.setSystemTime(expires * 1000);
			for (const route of takesKeys) await expectProblem(await call(route, `Bearer ${key}`), "unauthenticated");
		} finally {
			vi.useRealTimers();
		}
	});
});

test("every request with an API key is in the log with the key's id, reads too, and whether it went well or not", async () => {
	const logged: Record<string, unknown>[] = [];
	vi.spyOn(console, "log").mockImplementation((line: string) => {
		logged.push(JSON.parse(line));
	});
	try {
		const service = serviceWith({ LOG_SAMPLE_RATE: "0" });
		const operator = await makeKey(["operate"]);
		const hook = await makeKey([`lifecycle:${paths["account"]}`]);
		const statuses = new Set<boolean>();
		for (const route of [...keyRoutes, ...sharedRoutes]) {
			for (const { key, id } of [operator, hook]) {
				logged.length = 0;
				const { ok, status } = await call(route, `Bearer ${key}`, service);
				statuses.add(ok);
				const { method } = route;
				expect(logged, route.name).toMatchObject([{ method, status, key: id, subject: "a test" }]);
			}
		}
		expect(statuses.size).toBe(2);
	} finally {
		vi.restoreAllMocks();
	}
});

/** Every scope there is, with the route's own account or product in it. */
const SCOPES = ["operate", "read"].concat([
	"operate:{account}",
	"read:{account}",
	"lifecycle:{account}",
	"publish:{product}",
	"release:{product}",
]);
const named = (scope: string, names: Record<string, string>) =>
	scope.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? "unknown");

describe("of the routes that take a key, those open that name its scope and no others", () => {
	const takesKeys = [...keyRoutes, ...sharedRoutes];

	async function expectRefused(route: Route, key: string): Promise<void> {
		const body = await expectProblem(await call(route, `Bearer ${key}`), "insufficient_scope");
		const least = route.scopes[0] ?? "";
		expect(body["required_scope"], route.name).toBe(
			least.endsWith("{product}") ? named(least, paths) : least.replace("{account}", "<account>"),
		);
	}

	test.each(SCOPES)("%s", async (scope) => {
		const { key } = await makeKey([named(scope, paths)]);
		const opened = takesKeys.filter(({ scopes }) => scopes.includes(scope));
		expect(opened.length).toBeGreaterThan(0);
		for (const route of takesKeys) {
			if (!opened.includes(route)) await expectRefused(route, key);
			else expect([401, 403], route.name).not.toContain((await call(route, `Bearer ${key}`)).status);
		}
	});

	test.each(SCOPES.filter((scope) => scope.includes("{")))("none to %s of another", async (scope) => {
		const { key } = await makeKey([named(scope, other)]);
		for (const route of takesKeys) await expectRefused(route, key);
	});

	test("operate opens all of them, and what only reads changes nothing", () => {
		expect(takesKeys.filter(({ scopes }) => !scopes.includes("operate"))).toEqual([]);
		const reading = takesKeys.filter(({ scopes }) => scopes.some((scope) => /^read(:|$)/.test(scope)));
		expect(reading.length).toBeGreaterThan(10);
		expect(reading.filter(({ method }) => method !== "GET")).toEqual([]);
		const gets = takesKeys.filter(({ method, scopes }) => method === "GET" && !scopes.includes("read"));
		// Content is for who publishes or releases it, not for whoever may look.
		expect(gets.map(({ name }) => name).sort()).toEqual([
			"GET /v1/products/{product}/releases/{version}/package-link",
			"GET /v1/products/{product}/uploads/{sha256}",
		]);
	});

	test("no license is changed by a customer's own key", () => {
		const changing = takesKeys.filter(({ method, path }) => method !== "GET" && path.includes("/licenses"));
		expect(changing.length).toBeGreaterThan(3);
		for (const { scopes } of changing) expect(scopes).toEqual(["operate"]);
	});
});
