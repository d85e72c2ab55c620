// An explanation is the check's own answer with its reasons: the tables say which reasons, the laws that it is never another.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerCheck } from "../../../../src/content/check/check.ts";
import { type Explanation, explainProduct } from "../../../../src/content/check/explain.ts";
import { offeredVersion } from "../../../../src/content/check/product-answer.ts";
import { type Channel, channelLabel } from "../../../../src/content/releases/channel.ts";
import { seenOn } from "../../../../src/content/releases/on-channel.ts";
import type { ProductRecord, Release } from "../../../../src/content/releases/product-record.ts";
import { skippedByRevert } from "../../../../src/content/releases/revert-target.ts";
import { type Candidate, isLicensed, selectRelease } from "../../../../src/content/releases/select-release.ts";
import { engineInRange } from "../../../../src/content/releases/vendor-version.ts";
import { decideEntitlement } from "../../../../src/entitlement/decide.ts";
import type { DeviceProfile, DeviceStatus, Grant, Hold } from "../../../../src/entitlement/devices/device-record.ts";
import { termsOf } from "../../../../src/entitlement/terms.ts";
import { admittedAt, anyGrant, anyRecord, BUCKETS, DEVICE, makeRelease, NOW, recordOf } from "../content-fixtures.ts";

const CANDIDATE: Candidate = { model: "FW-100", channel: "stable", engine: "11.1", installed: null, admittedAt };
const RUNNING: Grant = { from: NOW - 5000, until: NOW + 5000, grace: 0, critical: 0, delay: 0, emergencyDelay: 0 };

function explain(
	record: ProductRecord | null,
	{ grant = RUNNING, now = NOW, ...more }: { grant?: Grant; now?: number } & Partial<DeviceProfile & Candidate> = {},
): Explanation {
	const device = { ...DEVICE, grants: { crs: grant }, ...more };
	return explainProduct({ device, product: "crs", record, candidate: { ...CANDIDATE, ...more }, now });
}

const verdictsOf = ({ releases }: Explanation) => releases.map(({ release, verdict }) => [release.version, verdict]);
const changesOf = ({ changes }: Explanation) =>
	changes.map(({ at, what, answer }) => [at - NOW, what, answer.entitlement.code, offeredVersion(answer)]);

describe("each release that was passed over says why", () => {
	const choice = makeRelease(1);
	it.each<[Explanation["releases"][number]["verdict"], Partial<Release>, number | null]>([
		["withdrawn", { withdrawn: true }, null],
		["incompatible_model", { models: ["FW-900"] }, null],
		["incompatible_engine", { engine: { min: "12" } }, null],
		["not_licensed", { releasedAt: NOW - 50 }, null],
		["too_young", { releasedAt: NOW - 99, urgency: "emergency" }, NOW + 1],
	])("%s", (verdict, changes, readyAt) => {
		const grant = { ...RUNNING, until: NOW - 100, grace: 10, critical: 1000, delay: 0, emergencyDelay: 100 };
		const { releases, answer } = explain(recordOf(choice, makeRelease(2, changes)), { grant });
		expect(releases).toEqual([
			{ release: makeRelease(2, changes), verdict, readyAt },
			{ release: choice, verdict: "chosen", readyAt: null },
		]);
		expect(offeredVersion(answer)).toBe("1.1");
	});

	it("of several reasons the one that time cannot mend comes first", () => {
		const release = makeRelease(1, { withdrawn: true, models: ["FW-900"], engine: { min: "12" }, releasedAt: NOW + 9 });
		const verdicts = [release, { ...release, withdrawn: false }, { ...release, withdrawn: false, models: null }].map(
			(one) => explain(recordOf(one)).releases[0]?.verdict,
		);
		expect(verdicts).toEqual(["withdrawn", "incompatible_model", "incompatible_engine"]);
	});

	it("and behind the chosen one nobody looks, not even at what was withdrawn", () => {
		const record = recordOf(makeRelease(1), makeRelease(2, { withdrawn: true }), makeRelease(3));
		expect(verdictsOf(explain(record))).toEqual([
			["1.3", "chosen"],
			["1.2", "older_than_choice"],
			["1.1", "older_than_choice"],
		]);
	});
});

