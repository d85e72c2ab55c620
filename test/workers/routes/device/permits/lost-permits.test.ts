// A device that has lost its permit says that it asked for one, and gets the same lease again while its step lets nobody else in; whoever
// says so and has none takes no place.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { check, newFirewall, newScene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { moveTo, timeAfter } = useFrozenClock();
const SEEN = 60 * SECOND;

interface Permit {
	readonly permit: string;
	readonly report_by: string;
}

let product: string;
let canary: Firewall;
let other: Firewall;
let lost: Permit;
/** A step for two units that has run full by one: the other place was not taken in time. */
beforeEach(async () => {
	const scene = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	product = scene.product;
	canary = scene.firewall;
	other = await newFirewall(scene.code, false);
	const one = { name: "one", cohort: { units: 2 }, bake: 60, fillWithin: 10, expect: 60, lease: 600 };
	const all = { ...one, name: "all", cohort: { fraction: 1 }, fillWithin: null };
	const gate = { kind: "count", maxFailures: 0, minHealthy: 1 };
	const steps = [one, all].map((step) => ({ ...step, gate, approvals: { team: null, count: 0 } }));
	await operated("PATCH", `/v1/products/${product}`, { plan: { name: "own", overrides: 1, steps } });
	await publish(product, "2.0.0", "newer rules");
	moveTo(SEEN);
	await other.authenticate();
	const { capability = "" } = (await ask(canary, "@1.0.0"))?.offer ?? {};
	const answer = await canary.call("POST", "/v1/permits", { offer: capability });
	expect(answer.status).toBe(201);
	lost = (await answer.json()) as Permit;
	moveTo(2 * SEEN);
	await bell();
	moveTo(3 * SEEN);
	expect(await rollout()).toMatchObject({ phase: "baking", step: "one" });
});

const bell = () => runDurableObjectAlarm(bindings.PRODUCT.getByName(product));
const rollout = () => operated<{ steps: object[] }>("GET", `/v1/products/${product}/releases/2.0.0/rollout`);
const ask = async (firewall: Firewall, words: string) =>
	(await check(firewall, `?installed=${product}${words}`)).products[0];
const HAS_ASKED = () => `@1.0.0&permitted=${product}@2.0.0`;
async function takeAgain(firewall: Firewall): Promise<Response> {
	const answer = await ask(firewall, HAS_ASKED());
	expect(answer).toMatchObject({ status: "offered", offer: { version: "2.0.0" } });
	return firewall.call("POST", "/v1/permits", { offer: answer?.offer?.capability ?? "" });
}

test("the device gets the same lease again, and what it reports counts once", async () => {
	expect(await ask(canary, "@1.0.0")).toMatchObject({ status: "current" });
	const again = await takeAgain(canary);
	expect(again.status).toBe(201);
	const permit = (await again.json()) as Permit;
	expect(permit.report_by).toBe(lost.report_by);
	for (const { permit: word } of [permit, lost])
		await canary.call("POST", "/v1/reports", { permit: word, outcome: "healthy" });
	expect((await rollout()).steps[0]).toMatchObject({ permits: 1, healthy: 1, failed: 0, silent: 0 });
	await bell();
	// Past the lease nothing halts it.
	moveTo(3 * SEEN + 600 * SECOND);
	await bell();
	expect(await rollout()).toMatchObject({ phase: "baking", step: "all", steps: [{ silent: 0 }, {}] });
});

test("whoever says so and has none gets no place, though there is one", async () => {
	const refused = await takeAgain(other);
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "step_full" });
	expect((await rollout()).steps[0]).toMatchObject({ permits: 1 });
});

test("after a halt nobody is offered it again, and an offer from before it is refused", async () => {
	const { capability = "" } = (await ask(canary, HAS_ASKED()))?.offer ?? {};
	await operate("POST", `/v1/products/${product}/releases/2.0.0/rollout/halt`, { reason: "an odd report" });
	const refused = await canary.call("POST", "/v1/permits", { offer: capability });
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "halted" });
	moveTo(5 * SEEN);
	expect(await ask(canary, HAS_ASKED())).toMatchObject({ status: "current" });
});

test("what cannot be read is refused with what is to be said", async () => {
	const answer = await canary.call("GET", `/v1/check?installed=${product}&permitted=,`);
	expect(await expectProblem(answer, "invalid_request")).toMatchObject({ errors: [{ field: "permitted" }] });
});
