// What else an explanation looks at: the products that releases of the one asked about require, and those of which the device has a release
// that requires it; those that their releases require, and so on; and what the device has of each by its last word.
import type { SharedView } from "../../../content/heads-record.ts";
import type { ProductRecord } from "../../../content/releases/product-record.ts";
import type { DeviceState } from "../../../fleet/device-state.ts";
import type { RequestScope } from "../../../request-scope.ts";

export interface RequiredProduct {
	readonly record: ProductRecord | null;
	/** null = nothing, or it has not said */
	readonly installed: string | null;
}

/** @param record of the product that is asked about @returns by product, without that one */
export async function readRequired(
	scope: RequestScope,
	view: SharedView,
	product: string,
	record: ProductRecord | null,
	{ products }: Pick<DeviceState, "products">,
): Promise<ReadonlyMap<string, RequiredProduct>> {
	const found = new Map<string, RequiredProduct>();
	const others = Object.entries(products).flatMap(([name, one]) =>
		name === product || one.installed === null ? [] : [[name, one.installed] as const],
	);
	const requiring = await Promise.all(
		others.map(async ([name, installed]) => {
			const of = await scope.services.records.product(name, view, scope);
			const has = of?.releases.find(({ version }) => version === installed);
			return has?.requires?.some((one) => one.product === product) ? [name] : [];
		}),
	);
	let names = [...new Set([...requiredBy([record]), ...requiring.flat()])];
	while (names.length > 0) {
		const read = await Promise.all(names.map((name) => scope.services.records.product(name, view, scope)));
		for (const [index, name] of names.entries())
			found.set(name, { record: read[index] ?? null, installed: products[name]?.installed ?? null });
		names = requiredBy(read).filter((name) => name !== product && !found.has(name));
	}
	return found;
}

function requiredBy(records: readonly (ProductRecord | null)[]): string[] {
	const releases = records.flatMap((record) => record?.releases ?? []).filter(({ withdrawn }) => !withdrawn);
	return [...new Set(releases.flatMap(({ requires = [] }) => requires.map(({ product }) => product)))];
}
