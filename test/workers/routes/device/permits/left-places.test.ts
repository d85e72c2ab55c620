// A release that is on its way, and a device that has a place in it, asks again before it installs, and may not any more, by a word of its
// license or its account: it leaves its place, and its silence is no failure.
import { expect, test } from "vitest";
import { publish } from "../../../../support/fleet.ts";
import { operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();
/** Past what isolates take without asking. */
const SEEN = 120 * SECOND;
const NEW = "2.0.0";

const onLicense = ({ account, license }: Scene, method: string, action: string, body: object) =>
	operated(method, `/v1/accounts/${account}/licenses/${license}${action}`, body);
const changes: [string, "not_entitled" | "exposure_limited", (scene: Scene) => Promise<unknown>][] = [
	["license has ended", "not_entitled", (scene) => onLicense(scene, "PATCH", "", { ends_at: timeAfter(0) })],
	["license is suspended", "not_entitled", (scene) => onLicense(scene, "POST", "/suspend", {})],
	[
		"account holds its updates",
		"exposure_limited",
		({ account, firewall }) => {
			const rules = [{ for: { device: firewall.clientId }, hold: true }];
			return operated("PUT", `/v1/accounts/${account}/policy`, { rules });
		},
	],
];

test.each(changes)("whose %s", async (_, problem, change) => {
	const scene = await newScene({ starts_at: timeAfter(-DAY), ends_at: timeAfter(100 * DAY), grace_days: 0 }, false);
	const step = { name: "some", cohort: { units: 3 }, bake: 60, fillWithin: null, expect: 60, lease: 3_600 };
	const rules = {
		gate: { kind: "count", maxFailures: 0, minHealthy: 1 },
		approvals: { team: null, count: 0 },
	};
	const steps = [step, { ...step, name: "all", cohort: { fraction: 1 } }].map((one) => ({ ...one, ...rules }));
	await operated("PATCH", `/v1/products/${scene.product}`, { plan: { name: "own", overrides: 1, steps } });
	await publish(scene.product, NEW, "newer rules");
	moveTo(SEEN);
	const edge = new Edge();
	await edge.authenticate(scene.firewall);
	const { products } = await edge.check(scene.firewall, `?installed=${scene.product}@1.0.0`);
	const take = (at: Edge) => at.permit(scene.firewall, products[0]?.offer?.capability ?? "");
	const first = async () => {
		const path = `/v1/products/${scene.product}/releases/${NEW}/rollout`;
		return (await operated<{ steps: object[] }>("GET", path)).steps[0];
	};
	expect((await take(edge)).status).toBe(201);
	await change(scene);
	for (const _again of [1, 2]) {
		await expectProblem(await take(new Edge()), problem);
		expect(await first()).toMatchObject({ permits: 1, excused: 1, silent: 0, failed: 0 });
	}
});
