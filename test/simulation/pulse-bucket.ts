// The public bucket of the pulses: R2 under the real adapter, with faults, and writes that land after they were given up.
import { createR2PulseStore, type PulseStore } from "../../src/storage/r2-pulse-store.ts";
import { forever, type World } from "./stores.ts";

interface Held {
	readonly etag: string;
	readonly revision: number;
}

/** Named by product here ("" = the messages), with the revision for a value: what stands there is then readable. */
export class PulseBucket {
	readonly #world: World;
	readonly #held = new Map<string, Held>();
	#writes = 0;
	/** pulses that took the place of a later one */
	regressed = 0;

	constructor(world: World) {
		this.#world = world;
	}

	/** @returns 0 = there is none */
	revisionOf(name: string): number {
		return this.#held.get(`p/${name}`)?.revision ?? 0;
	}

	/** The bucket as an object at a location has it. */
	at(location: number): PulseStore {
		const bucket = {
			head: async (key: string) => {
				await this.#reach("read", location);
				return this.#held.get(key) ?? null;
			},
			put: async (key: string, text: string, { onlyIf }: { onlyIf: R2Conditional }) => {
				const { time, random, faults } = this.#world;
				const fault = faults.of("pulses", "write", location, time.nowMs());
				if (fault === "before") throw new Error("R2 PUT failed");
				if (fault === "hang") return forever();
				await time.pass(fault === "stall" ? random.between(2_000, 120_000) : random.between(20, 300));
				const written = this.#write(key, (JSON.parse(text) as { revision: number }).revision, onlyIf);
				if (fault === "after") throw new Error("R2 PUT failed");
				return fault === "hang_after" ? forever() : written;
			},
		};
		return createR2PulseStore(bucket as unknown as R2Bucket);
	}

	#write(key: string, revision: number, { etagMatches }: R2Conditional): Held | null {
		const before = this.#held.get(key);
		if (before?.etag !== etagMatches) return null;
		if (before !== undefined && before.revision > revision) this.regressed += 1;
		const written = { etag: String(++this.#writes), revision };
		this.#held.set(key, written);
		return written;
	}

	async #reach(operation: "read", location: number): Promise<void> {
		const { time, random, faults } = this.#world;
		const fault = faults.of("pulses", operation, location, time.nowMs());
		if (fault === "hang") return forever();
		await time.pass(fault === "slow" ? 2_000 : random.between(5, 60));
		if (fault !== null && fault !== "slow") throw new Error("R2 HEAD failed");
	}
}
