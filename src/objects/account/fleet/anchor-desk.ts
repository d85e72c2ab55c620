// Takes down what the Account's devices say their updates rest on: a row for each device, written when it says something else, and once a
// week. Synchronous, in the caller's transaction.
import type { Allowance } from "../../../entitlement/allowance.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import type { DeviceWord } from "../../../fleet/device-state.ts";
import { anchorsSaid, hearAnchors } from "../../../fleet/trust-anchors.ts";
import type { DeviceTables } from "../devices/device-tables.ts";
import type { AnchorTables } from "./anchor-tables.ts";
import { DeviceAllowance } from "./device-allowance.ts";

/** Rows that one device may have written: one that says something else each time makes a row a day. */
const WRITES: Allowance = { everySeconds: 86_400, burst: 4 };

export interface AnchorDeskParts {
	readonly tables: AnchorTables;
	readonly devices: Pick<DeviceTables, "device">;
	/** to be called before what is known of a device is written */
	readonly changing: (device: string) => void;
	/** to be called when something was written @param now unix seconds */
	readonly changed: (now: number) => void;
}

export class AnchorDesk {
	readonly #parts: AnchorDeskParts;
	readonly #writes = new DeviceAllowance(WRITES);

	constructor(parts: AnchorDeskParts) {
		this.#parts = parts;
	}

	/** Of other words nothing. */
	hear(words: readonly DeviceWord[]): void {
		const { tables, devices, changing, changed } = this.#parts;
		for (const { device, at, said } of words) {
			if (said.kind !== "anchors" && said.kind !== "certificate") continue;
			const known = devices.device(device);
			if (known === null || !holdsSeat(known.status)) continue;
			const before = tables.anchors(device);
			const after = hearAnchors(before, anchorsSaid(before, said), at);
			if (after === before || !this.#writes.take(device, at)) continue;
			changing(device);
			tables.save(device, after);
			changed(at);
		}
	}
}
