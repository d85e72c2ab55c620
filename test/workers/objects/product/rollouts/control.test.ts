// The units that a product's rollout holds back, as its object counts them: who asks again is healthy, who does not has failed, and who
// gets the release after all is none of them. The clock is an argument.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Plan } from "../../../../../src/rollout/plan.ts";
import { verifyLog } from "../../../../../src/rollout/rollout-log.ts";
import {
	CI,
	HOUR,
	METADATA,
	NOW,
	product,
	report,
	say,
	take,
	unit,
	VERSION,
	view,
} from "../../../../support/rollouts/standard-rollout.ts";

afterEach(reset);

const PLAN: Plan = {
	name: "own",
	overrides: 1,
	steps: [
		{
			...{ name: "dozens", cohort: { units: 60 }, bake: HOUR, fillWithin: 24 * HOUR, expect: 1_800, lease: 6 * HOUR },
			gate: { kind: "sequential", p0: 0.005, p1: 0.1, alpha: 0.001, beta: 0.01 },
			approvals: { team: null, count: 1 },
		},
		{
			...{ name: "all", cohort: { fraction: 1 }, bake: HOUR, fillWithin: null, expect: 1_800, lease: 6 * HOUR },
			gate: { kind: "sequential", p0: 0.005, p1: 0.03, alpha: 0.001, beta: 0.01 },
			approvals: { team: null, count: 1 },
		},
	],
};

beforeEach(async () => {
	await product().create({ ...CI, name: "crs", title: "Rules", plan: PLAN, team: "detection" });
	const content = { sha256: "a".repeat(64), size: 1, name: "crs.tar" };
	await product().addPackage({ ...CI, claimedUntil: Number.MAX_SAFE_INTEGER, version: VERSION, ...content });
	await product().release({ ...CI, version: VERSION, metadata: METADATA, salt: "salt" });
	await say("olivia");
});

const hear = (n: number, now: number, changes: { unit?: string } = {}) => {
	const { unit: own, device } = unit(n);
	return product().hearControl({ version: VERSION, unit: own, device, again: 1_800, now, ...changes });
};
const controlAt = async (now: number, step = 0) => (await view(now)).status.steps[step]?.control;

describe("a unit that is held back", () => {
	it("is healthy once it asks again, and has failed when it has not by its time, until it does", async () => {
		for (const n of [1, 2, 3]) await hear(n, NOW);
		await hear(1, NOW + 600);
		await hear(1, NOW + 1_200);
		expect(await controlAt(NOW + 1_799)).toEqual({ healthy: 1, failed: 0 });
		expect(await controlAt(NOW + 1_800)).toEqual({ healthy: 1, failed: 2 });
		await hear(2, NOW + 2_000);
		expect(await controlAt(NOW + 2_000)).toEqual({ healthy: 2, failed: 1 });
		await hear(3, NOW + 6 * HOUR + 1);
		expect(await controlAt(NOW + 6 * HOUR + 1)).toEqual({ healthy: 2, failed: 1 });
	});

	it("is one whichever device of its HA group asks", async () => {
		await hear(1, NOW, { unit: "ha-1" });
		await hear(2, NOW + 600, { unit: "ha-1" });
		expect(await controlAt(NOW + 9_000)).toEqual({ healthy: 1, failed: 0 });
	});

	it("is none of the control any more once it gets the release, and does not come back to it", async () => {
		await hear(1, NOW);
		expect(await take(1, { now: NOW + 60 })).toMatchObject({ ok: true });
		await hear(1, NOW + 600);
		expect(await controlAt(NOW + 9_000)).toEqual({ healthy: 0, failed: 0 });
	});

	it("is not counted where its time was not over when the rollout halted, and is taken again when it goes on", async () => {
		await hear(1, NOW);
		await hear(2, NOW + 1_000);
		await product().haltRollout({ actor: "olivia", now: NOW + 1_800, version: VERSION, reason: "odd" });
		await hear(3, NOW + 1_801);
		expect(await controlAt(NOW + 9_000)).toEqual({ healthy: 0, failed: 1 });
		await say("olivia", "resume", NOW + 9_000);
		await hear(2, NOW + 9_001);
		await hear(2, NOW + 9_601);
		expect(await controlAt(NOW + 9_601)).toEqual({ healthy: 1, failed: 1 });
	});
});

describe("hours in which many fall silent anyway", () => {
	const devices = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

	it("halt a good release without a control, and not with one; the log replays", async () => {
		for (const n of devices(1, 60)) await hear(n, NOW);
		for (const n of devices(1, 54)) await hear(n, NOW + 600);
		expect(await controlAt(NOW + 1_800)).toEqual({ healthy: 54, failed: 6 });
		const later = NOW + 1_800;
		for (const n of devices(101, 20)) await take(n, { now: later });
		for (const n of devices(101, 16)) await report(n, "healthy", { now: later + 60 });
		for (const n of devices(117, 3)) await report(n, "failed", { now: later + 60 });
		expect((await view(later + 60)).rollout.phase).toBe("running");
		for (const n of devices(201, 20)) await take(n, { now: later + 60 });
		for (const n of devices(201, 12)) await report(n, "failed", { now: later + 120 });
		expect((await view(later + 120)).rollout.phase).toBe("halted");
		expect(await verifyLog((await product().rolloutLog(VERSION, 0, 100)) ?? [])).toMatchObject({ ok: true });
	});

	it("of one step say nothing of another's", async () => {
		for (const n of devices(1, 60)) await hear(n, NOW);
		expect(await controlAt(NOW + 1_800)).toEqual({ healthy: 0, failed: 60 });
		const { status } = await view(NOW + 1_800);
		expect(status.steps[1]?.control).toEqual({ healthy: 0, failed: 0 });
	});
});
