// What holds a rollout up though nothing is wrong with it: the vendor's freezes, sites that are not to try it twice at once, and units
// that put it off.
import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { STANDARD } from "../../../../../src/rollout/built-in-plans.ts";
import { MAX_DEFERRALS } from "../../../../../src/rollout/lease.ts";
import type { PlanStep } from "../../../../../src/rollout/plan.ts";
import { verifyLog } from "../../../../../src/rollout/rollout-log.ts";
import {
	CI,
	DAY,
	HOUR,
	METADATA,
	NOW,
	product,
	publishedRollout,
	report,
	ring,
	say,
	startRollout,
	take,
	VERSION,
	view,
} from "../../../../support/rollouts/standard-rollout.ts";

afterEach(reset);

const withoutWords = (step: PlanStep): PlanStep => ({ ...step, approvals: { team: null, count: 0 } });

describe("a freeze of the product", () => {
	const frozen = (until: number, emergencies = false) => [{ from: NOW, until, reason: "", emergencies }];
	it("lets no step begin, and no further unit try the release, until its end; its log replays", async () => {
		await startRollout();
		await product().change({ ...CI, freezes: frozen(NOW + DAY) });
		await say("olivia");
		expect((await view()).rollout.phase).toBe("waiting");
		expect((await view()).status.waitsFor).toEqual([{ kind: "freeze", at: NOW + DAY }]);
		await ring(NOW + DAY);
		expect((await view(NOW + DAY)).rollout.phase).toBe("running");
		expect(await take(1, { now: NOW + DAY })).toMatchObject({ ok: true });
		await product().change({ ...CI, now: NOW + DAY + 1, freezes: frozen(NOW + 2 * DAY) });
		const refused = { ok: false, reason: "frozen", retryAfter: HOUR };
		expect(await take(2, { now: NOW + DAY + 2 })).toEqual(refused);
		await product().change({ ...CI, now: NOW + DAY + 3, freezes: [] });
		expect(await take(2, { now: NOW + DAY + 4 })).toMatchObject({ ok: true });
		const log = await product().rolloutLog(VERSION, 0, 100);
		expect(await verifyLog(log ?? [])).toMatchObject({ ok: true });
	});

	it("stops a ramp where it is, has the edges offer nothing meanwhile, and lets nobody else have it by its end", async () => {
		await startRollout({ ...STANDARD, steps: STANDARD.steps.slice(3).map(withoutWords) });
		await ring(NOW + HOUR);
		await product().change({ ...CI, now: NOW + HOUR, freezes: frozen(NOW + 14 * DAY) });
		const { rollout } = await view(NOW + HOUR);
		expect(rollout.phase).toBe("frozen");
		expect(rollout.reached).toBeCloseTo(0.99 / 24);
		expect(await publishedRollout()).toMatchObject({ open: false, closed: "frozen" });
		await ring(NOW + 14 * DAY - 1);
		expect((await view(NOW + 14 * DAY - 1)).rollout).toEqual(rollout);
		await ring(NOW + 14 * DAY);
		expect((await view(NOW + 14 * DAY)).rollout).toMatchObject({ phase: "running", reached: rollout.reached });
		expect(await publishedRollout()).toMatchObject({ open: true, closed: null });
	});

	it("that is known before it begins stops what is under way when it begins, though nobody asks", async () => {
		await startRollout({ ...STANDARD, steps: STANDARD.steps.slice(3).map(withoutWords) });
		const later = [{ from: NOW + HOUR, until: NOW + DAY, reason: "", emergencies: false }];
		await product().change({ ...CI, freezes: later });
		expect((await view()).rollout.phase).toBe("running");
		await ring(NOW + HOUR);
		expect((await view(NOW + HOUR)).rollout).toMatchObject({ phase: "frozen", since: NOW + HOUR });
	});

	it("that ends before its time lets an approved step begin at once", async () => {
		await startRollout();
		await product().change({ ...CI, freezes: frozen(NOW + DAY) });
		await say("olivia");
		await product().change({ ...CI, now: NOW + 1, freezes: [] });
		expect((await view(NOW + 1)).rollout.phase).toBe("running");
	});
});

describe("two units of one site", () => {
	it("try a release an hour apart; a site of another customer of that name is another", async () => {
		const steps = STANDARD.steps.map((step, index) =>
			index === 0 ? { ...step, cohort: { units: 9 }, approvals: { team: null, count: 0 } } : step,
		);
		const plan = {
			...STANDARD,
			name: "wide",
			steps: steps.map((step, index) => (index === 1 ? { ...step, cohort: { units: 10 } } : step)),
		};
		await product().create({ ...CI, name: "crs", title: "Rules", plan, team: null });
		await product().addPackage({
			...CI,
			claimedUntil: Number.MAX_SAFE_INTEGER,
			version: VERSION,
			sha256: "a".repeat(64),
			size: 1,
			name: "crs.tar",
		});
		await product().release({ ...CI, version: VERSION, metadata: METADATA, salt: "salt" });
		const idOf = (n: number) => `dev-0000000001-${String(n).padStart(16, "0")}`;
		const ofOne = (n: number, now = NOW) => take(1, { device: idOf(n), unit: idOf(n), site: "berlin", now });
		expect(await ofOne(1)).toMatchObject({ ok: true });
		expect(await ofOne(2, NOW + 60)).toEqual({ ok: false, reason: "site_has_one", retryAfter: HOUR - 60 });
		expect(await take(2, { site: "berlin" })).toMatchObject({ ok: true });
		await report(2, "healthy");
		await report(1, "healthy", { device: idOf(1) });
		expect(await ofOne(2, NOW + HOUR)).toMatchObject({ ok: true });
	});
});

describe("units that put a release off", () => {
	it("after their step was full leave their places to others, at the end of its time", async () => {
		await startRollout();
		await say("olivia");
		await take(1);
		await take(2);
		await report(1, "deferred");
		await report(2, "deferred");
		expect(await take(3)).toMatchObject({ ok: false, reason: "step_full" });
		await ring(NOW + 12 * HOUR);
		expect((await view(NOW + 12 * HOUR)).rollout.phase).toBe("running");
		expect(await take(3, { now: NOW + 12 * HOUR })).toMatchObject({ ok: true });
		expect(await take(1, { now: NOW + 12 * HOUR })).toMatchObject({ ok: true });
	});

	it("do so a few times, and then wait until everybody may have it", async () => {
		await startRollout();
		await say("olivia");
		for (let n = 0; n < MAX_DEFERRALS; n++) {
			expect(await take(1)).toMatchObject({ ok: true });
			await report(1, "deferred");
		}
		expect(await take(1)).toEqual({ ok: false, reason: "put_off_too_often", retryAfter: HOUR });
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: MAX_DEFERRALS, excused: MAX_DEFERRALS });
	});

	it("were none of their model that tried it", async () => {
		const [, , dozens, ...rest] = STANDARD.steps.map(withoutWords);
		if (dozens === undefined) throw new Error("the plan has changed");
		const two = { ...dozens, cohort: { units: 2, models: 2 } };
		await startRollout({ ...STANDARD, steps: [two, ...rest] });
		await take(1, { model: "FW-A" });
		await report(1, "deferred");
		expect(await take(2, { model: "FW-B" })).toMatchObject({ ok: true });
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 2, excused: 1, models: 1 });
		expect(await take(3, { model: "FW-B" })).toMatchObject({ ok: false, reason: "other_models_first" });
		expect(await take(4, { model: "FW-A" })).toMatchObject({ ok: true });
	});
});
