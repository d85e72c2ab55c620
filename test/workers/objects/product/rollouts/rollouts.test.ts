// The rollouts of a product, as its object keeps them: exact numbers of permits, silence that counts, halts, words of persons, and a
// log that anyone can replay. The clock is an argument, and alarms are rung by hand.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { IMMEDIATE, STANDARD } from "../../../../../src/rollout/built-in-plans.ts";
import type { Reported } from "../../../../../src/rollout/lease.ts";
import { verifyLog } from "../../../../../src/rollout/rollout-log.ts";
import {
	CI,
	DAY,
	HOUR,
	leaseAt,
	METADATA,
	NOW,
	product,
	publishedRollout,
	report,
	ring,
	say,
	startRollout,
	take,
	unit,
	VERSION,
	view,
} from "../../../../support/rollouts/standard-rollout.ts";

afterEach(reset);

describe("a release that goes by the standard plan", () => {
	it("is offered to nobody, and permitted to nobody, before a person of the team has said so", async () => {
		await startRollout();
		expect(await publishedRollout()).toMatchObject({ open: false, closed: "waiting", step: "volunteers" });
		expect(await take(1)).toEqual({ ok: false, reason: "not_started", retryAfter: HOUR });
		expect((await product().find(VERSION))?.status).toBe("waiting");
		expect((await view()).status.waitsFor).toEqual([
			{ kind: "words", of: "approve", persons: 1, team: "detection", notOnlyPublisher: true },
		]);
	});

	it("gives the first step as many permits as it has places, whoever comes at once", async () => {
		await startRollout();
		expect(await say("olivia")).toMatchObject({ ok: true });
		expect(await publishedRollout()).toMatchObject({ open: true, ring: "volunteer", growth: "doubling" });
		const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => take(n)));
		expect(outcomes.filter(({ ok }) => ok)).toHaveLength(2);
		expect(outcomes.filter((one) => !one.ok).map((one) => !one.ok && one.reason)).toEqual(Array(18).fill("step_full"));
		expect((await view()).rollout.phase).toBe("baking");
		expect(await publishedRollout()).toMatchObject({ open: false, closed: "baking" });
	});

	it("gives the same device the same lease again, and takes no second place for it", async () => {
		await startRollout();
		await say("olivia");
		const first = await take(1);
		expect(await take(1, { now: NOW + 60 })).toEqual(first);
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 1 });
	});

	it("keeps a place for a device whose report on its earlier permit comes again", async () => {
		await startRollout();
		await say("olivia");
		const { device } = unit(1);
		const earlier = (await take(1)).ok ? await leaseAt(device) : 0;
		await report(1, "deferred");
		expect(await take(1)).toMatchObject({ ok: true, lease: { at: earlier + 1 } });
		for (const word of ["deferred", "declined", "installed", "healthy"] as const)
			await report(1, word, { lease: earlier });
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 2, excused: 1, healthy: 0 });
		expect(await take(2)).toMatchObject({ ok: true });
		expect(await take(3)).toMatchObject({ ok: false, reason: "step_full" });
		await report(1, "failed", { lease: earlier });
		expect((await view()).evidence.steps[0]).toMatchObject({ failed: 1 });
	});

	it("takes one unit of an account in its small steps", async () => {
		await startRollout();
		await say("olivia");
		const ofOneAccount = (name: string) => take(1, { unit: name, device: `dev-0000000001-000000000000000${name}` });
		expect(await ofOneAccount("a")).toMatchObject({ ok: true });
		expect(await ofOneAccount("b")).toMatchObject({ ok: false, reason: "account_has_enough" });
		expect(await take(2)).toMatchObject({ ok: true });
	});
});

