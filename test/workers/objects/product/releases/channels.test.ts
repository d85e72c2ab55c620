// Two lines of releases of one product, as its object keeps them: none waits for the other, and a release goes from beta to stable by a
// rollout of its own.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import type { Channel } from "../../../../../src/content/releases/channel.ts";
import type { ApprovalKind } from "../../../../../src/rollout/approvals.ts";
import { IMMEDIATE, STANDARD } from "../../../../../src/rollout/built-in-plans.ts";
import { MAX_ACTIVE_ROLLOUTS } from "../../../../../src/rollout/rollout.ts";
import { verifyLog } from "../../../../../src/rollout/rollout-log.ts";
import { bindings } from "../../../../support/object-bindings.ts";

afterEach(reset);

const NOW = Math.floor(Date.now() / 1_000);
const CI = { actor: "ci", now: NOW };
const METADATA = { notes: "", urgency: "routine", models: null, engine: {}, entries: null } as const;
const product = () => bindings.PRODUCT.getByName("crs");

beforeEach(async () => {
	await product().create({ ...CI, name: "crs", title: "Rules", plan: STANDARD, betaPlan: IMMEDIATE });
});

async function upload(version: string, size = 1): Promise<void> {
	const claimedUntil = Number.MAX_SAFE_INTEGER;
	await product().addPackage({ ...CI, claimedUntil, version, sha256: "a".repeat(64), size, name: "crs.tar" });
}

async function release(version: string, channel: Channel, more: { plan?: typeof STANDARD; allowOlder?: true } = {}) {
	await upload(version);
	return product().release({ ...CI, version, metadata: METADATA, channel, salt: version, ...more });
}
const promote = (version: string, more: { allowOlder?: true; allowSize?: true; startsAt?: number } = {}) =>
	product().promote({ ...CI, version, salt: `${version} again`, ...more });

async function statuses(): Promise<string[]> {
	const entries = await product().list();
	return entries.map(({ version, channel, status }) => `${version} ${channel} ${status}`);
}
const phaseOf = async (version: string) => (await product().rollout(version, NOW))?.rollout.phase;
const take = (version: string, channel: Channel, device = "dev-0000000001-0123456789abcdef") =>
	product().takePermit({ version, channel, unit: device, device, peers: [], model: "FW-1", now: NOW });

async function approve(version: string, { actor = "olivia", kind = "approve" as ApprovalKind, now = NOW } = {}) {
	const seen = await product().rollout(version, now);
	const word = { actor, now, version, kind, team: null };
	expect(await product().approveRollout({ ...word, evidence: seen?.evidenceHash ?? "" })).toMatchObject({ ok: true });
}

