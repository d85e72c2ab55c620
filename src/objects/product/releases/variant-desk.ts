// The variants of a product's releases: which version has which other bytes for which models. Each method is synchronous and runs in its
// caller's transaction. A version has its package first, and its variants before it is released.

import { mayBind } from "../../../content/package-claim.ts";
import { faultOfVariant, type Variant, type VariantFault } from "../../../content/releases/variant.ts";
import type { Change, WriteProductAudit } from "../../audit.ts";
import type { ProductTables } from "../product-tables.ts";
import type { PackageContent } from "./release-row.ts";

export const VARIANT_TABLES = [
	`CREATE TABLE variants (
		version TEXT NOT NULL,
		variant TEXT NOT NULL,
		models TEXT NOT NULL, -- JSON list, in no other variant of the version
		sha256 TEXT NOT NULL, -- of the package for these models
		size INTEGER NOT NULL, -- bytes
		name TEXT NOT NULL, -- of the file in downloads
		PRIMARY KEY (version, variant)
	) WITHOUT ROWID`,
	"CREATE INDEX variants_by_package ON variants (sha256)",
];

export interface NewVariant extends PackageContent {
	readonly version: string;
	readonly variant: string;
	/** each once */
	readonly models: readonly string[];
	/** end of the upload's claim on the digest, unix seconds */
	readonly claimedUntil: number;
}

export type AddedVariant =
	| { readonly ok: true; readonly kind: "new" | "same"; readonly variant: Variant }
	| VariantRefusal;

/** other_variant: the variant has other bytes or models already. other_uploader: of the version's package */
export type VariantRefusal =
	| {
			readonly ok: false;
			readonly reason: "no_package" | "frozen" | "other_variant" | "other_uploader" | "claim_ended";
	  }
	| { readonly ok: false; readonly reason: "unfit"; readonly unfit: VariantFault };

export class VariantDesk {
	readonly #sql: SqlStorage;
	readonly #tables: ProductTables;
	readonly #audit: WriteProductAudit;

	constructor(sql: SqlStorage, tables: ProductTables, audit: WriteProductAudit) {
		this.#sql = sql;
		this.#tables = tables;
		this.#audit = audit;
	}

	/**
	 * Binds bytes that are stored already to some models of a version that is not released yet. A version is one person's with all its
	 * variants: who gives a word on a release must not have uploaded any of it.
	 * @param now of the object, unix seconds
	 */
	add(input: Change & NewVariant, now: number): AddedVariant {
		const { version, variant, models, sha256, size, name, actor } = input;
		const release = this.#tables.release(version);
		if (release === null) return { ok: false, reason: "no_package" };
		const { variants = [] } = release;
		const known = variants.find((one) => one.variant === variant);
		if (known !== undefined) {
			return isSame(known, input) ? { ok: true, kind: "same", variant: known } : { ok: false, reason: "other_variant" };
		}
		if (release.status !== "uploaded") return { ok: false, reason: "frozen" };
		if (release.addedBy !== actor) return { ok: false, reason: "other_uploader" };
		const unfit = faultOfVariant(variants, input);
		if (unfit !== null) return { ok: false, reason: "unfit", unfit };
		if (!mayBind(input.claimedUntil, now)) return { ok: false, reason: "claim_ended" };
		this.#sql.exec(
			"INSERT INTO variants (version, variant, models, sha256, size, name) VALUES (?, ?, ?, ?, ?, ?)",
			...[version, variant, JSON.stringify(models), sha256, size, name],
		);
		this.#audit(input, "package.add", version, `${sha256}, variant ${variant} for ${models.join(", ")}`);
		return { ok: true, kind: "new", variant: { variant, models, sha256, size, name } };
	}

	/** With a version that is discarded. */
	drop(version: string): void {
		this.#sql.exec("DELETE FROM variants WHERE version = ?", version);
	}

	/** @returns those of the digests that some variant has */
	among(sha256s: readonly string[]): string[] {
		const query = "SELECT DISTINCT sha256 FROM variants WHERE sha256 IN (SELECT value FROM json_each(?))";
		const rows = this.#sql.exec<{ sha256: string }>(query, JSON.stringify(sha256s)).toArray();
		return rows.map(({ sha256 }) => sha256);
	}
}

/** In whatever order its models are named. */
function isSame(known: Variant, { sha256, models }: Pick<Variant, "sha256" | "models">): boolean {
	return known.sha256 === sha256 && JSON.stringify(known.models.toSorted()) === JSON.stringify(models.toSorted());
}