describe("a release that breaks devices", () => {
	it("is halted by the first report of it, and nobody else gets it", async () => {
		await startRollout();
		await say("olivia");
		await take(1);
		await report(1, "failed", { detail: "compile_failed" });
		expect((await view()).rollout).toMatchObject({ phase: "halted", reason: "too many failures" });
		expect(await publishedRollout()).toMatchObject({ open: false, closed: "halted" });
		expect(await take(2)).toEqual({ ok: false, reason: "halted", retryAfter: HOUR });
	});

	it("is halted though nobody says anything: who is silent has failed", async () => {
		await startRollout();
		await say("olivia");
		await take(1);
		await take(2);
		await report(1, "healthy");
		await ring(NOW + 6 * HOUR);
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 2, healthy: 1, silent: 1 });
		expect((await view()).rollout.phase).toBe("halted");
	});

	it("goes on only by the word of two, and halts again when more fails", async () => {
		await startRollout();
		await say("olivia");
		await take(1);
		await report(1, "failed");
		expect(await say("olivia", "resume")).toMatchObject({ ok: true });
		expect((await view()).rollout.phase).toBe("halted");
		expect(await say("olivia", "resume")).toEqual({ ok: false, reason: "said_before" });
		expect(await say("peter", "resume")).toMatchObject({ ok: true });
		expect((await view()).rollout.phase).toBe("running");
		await take(2);
		await report(2, "rolled_back");
		expect((await view()).rollout.phase).toBe("halted");
	});
});

describe("a device that was healthy and fails later", () => {
	it("is healthy no more, in the place that it has: its failure does not let the step pass", async () => {
		await startRollout({ ...STANDARD, steps: STANDARD.steps.map((step) => ({ ...step, bake: 0 })) });
		await say("olivia");
		await take(1);
		await report(1, "healthy");
		await report(1, "rolled_back");
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 1, healthy: 0, failed: 1 });
		expect((await view()).rollout.phase).toBe("halted");
		await say("olivia", "resume");
		await say("peter", "resume");
		expect((await view()).rollout).toMatchObject({ step: 0, phase: "running" });
		expect(await take(2)).toMatchObject({ ok: true });
		expect((await view()).rollout).toMatchObject({ step: 0, phase: "baking" });
		await report(2, "healthy");
		expect((await view()).rollout).toMatchObject({ step: 1, phase: "waiting" });
	});
});

describe("a device that puts the release off", () => {
	it("leaves its place to another, and can take one again", async () => {
		await startRollout();
		await say("olivia");
		await take(1);
		await report(1, "deferred", { detail: "window" });
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 1, excused: 1 });
		expect(await take(2)).toMatchObject({ ok: true });
		expect(await take(1, { now: NOW + 600 })).toMatchObject({ ok: true });
		expect(await take(3)).toMatchObject({ ok: false, reason: "step_full" });
		await ring(NOW + 4 * HOUR);
		expect((await view()).rollout.phase).toBe("baking");
	});
});

describe("a person's halt", () => {
	it("lasts, though the words that ended the one before it were said in the same second", async () => {
		await startRollout();
		await say("olivia");
		const halt = () => product().haltRollout({ actor: "olivia", now: NOW, version: VERSION, reason: "odd" });
		await halt();
		for (const by of ["olivia", "peter"]) await say(by, "resume");
		expect((await view()).rollout.phase).toBe("running");
		await halt();
		await take(1);
		expect((await view()).rollout.phase).toBe("halted");
		expect(await say("olivia", "resume")).toMatchObject({ ok: true });
		expect((await view()).rollout.phase).toBe("halted");
	});
});

describe("a word", () => {
	it("of the publisher alone lets nothing out", async () => {
		await startRollout();
		await say("ci");
		expect((await view()).rollout.phase).toBe("waiting");
	});

	it("of another team, or one that nobody asks for, is refused", async () => {
		await startRollout();
		expect(await say("olivia", "approve", NOW, "billing")).toEqual({
			ok: false,
			reason: "other_team",
			team: "detection",
		});
		expect(await say("olivia", "resume")).toEqual({
			ok: false,
			reason: "not_asked",
			phase: "waiting",
			step: "volunteers",
			waitsFor: [{ kind: "words", of: "approve", persons: 1, team: "detection", notOnlyPublisher: true }],
		});
	});

	it("for other evidence than there is now is refused", async () => {
		await startRollout();
		await say("olivia");
		const { evidenceHash } = await view();
		await take(1);
		await report(1, "failed");
		const word = { actor: "olivia", now: NOW, version: VERSION, kind: "resume", team: "detection" } as const;
		expect(await product().approveRollout({ ...word, evidence: evidenceHash })).toMatchObject({
			ok: false,
			reason: "other_evidence",
		});
	});
});

