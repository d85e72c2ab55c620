// Lets an upload in before its bytes come: its product is listed, nobody removes the same bytes, and the key's quota of the day has
// room. Then it is counted and has a claim on its digest. All in the transaction of the caller.
import type { WriteDeploymentAudit } from "../audit.ts";
import type { DirectoryTables } from "./directory-tables.ts";
import { PackageClaims } from "./package-claims.ts";
import { countPart, countUpload, partsWait, type QuotaRefusal, type Upload } from "./upload-quota.ts";

export interface NewUpload extends Upload {
	readonly product: string;
	readonly sha256: string;
	/** bytes of a part of the package; not given = they are not */
	readonly isPart?: boolean;
}

export type Admission =
	/** unix seconds: a version must be bound to the bytes before, see `mayBind` */
	| { readonly ok: true; readonly claimedUntil: number }
	| { readonly ok: false; readonly reason: "unknown_product" }
	/** seconds until the removal has ended in any case */
	| { readonly ok: false; readonly reason: "being_removed"; readonly retryAfter: number }
	| ({ readonly ok: false; readonly reason: "quota" } & QuotaRefusal)
	/** seconds until parts of this package may come again */
	| { readonly ok: false; readonly reason: "too_many_parts"; readonly retryAfter: number };

export interface PackageSurvey {
	/** every product that may have packages */
	readonly products: readonly string[];
	/** those of the digests whose bytes are coming or going */
	readonly claimed: readonly string[];
}

export class PackageDesk {
	readonly claims: PackageClaims;
	readonly #sql: SqlStorage;
	readonly #tables: DirectoryTables;

	constructor(sql: SqlStorage, tables: DirectoryTables, audit: WriteDeploymentAudit) {
		this.claims = new PackageClaims(sql, audit);
		this.#sql = sql;
		this.#tables = tables;
	}

	/** Counts an upload and claims its digest, if it may come. @param now of the Directory, by which claims end */
	admit(upload: NewUpload, now: number): Admission {
		// Whoever looks for orphans asks the products of the list: a package of any other would be taken for one.
		if (this.#tables.product(upload.product) === null) return { ok: false, reason: "unknown_product" };
		const removedUntil = this.claims.removedUntil(upload.sha256, now);
		if (removedUntil !== null) return { ok: false, reason: "being_removed", retryAfter: removedUntil - now };
		const wait = upload.isPart === true ? partsWait(this.#sql, upload) : null;
		if (wait !== null) return { ok: false, reason: "too_many_parts", retryAfter: wait };
		const refusal = countUpload(this.#sql, upload);
		if (refusal !== null) return { ok: false, reason: "quota", ...refusal };
		if (upload.isPart === true) countPart(this.#sql, upload);
		return { ok: true, claimedUntil: this.claims.claimForUpload(upload.sha256, now) };
	}

	survey(sha256s: readonly string[], now: number): PackageSurvey {
		const products = this.#tables.products().map(({ name }) => name);
		return { products, claimed: this.claims.among(sha256s, now) };
	}
}
