// A device of an HA group is refused a place in a rollout after its account gave it its turn: the group then stands as it stood before, and
// the other device is still spared what failed on the first.
import { beforeEach, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { operate, operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";
import { newPair, type Pair } from "../../../support/ha-pair.ts";

const clock = useFrozenClock();
/** Past what isolates take without asking. */
const SEEN = 60 * SECOND;
const [OLD, BAD, NEW] = ["1.0.0", "1.1.0", "2.0.0"];

let pair: Pair;
let edge: Edge;
let permit: string;

/** The passive device failed with a version that everybody may have. */
beforeEach(async () => {
	pair = await newPair(clock);
	edge = new Edge();
	await publish(pair.scene.product, BAD, "rules that break");
	clock.moveTo(SEEN);
	({ permit } = await (await take(pair.passive, BAD)).json<{ permit: string }>());
	await report(pair.passive, "failed");
	await expectRefused(pair.active, BAD, "ha_peer_failed");
});

/** @param words more of the check's query */
async function offered(firewall: Firewall, version: string, words = ""): Promise<string> {
	await edge.authenticate(firewall);
	const { product } = pair.scene;
	const { products } = await edge.check(firewall, `?installed=${product}@${OLD}${words}`);
	const offer = products[0]?.offer;
	expect(offer?.version).toBe(version);
	return offer?.capability ?? "";
}
const take = async (firewall: Firewall, version: string, words?: string) => {
	const answer = await edge.permit(firewall, await offered(firewall, version, words));
	await edge.settled();
	return answer;
};
const expectRefused = async (firewall: Firewall, version: string, code: string, words?: string) =>
	expect(await expectProblem(await take(firewall, version, words), "exposure_limited")).toMatchObject({
		rollout_code: code,
	});
const report = async (firewall: Firewall, outcome: string) => {
	const answer = await edge.sendJson("POST", "/v1/reports", firewall.accessToken, { permit, outcome });
	expect(answer.status).toBe(202);
	await edge.settled();
};
const updates = async () => (await operated<{ updates: object[] }>("GET", pair.path)).updates;

/** A newer version begins its rollout, and is halted while the device asks for it. */
async function expectGivenBack(firewall: Firewall, words = ""): Promise<void> {
	const { product } = pair.scene;
	const one = { name: "one", cohort: { units: 1 }, bake: 60, fillWithin: null, expect: 60, lease: 600 };
	const gate = { kind: "count", maxFailures: 0, minHealthy: 1 };
	const steps = [one, { ...one, name: "all", cohort: { fraction: 1 } }].map((step) => ({
		...{ ...step, gate, approvals: { team: null, count: 0 } },
	}));
	await operated("PATCH", `/v1/products/${product}`, { plan: { name: "own", overrides: 1, steps } });
	await publish(product, NEW, "newer rules");
	clock.moveTo(2 * SEEN);
	const offer = await offered(firewall, NEW, words);
	await operate("POST", `/v1/products/${product}/releases/${NEW}/rollout/halt`, { reason: "a test" });
	const refused = await edge.permit(firewall, offer);
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "halted" });
	clock.moveTo(3 * SEEN);
}
const failed = () => [{ version: BAD, state: "failed", device: pair.passive.clientId }];

test("the device that failed: its partner is still spared the version", async () => {
	const before = await updates();
	expect(before).toMatchObject(failed());
	await expectGivenBack(pair.passive, `&failed=${pair.scene.product}@${BAD}`);
	expect(await updates()).toEqual(before);
	await expectRefused(pair.active, BAD, "ha_peer_failed");
});

test("the other device, after the first has gone back: it is still spared the version", async () => {
	const word = `&failed=${pair.scene.product}@${BAD}`;
	await edge.authenticate(pair.passive);
	const { products } = await edge.check(pair.passive, `?installed=${pair.scene.product}@${BAD}${word}`);
	const back = await edge.permit(pair.passive, products[0]?.offer?.capability ?? "");
	({ permit } = await back.json<{ permit: string }>());
	await report(pair.passive, "healthy");
	const before = await updates();
	expect(before).toMatchObject(failed());
	await operated("PATCH", pair.path, { sync: true });
	await expectGivenBack(pair.active);
	expect(await updates()).toEqual(before);
	await expectRefused(pair.active, BAD, "ha_peer_failed");
});
