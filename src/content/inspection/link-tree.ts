// The symbolic links of an archive, by the parts of their paths: whether a path goes through one costs a step for each of its parts. With
// the paths as wholes each part would cost as much as all before it, and a few entries that are thousands of folders deep minutes.
import { WalkEnded } from "./finding.ts";

/** Of all paths of links together, what they share counted once: each is a map in memory. */
const MAX_PARTS = 100_000;

interface Node {
	isLink: boolean;
	readonly below: Map<string, Node>;
}

export class LinkTree {
	readonly #root: Node = { isLink: false, below: new Map() };
	#parts = 0;

	/** @throws WalkEnded where there are too many to be kept */
	add(parts: readonly string[]): void {
		let node = this.#root;
		for (const part of parts) {
			let next = node.below.get(part);
			if (next === undefined) {
				this.#parts += 1;
				if (this.#parts > MAX_PARTS)
					throw new WalkEnded("too_many_entries", `its links lie in more than the ${MAX_PARTS} folders that may be`);
				next = { isLink: false, below: new Map() };
				node.below.set(part, next);
			}
			node = next;
		}
		node.isLink = true;
	}

	/** @returns whether the path, or one that it goes through, is a link */
	has(parts: readonly string[]): boolean {
		let node: Node | undefined = this.#root;
		for (const part of parts) {
			node = node.below.get(part);
			if (node === undefined) return false;
			if (node.isLink) return true;
		}
		return false;
	}
}
