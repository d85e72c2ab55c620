// Where a release stands in its life, as people are told of it. Its row knows all of that but one thing: whether the words that its
// rollout waits for have been given, and it waits for its time alone.
import { isHolding } from "../../../content/releases/validation.ts";
import { approversOf, missingApprovals } from "../../../rollout/approvals.ts";
import { verdictOf } from "../../../rollout/decide-rollout.ts";
import type { ProductDesks } from "../product-desks.ts";
import type { ReleaseEntry } from "./release-row.ts";

type Desks = Pick<ProductDesks, "tables" | "rollouts" | "rolloutDesk" | "validations">;

export const RELEASES_PER_LIST = 500;

/** @returns releases newest first, after the packages that are not released yet. @param now unix seconds */
export function tellReleases(desks: Desks, limit: number, now: number): ReleaseEntry[] {
	return desks.tables.releases(limit).map((release) => withWords(desks, release, now));
}

/** @returns null where there is no such version. @param now unix seconds */
export function tellRelease(desks: Desks, version: string, now: number): ReleaseEntry | null {
	const release = desks.tables.release(version);
	return release && withWords(desks, release, now);
}

function withWords({ rollouts, rolloutDesk, validations }: Desks, release: ReleaseEntry, now: number): ReleaseEntry {
	const rollout = release.status === "waiting" ? rollouts.rollout(release.version) : null;
	if (rollout === null) return release;
	const validation = validations.validation(release.version);
	if (validation !== null && isHolding(validation)) return release;
	const evidence = rolloutDesk.evidence(release.version, rollout, now);
	const words = rollouts.approvals(release.version);
	const persons = approversOf(rollout, "approve", words, evidence, verdictOf(rollout, evidence));
	const isApproved = missingApprovals(rollout, "approve", persons).persons === 0;
	return isApproved ? { ...release, status: "approved" } : release;
}
