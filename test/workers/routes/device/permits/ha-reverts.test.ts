// What becomes of an HA group whose device fails with a release that goes on for all others: it goes back, and the others are left alone.
import { beforeEach, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { type CheckedProduct, check } from "../../../support/fixtures.ts";
import { SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";
import { newPair, type Pair } from "../../../support/ha-pair.ts";

const clock = useFrozenClock();
/** Past what isolates take without asking. */
const SEEN = 60 * SECOND;
const [OLD, BAD, NEXT] = ["1.0.0", "2.0.0", "3.0.0"];

let pair: Pair;
beforeEach(async () => {
	pair = await newPair(clock);
	await publish(pair.scene.product, BAD, "bad rules");
	clock.moveTo(SEEN);
});

const asked = async (firewall: Firewall, installed: string, failed?: string): Promise<CheckedProduct | undefined> => {
	const { product } = pair.scene;
	const word = failed === undefined ? "" : `&failed=${product}@${failed}`;
	return (await check(firewall, `?installed=${product}@${installed}${word}`)).products[0];
};
const hand = async (firewall: Firewall, offered: CheckedProduct | undefined) =>
	firewall.call("POST", "/v1/permits", { offer: offered?.offer?.capability ?? "" });
const take = async (firewall: Firewall, installed: string, version: string, failed?: string) => {
	const offered = await asked(firewall, installed, failed);
	expect(offered?.offer?.version).toBe(version);
	const answer = await hand(firewall, offered);
	expect(answer.status).toBe(201);
	return ((await answer.json()) as { permit: string }).permit;
};
const report = (firewall: Firewall, permit: string, outcome: string) =>
	firewall.call("POST", "/v1/reports", { permit, outcome });
const expectToWait = async (firewall: Firewall, installed: string, code: string) => {
	const refused = await hand(firewall, await asked(firewall, installed));
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: code });
};

/** The first one has failed and goes back, while the release is out for everybody: the other one never gets it. */
async function expectWayBack(first: Firewall, other: Firewall): Promise<void> {
	await report(first, await take(first, OLD, BAD), "failed");
	await expectToWait(other, OLD, "ha_peer_failed");
	expect(await asked(first, BAD, BAD)).toMatchObject({
		...{ status: "offered", reason: "installed_failed" },
		offer: { version: OLD, downgrade: true },
	});
	const back = await take(first, BAD, OLD, BAD);
	await expectToWait(other, OLD, "ha_peer_under_way");
	expect(await operated("GET", pair.path)).toMatchObject({
		updates: expect.arrayContaining([
			expect.objectContaining({ version: BAD, state: "failed", device: first.clientId }),
		]),
	});
	await report(first, back, "healthy");
	expect(await asked(first, OLD, BAD)).toMatchObject({ status: "current", reason: "newer_failed" });
	await expectToWait(other, OLD, "ha_peer_failed");
}

test("the passive one goes back, the active one is spared, and the next release comes to both", async () => {
	const { active, passive } = pair;
	await expectToWait(active, OLD, "ha_peer_first");
	await expectWayBack(passive, active);
	await publish(pair.scene.product, NEXT, "good rules");
	clock.moveTo(2 * SEEN);
	await report(passive, await take(passive, OLD, NEXT, BAD), "healthy");
	await report(active, await take(active, OLD, NEXT), "healthy");
	expect(await operated("GET", pair.path)).toMatchObject({ updates: [] });
});

test("of an active-active pair the one of the lower priority number goes first, and goes back", async () => {
	const { active, passive } = pair;
	await operated("PATCH", pair.path, { mode: "active-active" });
	await pair.say(active, "active", 10);
	await pair.say(passive, "active", 20);
	clock.moveTo(2 * SEEN);
	await expectToWait(passive, OLD, "ha_peer_first");
	await expectWayBack(active, passive);
});

test("a group that synchronizes by itself is locked whole, on the way back too", async () => {
	await operated("PATCH", pair.path, { sync: true });
	clock.moveTo(2 * SEEN);
	await expectWayBack(pair.active, pair.passive);
});

test("the one that failed goes back also when a failover has made it the active one", async () => {
	const { active, passive } = pair;
	const permit = await take(passive, OLD, BAD);
	await pair.say(passive, "active");
	await pair.say(active, "passive");
	await report(passive, permit, "rolled_back");
	await take(passive, BAD, OLD, BAD);
});

test("the second one goes back past the first, which is well with the release and keeps it", async () => {
	const { active, passive } = pair;
	await report(passive, await take(passive, OLD, BAD), "healthy");
	await report(active, await take(active, OLD, BAD), "failed");
	await report(active, await take(active, BAD, OLD, BAD), "healthy");
	expect(await asked(passive, BAD)).toMatchObject({ status: "current", reason: "up_to_date" });
});

test("a device that dies on its way only delays: its partner may fetch again what it had", async () => {
	const { active, passive } = pair;
	await take(passive, OLD, BAD);
	clock.moveTo(86_400 * SECOND + 700 * SECOND);
	for (const one of [active, passive]) await one.authenticate();
	await expectToWait(active, OLD, "ha_peer_failed");
	const { product } = pair.scene;
	// It was refused the newer one: it names that as one that it cannot have.
	const lost = await check(active, `?installed=${product}@${OLD}&damaged=${product}&failed=${product}@${BAD}`);
	expect(lost.products[0]).toMatchObject({ reason: "installed_damaged", offer: { version: OLD } });
	expect((await hand(active, lost.products[0])).status).toBe(201);
});
