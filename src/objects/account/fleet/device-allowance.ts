// How often something is done for each device of an Account. Remembered in memory, where it costs no row: an object that wakes anew allows
// each device as much as a long rest does.
import { type Allowance, allowedFrom, spend } from "../../../entitlement/allowance.ts";
import { createBoundedEntries } from "../../../storage/bounded-entries.ts";

/** Devices that are remembered; of more, those give way that were not heard of lately. */
const MAX_REMEMBERED = 20_000;

export class DeviceAllowance {
	readonly #allowance: Allowance;
	readonly #spentTo = createBoundedEntries<number>(MAX_REMEMBERED);

	constructor(allowance: Allowance) {
		this.#allowance = allowance;
	}

	/** @param now unix seconds @returns whether it is allowed once more; if so, it is spent */
	take(device: string, now: number): boolean {
		const spentTo = this.#spentTo.get(device) ?? 0;
		if (now < allowedFrom(spentTo, this.#allowance)) return false;
		this.#spentTo.set(device, spend(spentTo, now, this.#allowance));
		return true;
	}
}
