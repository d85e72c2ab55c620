// Two firewalls of an HA group and a release that everybody may have: one after the other, and never the second where the first is
// not well. Also while the release is on its way, when the product counts too.
import { beforeEach, describe, expect, test } from "vitest";
import type { Account } from "../../../../../src/objects/account/account.ts";
import type { HaReport } from "../../../../../src/objects/account/ha/ha-reports.ts";
import type { Firewall } from "../../../../support/firewall.ts";
import { makePackage, publish } from "../../../../support/fleet.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { trailOf } from "../../../../support/trail.ts";
import { makeDeltaOf, publishWithDeltas } from "../../../support/deltas.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain } from "../../../support/explained.ts";
import { newFirewall, newScene, offerOf, type Scene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { moveTo, timeAfter } = useFrozenClock();
/** Past what isolates take without asking. */
const SEEN = 60 * SECOND;

let scene: Scene;
let active: Firewall;
let passive: Firewall;
let group: string;
let path: string;
const account = () => bindings.ACCOUNT.getByName(active.clientId.slice(4, 14)) as DurableObjectStub<Account>;

/** An active-passive pair whose roles its account knows, and a release. */
beforeEach(async () => {
	scene = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	active = scene.firewall;
	passive = await newFirewall(scene.code, false);
	const devices = [active.clientId, passive.clientId];
	const settings = { name: "a pair", mode: "active-passive", license: scene.license, devices };
	({ ha_group: group } = await operated<{ ha_group: string }>(
		"POST",
		`/v1/accounts/${scene.account}/ha-groups`,
		settings,
	));
	path = `/v1/accounts/${scene.account}/ha-groups/${group}`;
	for (const one of [active, passive]) await one.authenticate();
	await sayRoles(active, passive, { [scene.product]: null });
	moveTo(SEEN);
});

/** @param installed so that nobody waits for what they were offered before they were a pair */
async function sayRoles(first: Firewall, second: Firewall, installed: HaReport["installed"] = null): Promise<void> {
	const words = { priority: null, installed, peer: null };
	const now = Math.floor(Date.now() / 1_000);
	await account().reportHa({ ...words, deviceId: first.clientId, role: "active", now });
	await account().reportHa({ ...words, deviceId: second.clientId, role: "passive", now });
}

const take = async (firewall: Firewall, product = scene.product) => {
	const { capability } = await offerOf(firewall, product);
	return firewall.call("POST", "/v1/permits", { offer: capability });
};
async function taken(firewall: Firewall): Promise<string> {
	const answer = await take(firewall);
	expect(answer.status).toBe(201);
	return ((await answer.json()) as { permit: string }).permit;
}
const report = (firewall: Firewall, permit: string, outcome: string) =>
	firewall.call("POST", "/v1/reports", { permit, outcome });
async function expectToWait(firewall: Firewall, code: string, retryAfter: string): Promise<void> {
	const refused = await take(firewall);
	expect(refused.headers.get("retry-after")).toBe(retryAfter);
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: code });
}
const shown = async () => (await operated<{ updates: object[] }>("GET", path)).updates;

