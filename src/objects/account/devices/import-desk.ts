// Devices that an operator vouches for, a batch at a time: each gets its seat, or keeps it, or is refused, in the order of the
// batch, and a refusal does not affect the others. Synchronous, in the caller's transaction. A repeated batch changes nothing.
import type { DeviceLine } from "../../../entitlement/devices/device-line.ts";
import type { DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import { decideImport, type ImportKind, type ImportRefusal } from "../../../entitlement/devices/import-decision.ts";
import type { Change } from "../../audit.ts";
import { changedSteps } from "../account-records.ts";
import type { DeskParts } from "../desk.ts";
import type { Admission, Place } from "./admission.ts";
import type { Device } from "./device-tables.ts";

export interface ImportedDevice extends DeviceLine {
	/** the id that a device not known yet will get */
	readonly candidateDeviceId: string;
}

export type LineOutcome =
	| { readonly ok: true; readonly kind: ImportKind; readonly deviceId: string; readonly status: DeviceStatus }
	| { readonly ok: false; readonly reason: ImportRefusal };

export type ImportOutcome =
	| {
			readonly ok: true;
			/** one per device, in their order */
			readonly lines: readonly LineOutcome[];
			/** records that the slowest store has not got yet */
			readonly waiting: number;
	  }
	| { readonly ok: false; readonly reason: "stores_behind" };

/** More are not left waiting: a change that comes now has them all before it, for some 20 s where a store takes 50 a second. */
const MAX_WAITING = 1_000;

export class ImportDesk {
	readonly #parts: DeskParts;
	readonly #admission: Admission;

	constructor(parts: DeskParts, admission: Admission) {
		this.#parts = parts;
		this.#admission = admission;
	}

	/** Takes the batch over, or nothing of it while the stores are behind. */
	importAll({ devices, ...by }: Change & { readonly devices: readonly ImportedDevice[] }): ImportOutcome {
		if (this.#waiting() >= MAX_WAITING) return { ok: false, reason: "stores_behind" };
		const lines = devices.map((device) => this.#importOne(device, by));
		return { ok: true, lines, waiting: this.#waiting() };
	}

	#waiting(): number {
		const { outbox } = this.#parts;
		return Math.max(0, ...outbox.lanes.map(({ name }) => outbox.waitingIn(name)));
	}

	#importOne(line: ImportedDevice, by: Change): LineOutcome {
		const known = this.#parts.devices.deviceByKey(line.jkt);
		const found = this.#placeOf(line, known);
		if (!found.ok) return found;
		const { place } = found;
		const facts = this.#admission.seatFacts(place, line, known, by.now);
		const decision = decideImport({ ...facts, deviceWithSameKey: known, given: line });
		if (!decision.ok) return decision;
		const { kind } = decision;
		const { status, ...description } = decision.device;
		if (known !== null && (kind === "same" || kind === "changed")) {
			if (kind === "changed") this.#describe(known, description, by);
			return { ok: true, kind, deviceId: known.id, status };
		}
		if (kind === "same" || kind === "changed") throw new Error("a device that nobody knows has changed");
		const { jwk, jkt, serial, candidateDeviceId: candidateId } = line;
		const certificates = known?.certificates;
		const who = {
			claims: { jwk, jkt, serial, certificates, ...description },
			known,
			candidateId,
			imported: { status },
		};
		const device = this.#admission.admit(place, who, kind, by);
		return { ok: true, kind, deviceId: device.id, status: device.status };
	}

	/** A line that names no HA group leaves a device in its own, also one that comes back. */
	#placeOf(
		line: ImportedDevice,
		known: Device | null,
	): { ok: true; place: Place } | { ok: false; reason: ImportRefusal } {
		const license = this.#parts.licenses.license(line.license);
		if (license === null) return { ok: false, reason: "unknown_license" };
		const haGroup = line.haGroup ?? (known?.license === license.id ? known.haGroup : null);
		if (haGroup === null) return { ok: true, place: { license, group: null, replaced: null } };
		const group = this.#parts.groups.group(haGroup);
		if (group === null) return { ok: false, reason: "unknown_ha_group" };
		return group.license === license.id
			? { ok: true, place: { license, group, replaced: null } }
			: { ok: false, reason: "other_license" };
	}

	#describe(before: Device, description: Partial<Device>, by: Change): void {
		const { devices, audit, outbox, tokensEndAfter } = this.#parts;
		devices.saveDevice({ ...before, ...description });
		const device = devices.deviceOrThrow(before.id);
		audit(by, "device.changed", device.id, `serial ${device.serial}`);
		outbox.add(changedSteps(before, device, by.now, tokensEndAfter));
	}
}
