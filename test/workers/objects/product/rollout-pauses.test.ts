// What holds a rollout up though nothing is wrong with it: the vendor's freezes, and sites that are not to try it twice at once.
import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { STANDARD } from "../../../../src/rollout/built-in-plans.ts";
import { verifyLog } from "../../../../src/rollout/rollout-log.ts";
import {
	CI,
	DAY,
	HOUR,
	METADATA,
	NOW,
	product,
	report,
	ring,
	say,
	startRollout,
	take,
	VERSION,
	view,
} from "../../../support/standard-rollout.ts";

afterEach(reset);

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
