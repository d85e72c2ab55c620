// What becomes of an Account's HA groups: made, changed, removed, joined and left at an operator's wish. A group has one
// seat for as long as one of its devices may have one. Each method is synchronous and runs in the caller's
// transaction.
import { decideJoin, decideLeave, type HaMode, type JoinRefusal } from "../../../entitlement/ha/ha-group.ts";
import { holdsSeat, type License } from "../../../entitlement/licenses/license.ts";
import { firstLeaseEnd } from "../../../entitlement/seats/seat-lease.ts";
import type { Change } from "../../audit.ts";
import { changedSteps } from "../account-records.ts";
import type { DeskParts } from "../desk.ts";
import type { Admission } from "../devices/admission.ts";
import type { Device } from "../devices/device-tables.ts";
import type { Seat } from "../seats/seat-tables.ts";
import type { HaLock } from "./ha-lock-info.ts";
import type { HaState } from "./ha-reports.ts";
import type { HaGroup } from "./ha-tables.ts";

export interface HaGroupInfo extends HaGroup {
	/** in whatever status */
	readonly devices: readonly Device[];
	/** null = none of its devices may have one, or its lease is over */
	readonly seat: Seat | null;
	/** what its devices say of themselves */
	readonly state: HaState;
	readonly locks: readonly HaLock[];
}

/** What an operator sets. */
export interface HaSettings {
	readonly name: string;
	readonly mode: HaMode;
	readonly skewLimitSeconds: number;
	/** see HaGroup */
	readonly sync: boolean;
}

export interface NewHaGroup extends HaSettings {
	readonly id: string;
	readonly license: string;
	/** ids of those that join it */
	readonly devices: readonly string[];
}

/** A device joins or leaves a group. */
export interface Membership {
	/** of the group */
	readonly id: string;
	readonly deviceId: string;
}

/** What an operator wishes of a group. */
export type HaGroupOrder =
	| ({ readonly kind: "create" } & NewHaGroup)
	| { readonly kind: "change"; readonly id: string /** those that change */; readonly settings: Partial<HaSettings> }
	| ({ readonly kind: "join" | "leave" } & Membership)
	| { readonly kind: "delete"; readonly id: string }
	| { readonly kind: "unlock"; readonly id: string; readonly product: string; readonly reason: string };

export type HaGroupResult =
	| { readonly ok: true; readonly changed: boolean; readonly group: HaGroupInfo }
	| {
			readonly ok: false;
			readonly reason: "unknown_account" | "unknown_ha_group" | "unknown_license" | "id_taken" | "no_seat_left";
	  }
	| { readonly ok: false; readonly reason: "unknown_device" | JoinRefusal; readonly deviceId: string };

const UNKNOWN_GROUP = { ok: false, reason: "unknown_ha_group" } as const;

export class HaDesk {
	readonly #parts: DeskParts;
	readonly #admission: Admission;

	constructor(parts: DeskParts, admission: Admission) {
		this.#parts = parts;
		this.#admission = admission;
	}

	/** @returns groups in the order of their ids, from the first one after the given id */
	list(after: string, limit: number, now: number): HaGroupInfo[] {
		return this.#parts.groups.groups(after, limit).map((group) => this.#describe(group, now));
	}

	read(id: string, now: number): HaGroupInfo | null {
		const group = this.#parts.groups.group(id);
		return group === null ? null : this.#describe(group, now);
	}

	obey(order: Change & HaGroupOrder): HaGroupResult {
		switch (order.kind) {
			case "create":
				return this.#create(order);
			case "change":
				return this.#change(order);
			case "join":
				return this.#joinOne(order);
			case "leave":
				return this.#leave(order);
			case "delete":
				return this.#delete(order);
			case "unlock":
				return this.#unlock(order);
		}
	}

