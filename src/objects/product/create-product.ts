// A product comes into being: its tables, its row and the first entry of its trail, or none of these.
import type { Change } from "../audit.ts";
import { createTables } from "../schema.ts";
import type { ProductDesks } from "./product-desks.ts";
import { type NewProduct, newProduct, type ProductInfo } from "./product-row.ts";
import { PRODUCT_SCHEMA } from "./schema.ts";

/** @param input of a product that does not exist yet */
export function createProduct(
	storage: DurableObjectStorage,
	{ tables, audit }: Pick<ProductDesks, "tables" | "audit">,
	input: Change & NewProduct,
): ProductInfo {
	const product = newProduct(input);
	storage.transactionSync(() => {
		createTables(storage, PRODUCT_SCHEMA);
		tables.insertProduct(product);
		audit(input, "product.create", product.name, product.title);
	});
	return product;
}
