// A device that has lost its content says what it held, and gets that again while its rollout lets nobody else in; one that never had a
// place there is not left without any.
import { expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { createFleet, publish } from "../../../../support/fleet.ts";
import { operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain } from "../../../support/explained.ts";
import { check, newFirewall, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { moveTo, timeAfter } = useFrozenClock();
const SEEN = 60 * SECOND;

/** Publishes 2.0.0 by a plan that lets in these first, then everybody. */
async function publishFor(product: string, cohort: object): Promise<void> {
	const one = { name: "one", cohort, bake: 3_600, fillWithin: null, expect: 60, lease: 600 };
	const all = { ...one, name: "all", cohort: { fraction: 1 } };
	const gate = { kind: "count", maxFailures: 0, minHealthy: 1 };
	const steps = [one, all].map((step) => ({ ...step, gate, approvals: { team: null, count: 0 } }));
	await operated("PATCH", `/v1/products/${product}`, { plan: { name: "own", overrides: 1, steps } });
	await publish(product, "2.0.0", "newer rules");
}

/** A release that one unit may have, and one device that has it. */
async function newCanary(): Promise<{ scene: Scene; canary: Firewall; other: Firewall }> {
	const scene = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	const other = await newFirewall(scene.code, false);
	await publishFor(scene.product, { units: 1 });
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
const onAccount = ({ account }: Scene, method: string, path: string, body: object) =>
	operated(method, `/v1/accounts/${account}${path}`, body);
const rollout = (product: string) =>
	operated<{ steps: object[] }>("GET", `/v1/products/${product}/releases/2.0.0/rollout`);
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

test("who is outside of a step's audience takes no place of it by saying what it held or asked for, and is shown nothing of it", async () => {
	const { product, account, firewall: lab } = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	const others = await createFleet({ products: [product], license: { ends_at: timeAfter(100 * DAY) } });
	const outsider = await newFirewall(others.code, false);
	await publishFor(product, { units: 2, audience: { accounts: [account] } });
	moveTo(SEEN);
	await Promise.all([lab, outsider].map((one) => one.authenticate(false)));
	for (const words of [`@2.0.0&damaged=${product}`, `@1.0.0&permitted=${product}@2.0.0`])
		expect((await ask(outsider, product, words))?.offer?.version).not.toBe("2.0.0");
	expect(await ask(outsider, product, `@2.0.0&damaged=${product}`)).toMatchObject({
		...{ reason: "installed_damaged", offer: { version: "1.0.0" } },
	});
	expect((await take(lab, product, "@1.0.0")).status).toBe(201);
});

test("who is let in at another time takes no place by its word that it held the release", async () => {
	const scene = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	const { product, firewall } = scene;
	// Tests begin at noon, UTC.
	await publishFor(product, { fraction: 0.99, night: true });
	moveTo(SEEN);
	const words = `@2.0.0&damaged=${product}`;
	const refused = await take(firewall, product, words);
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "step_full" });
	const { releases } = await explain(scene, "&installed=2.0.0&damaged=true");
	expect(releases[0]).toMatchObject({ version: "2.0.0", verdict: "chosen", rollout: { permit: "step_full" } });
	expect((await rollout(product)).steps[0]).toMatchObject({ permits: 0 });
});

test.each([
	["license", (scene: Scene) => onAccount(scene, "PATCH", `/licenses/${scene.license}`, { delay_hours: 50 })],
	["account's rules", (scene: Scene) => onAccount(scene, "PUT", "/policy", { rules: [{ min_age_hours: 50 }] })],
])("what is too young by the %s is had by no word, and what is old enough is offered instead", async (_, slow) => {
	const scene = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	const { product, firewall } = scene;
	moveTo(3 * DAY);
	await publish(product, "2.0.0", "newer rules");
	await slow(scene);
	moveTo(3 * DAY + SEEN);
	await firewall.authenticate(false);
	expect(await ask(firewall, product, `@2.0.0&damaged=${product}`)).toMatchObject({
		...{ reason: "installed_damaged", offer: { version: "1.0.0", downgrade: true } },
	});
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
