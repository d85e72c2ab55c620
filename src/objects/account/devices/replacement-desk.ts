// An operator has a device replaced (RMA). It is refused at once and keeps its seat for its successor, which takes its place
// when it activates: seat, HA group, license and labels in one transaction. Each method is synchronous and runs
// in the caller's transaction.
import { decideSeat, type SeatRefusal } from "../../../entitlement/devices/activation.ts";
import { decideReplacement, type ReplacementRefusal } from "../../../entitlement/devices/replacement.ts";
import type { Change } from "../../audit.ts";
import { accessStep, deviceStep } from "../account-records.ts";
import type { DeskParts } from "../desk.ts";
import type { Code } from "../licenses/license-tables.ts";
import type { Admission } from "./admission.ts";
import type { Device } from "./device-tables.ts";

export type Replacement = Change & {
	readonly deviceId: string;
	/** of the new appliance */
	readonly serial: string;
	/** null = any */
	readonly model: string | null;
	/** kept in the audit trail */
	readonly reason: string;
	/** for the code with which it activates, if it has not yet; `hash` as in `NewCode`, `expiresAt` in unix seconds */
	readonly code: { readonly id: string; readonly hash: string; readonly expiresAt: number };
};

export type ReplacementResult =
	/** `device`: the one that is replaced; `code`: null where its successor has its place already */
	| { readonly ok: true; readonly device: Device; readonly code: Code | null }
	| { readonly ok: false; readonly reason: "unknown_device" }
	| { readonly ok: false; readonly reason: ReplacementRefusal | SeatRefusal; readonly by: string };

export class ReplacementDesk {
	readonly #parts: DeskParts;
	readonly #admission: Admission;

	constructor(parts: DeskParts, admission: Admission) {
		this.#parts = parts;
		this.#admission = admission;
	}

	/** Asked again, it answers the same where that happened already, and else with another code instead of the one before. */
	replace(input: Replacement): ReplacementResult {
		const { devices } = this.#parts;
		const device = devices.device(input.deviceId);
		if (device === null) return { ok: false, reason: "unknown_device" };
		const { serial, model } = input;
		const successor = devices.seatedBySerial(serial, device.id);
		const replacedBy = device.replacedBy === null ? null : devices.device(device.replacedBy);
		const decision = decideReplacement({ replacedBy, successor, serial, model });
		if (!decision.ok) return decision;
		switch (decision.kind) {
			case "done":
				return { ok: true, device, code: null };
			case "now":
				return this.#replaceNow(device, devices.deviceOrThrow(decision.by), input);
			case "awaited":
				return this.#await(device, input);
		}
	}

	#replaceNow(device: Device, successor: Device, input: Replacement): ReplacementResult {
		const { devices, audit } = this.#parts;
		const place = this.#admission.placeOf(device, device);
		const decision = decideSeat(this.#admission.seatFacts(place, successor, successor, input.now));
		if (!decision.ok) return { ...decision, by: successor.id };
		const { kind } = decision;
		if (kind === "same") throw new Error("a replacement changes something");
		audit(input, "device.replacement", device.id, detailOf(input));
		this.#admission.callOffReplacement(device.id, input);
		const who = { claims: successor, known: successor, candidateId: successor.id };
		this.#admission.admit(place, who, kind, input);
		return { ok: true, device: devices.deviceOrThrow(device.id), code: null };
	}

	#await(before: Device, input: Replacement): ReplacementResult {
		const { licenses, devices, audit, outbox, tokensEndAfter, haHolders } = this.#parts;
		const { now, serial, model } = input;
		audit(input, "device.replacement", before.id, detailOf(input));
		this.#admission.callOffReplacement(before.id, input);
		if (before.status === "active") {
			devices.saveDevice({ ...before, status: "suspended" });
			audit(input, "device.suspended", before.id, `until serial ${serial} replaces it`);
			haHolders.suspend(before, now);
			const suspended = devices.deviceOrThrow(before.id);
			outbox.add([deviceStep(suspended), accessStep(suspended, now, tokensEndAfter)]);
		}
		const { hash, ...named } = input.code;
		const about = { license: before.license, serial, model, haGroup: null, instance: null, replaces: before.id };
		const code = { ...named, ...about, uses: 1, createdAt: now };
		licenses.insertCode(hash, code);
		audit(input, "code.create", code.id, `for the replacement of ${before.id}`);
		return { ok: true, device: devices.deviceOrThrow(before.id), code: { ...code, used: 0, revoked: false } };
	}
}

function detailOf({ serial, reason }: Replacement): string {
	return reason === "" ? `by serial ${serial}` : `by serial ${serial}: ${reason}`;
}
