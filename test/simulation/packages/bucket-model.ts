// The storage of packages as uploads and removals meet it: strongly consistent, and slow. What fails may have taken effect before, or
// may do so later, but a delete at the latest within the time that a removal's claim allows for it.
import { REMOVAL_CLAIM_SECONDS, REMOVE_WITHIN_SECONDS } from "../../../src/content/package-claim.ts";
import type { PackagePage, PackageStore } from "../../../src/storage/packages/package-store.ts";
import type { Random } from "../random.ts";
import type { VirtualTime } from "../virtual-time.ts";

/** How long after it was sent a delete may still land. */
const LATE_MS = (REMOVAL_CLAIM_SECONDS - REMOVE_WITHIN_SECONDS) * 1_000;

export class BucketModel implements Pick<PackageStore, "list" | "remove"> {
	/** digest → when it was stored, unix seconds */
	readonly packages = new Map<string, number>();
	readonly #time: VirtualTime;
	readonly #random: Random;
	readonly #onRemoval: (sha256: string) => void;
	/** how likely it is that a write fails */
	faults = 0;

	/** @param onRemoval is told each digest whose bytes go */
	constructor(time: VirtualTime, random: Random, onRemoval: (sha256: string) => void) {
		this.#time = time;
		this.#random = random;
		this.#onRemoval = onRemoval;
	}

	/** The sender's bytes take their time; where the package was there at the begin, they are compared and thrown away. */
	async put(sha256: string, seconds: number): Promise<"stored"> {
		const isThere = this.packages.has(sha256);
		await this.#time.pass(seconds * 1_000);
		if (!isThere) this.#write(() => this.packages.set(sha256, Math.floor(this.#time.nowMs() / 1_000)));
		return "stored";
	}

	async list(after: string, limit: number): Promise<PackagePage> {
		const found = [...this.packages.keys()].filter((sha256) => sha256 > after).toSorted();
		const listed = (sha256: string) => ({ sha256, size: 1, uploadedAt: this.packages.get(sha256) ?? 0 });
		const packages = found.slice(0, limit).map(listed);
		return { packages, next: found.length > limit ? (packages.at(-1)?.sha256 ?? null) : null };
	}

	async remove(sha256: string): Promise<"removed"> {
		this.#write(() => {
			if (this.packages.delete(sha256)) this.#onRemoval(sha256);
		});
		return "removed";
	}

	/** @throws where the caller learns of no outcome: it took effect, it never does, or it will */
	#write(effect: () => void): void {
		if (!this.#random.chance(this.faults)) {
			effect();
			return;
		}
		const kind = this.#random.pick(["before", "after", "later", "later"] as const);
		if (kind === "after") effect();
		if (kind === "later") this.#time.after(this.#random.between(0, LATE_MS), effect);
		throw new Error("no answer");
	}
}
