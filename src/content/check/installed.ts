// What a device has installed, as it says so in the query of a check.
import { productName, versionName } from "../../names.ts";

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
		const read = readItem(item);
		if (read === null || installed.has(read.product)) return null;
		installed.set(read.product, read.version);
	}
	return installed.size <= MAX_PRODUCTS_ASKED ? installed : null;
}

/** Of one product: whoever goes back more often than that has another trouble than a release. */
const MAX_FAILED = 5;

/** What a list of versions that do not work has to look like, for who has sent another. */
export const failedForm = `product@version, joined by commas, ${MAX_PRODUCTS_ASKED} products and ${MAX_FAILED} versions of each at most`;

/**
 * Reads `crs@4.24.0,crs@4.23.0`: by product, versions that do not work on a device.
 * @returns null when it is malformed, names a product without a version, or more of them than `failedForm` says
 */
export function parseFailed(text: string): ReadonlyMap<string, ReadonlySet<string>> | null {
	const failed = new Map<string, Set<string>>();
	for (const item of text.split(",")) {
		const read = readItem(item);
		if (read === null || read.version === null) return null;
		const versions = failed.get(read.product) ?? new Set();
		failed.set(read.product, versions.add(read.version));
		if (versions.size > MAX_FAILED) return null;
	}
	return failed.size <= MAX_PRODUCTS_ASKED ? failed : null;
}

/** Of one product: at twenty updates a day of one product as many as in the hours until they are told, three times over. */
const MAX_INSTALLATIONS = 20;

/** What a list of installations has to look like, for who has sent another. */
export const installedAtForm = `product@version@seconds (unix time), joined by commas, of one product in their order and ${MAX_INSTALLATIONS} at most, the last of it as \`installed\` has it`;

/**
 * Reads `crs@4.26.0@1795830000,crs@4.27.0@1795835781`: by product, what a device has installed when, by its own clock. That may show any
 * time, as one without a battery does before it is set: it is no reason to refuse a check.
 * @returns null when it is malformed, or says more of a product or of more products than `installedAtForm` does
 */
export function parseInstalledAt(
	text: string,
): ReadonlyMap<string, readonly { readonly version: string; readonly at: number }[]> | null {
	const found = new Map<string, { readonly version: string; readonly at: number }[]>();
	for (const item of text.split(",")) {
		const [, named = "", seconds] = /^(.+)@(-?\d{1,20})$/.exec(item) ?? [];
		const read = readItem(named);
		if (read === null || read.version === null) return null;
		const known = found.get(read.product) ?? [];
		found.set(read.product, [...known, { version: read.version, at: Number(seconds) }]);
		if (known.length >= MAX_INSTALLATIONS) return null;
	}
	return found.size <= MAX_PRODUCTS_ASKED ? found : null;
}

function readItem(item: string): { readonly product: string; readonly version: string | null } | null {
	const at = item.indexOf("@");
	const product = at < 0 ? item : item.slice(0, at);
	const version = at < 0 ? null : item.slice(at + 1);
	if (!productName.safeParse(product).success) return null;
	return version === null || versionName.safeParse(version).success ? { product, version } : null;
}