describe("a release on beta", () => {
	it("goes by the product's plan for beta, and one on stable by the other", async () => {
		await release("2.0", "beta");
		await release("1.0", "stable");
		expect(await statuses()).toEqual(["1.0 stable waiting", "2.0 beta current"]);
		expect((await product().rollout("1.0", NOW))?.rollout).toMatchObject({
			channel: "stable",
			plan: { name: "standard" },
		});
		expect((await product().rollout("2.0", NOW))?.rollout).toMatchObject({
			channel: "beta",
			plan: { name: "immediate" },
		});
	});

	it("that is done ends none on stable, and the other way round", async () => {
		await release("1.0", "stable");
		await release("2.0", "beta");
		expect(await phaseOf("1.0")).toBe("waiting");
		await release("3.0", "beta", { plan: STANDARD });
		await release("4.0", "stable", { plan: IMMEDIATE });
		expect(await phaseOf("1.0")).toBe("ended");
		expect(await phaseOf("3.0")).toBe("waiting");
	});

	it("takes no place of one on stable, however many are on their way", async () => {
		for (let n = 0; n < MAX_ACTIVE_ROLLOUTS; n++) await release(`2.${n}`, "beta", { plan: STANDARD });
		expect(await release("3.0", "beta", { plan: STANDARD })).toMatchObject({ ok: false, reason: "too_many_rollouts" });
		expect(await release("1.0", "stable")).toMatchObject({ ok: true });
	});

	it("lets an older version out on stable, where none is newer", async () => {
		await release("2.0", "beta");
		expect(await release("1.0", "stable", { plan: IMMEDIATE })).toMatchObject({ ok: true });
		expect(await release("0.9", "stable")).toMatchObject({ ok: false, reason: "older_version", newest: "1.0" });
		expect(await release("0.9", "beta")).toMatchObject({ ok: false, reason: "older_version", newest: "2.0" });
	});

	it("is permitted to devices on beta alone", async () => {
		await release("2.0", "beta", { plan: { ...STANDARD, steps: STANDARD.steps.map(unasked) } });
		expect(await take("2.0", "stable")).toEqual({ ok: false, reason: "ended", retryAfter: 0 });
		expect(await take("2.0", "beta")).toMatchObject({ ok: true });
	});

	it("released again is the same, on stable it is a conflict", async () => {
		await release("2.0", "beta");
		expect(await release("2.0", "beta")).toMatchObject({ ok: true, kind: "same" });
		expect(await release("2.0", "stable")).toMatchObject({ ok: false, reason: "release_exists", fields: ["channel"] });
	});
});

const unasked = (step: (typeof STANDARD.steps)[number]) => ({ ...step, approvals: { team: null, count: 0 } });

test("a release that everybody may have ends no rollout of one for other models", async () => {
	await upload("1.0");
	await upload("1.1");
	await upload("1.2");
	const of = (version: string, models: string[], plan = STANDARD) =>
		product().release({ ...CI, version, metadata: { ...METADATA, models }, salt: version, plan });
	await of("1.0", ["FW-A"]);
	await of("1.1", ["FW-B"], IMMEDIATE);
	expect(await phaseOf("1.0")).toBe("waiting");
	await of("1.2", ["FW-A", "FW-B"], IMMEDIATE);
	expect(await phaseOf("1.0")).toBe("ended");
});

