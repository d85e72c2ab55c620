// A product comes into being: its tables, its row and the first entry of its trail, or none of these.
import type { Change } from "../audit.ts";
import type { ProductDesks } from "./product-desks.ts";
import { type NewProduct, newProduct, type ProductInfo } from "./product-row.ts";

/** @param input of a product that does not exist yet */
export function createProduct(
	storage: DurableObjectStorage,
	makeTables: () => void,
	{ tables, audit }: Pick<ProductDesks, "tables" | "audit">,
	input: Change & NewProduct,
): ProductInfo {
	const product = newProduct(input);
	storage.transactionSync(() => {
		makeTables();
		tables.insertProduct(product);
		audit(input, "product.create", product.name, product.title);
	});
	return product;
}
