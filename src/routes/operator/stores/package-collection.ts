// Finds the bytes that no version of any product has, a page of the storage at a time, and removes them if that is wanted. Why that
// never removes what a release has or is about to have: docs/decisions/orphaned-packages.md.
import { ORPHAN_AGE_SECONDS, REMOVE_WITHIN_SECONDS } from "../../../content/package-claim.ts";
import type { Change } from "../../../objects/audit.ts";
import type { RemovalClaim, RemovalEnd } from "../../../objects/directory/package-claims.ts";
import type { PackageSurvey } from "../../../objects/directory/package-desk.ts";
import { ProblemError } from "../../../problem.ts";
import type { Clock } from "../../../storage/clock.ts";
import type { ListedPackage, PackageStore } from "../../../storage/packages/package-store.ts";

export interface CollectionParts {
	readonly packages: Pick<PackageStore, "list" | "remove">;
	readonly clock: Pick<Clock, "nowMs">;
	directory(): {
		surveyPackages(sha256s: readonly string[]): Promise<PackageSurvey>;
		claimRemoval(input: { actor: string; sha256s: readonly string[] }): Promise<RemovalClaim>;
		endRemoval(input: Change & RemovalEnd): Promise<void>;
	};
	product(name: string): { heldPackages(sha256s: readonly string[]): Promise<readonly string[] | null> };
}

export interface CollectionQuery {
	/** digest after which to begin; "" = from the first */
	readonly after: string;
	readonly limit: number;
	/** null = only look */
	readonly remove: Change | null;
}

/** What became of an orphan. `unknown`: the storage did not answer, so it may be gone now, soon or not at all. */
export type OrphanOutcome = "orphaned" | "removed" | "locked" | "unknown";

export interface CollectedPage {
	/** packages that were looked at */
	readonly packages: number;
	readonly orphans: readonly (ListedPackage & { readonly outcome: OrphanOutcome })[];
	/** `after` of the next page; null = this was the last */
	readonly next: string | null;
}

/** Calls that are under way at once. */
const AT_ONCE = 6;

/**
 * Looks through a page of the storage.
 * @throws ProblemError `conflict` where the list of products cannot be trusted; what the storage and the objects throw. Nothing was
 * removed then, unless it is the Directory that fails when it is told what was: the trail has that an hour later as unknown
 */
export async function collectPage(parts: CollectionParts, query: CollectionQuery): Promise<CollectedPage> {
	const startedMs = parts.clock.nowMs();
	const { packages, next } = await parts.packages.list(query.after, query.limit);
	const oldest = startedMs / 1_000 - ORPHAN_AGE_SECONDS;
	const old = packages.filter(({ uploadedAt }) => uploadedAt <= oldest);
	const orphans = old.length === 0 ? [] : await findOrphans(parts, old);
	const isLate = () => parts.clock.nowMs() - startedMs > REMOVE_WITHIN_SECONDS * 1_000;
	const { remove } = query;
	const outcomes = remove === null ? new Map() : await removeOrphans(parts, orphans, remove, isLate);
	const described = orphans.map((orphan) => ({ ...orphan, outcome: outcomes.get(orphan.sha256) ?? "orphaned" }));
	return { packages: packages.length, orphans: described, next };
}

async function findOrphans(parts: CollectionParts, old: readonly ListedPackage[]): Promise<ListedPackage[]> {
	const sha256s = old.map(({ sha256 }) => sha256);
	// First the claims, then the versions: what is bound after that has a claim which is younger than this, and so is still there
	// when the removal asks for its own.
	const { products, claimed } = await parts.directory().surveyPackages(sha256s);
	if (products.length === 0) throw distrust("there are no products, so every package would be an orphan");
	const kept = new Set(claimed);
	await inTurns(products, async (product) => {
		const held = await parts.product(product).heldPackages(sha256s);
		if (held === null) throw distrust(`the product ${product} is listed, but knows nothing of itself`);
		for (const sha256 of held) kept.add(sha256);
	});
	return old.filter(({ sha256 }) => !kept.has(sha256));
}

function distrust(detail: string): ProblemError {
	return new ProblemError("conflict", { detail: `${detail}: nothing was removed` });
}

/** @returns what became of the orphans that could be claimed */
async function removeOrphans(
	{ packages, directory }: CollectionParts,
	orphans: readonly ListedPackage[],
	change: Change,
	isLate: () => boolean,
): Promise<Map<string, OrphanOutcome>> {
	const outcomes = new Map<string, OrphanOutcome>();
	if (orphans.length === 0) return outcomes;
	const sha256s = orphans.map(({ sha256 }) => sha256);
	const claim = await directory().claimRemoval({ actor: change.actor, sha256s });
	await inTurns(claim.sha256s, async (sha256) => {
		// Late, the claim may have ended when the delete lands, and the same bytes may be another upload's.
		outcomes.set(sha256, isLate() ? "orphaned" : await packages.remove(sha256).catch(() => "unknown" as const));
	});
	const isKept = (sha256: string) => ["orphaned", "locked"].includes(outcomes.get(sha256) ?? "");
	const removed = orphans.filter(({ sha256 }) => outcomes.get(sha256) === "removed");
	const end = { until: claim.until, removed, kept: claim.sha256s.filter(isKept) };
	await directory().endRemoval({ ...change, ...end });
	return outcomes;
}

/** Does the work for each, a few at once. @throws what the first one that fails throws */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
	const waiting = [...items];
	const worker = async () => {
		for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
	};
	await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