describe("an HA group", () => {
	const idOf = (device: string) => `dev-aaaaaaaaaa-${device.padStart(16, "0")}`;
	const pair = ["f", "s"].map(idOf);
	const group = (n: number, device: string) => {
		const peers = pair.filter((one) => one !== idOf(device));
		return { ...unit(n), unit: "hag-1", device: idOf(device), peers };
	};
	const takeOf = (device: string) => product().takePermit(group(1, device));
	const takeAlone = (device: string) =>
		product().takePermit({ ...unit(1), unit: idOf(device), device: idOf(device), peers: [] });
	const reportOf = async (name: string, reported: Reported) => {
		const device = idOf(name);
		const lease = await leaseAt(device);
		await product().hearReport({ version: VERSION, device, lease, reported, detail: null, now: NOW });
	};

	it("is one unit, and its second device comes after the first is healthy", async () => {
		await startRollout();
		await say("olivia");
		expect(await takeOf("f")).toMatchObject({ ok: true });
		expect(await takeOf("s")).toMatchObject({ ok: false, reason: "peer_under_way" });
		await reportOf("f", "healthy");
		expect(await takeOf("s")).toMatchObject({ ok: true });
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 1, healthy: 1 });
	});

	it.each(["failed", "silent"] as const)("has failed, in its one place, when its second device %s", async (how) => {
		await startRollout();
		await say("olivia");
		await takeOf("f");
		await reportOf("f", "healthy");
		await takeOf("s");
		if (how === "failed") await reportOf("s", "failed");
		else await ring(NOW + 2 * DAY);
		// That the first one fails as well is no second failure.
		await reportOf("f", "failed");
		const { evidence, rollout } = await view(NOW + 2 * DAY);
		expect(evidence.steps[0]).toMatchObject({ permits: 1, healthy: 0, failed: 0, silent: 0, [how]: 1 });
		expect(rollout.phase).toBe("halted");
	});

	it("that a device joins in the middle of its own permit waits for what becomes of that, and for a place of its own", async () => {
		await startRollout();
		await say("olivia");
		expect(await takeAlone("f")).toMatchObject({ ok: true });
		expect(await takeOf("s")).toMatchObject({ ok: false, reason: "peer_under_way" });
		expect(await takeOf("f")).toMatchObject({ ok: true });
		await reportOf("f", "healthy");
		expect(await takeOf("s")).toMatchObject({ ok: false, reason: "account_has_enough" });
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 1, healthy: 1 });
	});

	it("gives its place to the devices that it had then, and to none that is put in their stead", async () => {
		await startRollout();
		await say("olivia");
		await takeOf("f");
		await reportOf("f", "healthy");
		const putIn = (n: number) =>
			product().takePermit({ ...group(1, "f"), device: unit(n).device, peers: [idOf("f")], now: NOW });
		const outcomes = await Promise.all([10, 11, 12, 13].map(putIn));
		expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 2 });
	});

	it("whose first device was the last of a step has its second one updated while the next step waits for words", async () => {
		await startRollout();
		await say("olivia");
		await takeOf("f");
		await take(2);
		await reportOf("f", "healthy");
		await report(2, "healthy");
		await ring(NOW + 13 * HOUR);
		expect((await view(NOW + 13 * HOUR)).rollout).toMatchObject({ phase: "waiting", step: 1 });
		const putIn = { ...group(1, "x"), peers: [idOf("f")], now: NOW + 13 * HOUR };
		expect(await product().takePermit(putIn)).toMatchObject({ ok: false, reason: "not_started" });
		expect(await product().takePermit({ ...group(1, "s"), now: NOW + 13 * HOUR })).toMatchObject({ ok: true });
	});

	it("that a device leaves in the middle of its permit waits for what becomes of that, and so does the device", async () => {
		await startRollout();
		await say("olivia");
		await takeOf("f");
		expect(await takeAlone("f")).toMatchObject({ ok: true });
		expect(await takeOf("s")).toMatchObject({ ok: false, reason: "peer_under_way" });
		await reportOf("f", "failed");
		await say("olivia", "resume");
		await say("peter", "resume");
		expect(await takeAlone("f")).toMatchObject({ ok: false, reason: "failed_before" });
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 1, failed: 1 });
	});

	it("is left alone once its first device has failed", async () => {
		await startRollout();
		await say("olivia");
		await takeOf("f");
		await reportOf("f", "failed");
		await say("olivia", "resume");
		await say("peter", "resume");
		expect(await takeOf("s")).toMatchObject({ ok: false, reason: "peer_failed" });
	});
});

