// A pair of firewalls and a release that is on its way: the one that its account turns away leaves the place that it has in the rollout,
// so neither waits for the other, and none of it is taken for silence.
import { beforeEach, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";
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
});

const release = async () => {
	const one = { name: "some", cohort: { units: 3 }, bake: 60, fillWithin: null, expect: 60, lease: 3_600 };
	const gate = { kind: "count", maxFailures: 0, minHealthy: 1 };
	const steps = [one, { ...one, name: "all", cohort: { fraction: 1 } }].map((step) => ({
		...{ ...step, gate, approvals: { team: null, count: 0 } },
	}));
	await operated("PATCH", `/v1/products/${pair.scene.product}`, { plan: { name: "own", overrides: 1, steps } });
	await publish(pair.scene.product, NEW, "newer rules");
};
const take = async (firewall: Firewall): Promise<Response> => {
	await edge.authenticate(firewall);
	const { products } = await edge.check(firewall, `?installed=${pair.scene.product}@${OLD}`);
	const answer = await edge.permit(firewall, products[0]?.offer?.capability ?? "");
	await edge.settled();
	return answer;
};
const taken = async (firewall: Firewall): Promise<string> => {
	const answer = await take(firewall);
	expect(answer.status).toBe(201);
	return (await answer.json<{ permit: string }>()).permit;
};
const expectToWait = async (firewall: Firewall, code: string) =>
	expect(await expectProblem(await take(firewall), "exposure_limited")).toMatchObject({ rollout_code: code });
const healthy = async (firewall: Firewall, permit: string) => {
	const answer = await edge.sendJson("POST", "/v1/reports", firewall.accessToken, { permit, outcome: "healthy" });
	expect(answer.status).toBe(202);
	await edge.settled();
};
const firstStep = async () => {
	const path = `/v1/products/${pair.scene.product}/releases/${NEW}/rollout`;
	return (await operated<{ steps: object[] }>("GET", path)).steps[0];
};

/** Both have a place each, and are one group after that. */
async function joinWithPermits(): Promise<void> {
	const { active, passive, path } = pair;
	await operated("DELETE", `${path}/devices/${active.clientId}`);
	await release();
	clock.moveTo(2 * SEEN);
	for (const one of [active, passive]) await taken(one);
	expect(await firstStep()).toMatchObject({ permits: 2 });
	await operated("PUT", `${path}/devices/${active.clientId}`);
	clock.moveTo(4 * SEEN);
}

test("two devices with a place each that become one group go on one after the other", async () => {
	await joinWithPermits();
	const { active, passive } = pair;
	await expectToWait(active, "ha_peer_under_way");
	expect(await firstStep()).toMatchObject({ permits: 2, excused: 1 });
	await healthy(passive, await taken(passive));
	await healthy(active, await taken(active));
	expect(await firstStep()).toMatchObject({ healthy: 2, failed: 0, silent: 0 });
});

test("whichever of them asks first", async () => {
	await joinWithPermits();
	const { active, passive } = pair;
	await expectToWait(passive, "ha_peer_under_way");
	await expectToWait(active, "ha_peer_first");
	await healthy(passive, await taken(passive));
	await healthy(active, await taken(active));
	// The place that it took as a member of the group is the group's.
	expect(await firstStep()).toMatchObject({ permits: 3, excused: 2, healthy: 1, failed: 0, silent: 0 });
});

test("a pair that fails over while its first device has a place goes on in the other order", async () => {
	const { active, passive, say } = pair;
	await release();
	clock.moveTo(2 * SEEN);
	await taken(passive);
	await say(passive, "active");
	await expectToWait(passive, "ha_peer_first");
	expect(await firstStep()).toMatchObject({ permits: 1, excused: 1 });
	await healthy(active, await taken(active));
	await healthy(passive, await taken(passive));
	expect(await firstStep()).toMatchObject({ failed: 0, silent: 0 });
});

test("a product that does not answer costs an answer, and hears of it when the device asks again", async () => {
	await joinWithPermits();
	const { active, passive } = pair;
	edge.product.mood = "fails";
	await expectProblem(await take(active), "unavailable");
	edge.product.mood = "well";
	expect(await firstStep()).toMatchObject({ excused: 0 });
	await expectToWait(active, "ha_peer_under_way");
	expect(await firstStep()).toMatchObject({ excused: 1 });
	await healthy(passive, await taken(passive));
});

test("one of a pair that may not install any more when it asks again leaves its turn to the other", async () => {
	const { active, passive, scene } = pair;
	await release();
	clock.moveTo(2 * SEEN);
	await edge.authenticate(passive);
	const { products } = await edge.check(passive, `?installed=${scene.product}@${OLD}`);
	const ask = (at: Edge) => at.permit(passive, products[0]?.offer?.capability ?? "");
	expect((await ask(edge)).status).toBe(201);
	const rules = [{ for: { device: passive.clientId }, hold: true }];
	await operated("PUT", `/v1/accounts/${scene.account}/policy`, { rules });
	await expectProblem(await ask(new Edge()), "exposure_limited");
	clock.moveTo(4 * SEEN);
	await healthy(active, await taken(active));
	expect(await firstStep()).toMatchObject({ permits: 2, excused: 1, healthy: 1, failed: 0, silent: 0 });
});
