// What becomes of the turns of an HA group whose devices change in the middle: one that joins with a permit of its own, that is suspended,
// given up or replaced, and one whose group an operator unlocks. For a release that everybody may have, and for one on its way.
import { beforeEach, describe, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { operate, operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain } from "../../../support/explained.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";
import { newPair, type Pair } from "../../../support/ha-pair.ts";

const clock = useFrozenClock();
/** Past what isolates take without asking. */
const SEEN = 60 * SECOND;
const [OLD, NEW] = ["1.0.0", "2.0.0"];

let pair: Pair;
let edge: Edge;
beforeEach(async () => {
	pair = await newPair(clock);
	edge = new Edge();
	clock.moveTo(SEEN);
});

const take = async (firewall: Firewall, installed = ""): Promise<Response> => {
	await edge.authenticate(firewall);
	const { product } = pair.scene;
	const { products } = await edge.check(firewall, `?installed=${product}${installed && `@${installed}`}`);
	const answer = await edge.permit(firewall, products[0]?.offer?.capability ?? "");
	await edge.settled();
	return answer;
};
const check = async (firewall: Firewall, installed: string) => {
	await edge.check(firewall, `?installed=${pair.scene.product}@${installed}`);
	await edge.settled();
};
const taken = async (firewall: Firewall, installed?: string): Promise<string> => {
	const answer = await take(firewall, installed);
	expect(answer.status).toBe(201);
	return (await answer.json<{ permit: string }>()).permit;
};
const expectToWait = async (firewall: Firewall, code: string, installed?: string) =>
	expect(await expectProblem(await take(firewall, installed), "exposure_limited")).toMatchObject({
		rollout_code: code,
	});
const report = async (firewall: Firewall, permit: string, outcome: string) => {
	const answer = await edge.sendJson("POST", "/v1/reports", firewall.accessToken, { permit, outcome });
	expect(answer.status).toBe(202);
	await edge.settled();
};
const members = () => `/v1/accounts/${pair.scene.account}/ha-groups`;
const updates = async () => (await operated<{ updates: object[] }>("GET", pair.path)).updates;

describe("a device that joins with a permit of its own", () => {
	beforeEach(async () => {
		await operated("DELETE", `${pair.path}/devices/${pair.active.clientId}`);
		clock.moveTo(2 * SEEN);
		await publishByPlan();
	});
	const join = async () => {
		await operated("PUT", `${pair.path}/devices/${pair.active.clientId}`);
		clock.moveTo(5 * SEEN);
		await edge.authenticate(pair.active);
	};

	test("has its partner wait until it is healthy", async () => {
		const { active, passive } = pair;
		const permit = await taken(active, OLD);
		await join();
		expect(await updates()).toMatchObject([{ version: NEW, state: "under_way", device: active.clientId }]);
		await expectToWait(passive, "ha_peer_under_way", OLD);
		// The permit is from before, and names no lock.
		await report(active, permit, "healthy");
		await taken(passive, OLD);
	});

	test("spares its partner what failed on it", async () => {
		const permit = await taken(pair.active, OLD);
		await join();
		await report(pair.active, permit, "failed");
		await expectToWait(pair.passive, "ha_peer_failed", OLD);
	});

	test("that puts it off has its partner wait no more", async () => {
		const permit = await taken(pair.active, OLD);
		await join();
		await report(pair.active, permit, "deferred");
		await taken(pair.passive, OLD);
	});

	test("that was well before has nobody wait", async () => {
		await report(pair.active, await taken(pair.active, OLD), "healthy");
		await join();
		await check(pair.active, NEW);
		await taken(pair.passive, OLD);
	});

	test("may be let go on by an operator, who knows that it does not install", async () => {
		const { product } = pair.scene;
		await taken(pair.active, OLD);
		await join();
		await operated("POST", `${pair.path}/unlock`, { product, reason: "it was wiped" });
		await taken(pair.passive, OLD);
	});
});

const change = (firewall: Firewall, action: "suspend" | "reinstate" | "revoke") =>
	operated("POST", `/v1/devices/${firewall.clientId}/${action}`, { reason: "a test" });

const deactivate = ({ clientId: deviceId }: Firewall) => {
	const by = { actor: deviceId, now: Math.floor(Date.now() / 1_000) };
	return pair.account().setDeviceStatus({ ...by, deviceId, status: "deactivated", reason: "" });
};

async function publishByPlan(): Promise<void> {
	const one = { name: "some", cohort: { units: 2 }, bake: 60, fillWithin: null, expect: 60, lease: 600 };
	const gate = { kind: "count", maxFailures: 1, minHealthy: 1 };
	const steps = [one, { ...one, name: "all", cohort: { fraction: 1 } }].map((step) => ({
		...{ ...step, gate, approvals: { team: null, count: 0 } },
	}));
	await operated("PATCH", `/v1/products/${pair.scene.product}`, { plan: { name: "own", overrides: 1, steps } });
	await publish(pair.scene.product, NEW, "newer rules");
	clock.moveTo(4 * SEEN);
}

describe("while the first device of a pair installs, it", () => {
	const cases: [string, (first: Firewall) => Promise<unknown>, string][] = [
		["is suspended: it may still install what it has", (first) => change(first, "suspend"), "waits"],
		["is revoked", (first) => change(first, "revoke"), "goes on"],
		["deactivates itself", (first) => deactivate(first), "goes on"],
		["is taken out of the group", (first) => operated("DELETE", `${pair.path}/devices/${first.clientId}`), "goes on"],
	];

	test.each(cases)("%s; the release is everybody's", async (_, happens, expected) => {
		await taken(pair.passive);
		await happens(pair.passive);
		clock.moveTo(2 * SEEN);
		if (expected === "goes on") await taken(pair.active);
		else await expectToWait(pair.active, "ha_peer_under_way");
		if (expected === "goes on") return;
		// Its silence is no failure, as it could not report.
		clock.moveTo(DAY + 11 * 60 * SECOND);
		await taken(pair.active);
	});

	test.each(cases)("%s; the release is on its way", async (_, happens, expected) => {
		await publishByPlan();
		await taken(pair.passive, OLD);
		await happens(pair.passive);
		clock.moveTo(5 * SEEN);
		if (expected === "goes on") await taken(pair.active, OLD);
		else await expectToWait(pair.active, "ha_peer_under_way", OLD);
	});

	test("is suspended and reinstated, and says then that it is healthy", async () => {
		const permit = await taken(pair.passive);
		await change(pair.passive, "suspend");
		await change(pair.passive, "reinstate");
		clock.moveTo(2 * SEEN);
		await edge.authenticate(pair.passive);
		await expectToWait(pair.active, "ha_peer_under_way");
		await report(pair.passive, permit, "healthy");
		await taken(pair.active);
	});

	test("falls silent and is suspended after that: its silence stays a failure", async () => {
		await taken(pair.passive);
		clock.moveTo(DAY + 11 * 60 * SECOND);
		await change(pair.passive, "suspend");
		clock.moveTo(DAY + 11 * 60 * SECOND + SEEN);
		await expectToWait(pair.active, "ha_peer_failed");
	});
});

describe("an operator who unlocks a group while the release is on its way", () => {
	const unlock = async () => {
		const words = { product: pair.scene.product, reason: "the disk was replaced" };
		expect(await operated("POST", `${pair.path}/unlock`, words)).toMatchObject({ changed: true });
	};
	const toldOf = async (firewall: Firewall) => {
		const { answer } = await explain({ ...pair.scene, firewall }, `&installed=${OLD}`);
		return answer;
	};

	test("lets the other device go on, in the place that the group has, though the first has said nothing", async () => {
		await publishByPlan();
		await taken(pair.passive, OLD);
		await expectToWait(pair.active, "ha_peer_under_way", OLD);
		await unlock();
		await taken(pair.active, OLD);
		expect(await toldOf(pair.active)).toMatchObject({ status: "offered" });
		const path = `/v1/products/${pair.scene.product}/releases/${NEW}/rollout`;
		expect(await operated("GET", path)).toMatchObject({ steps: [{ permits: 1 }, { permits: 0 }] });
		// One at a time, as ever.
		await expectToWait(pair.passive, "ha_peer_under_way", OLD);
	});

	test("lets it go on though the first has failed, which still counts", async () => {
		await publishByPlan();
		await report(pair.passive, await taken(pair.passive, OLD), "failed");
		await expectToWait(pair.active, "ha_peer_failed", OLD);
		await unlock();
		await taken(pair.active, OLD);
	});

	test("does not let it past a rollout that was halted", async () => {
		await publishByPlan();
		await taken(pair.passive, OLD);
		const { product } = pair.scene;
		await operate("POST", `/v1/products/${product}/releases/${NEW}/rollout/halt`, { reason: "a test" });
		await unlock();
		const answer = await take(pair.active, OLD);
		expect(answer.status).not.toBe(201);
	});
});

test("a group that is made of devices with permits knows each of them", async () => {
	const { active, passive } = pair;
	await operated("DELETE", pair.path);
	await publishByPlan();
	const [first, second] = [await taken(active, OLD), await taken(passive, OLD)];
	const settings = { name: "again", mode: "active-passive", license: pair.scene.license };
	const devices = [active.clientId, passive.clientId];
	const { ha_group: id } = await operated<{ ha_group: string }>("POST", members(), { ...settings, devices });
	const locks = async () => (await operated<{ updates: object[] }>("GET", `${members()}/${id}`)).updates;
	expect((await locks()).length).toBe(2);
	for (const one of [active, passive]) await edge.authenticate(one);
	await report(active, first, "healthy");
	await report(passive, second, "healthy");
	expect(await locks()).toEqual([]);
});