describe("the log of a rollout", () => {
	it("replays to the state that the rollout has", async () => {
		await startRollout();
		await say("olivia");
		await take(1);
		await take(2);
		await report(1, "healthy");
		await report(2, "healthy");
		await ring(NOW + 13 * HOUR);
		await product().haltRollout({ actor: "olivia", now: NOW + 14 * HOUR, version: VERSION, reason: "looks odd" });
		const entries = await product().rolloutLog(VERSION, 0, 100);
		const { rollout } = await view(NOW + 14 * HOUR);
		expect(await verifyLog(entries ?? [])).toEqual({ ok: true, rollout });
		expect(rollout).toMatchObject({ phase: "halted", step: 1, reason: "looks odd" });
	});
});

describe("the clock of whoever asks", () => {
	it("may be behind: what happens then happens after what has happened", async () => {
		await startRollout();
		await say("olivia", "approve", NOW - 30);
		expect((await view()).rollout.phase).toBe("running");
		await take(1, { now: NOW - 20 });
		await report(1, "failed", { now: NOW - 10 });
		const { rollout } = await view();
		expect(rollout).toMatchObject({ phase: "halted", since: NOW });
		expect(await verifyLog((await product().rolloutLog(VERSION, 0, 100)) ?? [])).toEqual({ ok: true, rollout });
	});
});

describe("what is over", () => {
	it("leaves its counts and its log, and a week later none of its leases", async () => {
		await startRollout();
		await say("olivia");
		await take(1);
		await product().withdraw({ ...CI, version: VERSION, reason: "breaks" });
		const leases = () =>
			runInDurableObject(product(), (_, { storage }) => storage.sql.exec("SELECT device FROM leases").toArray().length);
		await ring(NOW + 6 * DAY);
		expect(await leases()).toBe(1);
		await ring(NOW + 8 * DAY);
		expect(await leases()).toBe(0);
		expect((await view()).evidence.steps[0]).toMatchObject({ permits: 1 });
		expect(await runInDurableObject(product(), (_, { storage }) => storage.getAlarm())).toBeNull();
	});
});

describe("what everybody may have", () => {
	it("takes the place of an older release that is still under way", async () => {
		await startRollout();
		await product().addPackage({
			...CI,
			claimedUntil: Number.MAX_SAFE_INTEGER,
			version: "3.0.0",
			sha256: "b".repeat(64),
			size: 1,
			name: "crs.tar",
		});
		await product().change({ ...CI, team: null });
		await product().release({ ...CI, version: "3.0.0", metadata: METADATA, salt: "other", plan: IMMEDIATE });
		expect((await view()).rollout).toMatchObject({ phase: "ended", reason: "everybody may have 3.0.0" });
		expect((await product().find(VERSION))?.status).toBe("superseded");
		expect((await product().find("3.0.0"))?.status).toBe("current");
	});

	it("is not what was withdrawn: its rollout ends, and no permit is given", async () => {
		await startRollout();
		await say("olivia");
		await product().withdraw({ ...CI, version: VERSION, reason: "breaks" });
		expect((await view()).rollout).toMatchObject({ phase: "ended", reason: "withdrawn: breaks" });
		expect(await take(1)).toMatchObject({ ok: false, reason: "ended" });
	});

	it("is permitted to nobody once it was withdrawn, also by an edge that still knows it as on its way", async () => {
		await product().create({ ...CI, name: "crs", title: "Rules", plan: IMMEDIATE });
		await product().addPackage({
			...CI,
			claimedUntil: NOW + DAY,
			version: VERSION,
			sha256: "a".repeat(64),
			size: 1,
			name: "crs.tar",
		});
		await product().release({ ...CI, version: VERSION, metadata: METADATA, salt: "salt" });
		expect(await take(1)).toEqual({ ok: true, lease: null });
		await product().withdraw({ ...CI, version: VERSION, reason: "breaks" });
		expect(await take(1)).toMatchObject({ ok: false, reason: "ended" });
	});
});
