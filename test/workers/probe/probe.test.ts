// The service asks itself: through its own entry point, its stores and objects, with what can go wrong put there for real.
import { createExecutionContext, createScheduledController, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { exportJWK } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runProbe } from "../../../src/probe/run-probe.ts";
import { forgetServices } from "../../../src/services.ts";
import worker from "../../../src/worker.ts";
import { Firewall } from "../../support/firewall.ts";
import { createFleet, publish } from "../../support/fleet.ts";
import { bindings } from "../../support/object-bindings.ts";
import { ISSUER, operated, send } from "../../support/service.ts";
import { setStatus } from "../support/fixtures.ts";

let firewall: Firewall;
let secret: string;
let license: string;
let account: string;
let sha256: string;

beforeEach(async () => {
	({ account, license } = await createFleet({ products: ["probed"] }));
	const { code } = await operated<{ code: string }>("POST", `/v1/accounts/${account}/codes`, { license, uses: 1 });
	sha256 = (await publish("probed", "1.0.0", "# probed")).sha256;
	firewall = await (await Firewall.create("Ed25519")).activate(code);
	const jwk = await exportJWK(firewall.privateKey);
	const { kty, crv, x, d } = jwk;
	secret = JSON.stringify({ device: firewall.clientId, product: "probed", jwk: { kty, crv, x, d } });
});
afterEach(async () => {
	vi.restoreAllMocks();
	forgetServices();
	await reset();
});

/** A run of the cron trigger. */
async function run(variables: Record<string, string> = { PROBE_DEVICE: secret }): Promise<void> {
	await worker.scheduled(createScheduledController(), { ...env, ...variables } as Env, createExecutionContext());
}

const probeOf = async () => (await operated<{ probe: Record<string, unknown> | null }>("GET", "/v1/status")).probe;
async function events(): Promise<readonly unknown[]> {
	const { events: found } = await operated<{ events: { type: string; subject: string; detail: string }[] }>(
		"GET",
		"/v1/events?type=service",
	);
	return found.map(({ type, subject, detail }) => [type, subject, detail]);
}

describe("a run of the cron trigger", () => {
	it.each(["x", "{}", "\n", "[]"])("tells that the secret is malformed (%j), and the service goes on", async (text) => {
		for (const _ of [1, 2]) await run({ PROBE_DEVICE: text });
		expect(await events()).toEqual([["service.probe_failed", "token", "misconfigured"]]);
		const answer = await worker.fetch(
			new Request(`${ISSUER}/.well-known/parapet`) as Parameters<typeof worker.fetch>[0],
			{ ...env, PROBE_DEVICE: text } as Env,
			createExecutionContext(),
		);
		expect(answer.status).toBe(200);
	});

	it("says nothing where there is no probe", async () => {
		await run({});
		expect(await probeOf()).toBeNull();
	});

	it("asks as the firewall does, and says that all is well", async () => {
		const lines = vi.spyOn(console, "log");
		await run();
		expect(await probeOf()).toMatchObject({ state: "well", failed: null, code: null });
		const told = lines.mock.calls.flat().filter((line) => String(line).includes('"type":"probe"'));
		expect(told).toEqual([expect.stringMatching(/"failed":null/)]);
		expect(await events()).toEqual([]);
		expect(lines.mock.calls.flat().join("\n")).not.toContain(JSON.parse(secret).jwk.d);
	});

	it.each([
		["its device is revoked", "token", "unauthorized_client", () => setStatus(firewall, "revoke")],
		[
			"its license ended",
			"check",
			"no_offer",
			() => operated("POST", `/v1/accounts/${account}/licenses/${license}/revoke`, { reason: "x" }),
		],
		["the package is gone", "download", "content_missing", () => bindings.PACKAGES.delete(`packages/${sha256}`)],
		[
			"the package has other bytes",
			"download",
			"wrong_bytes",
			() => bindings.PACKAGES.put(`packages/${sha256}`, "# forged"),
		],
	])("where %s fails twice before it is told, and once", async (_, step, code, spoil) => {
		await spoil();
		forgetServices();
		await run();
		expect(await events()).toEqual([]);
		expect(await probeOf()).toMatchObject({ state: "well", failed: step, code });
		for (const _ of [2, 3]) await run();
		expect(await events()).toEqual([["service.probe_failed", step, code]]);
		expect(await probeOf()).toMatchObject({ state: "failing", failed: step });
	});
});

describe("a probe", () => {
	const parts = () => ({
		...{ device: JSON.parse(secret), issuer: ISSUER, nowMs: () => Date.now() },
		ask: (request: Request) => send(request.url, request),
		fetch: async () => new Response(null, { status: 500 }),
	});

	it("finds a stranger who is let in", async () => {
		let tokens = 0;
		const ask = async (request: Request) => {
			const answer = await send(request.url, request);
			return request.url.endsWith("/token") && ++tokens === 2 ? Response.json({ access_token: "x" }) : answer;
		};
		expect(await runProbe({ ...parts(), ask })).toMatchObject({ failed: "stranger", code: "stranger_let_in" });
	});

	it.each([
		["no JSON", () => new Response("<html>"), "unexpected_answer"],
		["another form", () => Response.json({ products: "none" }), "unexpected_answer"],
		["a problem", () => Response.json({ code: "unavailable" }, { status: 503 }), "unavailable"],
		["a code that is none", () => Response.json({ code: "<b>x</b>" }, { status: 503 }), "unexpected_answer"],
		["nothing", () => Promise.reject(new Error("gone")), "no_answer"],
	])("that is answered %s by the check fails there", async (_, answer, code) => {
		const ask = async (request: Request) => (request.url.includes("/check") ? answer() : send(request.url, request));
		expect(await runProbe({ ...parts(), ask })).toMatchObject({ failed: "check", code });
	});
});
