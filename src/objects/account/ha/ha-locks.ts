// The locks of an Account's HA groups, one per group and product: gives and ends permits, hears what became of them, and tells of a
// group that cannot go on. Synchronous, in the caller's transaction; who may go is decided in entitlement/ha/ha-lock.ts. Nothing
// here needs an alarm: what time has changed is found when the next device asks.
import { couldHave, type WantedRelease } from "../../../content/releases/could-have.ts";
import {
	decideHaPermit,
	type HaMember,
	type HaPermit,
	type HaRefusal,
	type HaWord,
	haPermitState,
	hasFailed,
	hearHaReport,
	isSamePermit,
	type ProductPermit,
} from "../../../entitlement/ha/ha-lock.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import type { FailedOffer } from "../../../fleet/failed-offer.ts";
import { runningVersion } from "../../../fleet/last-permit.ts";
import type { Change, WriteAudit } from "../../audit.ts";
import type { Device, DeviceTables } from "../devices/device-tables.ts";
import type { StateTables } from "../fleet/state-tables.ts";
import type { HaArrival, HaArrivalTables } from "./ha-arrival-tables.ts";
import { describeHaLocks, type HaLock } from "./ha-lock-info.ts";
import type { HaLockTables } from "./ha-lock-tables.ts";
import type { HaReportTables } from "./ha-report-tables.ts";
import type { HaStops } from "./ha-stops.ts";
import type { HaGroup, HaTables } from "./ha-tables.ts";

export interface HaLockQuestion {
	readonly deviceId: string;
	readonly product: string;
	readonly version: string;
	/** the version's position in the product's history: the higher, the newer */
	readonly sequence: number;
	/** so that nobody waits for a device that is kept from it; left out by edges of an earlier deployment */
	readonly release?: WantedRelease;
	/** unix seconds at which the lock ends without a word: later than the device's permit */
	readonly until: number;
	/** the same, where its lease of a rollout lasts longer: by the clock of the Product, so that no edge's clock cuts it */
	readonly leaseUntil?: number;
	/** unix seconds, by the edge */
	readonly now: number;
}

/**
 * `at`: by it a report finds its permit again; null = the device is in no group, so there is nothing to lock. `peers`: the others that
 * are in its group now. `isUnlocked`: an operator lets the version come to the group, whatever became of it on another device there.
 * `isReturned`: the device has given its last permit back, by this refusal or before, so no word on it is to be awaited.
 */
export type HaLockOutcome =
	| { readonly ok: true; readonly at: number | null; readonly peers: readonly string[]; readonly isUnlocked: boolean }
	| {
			readonly ok: false;
			readonly reason: HaRefusal;
			readonly peer: string;
			readonly retryAfter: number;
			readonly isReturned: boolean;
	  };

export interface HaLockReport {
	readonly deviceId: string;
	readonly product: string;
	readonly version: string;
	/** of the permit; null = whichever is under way */
	readonly at: number | null;
	readonly reported: HaWord;
	/** unix seconds, by the edge */
	readonly now: number;
}

export interface HaLocksParts {
	readonly audit: WriteAudit;
	readonly devices: DeviceTables;
	readonly groups: HaTables;
	readonly haReportTables: HaReportTables;
	readonly haLockTables: HaLockTables;
	readonly haArrivals: HaArrivalTables;
	readonly haStops: HaStops;
	readonly states: StateTables;
}

/** For so long nobody gets a turn once the locks were closed: longer than it takes to set an account back. */
const CLOSED_SECONDS = 60;

type Could = (device: Device, installed: string | null) => boolean;

export class HaLocks {
	readonly #parts: HaLocksParts;
	/** unix seconds */
	#closedUntil = 0;

	constructor(parts: HaLocksParts) {
		this.#parts = parts;
	}

