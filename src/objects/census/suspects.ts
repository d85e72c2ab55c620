// Tells the products of versions that fail often. Each is told when a number of failures has changed, once an hour where it stays, since other devices say meanwhile that they run the
// version, and no more once the product says
// that it changes nothing; what was told is kept in memory alone: a product that hears it twice does nothing twice.
import { isSuspect, type ProductCount, type VersionCount } from "../../fleet/regression.ts";

const HOUR = 3_600;
/** Versions of a product that it is told of: those that most devices have, or failed with. */
const MAX_VERSIONS = 200;

export class Suspects {
	readonly #tell: (product: string, count: ProductCount) => Promise<readonly string[]>;
	/** by product: the failures that it was told of, and in which hour */
	readonly #told = new Map<string, string>();
	/** by product: versions of which it wants to hear no more */
	readonly #settled = new Map<string, Set<string>>();

	/** @param tell returns versions that need not be told again */
	constructor(tell: (product: string, count: ProductCount) => Promise<readonly string[]>) {
		this.#tell = tell;
	}

	/** Never rejects: a product that does not answer is told again with the next numbers. @param now unix seconds */
	async look(products: ReadonlyMap<string, ProductCount>, now: number): Promise<void> {
		await Promise.all(Array.from(products, ([product, count]) => this.#look(product, count, now)));
	}

	async #look(product: string, { versions, other }: ProductCount, now: number): Promise<void> {
		const settled = this.#settled.get(product) ?? new Set();
		const suspects = versions.filter((one) => !settled.has(one.version) && isSuspect(one, other));
		if (suspects.length === 0) return;
		const numbers = suspects.map(({ version, failed }) => [version, failed]).toSorted();
		const failures = JSON.stringify([Math.floor(now / HOUR), numbers]);
		if (this.#told.get(product) === failures) return;
		try {
			for (const version of await this.#tell(product, { versions: mostOf(versions), other })) settled.add(version);
			this.#settled.set(product, settled);
			this.#told.set(product, failures);
		} catch {
			this.#told.delete(product);
		}
	}
}

function mostOf(versions: readonly VersionCount[]): readonly VersionCount[] {
	if (versions.length <= MAX_VERSIONS) return versions;
	return versions.toSorted((a, b) => b.running + b.failed - a.running - a.failed).slice(0, MAX_VERSIONS);
}
