// Whoever is told to come back is told when, in whole seconds, and not all at the same moment. The list of routes is the
// service's own description of itself, so a new route cannot be forgotten.
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createCiSigner } from "../../../support/ci-tokens.ts";
import { Firewall } from "../../../support/firewall.ts";
import { ISSUER, operated, send } from "../../../support/service.ts";
import { Edge } from "../../support/edge.ts";
import { newScene, offerOf, permitOf, type Scene } from "../../support/fixtures.ts";

interface Route {
	readonly method: string;
	readonly path: string;
	readonly scheme: string | undefined;
}

async function listRoutes(): Promise<Route[]> {
	interface Operation {
		readonly security?: readonly Record<string, unknown>[];
	}
	const document = (await (await send("/openapi.json")).json()) as { paths: Record<string, Record<string, Operation>> };
	return Object.entries(document.paths).flatMap(([path, operations]) =>
		Object.entries(operations).map(([method, { security }]) => {
			const [scheme] = Object.keys(security?.[0] ?? {});
			return { method: method.toUpperCase(), path, scheme };
		}),
	);
}

const routes = await listRoutes();
const keyRoutes = routes.filter(({ scheme }) => scheme === "apiKey");
const deviceRoutes = routes.filter(({ scheme }) => scheme === "accessToken");

let scene: Scene;
let apiKey: string;
let offer: string;
let downloadUrl: string;
beforeAll(async () => {
	scene = await newScene({}, false);
	apiKey = (await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes: ["operate"] })).key;
	const { products } = await new Edge().check(scene.firewall);
	offer = products[0]?.offer?.capability ?? "";
	downloadUrl = (await permitOf(scene.firewall, scene.product)).url;
});
afterEach(() => {
	vi.restoreAllMocks();
});

function call(edge: Edge, { method, path, scheme }: Route): Promise<Response> {
	const names: Record<string, string> = { product: scene.product, account: scene.account, version: "1.0.0" };
	const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? scene.firewall.clientId);
	const key = scheme === "apiKey" ? apiKey : scene.firewall.accessToken;
	return edge.sendJson(method, filled, key, method === "GET" || method === "DELETE" ? undefined : { offer });
}

/** A run of CI, whose issuer gives its keys. */
async function exchangeIdToken(edge: Edge): Promise<Response> {
	const signer = await createCiSigner();
	vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json(signer.jwks));
	const aud = `${ISSUER}/v1/products/${scene.product}`;
	const body = new URLSearchParams({
		grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
		subject_token: await signer.sign({ aud, now: Math.floor(Date.now() / 1_000) }),
		subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
	}).toString();
	const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) };
	return edge.send(`/oauth2/products/${scene.product}/token`, { method: "POST", headers, body });
}

/** The requests that bring their credentials in their own ways, or none. */
const others: readonly (readonly [string, (edge: Edge) => Promise<Response>])[] = [
	["POST /oauth2/token", (edge) => edge.token(scene.firewall)],
	["POST /oauth2/register", async (edge) => edge.activate(await Firewall.create(), scene.code)],
	["POST /oauth2/products/{product}/token", exchangeIdToken],
	[
		"DELETE /oauth2/register/{client_id}",
		(edge) => {
			const { clientId, registrationToken } = scene.firewall;
			return edge.sendJson("DELETE", `/oauth2/register/${clientId}`, registrationToken);
		},
	],
	["PUT /oauth2/register/{client_id}", (edge) => edge.update(scene.firewall)],
	["GET /d/{sha256}/{name}", (edge) => edge.download(downloadUrl)],
	["GET /p/{name}", (edge) => edge.send(`/p/${"A".repeat(22)}`)],
	["GET /tuf/{file}", (edge) => edge.send("/tuf/timestamp.json")],
	["GET /tlog/checkpoint", (edge) => edge.send("/tlog/checkpoint")],
	["GET /tlog/tile/{level}/{tile}", (edge) => edge.send("/tlog/tile/0/000.p/1")],
];

/** Seconds, at both ends of the dice; as docs/operations.md says. */
type Spread = readonly [number, number];
const FLEET: Spread = [30, 300];
const RATE_LIMIT: Spread = [30, 60];
const OBJECT_OR_PACKAGE: Spread = [5, 30];

async function expectSpread(status: number, spread: Spread, ask: () => Promise<Response>): Promise<void> {
	const waits: (string | null)[] = [];
	for (const dice of [0, 0.999]) {
		const random = vi.spyOn(Math, "random").mockReturnValue(dice);
		const answer = await ask();
		random.mockRestore();
		expect(answer.status).toBe(status);
		waits.push(answer.headers.get("retry-after"));
	}
	expect(waits).toEqual(spread.map(String));
}

describe("503 when neither stores nor objects nor packages answer, with a Retry-After that is spread:", () => {
	/** An isolate that has just begun. */
	function brokenEdge(): Edge {
		const edge = new Edge("kv", { PULSES: { get: () => Promise.reject(new Error("the bucket does not answer")) } });
		edge.takeDown();
		edge.packages.mood = "fails";
		return edge;
	}

	test.each(deviceRoutes)("$method $path", async (route) => {
		await expectSpread(503, FLEET, () => call(brokenEdge(), route));
	});

	// Whose key it is, an object says.
	test.each(keyRoutes)("$method $path", async (route) => {
		await expectSpread(503, OBJECT_OR_PACKAGE, () => call(brokenEdge(), route));
	});

	test.each(others)("%s", async (name, ask) => {
		// A token and a pulse need a record; the others need an object or a package and nothing else.
		const spread = ["POST /oauth2/token", "GET /p/{name}"].includes(name) ? FLEET : OBJECT_OR_PACKAGE;
		await expectSpread(503, spread, () => ask(brokenEdge()));
	});

	test("every route, where the service is not configured", async () => {
		const log = vi.spyOn(console, "error").mockImplementation(() => {});
		const edge = new Edge("kv", { LOOKUP_KEY: "" });
		await expectSpread(503, FLEET, () => edge.send("/v1/check"));
		log.mockRestore();
	});
});

describe("429 when the limit is reached, with a Retry-After that is spread:", () => {
	const limit = async () => ({ success: false });
	const strict = () => new Edge("kv", { RATE_TOKEN: { limit }, RATE_CODE: { limit }, RATE_PUBLISH: { limit } });

	test.each(keyRoutes)("$method $path", async (route) => {
		await expectSpread(429, RATE_LIMIT, () => call(strict(), route));
	});

	test("a device's permits and reports of one product", async () => {
		const { permit } = await permitOf(scene.firewall, scene.product);
		const { accessToken } = scene.firewall;
		const { capability } = await offerOf(scene.firewall, scene.product);
		await expectSpread(429, RATE_LIMIT, () =>
			strict().sendJson("POST", "/v1/permits", accessToken, { offer: capability }),
		);
		const report = { permit, outcome: "healthy" };
		await expectSpread(429, RATE_LIMIT, () => strict().sendJson("POST", "/v1/reports", accessToken, report));
	});

	test.each(others.slice(0, 3))("%s", async (_, ask) => {
		await expectSpread(429, RATE_LIMIT, () => ask(strict()));
	});
});

test("no route was left out", () => {
	const asked = [...deviceRoutes, ...keyRoutes].map(({ method, path }) => `${method} ${path}`);
	const all = routes.map(({ method, path }) => `${method} ${path}`);
	const withoutParts = all.filter((route) => /^GET \/(\.well-known|v1\/echo)(\/|$)/.test(route));
	expect([...asked, ...others.map(([name]) => name), ...withoutParts].sort()).toEqual(all.sort());
});
