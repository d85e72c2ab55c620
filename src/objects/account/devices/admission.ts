// A device gets its place: under a license, with a seat of its own or its part in that of an HA group. The facts of the
// decision and its consequences, for both who ask: a device with a code, and an operator. Each method is synchronous and
// runs in the caller's transaction.

import { channelLabels } from "../../../content/releases/channel.ts";
import { type Allowance, allowedFrom, spend } from "../../../entitlement/allowance.ts";
import type { ActivationKind, KnownDevice, SeatFacts } from "../../../entitlement/devices/activation.ts";
import type { DevicePublicKey, DeviceRecord, DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import { MAX_HA_MEMBERS } from "../../../entitlement/ha/ha-group.ts";
import { type License, lastEndOf } from "../../../entitlement/licenses/license.ts";
import { firstLeaseEnd } from "../../../entitlement/seats/seat-lease.ts";
import { type Labels, mergeLabels } from "../../../names.ts";
import type { Change } from "../../audit.ts";
import { accessStep, changedSteps, deviceStep, leaveFixedStep } from "../account-records.ts";
import type { DeskParts } from "../desk.ts";
import type { HaGroup } from "../ha/ha-tables.ts";
import type { Code } from "../licenses/license-tables.ts";
import type { Device } from "./device-tables.ts";

/** Where a device is to be. */
export interface Place {
	readonly license: License;
	/** of the same license; null = a seat of its own */
	readonly group: HaGroup | null;
	/** the device whose place this is, and which leaves it; null = it is nobody's */
	readonly replaced: Device | null;
}

/** What a device says of itself. */
export interface DeviceClaims {
	readonly jwk: DevicePublicKey;
	/** RFC 7638 thumbprint of `jwk`; the device has proved that it holds the key */
	readonly jkt: string;
	readonly serial: string;
	readonly model: string;
	readonly labels: Labels;
	/** whether it wants no token without a DPoP proof */
	readonly dpopBound: boolean;
	/** by which it is to be known; left out = by its key */
	readonly certificates?: DeviceRecord["certificates"];
}

export interface Newcomer {
	readonly claims: DeviceClaims;
	readonly known: Device | null;
	readonly candidateId: string;
	readonly imported?: { readonly status: DeviceStatus };
}

/**
 * How often one device may return, or move to another license: each is news for every edge. Who leaves is never refused,
 * because a device must have returned before it can leave again.
 */
export const RETURNS: Allowance = { everySeconds: 600, burst: 10 };

export class Admission {
	readonly #parts: DeskParts;

	constructor(parts: DeskParts) {
		this.#parts = parts;
	}

	/** @param of a code, or the device that is replaced @throws Error when its license is not there, which cannot be */
	placeOf({ license: id, haGroup }: Pick<Code | Device, "license" | "haGroup">, replaced: Device | null): Place {
		const license = this.#parts.licenses.license(id);
		if (license === null) throw new Error("a place without a license");
		return { license, group: haGroup === null ? null : this.#parts.groups.group(haGroup), replaced };
	}

	/** @param known the device that has the caller's key @param now unix seconds @returns what `decideSeat` decides on */
	seatFacts(
		{ license, group, replaced }: Place,
		{ serial, jkt }: Pick<DeviceClaims, "serial" | "jkt">,
		known: Device | null,
		now: number,
	): SeatFacts & { readonly deviceWithSameKey: KnownDevice | null } {
		const { devices, seatDesk } = this.#parts;
		const room = seatDesk.roomOf(license, now);
		const leaving = [known, replaced].filter((device) => device !== null);
		const left = leaving.map(({ id }) => id);
		const others = group === null ? [] : devices.members(group.id).filter(({ id }) => !left.includes(id));
		return {
			license: { ...license, ...room, endsAt: lastEndOf(license) },
			serial,
			deviceWithSameKey: known,
			serialHeldByOther: devices.isSerialHeldByOther(serial, jkt, replaced?.id ?? null),
			group: group && {
				id: group.id,
				hasSeat: seatDesk.liveSeat(group.id, now) !== null,
				isFull: others.length >= MAX_HA_MEMBERS,
			},
			bringsSeat: leaving.some((device) => this.#isAloneInSeat(device, left, license, now)),
			takesOver: replaced !== null,
			seatsTaken: room.seatsTaken,
			now,
		};
	}

	/**
	 * Gives a device the place for which `decideSeat` admitted it.
	 * @param who known: the device that has its key; null = it gets `candidateId`. imported: what it begins with, where an
	 * operator vouches for it
	 */
	admit(
		{ license, group, replaced }: Place,
		{ claims, known, candidateId, imported }: Newcomer,
		kind: Exclude<ActivationKind, "same">,
		by: Change,
	): Device {
		const { audit, devices, seatDesk, seatLedger, outbox, serialDesk } = this.#parts;
		const id = known?.id ?? candidateId;
		const until = this.#leaseEnd({ license, replaced }, known, by.now);
		// Moving does not lift a suspension; a device that returns starts afresh.
		const kept = kind === "moved" ? known : null;
		const { status = imported?.status ?? "active", activatedAt = by.now } = kept ?? {};
		const haGroup = group?.id ?? null;
		const { serial, model, jkt, jwk, dpopBound, certificates } = claims;
		// A device that comes back stays on the channels on which it was put.
		const labels = mergeLabels(claims.labels, replaced?.labels ?? channelLabels(known?.labels ?? {}));
		devices.saveDevice({
			...{ id, status, license: license.id, haGroup, activatedAt, serial, model, labels, jkt, jwk, dpopBound },
			certificates,
			replaces: replaced?.id ?? known?.replaces ?? null,
			replacedBy: null,
		});
		if (kind === "new") serialDesk.mark(id);
		const event = kind === "new" && imported !== undefined ? "imported" : kind;
		seatLedger.together(by, () => {
			if (replaced !== null) this.#retire(replaced, id, by);
			audit(by, `device.${event}`, id, `serial ${serial}`);
			this.noteGroup(by, id, known?.haGroup, haGroup);
			const placed = group === null ? "" : `, HA group ${group.id}`;
			if (known !== null) seatDesk.vacate(known, by, `left for license ${license.id}${placed}`);
			seatDesk.place({ holder: haGroup ?? id, license: license.id, until }, by);
		});
		if (kind === "returned") this.callOffReplacement(id, by);
		if (kind === "returned" && haGroup !== null) this.#parts.haHolders.join(id, haGroup, by.now);
		const device = devices.deviceOrThrow(id);
		const steps = changedSteps(known ?? device, device, by.now, this.#parts.tokensEndAfter);
		outbox.add([...steps, ...this.#accessSteps(known, device, kind, by.now)]);
		return device;
	}

	#accessSteps(before: Device | null, device: Device, kind: ActivationKind, now: number) {
		const { tokensEndAfter } = this.#parts;
		if (kind === "returned") return [accessStep(device, now, tokensEndAfter)];
		const leavesFixed = before !== null && before.lease === null && device.lease !== null;
		return leavesFixed && device.status === "active" ? [leaveFixedStep(device, now, tokensEndAfter)] : [];
	}

	/** @returns null where the device may return or move now, which is counted; else in how many seconds it may */
	spendReturn(deviceId: string, now: number): number | null {
		const { devices } = this.#parts;
		const spentTo = devices.returnsSpentTo(deviceId);
		const from = allowedFrom(spentTo, RETURNS);
		if (from > now) return from - now;
		devices.saveReturns(deviceId, spend(spentTo, now, RETURNS), now);
		return null;
	}

	/** Tells that a device came for which `decideSeat` found no seat. @param known the device that has its key */
	noteRefusal(
		{ license, group }: Place,
		{ serial }: Pick<DeviceClaims, "serial">,
		known: Device | null,
		by: Change,
	): void {
		this.#parts.seatLedger.refuse(license, group?.id ?? known?.id ?? serial, `serial ${serial}`, by);
	}

	/** No seat may end before its device's tokens: under an elastic license tokens end with the lease, else after their life. */
	tokensUntil(device: Device, now: number): number {
		const seat = this.#parts.seatDesk.liveSeat(device, now);
		// Of a seat for good under an elastic license too: it came from a fixed one, with whatever tokens there are.
		const life = seat?.until === null ? null : device.lease;
		return Math.max(seat?.until ?? 0, now + (life ?? this.#parts.tokensEndAfter));
	}

	/**
	 * To be called once a device was saved with the HA group that it has now, null = none, undefined = it was just registered: leaves in the trail that it is
	 * another one than before, has both groups look at who their members are, and lets the new one know what the device may install.
	 */
	noteGroup(by: Change, deviceId: string, before: string | null | undefined, after: string | null): void {
		const { audit, haReports, haHolders } = this.#parts;
		if (before != null && before !== after) audit(by, "ha_group.leave", deviceId, before);
		if (after !== null && before !== after) audit(by, "ha_group.join", deviceId, after);
		for (const group of new Set([before, after])) if (group != null) haReports.refresh(group, by);
		if (after !== null && before !== after) haHolders.join(deviceId, after, by.now);
		if (after !== null && before === null) haHolders.arrive(deviceId, by.now);
	}

	/** Whoever is back is not replaced: the codes with which another one could take its place are revoked. */
	callOffReplacement(deviceId: string, by: Change): void {
		for (const code of this.#parts.licenses.replacementCodes(deviceId)) {
			this.#parts.licenses.revokeCode(code.id);
			this.#parts.audit(by, "code.revoke", code.id, `for the replacement of ${deviceId}`);
		}
	}

	/** The device leaves its place to another, which is in it already. */
	#retire(replaced: Device, successor: string, by: Change): void {
		const { audit, devices, seatDesk, outbox, tokensEndAfter } = this.#parts;
		this.#parts.claims.spend(replaced.serial);
		devices.saveDevice({ ...replaced, status: "revoked", haGroup: null, replacedBy: successor });
		audit(by, "device.replaced", replaced.id, `by ${successor}`);
		seatDesk.vacate(replaced, by, `replaced by ${successor}`);
		const device = devices.deviceOrThrow(replaced.id);
		outbox.add([deviceStep(device), accessStep(device, by.now, tokensEndAfter)]);
	}

	#leaseEnd({ license, replaced }: Pick<Place, "license" | "replaced">, known: Device | null, now: number) {
		const until = firstLeaseEnd(license.leaseSeconds, known && this.tokensUntil(known, now), now);
		const kept = replaced && this.#parts.seatDesk.liveSeat(replaced, now);
		return until === null ? null : Math.max(until, kept?.until ?? 0);
	}

	/** @param leaving ids of devices that leave their place too */
	#isAloneInSeat(device: Device, leaving: readonly string[], license: License, now: number): boolean {
		const { devices, seatDesk, transfers } = this.#parts;
		const seat = seatDesk.liveSeat(device, now);
		const isPromised =
			seat !== null && transfers.moving()?.from === seat.license && transfers.moving()?.to === license.id;
		if (seat?.license !== license.id && !isPromised) return false;
		return device.haGroup === null || !devices.hasSeatedMember(device.haGroup, leaving);
	}
}