describe("a pair", () => {
	test("is told of a delta, each firewall in its turn", async () => {
		const target = await makePackage("newer rules ".repeat(40));
		const from = { version: "1.0.0", sha256: scene.content.sha256 };
		const delta = await makeDeltaOf(from, "news");
		await publishWithDeltas(scene.product, "1.1.0", target, [{ from, delta }]);
		moveTo(2 * SEEN);
		for (const firewall of [passive, active]) {
			const { capability } = await offerOf(firewall, scene.product, "1.0.0");
			const answer = await firewall.call("POST", "/v1/permits", { offer: capability });
			const permit = await answer.json<{ permit: string; delta: object }>();
			expect(permit.delta).toMatchObject({ coding: "dcz", from: "1.0.0", sha256: delta.sha256 });
			expect((await report(firewall, permit.permit, "healthy")).status).toBe(202);
		}
	});

	test("is updated one after the other, the passive one first", async () => {
		await expectToWait(active, "ha_peer_first", "300");
		const permit = await taken(passive);
		await expectToWait(active, "ha_peer_under_way", "300");
		const { product } = scene;
		const underWay = { product, version: "1.0.0", state: "under_way", device: passive.clientId };
		expect(await shown()).toEqual([expect.objectContaining(underWay)]);
		expect((await explain({ ...scene, firewall: active }))["ha"]).toMatchObject({ updates: [underWay] });
		expect((await report(passive, permit, "installed")).status).toBe(202);
		await expectToWait(active, "ha_peer_under_way", "300");
		expect((await report(passive, permit, "healthy")).status).toBe(202);
		expect((await report(active, await taken(active), "healthy")).status).toBe(202);
		expect(await shown()).toEqual([]);
	});

	test("whose first device failed keeps the other as it is, until an operator unlocks it", async () => {
		await report(passive, await taken(passive), "failed");
		await expectToWait(active, "ha_peer_failed", "3600");
		expect(await shown()).toMatchObject([{ state: "failed", device: passive.clientId, until: null }]);
		const words = { product: scene.product, reason: "the disk was full" };
		expect(await operated("POST", `${path}/unlock`, words)).toMatchObject({
			changed: true,
			updates: [{ state: "unlocked", device: null }],
		});
		expect(await operated("POST", `${path}/unlock`, words)).toMatchObject({ changed: false });
		await taken(active);
		await expectToWait(passive, "ha_peer_under_way", "300");
		const events = (await trailOf(account())).filter(({ action }) => /update_blocked|unlock/.test(action));
		expect(events.map(({ action, subject, detail }) => ({ action, subject, detail })).reverse()).toEqual([
			{
				action: "ha_group.update_blocked",
				subject: group,
				detail: `${scene.product} 1.0.0 by ${passive.clientId}: it failed, or never said what became of it`,
			},
			{ action: "ha_group.unlock", subject: group, detail: `${scene.product} 1.0.0: the disk was full` },
		]);
	});

	test("whose first device fell silent keeps the other as it is for that version; another one comes to both", async () => {
		await taken(passive);
		moveTo(2 * DAY);
		for (const one of [active, passive]) await one.authenticate();
		await expectToWait(active, "ha_peer_failed", "3600");
		await publish(scene.product, "2.0.0", "newer rules");
		moveTo(2 * DAY + SEEN);
		await expectToWait(active, "ha_peer_first", "300");
		await report(passive, await taken(passive), "healthy");
		await taken(active);
	});

	test("whose first device puts the release off keeps its next turn when it says so again, in the same second", async () => {
		const earlier = await taken(passive);
		expect((await report(passive, earlier, "deferred")).status).toBe(202);
		const permit = await taken(passive);
		expect(permit).not.toBe(earlier);
		for (const word of ["deferred", "healthy"]) expect((await report(passive, earlier, word)).status).toBe(202);
		await expectToWait(active, "ha_peer_under_way", "300");
		await report(passive, permit, "deferred");
		expect(await shown()).toEqual([]);
	});

	test("that fails over in the middle goes on in the other order", async () => {
		await taken(passive);
		moveTo(2 * SEEN);
		await sayRoles(passive, active);
		// It asks again before it installs, and is the active one by now.
		await expectToWait(passive, "ha_peer_first", "300");
		await taken(active);
		await expectToWait(passive, "ha_peer_under_way", "300");
	});

	test("goes on when its first device leaves it", async () => {
		await taken(passive);
		await expectToWait(active, "ha_peer_under_way", "300");
		await operated("DELETE", `${path}/devices/${passive.clientId}`);
		moveTo(2 * SEEN);
		await taken(active);
		await passive.authenticate();
		// Of another place now, it waits for nobody.
		await taken(passive);
	});

	test("that is updated by one of its devices has no order, and one permit", async () => {
		await operated("PATCH", path, { sync: true });
		const permit = await taken(active);
		await expectToWait(passive, "ha_peer_under_way", "300");
		await report(active, permit, "failed");
		await expectToWait(passive, "ha_peer_failed", "3600");
	});

	test("keeps what it has while its account does not answer", async () => {
		const edge = new Edge();
		await edge.authenticate(passive);
		const { products } = await edge.check(passive, `?installed=${scene.product}`);
		const offer = products[0]?.offer?.capability ?? "";
		edge.account.mood = "fails";
		const refused = await edge.permit(passive, offer);
		expect(refused.headers.get("retry-after")).toMatch(/^[1-9]/);
		await expectProblem(refused, "unavailable");
		edge.account.mood = "well";
		expect(await shown()).toEqual([]);
		expect((await edge.permit(passive, offer)).status).toBe(201);
	});
});

test("a permit of a device in no group, and its report, ask no account", async () => {
	await operated("DELETE", path);
	moveTo(2 * SEEN);
	const edge = new Edge();
	for (const one of [active, passive]) await edge.authenticate(one);
	await edge.permitted(active, scene.product);
	edge.account.calls = 0;
	const { permit } = await edge.permitted(passive, scene.product);
	await edge.sendJson("POST", "/v1/reports", passive.accessToken, { permit, outcome: "healthy" });
	expect(edge.account.calls).toBe(0);
});

test("a pair whose first device is well by its own word, and broke a limit of health, keeps the second as it is", async () => {
	const plan = planOf({ kind: "count", maxFailures: 5, minHealthy: 0 });
	await operated("PATCH", `/v1/products/${scene.product}`, { plan, health_limits: { cpu: { plus: 20 } } });
	await publish(scene.product, "2.0.0", "newer rules");
	moveTo(2 * SEEN);
	const [first, second] = await Promise.all([passive, active].map((one) => offerOf(one, scene.product, "1.0.0")));
	const taken = await passive.call("POST", "/v1/permits", { offer: first?.capability });
	const { permit } = (await taken.json()) as { permit: string };
	const health = { before: { cpu: 10 }, after: { cpu: 99 } };
	expect((await passive.call("POST", "/v1/reports", { permit, outcome: "healthy", health })).status).toBe(202);
	expect(await shown()).toMatchObject([{ version: "2.0.0", state: "failed", device: passive.clientId }]);
	const refused = await active.call("POST", "/v1/permits", { offer: second?.capability });
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "ha_peer_failed" });
});

function planOf(gate: object) {
	const one = { name: "one", cohort: { units: 1 }, bake: 60, fillWithin: null, expect: 60, lease: 600 };
	const all = { ...one, name: "all", cohort: { fraction: 1 } };
	const steps = [one, all].map((step) => ({ ...step, gate, approvals: { team: null, count: 0 } }));
	return { name: "own", overrides: 1, steps };
}

test("a pair that gets no place in a rollout has its turn back", async () => {
	const plan = planOf({ kind: "count", maxFailures: 0, minHealthy: 1 });
	await operated("PATCH", `/v1/products/${scene.product}`, { plan });
	await publish(scene.product, "2.0.0", "newer rules");
	moveTo(2 * SEEN);
	const { capability: offer } = await offerOf(passive, scene.product, "1.0.0");
	await operate("POST", `/v1/products/${scene.product}/releases/2.0.0/rollout/halt`, { reason: "a test" });
	const refused = await passive.call("POST", "/v1/permits", { offer });
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "halted" });
	expect(await shown()).toEqual([]);
});
