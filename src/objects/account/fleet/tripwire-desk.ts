// Tells of the Account's devices whose key or token is used from two networks at once, and suspends them where the account wants that.
// The rule is in fleet/tripwire.ts. Synchronous, in the caller's transaction; a device that stays where it is costs no read and no row.
import { type Allowance, allowedFrom, spend } from "../../../entitlement/allowance.ts";
import type { DeviceWord } from "../../../fleet/device-state.ts";
import { networkName } from "../../../fleet/network.ts";
import { type Finding, hearNetwork, type Stay, type Suspends, suspendsBy } from "../../../fleet/tripwire.ts";
import { type BoundedEntries, createBoundedEntries } from "../../../storage/bounded-entries.ts";
import { formatTimestamp } from "../../../timestamps.ts";
import { type Change, SERVICE, type WriteAudit } from "../../audit.ts";
import type { DeviceTables } from "../devices/device-tables.ts";
import { DeviceAllowance } from "./device-allowance.ts";
import type { TripwireTables } from "./tripwire-tables.ts";

/** Changes of network of one device that are heard: one with two uplinks that comes by both makes no more rows. */
const CHANGES: Allowance = { everySeconds: 3 * 3_600, burst: 10 };
/** Events of an account; what is not told now is told when the device changes its network again. */
const EVENTS: Allowance = { everySeconds: 600, burst: 20 };
/** Devices of an account that are suspended: more at once are behind one tunnel rather than all copied. */
const SUSPENSIONS: Allowance = { everySeconds: 6 * 3_600, burst: 3 };
/** Devices whose network is remembered, in memory. */
const MAX_REMEMBERED = 20_000;

export type TripwireOrder =
	| { readonly kind: "read" }
	| (Change & { readonly kind: "set"; readonly suspends: Suspends });

export interface TripwireSetting {
	readonly suspends: Suspends;
	/** whether the order made it so */
	readonly changed: boolean;
}

export interface TripwireDeskParts {
	readonly tables: TripwireTables;
	readonly devices: Pick<DeviceTables, "device">;
	/** unix seconds when a device was last heard of, as far as is written; 0 = never */
	readonly heardAt: (device: string) => number;
	readonly suspend: (change: Change, device: string, reason: string) => void;
	readonly audit: WriteAudit;
	/** id of the account */
	readonly account: () => string;
}

export class TripwireDesk {
	readonly #parts: TripwireDeskParts;
	readonly #changes = new DeviceAllowance(CHANGES);
	/** in which network a device is, as its row says, and when it was last heard there */
	readonly #lastHeard: BoundedEntries<{ readonly name: string; readonly at: number }> =
		createBoundedEntries(MAX_REMEMBERED);

	constructor(parts: TripwireDeskParts) {
		this.#parts = parts;
	}

	hear(words: readonly DeviceWord[]): void {
		for (const word of words) {
			const { device, at, network } = word;
			if (network == null) continue;
			const name = networkName(network);
			const last = this.#lastHeard.get(device);
			if (last?.name === name) this.#lastHeard.set(device, { name, at: Math.max(at, last.at) });
			else this.#hearFrom({ ...word, network }, name, last?.at ?? 0);
		}
	}

	obey(order: TripwireOrder): TripwireSetting {
		const { tables, audit, account } = this.#parts;
		const state = tables.state();
		if (order.kind === "read" || order.suspends === state.suspends) return { suspends: state.suspends, changed: false };
		const { suspends } = order;
		tables.saveState({ ...state, suspends });
		audit(order, "account.tripwire", account(), suspends);
		return { suspends, changed: true };
	}

	#hearFrom(word: DeviceWord & { readonly network: NonNullable<DeviceWord["network"]> }, name: string, heard: number) {
		const { tables, devices, heardAt } = this.#parts;
		const { device, at, network } = word;
		if (devices.device(device)?.status !== "active") return;
		const before = tables.networks(device);
		const here = before?.stays[0];
		if (here !== undefined && networkName(here.network) === name) {
			this.#lastHeard.set(device, { name, at: Math.max(at, here.last) });
			return;
		}
		const heardBefore = Math.max(heard, heardAt(device));
		const { after, finding } = hearNetwork(before, { network, at, heardBefore });
		if (after === before || !this.#changes.take(device, at)) return;
		if (finding !== null && !this.#tell(device, finding, at)) return;
		this.#lastHeard.delete(device);
		tables.saveNetworks(device, after);
	}

	/** @returns false = too much was told lately */
	#tell(device: string, finding: Finding, now: number): boolean {
		const { tables, audit, suspend } = this.#parts;
		const state = tables.state();
		if (now < allowedFrom(state.toldTo, EVENTS)) return false;
		const toldTo = spend(state.toldTo, now, EVENTS);
		const isWanted = suspendsBy(state.suspends, finding.rule);
		const isSuspended = isWanted && now >= allowedFrom(state.suspendedTo, SUSPENSIONS);
		const suspendedTo = isSuspended ? spend(state.suspendedTo, now, SUSPENSIONS) : state.suspendedTo;
		tables.saveState({ ...state, toldTo, suspendedTo });
		const by = { actor: SERVICE, now };
		const done = isSuspended ? "suspended" : isWanted ? NOT_SUSPENDED : SUGGESTED;
		audit(by, "device.tripwire", device, `${finding.rule}: ${describe(finding)}; ${done}`);
		if (isSuspended)
			suspend(by, device, `tripwire ${finding.rule}: its key or token was used from two networks at once`);
		return true;
	}
}

const SUGGESTED = "ask its owner, then suspend or replace it";
const NOT_SUSPENDED = `not suspended, since so many were; ${SUGGESTED}`;

function describe({ stays, km }: Finding): string {
	const [from, to] = stays.map((stay: Stay) => `${networkName(stay.network)} ${formatTimestamp(stay.last)}`);
	return `${from}, ${to}${km === null ? "" : `, ${Math.round(km)} km apart`}`;
}