describe("no release is looked at, and time changes nothing,", () => {
	it.each<[string, Partial<DeviceProfile>]>([
		["suspended", { status: "suspended" }],
		["revoked", { status: "revoked" }],
		["deactivated", { status: "deactivated" }],
		["license_suspended", { hold: "license_suspended" }],
		["license_revoked", { hold: "license_revoked" }],
		["not_included", { grants: {} }],
		["expired", { grants: { crs: { ...RUNNING, until: NOW } } }],
	])("of a device that is refused as %s", (code, device) => {
		const { answer, releases, changes } = explain(recordOf(makeRelease(1)), device);
		expect([answer.entitlement.code, answer.selection, releases, changes]).toEqual([code, null, [], []]);
	});
});

it("a product of which nothing was published has no releases, and still a license that ends", () => {
	const explanation = explain(null);
	expect(explanation.releases).toEqual([]);
	expect(explanation.answer.selection).toMatchObject({ status: "unavailable", reason: "no_release" });
	expect(changesOf(explanation)).toEqual([[5000, "license_ends", "expired", null]]);
});

describe("what time will change", () => {
	it("is the whole life of a license, with the releases that come of age in it", () => {
		const grant = { from: NOW + 10, until: NOW + 100, grace: 50, critical: 20, delay: 30, emergencyDelay: 0 };
		const record = recordOf(
			makeRelease(1, { releasedAt: NOW - 999 }),
			makeRelease(2, { releasedAt: NOW }),
			makeRelease(3, { releasedAt: NOW + 40 }),
		);
		expect(changesOf(explain(record, { grant }))).toEqual([
			[10, "license_starts", "active", "1.1"],
			[30, "release_ready", "active", "1.2"],
			[70, "release_ready", "active", "1.3"],
			[100, "license_ends", "grace", "1.3"],
			[150, "grace_ends", "critical_only", "1.3"],
			[170, "critical_ends", "expired", null],
		]);
	});

	it("leaves out a release that comes of age when the license covers it no longer", () => {
		const grant = { ...RUNNING, until: NOW + 10, critical: 1000, delay: 100, emergencyDelay: 0 };
		const record = recordOf(makeRelease(1, { releasedAt: NOW - 999 }), makeRelease(2, { releasedAt: NOW + 10 }));
		expect(changesOf(explain(record, { grant }))).toEqual([
			[10, "license_ends", "critical_only", "1.1"],
			[1010, "critical_ends", "expired", null],
		]);
	});

	it("leaves out what the device would not notice: releases older than its own that come of age", () => {
		const grant = { ...RUNNING, delay: 100, emergencyDelay: 0 };
		const ages = [-200, -50, -20].map((age, index) => makeRelease(index + 1, { releasedAt: NOW + age }));
		expect(changesOf(explain(recordOf(...ages), { grant, installed: "1.3" }))).toEqual([
			[80, "release_ready", "active", null],
			[5000, "license_ends", "expired", null],
		]);
	});

	it("ends after ten changes", () => {
		const releases = Array.from({ length: 20 }, (_, index) => makeRelease(index + 1, { releasedAt: NOW + index + 1 }));
		expect(explain(recordOf(...releases)).changes).toHaveLength(10);
	});
});

