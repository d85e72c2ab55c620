// Takes down what edges heard the Account's devices say. Synchronous, in the caller's transaction. However often a device says
// something new, it is written so many times at once and once in five minutes after that; what is left out, its next words say too.
import type { Allowance } from "../../../entitlement/allowance.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import { LATE_SECONDS, type LateInstallation } from "../../../fleet/adoption.ts";
import { type DeviceState, type DeviceWord, hear, lastHeard } from "../../../fleet/device-state.ts";
import { newInstallations } from "../../../fleet/told-installations.ts";
import type { Device, DeviceTables } from "../devices/device-tables.ts";
import { DeviceAllowance } from "./device-allowance.ts";
import type { StateTables } from "./state-tables.ts";
import type { FleetChange } from "./summary-desk.ts";

/** Writes of one device: an update of five products is fifteen words. */
const WRITES: Allowance = { everySeconds: 300, burst: 40 };
/** A device that is heard of after so long is news to those who count silent ones. */
const SILENCE_SECONDS = 20 * 3_600;

const HASTE: Readonly<Record<FleetChange, number>> = { seen: 0, told: 1, news: 2 };

export interface StateDeskParts {
	readonly devices: DeviceTables;
	readonly states: StateTables;
	/** to be called before what is known of a device is written */
	readonly changing: (device: string) => void;
	/** is told of all words, those that are not about a device's state too */
	readonly heard: (words: readonly DeviceWord[]) => void;
	/** is told of each word of a device that is in an HA group */
	readonly heardInGroup: (device: Device, word: DeviceWord) => void;
	/** to be called with what a device has installed before it told so */
	readonly installedEarlier: (installation: LateInstallation) => void;
	/** to be called when something was written */
	readonly changed: (now: number, change: FleetChange) => void;
}

export class StateDesk {
	readonly #parts: StateDeskParts;
	readonly #writes = new DeviceAllowance(WRITES);

	constructor(parts: StateDeskParts) {
		this.#parts = parts;
	}

	/** @param words in the order in which they were said; those of one device are written as one */
	hear(words: readonly DeviceWord[]): void {
		this.#parts.heard(words);
		let lastAt = 0;
		let change: FleetChange = "seen";
		for (const [device, said] of Map.groupBy(words, (word) => word.device)) {
			const written = this.#hearOne(device, said);
			if (written === null) continue;
			lastAt = Math.max(lastAt, ...said.map(({ at }) => at));
			if (HASTE[written] > HASTE[change]) change = written;
		}
		if (lastAt > 0) this.#parts.changed(lastAt, change);
	}

	/** @returns what was written; null = nothing */
	#hearOne(device: string, words: readonly DeviceWord[]): FleetChange | null {
		const known = this.#parts.devices.device(device);
		if (known === null || !holdsSeat(known.status)) return null;
		if (known.haGroup !== null) for (const word of words) this.#parts.heardInGroup(known, word);
		const grants = new Set(Object.keys(known.grants));
		const before = this.#parts.states.state(device);
		let after = before;
		const late: LateInstallation[] = [];
		for (const word of words) {
			const next = hear(after, word, grants);
			if (next !== after) late.push(...lateInstallations(after, word, grants));
			after = next;
		}
		const now = words.at(-1)?.at ?? 0;
		if (after === before || !this.#writes.take(device, now)) return null;
		this.#parts.changing(device);
		this.#parts.states.save(device, after);
		for (const one of late) this.#parts.installedEarlier(one);
		const heard = lastHeard(before);
		const isBack = heard === null || now - heard > SILENCE_SECONDS;
		if (after.products === before.products) return isBack ? "news" : "seen";
		return !isBack && words.every(isToldLate) ? "told" : "news";
	}
}

/** A check whose device was not heard while it installed. */
function isToldLate({ at, said }: DeviceWord): boolean {
	if (said.kind !== "checked") return false;
	return said.products.some(({ installations = [] }) => installations.some((one) => at - one.at >= LATE_SECONDS));
}

/** Of products that the device is counted under already: a new one adds to the fleet when it is heard of. */
function lateInstallations(
	before: DeviceState,
	{ at: now, said }: DeviceWord,
	grants: ReadonlySet<string>,
): LateInstallation[] {
	if (said.kind !== "checked") return [];
	return said.products.flatMap(({ product, installations = [] }) => {
		const known = Object.hasOwn(before.products, product) ? before.products[product] : undefined;
		if (known === undefined || !grants.has(product) || now < known.changedAt) return [];
		return newInstallations(known, installations, now)
			.filter(({ at }) => now - at >= LATE_SECONDS)
			.map((one) => ({ ...one, product, devices: 1 }));
	});
}
