// Bytes that a version has, or is about to get, are never removed as orphans, and none are left, whoever dies when. Each fault that
// could be made in the rules is found.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RUNS_TIMEOUT_MS, runs } from "../../support/runs.ts";
import {
	DIGESTS,
	type PackageHistory,
	type PackagePlan,
	type Parts,
	PRODUCTS,
	runPackageLife,
} from "./package-life.ts";

const HOUR = 3_600;
/** Close together, and as far apart as a claim lasts. */
const at = fc
	.tuple(
		fc.constantFrom(0, 24, 25, 48, 49, 72),
		fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: HOUR })),
	)
	.map(([hours, seconds]) => hours * HOUR + seconds);
const plan: fc.Arbitrary<PackagePlan> = fc.record({
	seed: fc.integer({ min: 1, max: 2 ** 31 }),
	uploads: fc.array(
		fc.record({
			at,
			product: fc.constantFrom(...PRODUCTS),
			digest: fc.constantFrom(...DIGESTS),
			takes: fc.constantFrom(1, 30, 600, 23 * HOUR - 10, 24 * HOUR),
			isAbandoned: fc.boolean(),
		}),
		{ minLength: 1, maxLength: 16 },
	),
	collections: fc.array(fc.record({ at, stalls: fc.constantFrom(0, 0, 0, 300, 4_000) }), {
		minLength: 1,
		maxLength: 10,
	}),
});

/** Runs plans until one is found out. @returns what was found, and what happened in all of them */
async function explore(numRuns: number, seed: number, spoil?: (parts: Parts) => Parts) {
	const sum = { bound: 0, removed: 0 };
	const note = (history: PackageHistory) => {
		sum.bound += history.bound;
		sum.removed += history.removed;
		return history.findings;
	};
	const property = fc.asyncProperty(plan, async (drawn) => {
		const findings = note(await runPackageLife(drawn, spoil));
		if (findings.length > 0) throw new Error(findings.join("; "));
	});
	const details = await fc.check(property, { numRuns, seed, endOnFailure: true });
	return { ...sum, found: details.failed ? String(details.errorInstance) : null, plan: details.counterexample };
}

const PLANS = runs(100, 4_000);

describe("uploads and collections at the same time", () => {
	it("remove nothing that a version has, and leave nothing that none has", { timeout: RUNS_TIMEOUT_MS }, async () => {
		const { found, plan, bound, removed } = await explore(PLANS, fc.sample(fc.integer(), 1)[0] ?? 1);
		expect(found, JSON.stringify(plan)).toBeNull();
		// Both happened, and often.
		expect(bound).toBeGreaterThan(PLANS);
		expect(removed).toBeGreaterThan(PLANS / 3);
	});
});

/** Each with a seed that finds it soon. */
const FAULTS: readonly (readonly [string, number, (parts: Parts) => Parts])[] = [
	[
		"a removal that minds no claim of an upload",
		49,
		onDirectory((directory) => ({
			claimRemoval: async (input) => ({ ...(await directory.claimRemoval(input)), sha256s: input.sha256s }),
		})),
	],
	[
		"an upload that is let in while the bytes are removed",
		9,
		onDirectory((directory) => ({
			async admitUpload(upload) {
				const admission = await directory.admitUpload(upload);
				const isRemoved = !admission.ok && admission.reason === "being_removed";
				return isRemoved ? { ok: true, claimedUntil: Number.MAX_SAFE_INTEGER } : admission;
			},
		})),
	],
	[
		"a removal that ends its claim without an outcome",
		90,
		onDirectory((directory) => {
			let claimed: readonly string[] = [];
			return {
				async claimRemoval(input) {
					const claim = await directory.claimRemoval(input);
					claimed = claim.sha256s;
					return claim;
				},
				endRemoval: (input) => directory.endRemoval({ ...input, kept: claimed }),
			};
		}),
	],
	[
		"a version that is bound after its upload's claim",
		49,
		(parts) => ({
			...parts,
			product: (name) => {
				const product = parts.product(name);
				const endless = { claimedUntil: Number.MAX_SAFE_INTEGER };
				return { ...product, addPackage: (input) => product.addPackage({ ...input, ...endless }) };
			},
		}),
	],
	[
		"a product that does not answer and counts as one without packages",
		47,
		(parts) => ({
			...parts,
			product: (name) => {
				const product = parts.product(name);
				return { ...product, heldPackages: (sha256s) => product.heldPackages(sha256s).catch(() => []) };
			},
		}),
	],
	[
		"a collection that takes all the time it wants",
		43,
		(parts) => {
			const startedMs = parts.clock.nowMs();
			return { ...parts, clock: { nowMs: () => startedMs } };
		},
	],
];

function onDirectory(
	change: (directory: ReturnType<Parts["directory"]>) => Partial<ReturnType<Parts["directory"]>>,
): (parts: Parts) => Parts {
	return (parts) => {
		const directory = parts.directory();
		const changed = { ...directory, ...change(directory) };
		return { ...parts, directory: () => changed };
	};
}

describe("the search finds", { timeout: RUNS_TIMEOUT_MS }, () => {
	it.each(FAULTS)("%s", async (_, seed, spoil) => {
		const { found } = await explore(5_000, seed, spoil);
		expect(found).toMatch(/removed .* which a version has|bound a version/);
	});
});
