// A soak's plan follows from its seed, leaves time to settle, and gives back what it takes away.
import { describe, expect, it } from "vitest";
import { type At, type Change, type Fault, planSoak, soakPlan } from "../../../../bench/soak/plan.ts";
import { plan } from "../../../../src/rollout/plan.ts";

const SIZE = { minutes: 10, firewalls: 5_000, accounts: 50, seed: 1 };
const only = <Do extends (Change | Fault)["do"]>(list: readonly At<Change | Fault>[], ...kinds: readonly Do[]) =>
	list.filter(({ what }) => (kinds as readonly string[]).includes(what.do));

describe("the plan of a soak", () => {
	it("is the same for the same seed, and another for another", () => {
		expect(planSoak(SIZE)).toEqual(planSoak(SIZE));
		expect(planSoak({ ...SIZE, seed: 2 })).not.toEqual(planSoak(SIZE));
	});

	it.each([1, 2, 3, 4, 5])("has its changes and faults in order, and none in the last fifth (seed %i)", (seed) => {
		const { ms, changes, faults } = planSoak({ ...SIZE, seed });
		for (const list of [changes, faults]) {
			const times = list.map((one) => one.ms);
			expect(times).toEqual(times.toSorted((one, other) => one - other));
			expect(times[0]).toBeGreaterThan(0);
			expect(times.at(-1)).toBeLessThanOrEqual(ms * 0.8);
		}
	});

	it.each([1, 2, 3])("never has both stores out, and none at the end (seed %i)", (seed) => {
		const out = new Set<string>();
		for (const { what } of only(planSoak({ ...SIZE, seed }).faults, "kv", "redis")) {
			if (!("isUp" in what)) continue;
			if (what.isUp) out.delete(what.do);
			else out.add(what.do);
			expect(out.size).toBeLessThanOrEqual(1);
		}
		expect([...out]).toEqual([]);
	});

	it("deploys once, in the middle, and kills objects and the runtime", () => {
		const { ms, faults } = planSoak(SIZE);
		expect(only(faults, "deploy").map((one) => one.ms)).toEqual([ms / 2]);
		expect(only(faults, "crash")).toHaveLength(2);
		expect(only(faults, "kill")).toHaveLength(30);
	});

	it.each([
		{ minutes: 10, firewalls: 5_000, publishes: 10, interval: 20 },
		{ minutes: 30, firewalls: 5_000, publishes: 20, interval: 20 },
		{ minutes: 10, firewalls: 500, publishes: 20, interval: 5 },
		{ minutes: 0.3, firewalls: 20, publishes: 2, interval: 5 },
	])(
		"of $minutes minutes and $firewalls firewalls publishes $publishes times, and has them ask every $interval s",
		({ publishes, interval, ...size }) => {
			const planned = planSoak({ ...SIZE, ...size });
			expect(planned.interval).toBe(interval);
			expect(only(planned.changes, "publish")).toHaveLength(publishes);
		},
	);

	it("leaves some devices suspended and one account without a product, and all others as they were", () => {
		const licenses = new Map<number, string>();
		const devices = new Map<number, string>();
		for (const { what } of planSoak(SIZE).changes) {
			if (what.do === "license") licenses.set(what.account, `${what.products.join()} ${what.isHeld}`);
			if (what.do === "device") devices.set(what.firewall, what.status);
		}
		expect([...licenses.values()].filter((one) => one !== "threats,rules false")).toEqual(["threats false"]);
		expect([...devices.values()].filter((status) => status === "suspended")).toHaveLength(4);
	});
});

it.each([2, 3, 10, 5_000])("its rollout's plan is one that the service takes, with %i firewalls", (firewalls) => {
	expect(plan.safeParse(soakPlan(firewalls)).error).toBeUndefined();
});