	/** Gives the device a permit, or its own again. A refusal ends the one that it had. The device's row names the group. */
	ask({ deviceId, product, version, sequence, release, leaseUntil = 0, now, ...asked }: HaLockQuestion): HaLockOutcome {
		const { haLockTables: tables, haStops: stops, haArrivals } = this.#parts;
		const until = Math.max(asked.until, leaseUntil);
		const group = this.#groupOf(deviceId);
		if (group === null) return { ok: true, at: null, peers: [], isUnlocked: false };
		if (this.isClosed(now)) {
			const refused = { reason: "ha_peer_under_way", peer: deviceId, retryAfter: CLOSED_SECONDS } as const;
			return { ok: false, ...refused, isReturned: false };
		}
		const { id, mode, sync } = group;
		const permits = tables.permitsFor(id, product);
		// Who asks is not installing.
		haArrivals.end(deviceId, [product], now);
		const arriving = this.#arriving(id, now, product).map(({ device }) => device);
		const stop = stops.of(id, product).find((one) => one.version === version);
		const within = group.skewLimitSeconds;
		const members = this.#members(id, product, (device, installed) => {
			if (release === undefined) return true;
			const engine = this.#parts.states.state(device.id).sighting?.engine ?? null;
			return couldHave(release, product, { profile: device, engine, installed }, within, now);
		});
		const failed = stop?.state === "blocked" ? stop.device : null;
		const isOrderWaived = stop?.state === "unlocked";
		const question = {
			mode,
			sync,
			device: deviceId,
			version,
			sequence,
			members,
			permits,
			arriving,
			failed,
			isOrderWaived,
		};
		const decision = decideHaPermit(question, now);
		const own = permits.find(({ device }) => device === deviceId);
		const isOpen = own !== undefined && haPermitState(own, now) === "under_way";
		if (!decision.ok) {
			if (isOpen) tables.giveBack(id, product, deviceId);
			const { reason, peer } = decision;
			if (reason !== "ha_peer_under_way") {
				const state = reason === "ha_peer_first" ? "waiting" : "blocked";
				stops.note(group, product, { version, sequence, state, device: peer }, now);
			}
			return { ...decision, isReturned: tables.hasReturned(id, product, deviceId) };
		}
		const isSame = isOpen && isSamePermit(own, version, now);
		const isUntold = isOpen && !isSame && own.version === version && own.mark === null;
		// A report on an earlier permit of the same second must not count for this one.
		const at = isSame ? own.at : Math.max(now, tables.lastAt(id, product, deviceId) + 1);
		const end = isSame ? Math.max(own.until, leaseUntil) : until;
		// A device that is refused in the end stands as before; but not with a permit that was under way, since who asks is not installing.
		const before = isOpen ? tables.before(id, product, deviceId) : (own ?? null);
		const permit = { device: deviceId, version, sequence, at, until: end, outcome: null, mark: null };
		tables.savePermit(id, product, permit, before);
		// Its permit said what failed; from now on the stop does.
		if (own !== undefined && (isUntold || hasFailed(own, now))) stops.block(group, product, own, members, now);
		stops.start(id, product, sequence);
		const peers = members.flatMap(({ device }) => (device === deviceId ? [] : device));
		return { ok: true, at, peers, isUnlocked: isOrderWaived };
	}

	/**
	 * Gives no permit for a minute, or until the object ends: for an account that is about to be set back, which forgets them.
	 * @returns the permits that are under way, at most so many
	 */
	close(now: number, limit: number): ProductPermit[] {
		this.#closedUntil = now + CLOSED_SECONDS;
		return this.#parts.haLockTables.underWay(now, limit);
	}

	isClosed(now: number): boolean {
		return now < this.#closedUntil;
	}

	open(): void {
		this.#closedUntil = 0;
	}

	/** Takes back permits that the account has forgotten; what it knows of later ones stays. Again changes nothing. */
	takeBack(permits: readonly ProductPermit[]): void {
		const { haLockTables: tables } = this.#parts;
		for (const { product, ...permit } of permits) {
			const group = this.#groupOf(permit.device);
			if (group === null) continue;
			const own = tables.permitsFor(group.id, product).find(({ device }) => device === permit.device);
			if (own === undefined || own.at < permit.at) tables.savePermit(group.id, product, permit);
		}
	}

	/** Takes what became of a permit; a word about another one than the last changes nothing. */
	hear({ deviceId, product, version, at, reported, now }: HaLockReport): void {
		const { haLockTables: tables, haStops: stops } = this.#parts;
		const group = this.#groupOf(deviceId);
		// Of a device that has left, and may join a group again.
		const id = group?.id ?? deviceId;
		const own = tables.permitsFor(id, product).find(({ device }) => device === deviceId);
		if (own === undefined || (at === null && haPermitState(own, now) !== "under_way")) return;
		const after = hearHaReport(own, version, at, reported);
		if (after === null) return;
		if (after === "given_back") {
			tables.giveBack(id, product, deviceId);
			return;
		}
		tables.savePermit(id, product, after);
		if (group === null) return;
		if (after.outcome === "healthy") {
			stops.pass(id, product, after);
			return;
		}
		const members = this.#members(id, product);
		if (stops.isWaitedFor(id, product, after, members))
			stops.note(group, product, { version, sequence: after.sequence, state: "blocked", device: deviceId }, now);
	}

	/**
	 * A version failed on a device of a group that had no permit for it: the others are spared it, unless an operator has let it come to them
	 * since the device said so.
	 */
	hearFailure(
		{ product, at, ...failed }: FailedOffer & Pick<HaPermit, "device"> & { readonly product: string },
		now: number,
	): void {
		const group = this.#groupOf(failed.device);
		if (group === null) return;
		const { haStops: stops } = this.#parts;
		const known = stops.of(group.id, product).find(({ version }) => version === failed.version);
		if (known?.state === "unlocked" && known.since >= at) return;
		stops.block(group, product, failed, this.#members(group.id, product), now);
	}

	/**
	 * An operator's word: the group's last version of a product may come to its devices in whatever order, and whatever permit
	 * was open or had failed is forgotten.
	 * @returns whether there was anything to unlock
	 */
	unlock(id: string, product: string, reason: string, by: Change): boolean {
		const { haLockTables: tables, haStops: stops, haArrivals, audit } = this.#parts;
		const isHeld = (permit: HaPermit) => !["healthy", "over"].includes(haPermitState(permit, by.now));
		const held = tables.permitsFor(id, product).filter(isHeld);
		const arriving = this.#arriving(id, by.now, product);
		const known = stops.of(id, product);
		const standing = [...known.filter(({ state }) => state !== "unlocked"), ...held];
		const [unlocked] = standing.sort((one, other) => other.sequence - one.sequence);
		const isNew = unlocked !== undefined;
		if (!isNew && arriving.length === 0) return false;
		for (const { device } of arriving) haArrivals.end(device, [product], by.now);
		for (const { device } of held) tables.forgetPermit(id, product, device);
		if (isNew) {
			const { version, sequence } = unlocked;
			for (const one of known) tables.deleteStop(id, product, one.version);
			tables.saveStop(id, product, { version, sequence, state: "unlocked", device: null, since: by.now, told: true });
		}
		audit(by, "ha_group.unlock", id, `${product}${isNew ? ` ${unlocked.version}` : ""}: ${reason}`);
		return true;
	}

	describe(id: string, now: number): HaLock[] {
		const { haLockTables: tables } = this.#parts;
		return describeHaLocks(tables.permits(id), tables.stops(id), this.#arriving(id, now), now);
	}

	/** @param product null = each */
	#arriving(id: string, now: number, product: string | null = null): HaArrival[] {
		const devices = this.#parts.devices.members(id).filter(({ status }) => holdsSeat(status));
		const arriving = this.#parts.haArrivals.of(
			devices.map((device) => device.id),
			now,
		);
		return product === null ? arriving : arriving.filter((one) => one.product === product);
	}

	#groupOf(deviceId: string): HaGroup | null {
		const device = this.#parts.devices.device(deviceId);
		if (device === null || device.haGroup === null || !holdsSeat(device.status)) return null;
		return this.#parts.groups.group(device.haGroup);
	}

	/** @param could whether an active device could have what is asked for */
	#members(id: string, product: string, could: Could = () => true): HaMember[] {
		const reports = new Map(this.#parts.haReportTables.reports(id).map((one) => [one.device, one]));
		return this.#parts.devices
			.members(id)
			.filter(({ status }) => holdsSeat(status))
			.map((device) => {
				const { role = null, priority = null, installed: all = null, at = 0 } = reports.get(device.id) ?? {};
				const said = all !== null && Object.hasOwn(all, product) ? (all[product] ?? null) : null;
				const installed = runningVersion(said, at, this.#parts.states.state(device.id).products[product]);
				const isAwaited = device.status === "active" && could(device, installed);
				return { device: device.id, isAwaited, role, priority, installed };
			});
	}
}
