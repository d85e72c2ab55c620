// A device in no HA group fetches what everybody may have by a download that comes with its offer, of which its account does not hear. It
// joins a group in the middle: its partner waits until it has said what became of that, or may be sure.
import { beforeEach, describe, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain } from "../../../support/explained.ts";
import { newFirewall } from "../../../support/fixtures.ts";
import { SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";
import { newPair, type Pair } from "../../../support/ha-pair.ts";

const clock = useFrozenClock();
/** Past what isolates take without asking. */
const SEEN = 60 * SECOND;
/** What a URL lives, and the quarter of an hour in which a device installs. */
const ENDS = (300 + 900) * SECOND;
const JOINED = 2 * SEEN;

let pair: Pair;
let edge: Edge;
let capability: string;
beforeEach(async () => {
	pair = await newPair(clock);
	edge = new Edge();
	const { active, path } = pair;
	await operated("DELETE", `${path}/devices/${active.clientId}`);
	clock.moveTo(SEEN);
	await edge.authenticate(active);
	const { products } = await edge.check(active, `?installed=${pair.scene.product}`);
	expect(products[0]?.offer).toHaveProperty("download");
	capability = products[0]?.offer?.capability ?? "";
	clock.moveTo(JOINED);
	await operated("PUT", `${path}/devices/${active.clientId}`);
	clock.moveTo(JOINED + SEEN);
	for (const one of [pair.passive, active]) await edge.authenticate(one);
});

const take = async (firewall: Firewall): Promise<Response> => {
	const { products } = await edge.check(firewall, `?installed=${pair.scene.product}`);
	return edge.permit(firewall, products[0]?.offer?.capability ?? "");
};
const expectToWait = async () =>
	expect(await expectProblem(await take(pair.passive), "exposure_limited")).toMatchObject({
		rollout_code: "ha_peer_under_way",
	});
const expectToGoOn = async () => expect((await take(pair.passive)).status).toBe(201);
const updates = async () => (await operated<{ updates: object[] }>("GET", pair.path)).updates;
const joined = () => ({
	...{ product: pair.scene.product, version: null, state: "joined", device: pair.active.clientId },
	...{ since: clock.timeAfter(JOINED), until: clock.timeAfter(JOINED + ENDS) },
});

describe("the partner of a device that joined with a download", () => {
	test("waits, and it is said until when", async () => {
		await expectToWait();
		expect(await updates()).toMatchObject([joined()]);
		const { ha } = await explain({ ...pair.scene, firewall: pair.passive });
		expect(ha).toMatchObject({ updates: [joined()] });
	});

	test("waits to the second until it must have installed", async () => {
		clock.moveTo(JOINED + ENDS - SECOND);
		await edge.authenticate(pair.passive);
		await expectToWait();
		clock.moveTo(JOINED + ENDS);
		await expectToGoOn();
		expect(await updates()).toMatchObject([{ state: "under_way", device: pair.passive.clientId }]);
	});

	test("goes on once it asks what to run next, and so has installed it or does not", async () => {
		await edge.check(pair.active, `?installed=${pair.scene.product}@1.0.0`);
		await edge.settled();
		await expectToGoOn();
	});

	test.each([
		["healthy", true],
		["deferred", true],
		["downloaded", false],
		["installed", false],
	])("hears that it is %s: it goes on %s", async (outcome, goesOn) => {
		const answer = await edge.sendJson("POST", "/v1/reports", pair.active.accessToken, {
			permit: capability,
			outcome,
		});
		expect(answer.status).toBe(202);
		await edge.settled();
		await (goesOn ? expectToGoOn() : expectToWait());
	});

	test.each(["failed", "rolled_back"])("is spared what %s on it", async (outcome) => {
		const words = { permit: capability, outcome };
		expect((await edge.sendJson("POST", "/v1/reports", pair.active.accessToken, words)).status).toBe(202);
		await edge.settled();
		expect(await expectProblem(await take(pair.passive), "exposure_limited")).toMatchObject({
			rollout_code: "ha_peer_failed",
		});
		expect(await updates()).toMatchObject([{ version: "1.0.0", state: "failed", device: pair.active.clientId }]);
	});

	test("goes on when an operator unlocks the group, with nothing else let through", async () => {
		const words = { product: pair.scene.product, reason: "it was wiped" };
		expect(await operated("POST", `${pair.path}/unlock`, words)).toMatchObject({ changed: true });
		expect(await updates()).toEqual([]);
		await expectToGoOn();
		await operated("POST", `${pair.path}/unlock`, words);
		expect(await operated("POST", `${pair.path}/unlock`, words)).toMatchObject({ changed: false });
	});

	test("goes on when it is removed, and waits again if it comes back in time", async () => {
		const member = `${pair.path}/devices/${pair.active.clientId}`;
		await operated("DELETE", member);
		expect(await updates()).toEqual([]);
		await operated("PUT", member);
		await expectToWait();
	});
});

test("a device that asks for its turn has nobody wait, also where it has to wait itself", async () => {
	expect(await expectProblem(await take(pair.active), "exposure_limited")).toMatchObject({
		rollout_code: "ha_peer_first",
	});
	await expectToGoOn();
});

test("a device that was registered in its group had no offer outside", async () => {
	const { account, license } = pair.scene;
	const settings = { name: "another", mode: "active-passive", license };
	const groups = `/v1/accounts/${account}/ha-groups`;
	const { ha_group: group } = await operated<{ ha_group: string }>("POST", groups, settings);
	const { code } = await operated<{ code: string }>("POST", `/v1/accounts/${account}/codes`, { ha_group: group });
	await newFirewall(code, false);
	expect(await operated("GET", `${groups}/${group}`)).toMatchObject({ updates: [] });
});