	/** With all of its devices, or not at all. */
	#create(input: Change & NewHaGroup): HaGroupResult {
		const { id, name, mode, license, skewLimitSeconds, sync, devices, now } = input;
		const { groups, licenses } = this.#parts;
		if (licenses.license(license) === null) return { ok: false, reason: "unknown_license" };
		if (groups.group(id) !== null) return { ok: false, reason: "id_taken" };
		const group: HaGroup = { id, name, mode, license, skewLimitSeconds, sync, createdAt: now };
		const refusal = this.#refuseJoin(group, devices);
		if (refusal !== null) return refusal;
		groups.saveGroup(group);
		this.#parts.audit(input, "ha_group.create", id, `${name}: ${mode}, license ${license}`);
		this.#joinAll(group, devices, input);
		return this.#done(group, input, true);
	}

	#change(input: Change & { readonly id: string; readonly settings: Partial<HaSettings> }): HaGroupResult {
		const before = this.#parts.groups.group(input.id);
		if (before === null) return UNKNOWN_GROUP;
		const after = { ...before, ...input.settings };
		if (JSON.stringify(after) === JSON.stringify(before)) return this.#done(before, input, false);
		this.#parts.groups.saveGroup(after);
		const { name, mode, skewLimitSeconds, sync } = after;
		const detail = `${name}: ${mode}, skew limit ${skewLimitSeconds} s${sync ? ", synchronised" : ""}`;
		this.#parts.audit(input, "ha_group.change", after.id, detail);
		return this.#done(after, input, true);
	}

	/** The device gives up its own seat and shares the group's. */
	#joinOne(input: Change & Membership): HaGroupResult {
		const group = this.#parts.groups.group(input.id);
		if (group === null) return UNKNOWN_GROUP;
		const refusal = this.#refuseJoin(group, [input.deviceId]);
		return refusal ?? this.#done(group, input, this.#joinAll(group, [input.deviceId], input));
	}

	/** The device takes a seat of its own; the last one keeps the group's. */
	#leave(input: Change & Membership): HaGroupResult {
		const group = this.#parts.groups.group(input.id);
		if (group === null) return UNKNOWN_GROUP;
		const device = this.#parts.devices.device(input.deviceId);
		if (device === null) return { ok: false, reason: "unknown_device", deviceId: input.deviceId };
		if (device.haGroup !== group.id) return this.#done(group, input, false);
		return this.#letGo(group, [device], input) ?? this.#done(group, input, true);
	}

	/** Lets the group go on with a product; see HaLocks. */
	#unlock(input: Change & { readonly id: string; readonly product: string; readonly reason: string }): HaGroupResult {
		const group = this.#parts.groups.group(input.id);
		if (group === null) return UNKNOWN_GROUP;
		const changed = this.#parts.haLocks.unlock(group.id, input.product, input.reason, input);
		return { ok: true, changed, group: this.#describe(group, input.now) };
	}

	/** Only if each of its devices gets a seat of its own. Codes for it are revoked. */
	#delete(input: Change & { readonly id: string }): HaGroupResult {
		const { licenses, groups, devices, audit } = this.#parts;
		const group = groups.group(input.id);
		if (group === null) return UNKNOWN_GROUP;
		const refusal = this.#letGo(group, devices.members(group.id), input);
		if (refusal !== null) return refusal;
		for (const code of licenses.codesOfGroup(group.id)) {
			licenses.revokeCode(code.id);
			audit(input, "code.revoke", code.id, `HA group ${group.id} is deleted`);
		}
		groups.deleteGroup(group.id);
		audit(input, "ha_group.delete", group.id, group.name);
		return this.#done(group, input, true);
	}

	/** To be called once `#refuseJoin` finds nothing in the way. @returns whether any device is new in the group */
	#joinAll(group: HaGroup, deviceIds: readonly string[], by: Change): boolean {
		const joining = deviceIds
			.map((id) => this.#parts.devices.deviceOrThrow(id))
			.filter((device) => device.haGroup !== group.id);
		for (const device of joining) this.#join(group, device, by);
		return joining.length > 0;
	}

	#refuseJoin(group: HaGroup, deviceIds: readonly string[]): (HaGroupResult & { ok: false }) | null {
		let members = this.#parts.devices.members(group.id).length;
		for (const deviceId of deviceIds) {
			const device = this.#parts.devices.device(deviceId);
			if (device === null) return { ok: false, reason: "unknown_device", deviceId };
			const decision = decideJoin({ device, group, members });
			if (!decision.ok) return { ok: false, reason: decision.reason, deviceId };
			if (decision.changed) members += 1;
		}
		return null;
	}

	#join(group: HaGroup, device: Device, by: Change): void {
		const { devices, seatDesk, seatLedger } = this.#parts;
		const own = seatDesk.liveSeat(device, by.now);
		devices.saveDevice({ ...device, haGroup: group.id });
		this.#moved(device, group.id, by);
		seatLedger.together(by, () => {
			seatDesk.vacate(device, by, `joined HA group ${group.id}`);
			if (own !== null) seatDesk.place({ ...own, holder: group.id }, by);
		});
	}

	/** @returns why they stay, all of them; null = they have left */
	#letGo(group: HaGroup, leaving: readonly Device[], by: Change): (HaGroupResult & { ok: false }) | null {
		const { licenses, devices, seatDesk, seatLedger } = this.#parts;
		const license = licenses.license(group.license);
		if (license === null) throw new Error("an HA group without a license");
		const { seatsTaken, ...terms } = seatDesk.roomOf(license, by.now);
		const seat = seatDesk.liveSeat(group.id, by.now);
		const left = new Set(leaving.map(({ id }) => id));
		const staying = devices.members(group.id).filter(({ id }) => !left.has(id));
		const statusOf = ({ status }: Device) => status;
		const decision = decideLeave({
			leaving: leaving.map(statusOf),
			staying: staying.map(statusOf),
			...{ hasSeat: seat !== null, license: terms, seatsTaken },
		});
		if (!decision.ok) return decision;
		seatLedger.together(by, () => {
			for (const device of leaving) this.#leaveWith(seat, device, license, by);
		});
		return null;
	}

	/** @param seat of the group; null = it has none */
	#leaveWith(seat: Seat | null, device: Device, license: License, by: Change): void {
		const { devices, seatDesk } = this.#parts;
		const group = device.haGroup ?? "";
		const isLast = seat !== null && !devices.hasSeatedMember(group, [device.id]);
		const tokensUntil = this.#admission.tokensUntil(device, by.now);
		const until = isLast ? seat.until : firstLeaseEnd(license.leaseSeconds, tokensUntil, by.now);
		devices.saveDevice({ ...device, haGroup: null });
		this.#moved(device, null, by);
		seatDesk.vacate(device, by, "its last device left");
		if (seat !== null && holdsSeat(device.status)) {
			seatDesk.place({ holder: device.id, license: license.id, until }, by);
		}
	}

	#moved(before: Device, haGroup: string | null, by: Change): void {
		this.#admission.noteGroup(by, before.id, before.haGroup, haGroup);
		const { devices, outbox, tokensEndAfter } = this.#parts;
		outbox.add(changedSteps(before, devices.deviceOrThrow(before.id), by.now, tokensEndAfter));
	}

	#done(group: HaGroup, by: Change, changed: boolean): HaGroupResult {
		if (changed) this.#parts.haReports.refresh(group.id, by);
		return { ok: true, changed, group: this.#describe(group, by.now) };
	}

	#describe(group: HaGroup, now: number): HaGroupInfo {
		const devices = this.#parts.devices.members(group.id);
		const state = this.#parts.haReports.describe(group);
		const locks = this.#parts.haLocks.describe(group.id, now);
		return { ...group, devices, seat: this.#parts.seatDesk.liveSeat(group.id, now), state, locks };
	}
}
