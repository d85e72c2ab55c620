// The list of products. Each method is synchronous, and runs in the transaction of its caller.
import type { VersionOrder } from "../../content/releases/product-record.ts";
import type { Change, WriteDeploymentAudit } from "../audit.ts";
import type { DirectoryTables, ProductEntry } from "./directory-tables.ts";

/** A product that its own object knows already. */
export type ProductNaming = Change & {
	readonly name: string;
	readonly title: string;
	readonly versionOrder?: VersionOrder;
};

export class ProductList {
	readonly #tables: DirectoryTables;
	readonly #audit: WriteDeploymentAudit;

	constructor(tables: DirectoryTables, audit: WriteDeploymentAudit) {
		this.#tables = tables;
		this.#audit = audit;
	}

	/** Again under the same name changes nothing. */
	create(input: ProductNaming): { readonly kind: "new" | "same"; readonly product: ProductEntry } {
		const known = this.#tables.product(input.name);
		if (known !== null && known.createdAt > 0) return { kind: "same", product: known };
		const { name, title, versionOrder = "vendor", now: createdAt } = input;
		const { revision, emergencyUntil, entitled } = known ?? { revision: 0, emergencyUntil: 0, entitled: "licensed" };
		const product: ProductEntry = { name, title, versionOrder, createdAt, revision, emergencyUntil, entitled };
		this.#tables.saveProduct(product);
		this.#audit(input, "product.create", name, title);
		return { kind: "new", product };
	}
}
