// What becomes of an Account's devices: activated, suspended, reinstated, revoked, deactivated, and their records written
// anew when the account's terms have changed. Each method is synchronous, and part of the transaction of whoever calls.
import type { Labels } from "../content/names.ts";
import { type ActivationKind, type ActivationRefusal, decideActivation } from "../entitlement/activation.ts";
import type { DevicePublicKey, DeviceStatus } from "../entitlement/device-record.ts";
import { holdsSeat, lastEndOf } from "../entitlement/license.ts";
import { firstLeaseEnd } from "../entitlement/seat-lease.ts";
import { decideStatusChange, type StatusChangeRefusal } from "../entitlement/status-change.ts";
import { accessStep, accountRecords, allowStep, deviceStep } from "./account-records.ts";
import type { Change } from "./audit.ts";
import type { DeskOptions } from "./desk.ts";
import type { Device } from "./device-tables.ts";
import type { OutboxStep } from "./outbox-rows.ts";

export interface ActivationInput {
	/** keyed hash of the auth code */
	readonly codeHash: string;
	/** the id that a device not known yet will get */
	readonly candidateDeviceId: string;
	readonly jwk: DevicePublicKey;
	/** RFC 7638 thumbprint of `jwk`; the caller has proved that it holds the key */
	readonly jkt: string;
	readonly serial: string;
	readonly model: string;
	readonly labels: Labels;
	/** whether the device wants no token without a DPoP proof */
	readonly dpopBound: boolean;
	/** unix seconds */
	readonly now: number;
}

export type ActivationOutcome =
	| { readonly ok: true; readonly kind: ActivationKind; readonly overage: boolean; readonly device: Device }
	| { readonly ok: false; readonly reason: ActivationRefusal };

export type StatusOutcome =
	| { readonly ok: true; readonly changed: boolean; readonly device: Device }
	| { readonly ok: false; readonly reason: StatusChangeRefusal | "unknown_device" };

export type StatusChange = Change & {
	readonly deviceId: string;
	readonly status: DeviceStatus;
	readonly reason: string;
};

/** Few, so that another change does not wait long for its turn behind them. */
const RENEWALS_PER_RUN = 50;

export class DeviceDesk {
	readonly #of: DeskOptions;

	constructor(options: DeskOptions) {
		this.#of = options;
	}

	/** Takes a seat for a key, or finds that it has one. */
	activate(input: ActivationInput): ActivationOutcome {
		const { licenses, devices, seatDesk, outbox } = this.#of;
		const { codeHash, jkt, serial, model, labels, dpopBound, jwk, now } = input;
		const code = licenses.code("hash", codeHash);
		const license = code === null ? null : licenses.license(code.license);
		const known = devices.deviceByKey(jkt);
		const usedThisCode = known !== null && licenses.hasActivated(codeHash, known.id);
		const decision = decideActivation({
			code,
			license: license && { ...license, endsAt: lastEndOf(license) },
			serial,
			model,
			deviceWithSameKey: known === null ? null : { ...known, usedThisCode },
			serialHeldByOther: devices.isSerialHeldByOther(serial, jkt),
			seatsTaken: license === null ? 0 : seatDesk.countTaken(license.id, now),
			now,
		});
		if (!decision.ok) return decision;
		if (license === null) throw new Error("an activation without a license");
		if (decision.kind === "same") return { ...decision, device: this.#deviceOrThrow(known?.id) };

		const id = known?.id ?? input.candidateDeviceId;
		// Moving to another license does not lift a suspension; a device that returns starts afresh.
		const status = decision.kind === "moved" && known !== null ? known.status : "active";
		const activatedAt = decision.kind === "moved" && known !== null ? known.activatedAt : now;
		const described = { serial, model, labels, jkt, jwk, dpopBound, activatedAt, haGroup: known?.haGroup ?? null };
		const until = firstLeaseEnd(license.leaseSeconds, known === null ? null : this.#tokensUntil(known, now), now);
		devices.saveDevice({ id, status, license: license.id, ...described });
		seatDesk.seats.take({ holder: id, license: license.id, until });
		licenses.insertActivation(codeHash, id, now);
		const device = this.#deviceOrThrow(id);
		const by = { actor: `code:${code?.id}`, now };
		this.#of.audit(by, `device.${decision.kind}`, id, `serial ${serial}`);
		if (decision.overage) this.#of.audit(by, "seat.overage", id, `license ${license.id} has ${license.seats} seats`);
		outbox.add(decision.kind === "returned" ? [deviceStep(device), allowStep(device)] : [deviceStep(device)]);
		return { ...decision, device };
	}

	changeStatus(input: StatusChange): StatusOutcome {
		const known = this.#of.devices.device(input.deviceId);
		if (known === null) return { ok: false, reason: "unknown_device" };
		const decision = decideStatusChange(known.status, input.status);
		if (!decision.ok) return decision;
		if (!decision.changed) return { ...decision, device: known };
		this.#of.devices.saveDevice({ ...known, status: input.status });
		if (!holdsSeat(input.status)) this.#of.seatDesk.seats.free(known.id);
		const device = this.#deviceOrThrow(known.id);
		this.#of.audit(input, `device.${input.status}`, known.id, input.reason);
		this.#of.outbox.add([deviceStep(device), accessStep(device, input.now, this.#of.tokensEndAfter)]);
		return { ...decision, device };
	}

	/** @returns the next records that have to be written anew after a change of terms; taken once */
	takeRenewals(): readonly OutboxStep[] {
		const { account, devices } = this.#of;
		const after = account.renewedTo();
		if (after === null) return [];
		const { steps, next } = accountRecords(devices, account).read(after, RENEWALS_PER_RUN);
		account.setRenewedTo(next);
		return steps;
	}

	/** No seat may end before its device's tokens do: those of an elastic license end with the lease, others have a life. */
	#tokensUntil({ id, lease }: Device, now: number): number {
		return Math.max(this.#of.seatDesk.seats.seat(id)?.until ?? 0, now + (lease ?? this.#of.tokensEndAfter));
	}

	#deviceOrThrow(id: string | undefined): Device {
		const device = id === undefined ? null : this.#of.devices.device(id);
		if (device === null) throw new Error("a device vanished inside a transaction");
		return device;
	}
}
