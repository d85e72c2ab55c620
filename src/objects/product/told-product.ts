// A product as people are told of it: its settings, and how many of its releases no role file names.
import type { Release } from "../../content/releases/product-record.ts";
import { isSigned } from "../../content/releases/signed-releases.ts";
import type { ProductDesks } from "./product-desks.ts";
import type { ProductInfo } from "./product-row.ts";
import type { ProductTables } from "./product-tables.ts";

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

/** @returns those of the digests that a version has, or that is kept beside one, whatever became of it */
export function heldAmong(
	{ tables, variants, deltas, ruleIndexes }: Pick<ProductDesks, "tables" | "variants" | "deltas" | "ruleIndexes">,
	sha256s: readonly string[],
): string[] {
	return [tables.packagesAmong(sha256s), ...[variants, deltas, ruleIndexes].map((desk) => desk.among(sha256s))].flat();
}

/** @returns releases that are not withdrawn and that the product's role file does not name, newest first */
export function unsignedOf(tables: ProductTables, { role }: ProductInfo): Release[] {
	const digests = role?.digests ?? {};
	return tables.recordedReleases().filter((release) => !release.withdrawn && !isSigned(release, digests));
}
