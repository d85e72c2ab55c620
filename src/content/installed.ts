// What a device has installed, as it says so in the query of a check.
import { productName, versionName } from "../names.ts";

/** Product → version installed, or null where nothing is installed. */
export type Installed = ReadonlyMap<string, string | null>;

const MAX_PRODUCTS_ASKED = 32;

/** What a list of products and versions has to look like, for who has sent another. */
export const installedForm = `product@version or product, joined by commas, each product once, ${MAX_PRODUCTS_ASKED} at most`;

/**
 * Reads `crs@4.27.0,threats`: products with what is installed of each.
 * @returns null when it is malformed, names a product twice or more than 32 products: `installedForm` says it
 */
export function parseInstalled(text: string): Installed | null {
	const installed = new Map<string, string | null>();
	for (const item of text.split(",")) {
		const at = item.indexOf("@");
		const product = at < 0 ? item : item.slice(0, at);
		const version = at < 0 ? null : item.slice(at + 1);
		if (!productName.safeParse(product).success || installed.has(product)) return null;
		if (version !== null && !versionName.safeParse(version).success) return null;
		installed.set(product, version);
	}
	return installed.size <= MAX_PRODUCTS_ASKED ? installed : null;
}