describe("a promotion", () => {
	it("starts a rollout on stable with approvals of its own, and takes nothing from beta", async () => {
		await release("1.0", "stable", { plan: IMMEDIATE });
		await release("2.0", "beta");
		await release("1.1", "stable", { plan: IMMEDIATE });
		expect(await promote("2.0")).toMatchObject({ ok: true, kind: "new", release: { channel: "stable", sequence: 4 } });
		expect(await statuses()).toEqual(["2.0 stable waiting", "1.1 stable current", "1.0 stable older"]);
		expect(await phaseOf("2.0")).toBe("waiting");
		expect(await take("2.0", "beta")).toEqual({ ok: true, lease: null });
		expect(await take("2.0", "stable")).toMatchObject({ ok: false, reason: "not_started" });
		await approve("2.0");
		expect(await take("2.0", "stable")).toMatchObject({ ok: true });
		expect(await promote("2.0")).toMatchObject({ ok: true, kind: "same" });
		expect(await release("2.0", "beta")).toMatchObject({ ok: true, kind: "same" });
	});

	it("that is halted gives beta no further permit, until it is resumed; once it is ended, never again", async () => {
		await release("2.0", "beta");
		await promote("2.0");
		await approve("2.0");
		expect(await take("2.0", "beta")).toEqual({ ok: true, lease: null });
		const halt = { ...CI, version: "2.0", reason: "bricks" };
		await product().haltRollout(halt);
		expect(await take("2.0", "beta")).toMatchObject({ ok: false, reason: "halted" });
		for (const actor of ["olivia", "oscar"]) await approve("2.0", { actor, kind: "resume", now: NOW + 5 });
		expect(await take("2.0", "beta")).toEqual({ ok: true, lease: null });
		await release("3.0", "stable", { plan: IMMEDIATE });
		expect(await phaseOf("2.0")).toBe("ended");
		expect(await take("2.0", "beta")).toMatchObject({ ok: false, reason: "ended" });
	});

	it("begins at its time", async () => {
		await release("2.0", "beta");
		await promote("2.0", { startsAt: NOW + 60 });
		const seen = await product().rollout("2.0", NOW);
		expect(seen?.status.waitsFor[0]).toEqual({ kind: "start", at: NOW + 60 });
	});

	it("forgets what the steps on beta showed, and the log tells of both", async () => {
		await product().change({ ...CI, betaPlan: { ...STANDARD, name: "own", steps: [everybody] } });
		await release("2.0", "beta");
		await approve("2.0");
		await take("2.0", "beta");
		expect(await phaseOf("2.0")).toBe("done");
		await promote("2.0");
		const seen = await product().rollout("2.0", NOW);
		expect(seen?.evidence.steps).toEqual([]);
		expect(seen?.approvals).toEqual([]);
		const log = (await product().rolloutLog("2.0", 0, 100)) ?? [];
		expect(log.map(({ input }) => input.kind)).toEqual(["start", "decision", "start"]);
		expect(await verifyLog(log)).toMatchObject({ ok: true, rollout: { channel: "stable", phase: "waiting" } });
	});

	it("is measured against what stable has, and so is the first release on beta", async () => {
		await upload("1.0", 1_000_000);
		await release("1.0", "stable", { plan: IMMEDIATE });
		await upload("2.0", 3_000_000);
		const twoOnBeta = { ...CI, version: "2.0", metadata: METADATA, channel: "beta", salt: "salt" } as const;
		const beyond = { ok: false, reason: "size_out_of_bounds", current: "1.0" };
		expect(await product().release(twoOnBeta)).toMatchObject(beyond);
		expect(await product().release({ ...twoOnBeta, allowSize: true })).toMatchObject({ ok: true });
		expect(await promote("2.0")).toMatchObject(beyond);
		expect(await promote("2.0", { allowSize: true })).toMatchObject({ ok: true, kind: "new" });
	});

	it("is refused where the release is not out on beta, is withdrawn, was never released, or is older than what stable has", async () => {
		await upload("9.0");
		expect(await promote("9.0")).toMatchObject({ ok: false, reason: "not_released" });
		await release("1.0", "beta", { plan: STANDARD });
		expect(await promote("1.0")).toMatchObject({ ok: false, reason: "not_through" });
		await release("2.0", "beta");
		await release("3.0", "stable", { plan: IMMEDIATE });
		expect(await promote("2.0")).toMatchObject({ ok: false, reason: "older_version", newest: "3.0" });
		await product().withdraw({ ...CI, version: "2.0", reason: "bad" });
		expect(await promote("2.0")).toMatchObject({ ok: false, reason: "withdrawn" });
	});
});

const everybody = {
	...(IMMEDIATE.steps[0] ?? STANDARD.steps[4]),
	approvals: { team: null, count: 1 },
} as (typeof STANDARD.steps)[number];

describe("a version that was uploaded and not released", () => {
	it("can be discarded, and then uploaded anew with other bytes", async () => {
		await upload("1.0");
		expect(await product().heldPackages(["a".repeat(64)])).toHaveLength(1);
		expect(await product().discard({ ...CI, version: "1.0" })).toMatchObject({ ok: true });
		expect(await product().heldPackages(["a".repeat(64)])).toEqual([]);
		expect(await product().list()).toEqual([]);
		expect(await product().discard({ ...CI, version: "1.0" })).toEqual({ ok: false, reason: "no_package" });
	});

	it("and one that was released, though withdrawn, cannot", async () => {
		await release("1.0", "stable");
		expect(await product().discard({ ...CI, version: "1.0" })).toEqual({ ok: false, reason: "released" });
		await product().withdraw({ ...CI, version: "1.0", reason: "bad" });
		expect(await product().discard({ ...CI, version: "1.0" })).toEqual({ ok: false, reason: "released" });
	});
});
