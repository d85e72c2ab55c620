// A page of the collection, and what of it remains claimed: everything with a known outcome is let go of, nothing else.
import { beforeEach, describe, expect, it } from "vitest";
import type { RemovalEnd } from "../../../../../src/objects/directory/package-claims.ts";
import { type CollectionParts, collectPage } from "../../../../../src/routes/operator/stores/package-collection.ts";
import { PackageStoreError } from "../../../../../src/storage/packages/package-store.ts";
import { FakePackageStore } from "../../../../support/stand-ins/fake-package-store.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;
const BY = { actor: "ops", now: NOW };
const digest = (digit: string) => digit.repeat(64);
const [A, B, C, D] = ["a", "b", "c", "d"].map(digest) as [string, string, string, string];

let store: FakePackageStore;
let nowMs: number;
let ended: Omit<RemovalEnd, "until"> | null;
let claimedByOthers: string[];
let held: Record<string, string[] | null | Error>;
beforeEach(() => {
	store = new FakePackageStore();
	nowMs = NOW * 1_000;
	ended = null;
	claimedByOthers = [];
	held = { crs: [], threats: [] };
	for (const sha256 of [A, B, C, D]) add(sha256, NOW - 2 * DAY);
});

function add(sha256: string, uploadedAt: number): void {
	store.packages.set(sha256, new Uint8Array(3));
	store.uploadedAt.set(sha256, uploadedAt);
}

function parts(packages: CollectionParts["packages"] = store): CollectionParts {
	const directory = {
		surveyPackages: async (sha256s: readonly string[]) => ({
			products: Object.keys(held),
			claimed: claimedByOthers.filter((sha256) => sha256s.includes(sha256)),
		}),
		claimRemoval: async ({ sha256s }: { sha256s: readonly string[] }) => ({ until: NOW + 3_600, sha256s }),
		endRemoval: async ({ removed, kept }: RemovalEnd) => {
			ended = { removed: removed.map(({ sha256, size }) => ({ sha256, size })), kept };
		},
	};
	const product = (name: string) => ({
		async heldPackages() {
			const answer = held[name] ?? null;
			if (answer instanceof Error) throw answer;
			return answer;
		},
	});
	return { packages, clock: { nowMs: () => nowMs }, directory: () => directory, product };
}

const outcomes = async (remove: boolean, of: CollectionParts = parts()) => {
	const page = await collectPage(of, { after: "", limit: 10, remove: remove ? BY : null });
	return Object.fromEntries(page.orphans.map(({ sha256, outcome }) => [sha256, outcome]));
};

describe("a package is an orphan", () => {
	it.each([
		[NOW - DAY, true],
		[NOW - DAY + 1, false],
	])("a day after its upload: stored at %i, %s", async (uploadedAt, isOrphan) => {
		store.packages.clear();
		add(A, uploadedAt);
		expect(A in (await outcomes(false))).toBe(isOrphan);
	});

	it("when no product has it and nobody has a claim on it", async () => {
		held = { crs: [A], threats: [C] };
		claimedByOthers = [D];
		expect(await outcomes(false)).toEqual({ [B]: "orphaned" });
		expect(ended).toBeNull();
	});

	it("never while a product does not answer, is lost, or none is listed: then nothing is removed at all", async () => {
		held = { crs: [], threats: new Error("overloaded") };
		await expect(outcomes(true)).rejects.toThrow("overloaded");
		held = { crs: [], threats: null };
		await expect(outcomes(true)).rejects.toMatchObject({ code: "conflict" });
		held = {};
		await expect(outcomes(true)).rejects.toMatchObject({ code: "conflict" });
		expect(store.packages.size).toBe(4);
	});
});

describe("a removal", () => {
	it("lets go of what is gone and of what a lock keeps, and holds what has no outcome", async () => {
		store.locked.add(B);
		const packages: CollectionParts["packages"] = {
			list: (after, limit) => store.list(after, limit),
			remove: (sha256) => (sha256 === C ? Promise.reject(new PackageStoreError("no answer")) : store.remove(sha256)),
		};
		const expected = { [A]: "removed", [B]: "locked", [C]: "unknown", [D]: "removed" };
		expect(await outcomes(true, parts(packages))).toEqual(expected);
		const removed = [A, D].map((sha256) => ({ sha256, size: 3 }));
		expect(ended).toEqual({ removed, kept: [B] });
	});

	it("removes only what it could claim", async () => {
		const others = parts();
		const directory = others.directory();
		const claiming: CollectionParts = {
			...others,
			directory: () => ({ ...directory, claimRemoval: async () => ({ until: NOW + 3_600, sha256s: [B] }) }),
		};
		expect(await outcomes(true, claiming)).toEqual({
			...{ [A]: "orphaned", [C]: "orphaned", [D]: "orphaned" },
			[B]: "removed",
		});
		expect([...store.packages.keys()]).toEqual([A, C, D]);
	});

	it.each([
		[600_000, "removed"],
		[600_001, "orphaned"],
	])("is not sent any more after ten minutes: %i ms, %s", async (passedMs, outcome) => {
		const slow = parts();
		const directory = slow.directory();
		const claimRemoval: typeof directory.claimRemoval = async (input) => {
			nowMs += passedMs;
			return directory.claimRemoval(input);
		};
		const page = await outcomes(true, { ...slow, directory: () => ({ ...directory, claimRemoval }) });
		expect(new Set(Object.values(page))).toEqual(new Set([outcome]));
		expect(ended).toMatchObject(outcome === "removed" ? { kept: [] } : { removed: [], kept: [A, B, C, D] });
	});
});
