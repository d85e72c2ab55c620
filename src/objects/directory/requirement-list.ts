// Which product requires which others, over all products, so that no two publishers at the same time make a circle: each says here what its
// release is to require before its Product has it. What was said for a release that then did not come about, or was withdrawn, stands until
// it is in somebody's way and is taken back. Plain synchronous SQL, in the caller's transaction.
import { findCircle } from "../../content/requires/circle.ts";

export const REQUIREMENT_TABLES = [
	`CREATE TABLE requirements (
		product TEXT NOT NULL,
		version TEXT NOT NULL, -- of the product, which requires something
		required TEXT NOT NULL, -- product
		claimed_at INTEGER NOT NULL, -- when that was said last; its Product may have the release since, or may not
		PRIMARY KEY (product, version, required)
	) WITHOUT ROWID`,
];

export interface RequirementClaim {
	readonly product: string;
	readonly version: string;
	/** products, each once */
	readonly required: readonly string[];
	/** stale ones, which are taken back first: of releases that are not there, or were withdrawn */
	readonly stale?: readonly CircleLink[];
	readonly now: number;
}

/** Of one product in a circle: a release that requires the next one. */
export interface CircleLink {
	readonly product: string;
	readonly version: string;
	readonly required: string;
	readonly claimedAt: number;
}

export type RequirementClaimed =
	| { readonly ok: true }
	/** `product`: there is no such product */
	| { readonly ok: false; readonly reason: "unknown_product"; readonly product: string }
	/** `circle`: products, the first again as the last; `links`: every release for whose sake one requires the next, without the new one */
	| {
			readonly ok: false;
			readonly reason: "circle";
			readonly circle: readonly string[];
			readonly links: readonly CircleLink[];
	  };

type Row = { product: string; version: string; required: string; claimed_at: number };

export class RequirementList {
	readonly #sql: SqlStorage;
	readonly #isProduct: (name: string) => boolean;

	constructor(sql: SqlStorage, isProduct: (name: string) => boolean) {
		this.#sql = sql;
		this.#isProduct = isProduct;
	}

	claim({ product, version, required, stale = [], now }: RequirementClaim): RequirementClaimed {
		this.#drop(stale);
		const unknown = required.find((name) => !this.#isProduct(name));
		if (unknown !== undefined) return { ok: false, reason: "unknown_product", product: unknown };
		const rows = this.#sql.exec<Row>("SELECT * FROM requirements").toArray();
		const byProduct = new Map<string, Set<string>>();
		for (const row of rows) byProduct.set(row.product, (byProduct.get(row.product) ?? new Set()).add(row.required));
		const circle = findCircle(product, required, byProduct);
		if (circle !== null) {
			const isNext = (row: Row) =>
				circle.some((name, at) => at > 0 && name === row.product && circle[at + 1] === row.required);
			const links = rows.filter(isNext).map(({ claimed_at: claimedAt, ...row }) => ({ ...row, claimedAt }));
			return { ok: false, reason: "circle", circle, links };
		}
		const query = `INSERT INTO requirements (product, version, required, claimed_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (product, version, required) DO UPDATE SET claimed_at = MAX(claimed_at, excluded.claimed_at)`;
		for (const other of required) this.#sql.exec(query, product, version, other, now);
		return { ok: true };
	}

	/** Not what was said anew meanwhile. */
	#drop(links: readonly CircleLink[]): void {
		const query = "DELETE FROM requirements WHERE product = ? AND version = ? AND required = ? AND claimed_at = ?";
		for (const { product, version, required, claimedAt } of links)
			this.#sql.exec(query, product, version, required, claimedAt);
	}
}
