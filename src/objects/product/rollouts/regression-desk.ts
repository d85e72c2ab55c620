// Watches releases after everybody may have them: hears from the Census how the versions of the product do, and tells once of a release
// that fails more often than those before it. Stops nothing: taking back what everybody has is a person's decision. The rule is in
// fleet/regression.ts.
import {
	describeRegression,
	findRegression,
	isSuspect,
	type ProductCount,
	unknownDevices,
	WATCHED_SECONDS,
} from "../../../fleet/regression.ts";
import type { Change, WriteProductAudit } from "../../audit.ts";
import type { ProductTables } from "../product-tables.ts";
import type { RolloutTables } from "./rollout-tables.ts";

export interface RegressionDeskParts {
	readonly releases: ProductTables;
	readonly rollouts: RolloutTables;
	readonly audit: WriteProductAudit;
	/** who acts where nobody does */
	readonly service: (now: number) => Change;
	/** after which devices tell that a release works, at the latest */
	readonly untoldSeconds: number;
}

export class RegressionDesk {
	readonly #parts: RegressionDeskParts;

	constructor(parts: RegressionDeskParts) {
		this.#parts = parts;
	}

	/**
	 * Part of a transaction.
	 * @param now unix seconds
	 * @returns versions of which nothing needs to be told again: what they do changes nothing any more
	 */
	hear({ versions, other }: ProductCount, now: number): string[] {
		const suspects = versions.filter((count) => isSuspect(count, other));
		return suspects
			.filter((count) => this.#judge(count.version, { versions, other }, now))
			.map(({ version }) => version);
	}

	/** @returns whether it is judged for ever */
	#judge(version: string, { versions, other }: ProductCount, now: number): boolean {
		const { releases, rollouts, audit, service } = this.#parts;
		const release = releases.release(version);
		if (release === null || release.withdrawnAt !== null || rollouts.regression(version) !== null) return true;
		if (release.outAt === null) return false;
		if (now >= release.outAt + WATCHED_SECONDS) return true;
		const earlier = releases.usualBefore(release.sequence ?? 0);
		const count = versions.find((one) => one.version === version);
		const found =
			count &&
			findRegression(
				count,
				versions.filter((one) => earlier.has(one.version)),
				unknownDevices(version, { versions, other }, now - release.outAt, this.#parts.untoldSeconds),
			);
		if (!found) return false;
		rollouts.saveRegression(version, { ...found, at: now });
		audit(service(now), "rollout.regressed", version, describeRegression(found));
		return true;
	}
}