describe("whatever is released, licensed and installed, and whoever asks when,", () => {
	const anyQuestion = fc.record({
		record: fc.option(anyRecord),
		grant: fc.option(anyGrant),
		status: fc.constantFrom<DeviceStatus>("active", "active", "active", "suspended", "revoked", "deactivated"),
		hold: fc.constantFrom<Hold | null>(null, null, null, "license_suspended", "license_revoked"),
		candidate: fc.record({
			model: fc.constantFrom("FW-100", "FW-900"),
			engine: fc.constantFrom(null, "9.9", "11.1.4"),
			installed: fc.constantFrom(null, "1.1", "1.2", "1.3", "1.4.1", "1.5.1", "1.7", "unknown"),
			admittedAt: fc.constant(admittedAt),
			channel: fc.constantFrom<Channel>("stable", "beta"),
		}),
		now: fc.integer({ min: NOW - 6000, max: NOW + 9000 }),
	});
	type Question = typeof anyQuestion extends fc.Arbitrary<infer Q> ? Q : never;
	const deviceOf = ({ status, hold, grant, candidate }: Question): DeviceProfile => ({
		...DEVICE,
		status,
		hold,
		model: candidate.model,
		labels: { [channelLabel("crs")]: candidate.channel },
		grants: grant === null ? {} : { crs: grant },
	});
	const explained = (question: Question, now = question.now) =>
		explainProduct({
			device: deviceOf(question),
			product: "crs",
			record: question.record,
			candidate: question.candidate,
			now,
		});
	const check = (law: (question: Question) => void) => fc.assert(fc.property(anyQuestion, law), { numRuns: 2000 });

	it("entitlement and selection are those of the rules, and of a check", () => {
		check((question) => {
			const { record, candidate, now } = question;
			const { answer } = explained(question);
			const entitlement = decideEntitlement(deviceOf(question), "crs", now);
			expect(answer.entitlement).toEqual(entitlement);
			const releases = record ?? recordOf();
			const selection =
				entitlement.decision === "refused" ? null : selectRelease(releases, termsOf(entitlement, null), candidate, now);
			expect(answer.selection).toEqual(selection);
			const { products } = answerCheck({
				device: deviceOf(question),
				circumstances: { engine: candidate.engine, country: null },
				installed: new Map([["crs", candidate.installed]]),
				seen: 0,
				recordOf: () => record,
				messages: [],
				buckets: BUCKETS,
				now,
			});
			expect(products).toEqual([answer]);
		});
	});

	it("every release has its verdict, one at most is chosen, and that is the one on offer", () => {
		check((question) => {
			const { answer, releases } = explained(question);
			const seen = (release: Release) => seenOn(question.candidate.channel, release);
			const all = answer.selection === null ? [] : (question.record?.releases.map(seen) ?? []);
			expect(releases.map(({ release }) => release)).toEqual(all);
			const chosen = releases.filter(({ verdict }) => verdict === "chosen");
			expect(chosen.length).toBe(answer.selection === null || answer.selection.status === "unavailable" ? 0 : 1);
			if (answer.selection?.status === "offered") expect(chosen[0]?.release).toEqual(answer.selection.release);
		});
	});

	it("every verdict is true", () => {
		check((question) => {
			const { candidate, grant, now } = question;
			const { releases } = explained(question);
			let isChosen = false;
			for (const { release, verdict, readyAt } of releases) {
				if (grant === null) throw new Error("looked at releases without a license");
				const delay = release.urgency === "emergency" ? grant.emergencyDelay : grant.delay;
				const reachedFrom = release.rollout === null ? Infinity : admittedAt(release.rollout);
				const foreseen = { too_young: release.releasedAt + delay, not_reached: reachedFrom };
				const expected = verdict === "too_young" || verdict === "not_reached" ? foreseen[verdict] : Infinity;
				expect(readyAt ?? Infinity).toBe(expected);
				const flaws = {
					withdrawn: release.withdrawn,
					failed_here: false,
					incompatible_model: release.models !== null && !release.models.includes(candidate.model),
					incompatible_engine: !engineInRange(candidate.engine, release.engine),
					too_large_for_device: false,
					not_licensed: !isLicensed(release, grant, now),
					too_young: now < release.releasedAt + delay,
					rollout_closed: release.rollout?.open === false,
					not_reached: release.rollout?.open === true && now < admittedAt(release.rollout),
					no_fallback: false,
					blocked: false,
					held_by_installed: false,
					not_pinned: false,
					other_channel: release.channel === "beta" && candidate.channel === "stable",
					skipped_by_revert: skippedByRevert(question.record?.releases ?? [], candidate.installed, candidate.model).has(
						release.version,
					),
				};
				if (verdict === "no_fallback") {
					const has = question.record?.releases.find(({ version }) => version === candidate.installed);
					expect(candidate.installed === null || has?.withdrawn).toBe(true);
					expect(release.rollout).not.toBeNull();
				} else if (verdict === "chosen") expect(Object.values(flaws)).not.toContain(true);
				else if (verdict !== "older_than_choice") expect(flaws[verdict]).toBe(true);
				expect(verdict === "older_than_choice").toBe(isChosen);
				isChosen ||= verdict === "chosen";
			}
		});
	});

	it("nothing changes before a change, what it says is so from then on, and after the last nothing changes any more", () => {
		check((question) => {
			const { answer, changes } = explained(question);
			const said = (one: typeof answer) => [one.entitlement.code, one.selection?.reason, offeredVersion(one)];
			let before = answer;
			let since = question.now;
			for (const change of changes) {
				expect(change.at).toBeGreaterThan(since);
				for (const at of [since, Math.floor((since + change.at) / 2), change.at - 1]) {
					expect(said(explained(question, at).answer)).toEqual(said(before));
				}
				expect(explained(question, change.at).answer).toEqual(change.answer);
				expect(said(change.answer)).not.toEqual(said(before));
				[before, since] = [change.answer, change.at];
			}
			if (changes.length === 10) return;
			for (const at of [since + 1, since + 700, since + 50_000]) {
				expect(said(explained(question, at).answer)).toEqual(said(before));
			}
		});
	});
});
