// What a Product alone knows of why a device gets what it gets: releases that no role file names, and what a permit would be told
// now. Nothing is written, and nothing decided here.
import type { Release } from "../../../content/releases/product-record.ts";
import type { HoldingState } from "../../../content/releases/validation.ts";
import type { PermitRefusal } from "../../../rollout/lease.ts";
import type { ProductDesks } from "../product-desks.ts";
import type { PermitInput } from "../rollouts/permit-question.ts";
import { unsignedOf } from "../told-product.ts";

/** Of the device that would ask. */
export type ExplainedUnit = Omit<PermitInput, "version">;

export interface ExplainedReleases {
	/** left out of the record, because the product demands signatures; newest first */
	readonly unsigned: readonly Release[];
	/** by version of each release on its way; given = the device would get a permit; again = it needs no new one */
	readonly permits: Readonly<Record<string, "given" | "again" | PermitRefusal>>;
	/** versions that were told to fail more often than those before them; left out by an object of an earlier deployment */
	readonly regressed?: readonly string[];
	/** by version of each release that the product's validator holds, how that stands; left out likewise */
	readonly held?: Readonly<Record<string, HoldingState>>;
}

/** @returns null where there is no such product */
export function explainReleases(
	{
		tables,
		rollouts,
		rolloutDesk,
		validations,
	}: Pick<ProductDesks, "tables" | "rollouts" | "rolloutDesk" | "validations">,
	unit: ExplainedUnit,
): ExplainedReleases | null {
	const info = tables.info();
	if (info === null) return null;
	const permits = rollouts.active().map((version) => {
		const { decision } = rolloutDesk.judge({ ...unit, version });
		const told = decision.ok ? (decision.kind === "given" ? "given" : "again") : decision.reason;
		return [version, told] as const;
	});
	const unsigned = info.signing === "required" ? unsignedOf(tables, info) : [];
	const held = Object.fromEntries(validations.holding());
	return { unsigned, permits: Object.fromEntries(permits), regressed: rollouts.regressions(0), held };
}
