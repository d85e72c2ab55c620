// A device that has lost its content says what it held, and gets that again while its rollout lets nobody else in; one that never had a
// place there is not left without any.
import { expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain } from "../../../support/explained.ts";
import { check, newFirewall, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { moveTo, timeAfter } = useFrozenClock();
const SEEN = 60 * SECOND;

/** A release that one unit may have, and one device that has it. */
async function newCanary(): Promise<{ scene: Scene; canary: Firewall; other: Firewall }> {
	const scene = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	const other = await newFirewall(scene.code, false);
	const one = { name: "one", cohort: { units: 1 }, bake: 3_600, fillWithin: null, expect: 60, lease: 600 };
	const all = { ...one, name: "all", cohort: { fraction: 1 } };
	const gate = { kind: "count", maxFailures: 0, minHealthy: 1 };
	const steps = [one, all].map((step) => ({ ...step, gate, approvals: { team: null, count: 0 } }));
	await operated("PATCH", `/v1/products/${scene.product}`, { plan: { name: "own", overrides: 1, steps } });
	await publish(scene.product, "2.0.0", "newer rules");
	moveTo(SEEN);
	await other.authenticate();
	const canary = scene.firewall;
	const answer = await take(canary, scene.product, "@1.0.0");
	const { permit } = (await answer.json()) as { permit: string };
	await canary.call("POST", "/v1/reports", { permit, outcome: "healthy" });
	moveTo(2 * SEEN);
	return { scene, canary, other };
}

const ask = async (firewall: Firewall, product: string, words: string) =>
	(await check(firewall, `?installed=${product}${words}`)).products[0];
const take = async (firewall: Firewall, product: string, words: string) =>
	firewall.call("POST", "/v1/permits", { offer: (await ask(firewall, product, words))?.offer?.capability ?? "" });

test("what it held is offered and permitted again, though its step is full", async () => {
	const { scene, canary } = await newCanary();
	const { product } = scene;
	const words = `@2.0.0&damaged=${product}`;
	expect(await ask(canary, product, words)).toMatchObject({
		...{ installed: null, status: "offered", reason: "installed_damaged" },
		offer: { version: "2.0.0", downgrade: false },
	});
	expect((await take(canary, product, words)).status).toBe(201);
	const explained = await explain({ ...scene, firewall: canary }, "&installed=2.0.0&damaged=true");
	expect(explained.answer).toMatchObject({ reason: "installed_damaged", version: "2.0.0" });
});

test("one that never had a place is refused, and gets what everybody may have when it names what it was refused", async () => {
	const { scene, other } = await newCanary();
	const refused = await take(other, scene.product, `@2.0.0&damaged=${scene.product}`);
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "step_full" });
	const words = `@2.0.0&damaged=${scene.product}&failed=${scene.product}@2.0.0`;
	expect(await ask(other, scene.product, words)).toMatchObject({
		...{ reason: "installed_damaged", offer: { version: "1.0.0", downgrade: true } },
	});
	expect((await take(other, scene.product, words)).status).toBe(201);
});

test("of several versions that do not work none is offered", async () => {
	const { product, firewall } = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	const failed = ["2.0.0", "1.0.0"].map((version) => `${product}@${version}`).join(",");
	expect(await ask(firewall, product, `&failed=${failed}`)).toMatchObject({ reason: "none_but_failed" });
});

test("a word that cannot be is refused, and says why", async () => {
	const { product, firewall } = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	for (const [query, member] of [
		[`?installed=${product}&damaged=${product}`, "damaged"],
		[`?damaged=${product}`, "damaged"],
		[`?installed=${product}@1.0.0&damaged=${product},${product}`, "damaged"],
		[`?installed=${product}@1.0.0&failed=${product}`, "failed"],
		[`?installed=${product}@1.0.0&failed=!`, "failed"],
		[`?failed=${["1", "2", "3", "4", "5", "6"].map((version) => `${product}@${version}`).join(",")}`, "failed"],
	] as const) {
		const answer = await firewall.call("GET", `/v1/check${query}`);
		expect(JSON.stringify(await expectProblem(answer, "invalid_request"))).toContain(`"${member}"`);
	}
});
