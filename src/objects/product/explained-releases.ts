// What a Product alone knows of why a device gets what it gets: releases that no role file names, and what a permit would be told
// now. Nothing is written, and nothing decided here.
import type { Release } from "../../content/product-record.ts";
import { isSigned } from "../../content/signed-releases.ts";
import type { PermitRefusal } from "../../rollout/lease.ts";
import type { PermitInput } from "./permit-question.ts";
import type { ProductDesks } from "./product-desks.ts";
import type { ProductInfo } from "./product-row.ts";
import type { ProductTables } from "./product-tables.ts";

/** Of the device that would ask. */
export type ExplainedUnit = Omit<PermitInput, "version">;

export interface ExplainedReleases {
	/** left out of the record, because the product demands signatures; newest first */
	readonly unsigned: readonly Release[];
	/** by version of each release on its way; given = the device would get a permit */
	readonly permits: Readonly<Record<string, "given" | PermitRefusal>>;
}

/** @returns null where there is no such product */
export function explainReleases(
	{ tables, rollouts, rolloutDesk }: Pick<ProductDesks, "tables" | "rollouts" | "rolloutDesk">,
	unit: ExplainedUnit,
): ExplainedReleases | null {
	const info = tables.info();
	if (info === null) return null;
	const permits = rollouts.active().map((version) => {
		const { decision } = rolloutDesk.judge({ ...unit, version });
		return [version, decision.ok ? "given" : decision.reason] as const;
	});
	const unsigned = info.signing === "required" ? unsignedOf(tables, info) : [];
	return { unsigned, permits: Object.fromEntries(permits) };
}

/** @returns releases that are not withdrawn and that the product's role file does not name, newest first */
function unsignedOf(tables: ProductTables, { role }: ProductInfo): Release[] {
	const digests = role?.digests ?? {};
	return tables.recordedReleases().filter((release) => !release.withdrawn && !isSigned(release, digests));
}

/** A product with what its role file leaves out. */
export interface ToldProduct extends ProductInfo {
	/** releases that are not withdrawn and not signed: offered to nobody where signatures are required */
	readonly unsigned: number;
}

/** @returns null where there is no such product */
export function tellProduct(tables: ProductTables): ToldProduct | null {
	const info = tables.info();
	return info && { ...info, unsigned: unsignedOf(tables, info).length };
}
