// A device gets its place: under a license, with a seat of its own or its part in that of an HA group. The facts of the
// decision, and what follows from it, for whoever decides: a device with a code, or an operator. Each method is synchronous,
// and part of the transaction of whoever calls.
import type { Labels } from "../content/names.ts";
import type { ActivationKind, KnownDevice, SeatFacts } from "../entitlement/activation.ts";
import type { DevicePublicKey } from "../entitlement/device-record.ts";
import { MAX_HA_MEMBERS } from "../entitlement/ha-group.ts";
import { type License, lastEndOf } from "../entitlement/license.ts";
import { firstLeaseEnd } from "../entitlement/seat-lease.ts";
import { allowStep, deviceStep } from "./account-records.ts";
import type { Change } from "./audit.ts";
import type { DeskOptions } from "./desk.ts";
import type { Device } from "./device-tables.ts";
import type { HaGroup } from "./ha-tables.ts";

/** Where a device is to be. */
export interface Place {
	readonly license: License;
	/** of the same license; null = a seat of its own */
	readonly group: HaGroup | null;
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
}

export class Admission {
	readonly #of: DeskOptions;

	constructor(options: DeskOptions) {
		this.#of = options;
	}

	/** @param known the device that has the caller's key @param now unix seconds @returns what `decideSeat` decides on */
	seatFacts(
		{ license, group }: Place,
		{ serial, jkt }: Pick<DeviceClaims, "serial" | "jkt">,
		known: Device | null,
		now: number,
	): SeatFacts & { readonly deviceWithSameKey: KnownDevice | null } {
		const { devices, seatDesk } = this.#of;
		const seatsTaken = seatDesk.countTaken(license.id, now);
		const others = group === null ? 0 : devices.members(group.id).filter(({ id }) => id !== known?.id).length;
		return {
			license: { ...license, endsAt: lastEndOf(license) },
			serial,
			deviceWithSameKey: known,
			serialHeldByOther: devices.isSerialHeldByOther(serial, jkt),
			group: group && {
				id: group.id,
				hasSeat: seatDesk.liveSeat(group.id, now) !== null,
				isFull: others >= MAX_HA_MEMBERS,
			},
			bringsSeat: known !== null && this.#bringsSeat(known, license, now),
			seatsTaken,
			now,
		};
	}

	/**
	 * Gives a device the place for which `decideSeat` admitted it.
	 * @param known the device that has its key; null = it gets `candidateId`
	 */
	admit(
		{ license, group }: Place,
		{ claims, known, candidateId }: { claims: DeviceClaims; known: Device | null; candidateId: string },
		{ kind, overage }: { kind: Exclude<ActivationKind, "same">; overage: boolean },
		by: Change,
	): Device {
		const { audit, devices, seatDesk, outbox } = this.#of;
		const id = known?.id ?? candidateId;
		const until = firstLeaseEnd(license.leaseSeconds, known && this.tokensUntil(known, by.now), by.now);
		// Moving does not lift a suspension; a device that returns starts afresh.
		const kept = kind === "moved" ? known : null;
		const { status = "active", activatedAt = by.now } = kept ?? {};
		const haGroup = group?.id ?? null;
		const { serial, model, labels, jkt, jwk, dpopBound } = claims;
		devices.saveDevice({
			...{ id, status, license: license.id, haGroup, activatedAt },
			...{ serial, model, labels, jkt, jwk, dpopBound },
		});
		if (known !== null) seatDesk.vacate(known);
		seatDesk.place({ holder: haGroup ?? id, license: license.id, until }, by.now);
		audit(by, `device.${kind}`, id, `serial ${serial}`);
		if (overage) audit(by, "seat.overage", haGroup ?? id, `license ${license.id} has ${license.seats} seats`);
		this.noteGroup(by, id, known?.haGroup ?? null, haGroup);
		const device = devices.deviceOrThrow(id);
		outbox.add(kind === "returned" ? [deviceStep(device), allowStep(device)] : [deviceStep(device)]);
		return device;
	}

	/** No seat may end before its device's tokens do: those of an elastic license end with the lease, others have a life. */
	tokensUntil(device: Device, now: number): number {
		const lease = this.#of.seatDesk.liveSeat(device, now)?.until ?? 0;
		return Math.max(lease, now + (device.lease ?? this.#of.tokensEndAfter));
	}

	/** Leaves in the trail that a device has another HA group than before; null = none. */
	noteGroup(by: Change, deviceId: string, before: string | null, after: string | null): void {
		if (before === after) return;
		if (before !== null) this.#of.audit(by, "ha_group.leave", deviceId, before);
		if (after !== null) this.#of.audit(by, "ha_group.join", deviceId, after);
	}

	#bringsSeat(device: Device, license: License, now: number): boolean {
		const { devices, seatDesk } = this.#of;
		if (seatDesk.liveSeat(device, now)?.license !== license.id) return false;
		return device.haGroup === null || !devices.hasSeatedMember(device.haGroup, [device.id]);
	}
}
