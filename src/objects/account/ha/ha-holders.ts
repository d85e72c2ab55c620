// What becomes of the permits of a device that joins an HA group, or is suspended in one, and of what it was offered in no group: what it
// may still install counts for the others of the group, and no device waits longer than the permit lasts for one that cannot report. Synchronous, in the caller's
// transaction. Devices that leave a group keep theirs for the next one (ha-lock-tables.ts).
import { arrivalEndsAt, type HaPermit } from "../../../entitlement/ha/ha-lock.ts";
import type { DeviceWord } from "../../../fleet/device-state.ts";
import { lastPermit } from "../../../fleet/last-permit.ts";
import { type Device, type DeviceTables, seatHolder } from "../devices/device-tables.ts";
import type { StateTables } from "../fleet/state-tables.ts";
import type { HaArrivalTables } from "./ha-arrival-tables.ts";
import type { HaLockTables } from "./ha-lock-tables.ts";
import type { HaLocks } from "./ha-locks.ts";

export interface HaHoldersParts {
	readonly devices: DeviceTables;
	readonly haLockTables: HaLockTables;
	readonly haLocks: HaLocks;
	readonly haArrivals: HaArrivalTables;
	readonly states: StateTables;
	/** for which a download works that came with an offer */
	readonly urlSeconds: number;
}

export class HaHolders {
	readonly #parts: HaHoldersParts;

	constructor(parts: HaHoldersParts) {
		this.#parts = parts;
	}

	/**
	 * To be called once a device is in a group, or is back in it: the group knows the permits that it has from before, by its last group and
	 * by its own words, and what became of them; and what failed on it without a permit, with the download of an offer.
	 */
	join(device: string, haGroup: string, now: number): void {
		const { haLockTables: tables, haLocks, states } = this.#parts;
		tables.takeAlong(device, haGroup, now);
		for (const [product, state] of Object.entries(states.state(device).products)) {
			const permit = lastPermit(state, now);
			if (permit !== null) this.#bring(haGroup, product, { device, ...permit, mark: "brought" });
			if (state.failedOffer !== null) haLocks.hearFailure({ device, product, ...state.failedOffer }, now);
		}
	}

	/**
	 * To be called in addition once a device is in a group that was registered in none: of what it was offered with a download, of
	 * a release that everybody may have, its account knows nothing.
	 */
	arrive(device: string, since: number): void {
		const { devices, haArrivals, urlSeconds } = this.#parts;
		const until = arrivalEndsAt(since, urlSeconds);
		for (const product of Object.keys(devices.deviceOrThrow(device).grants))
			haArrivals.save({ device, product, since, until });
	}

	/** Takes what a device of a group says of a permit that its account did not give a turn for. */
	hear(device: Device, { at, said }: DeviceWord): void {
		const { haLockTables: tables, haLocks, haArrivals } = this.#parts;
		const { id, haGroup } = device;
		if (haGroup === null || (said.kind !== "permitted" && said.kind !== "reported")) return;
		const { product, version } = said;
		if (said.kind === "permitted") {
			// By an edge that did not know of the group yet, or just before the device joined.
			const { sequence, until, isLocked } = said;
			if (isLocked !== false || sequence === undefined || until === undefined) return;
			this.#bring(haGroup, product, { device: id, version, sequence, at, until, outcome: null, mark: "brought" });
			return;
		}
		if (said.outcome !== "downloaded" && said.outcome !== "installed") haArrivals.end(id, [product], at);
		// It came with the offer, from before the device joined: there is no permit that could say that it failed.
		if (said.sequence !== undefined)
			haLocks.hearFailure({ device: id, product, version, sequence: said.sequence, at }, at);
		const own = tables.permitsFor(haGroup, product).find((permit) => permit.device === id);
		// Word of an earlier permit, that comes late, says nothing of this one.
		if (own?.mark !== "brought" || at < own.at) return;
		haLocks.hear({ deviceId: id, product, version, at: own.at, reported: said.outcome, now: at });
	}

	/** To be called when a device is suspended: it may install what it has, and cannot say what became of it. */
	suspend(device: Device, now: number): void {
		this.#parts.haLockTables.cutPermits(seatHolder(device), device.id, now);
	}

	/** What the group knows of a later permit of the device stays. */
	#bring(haGroup: string, product: string, permit: HaPermit): void {
		const { haLockTables: tables } = this.#parts;
		if (tables.lastAt(haGroup, product, permit.device) < permit.at) tables.savePermit(haGroup, product, permit);
	}
}
