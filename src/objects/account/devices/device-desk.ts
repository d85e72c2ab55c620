// What becomes of an Account's devices: activated, suspended, reinstated, revoked, deactivated. Each method is synchronous
// and runs in the caller's transaction.

import { type Channel, channelLabel, channelOf } from "../../../content/releases/channel.ts";
import {
	type ActivationKind,
	type ActivationRefusal,
	decideActivation,
} from "../../../entitlement/devices/activation.ts";
import type { ClaimRefusal } from "../../../entitlement/devices/claim.ts";
import type { DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import { decideStatusChange, type StatusChangeRefusal } from "../../../entitlement/devices/status-change.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import { INSTANCE_LABEL, type Labels, labels as someLabels } from "../../../names.ts";
import type { Change } from "../../audit.ts";
import { accessStep, changedSteps, deviceStep } from "../account-records.ts";
import type { DeskParts } from "../desk.ts";
import type { Code } from "../licenses/license-tables.ts";
import type { Admission, DeviceClaims, Place } from "./admission.ts";
import type { Device } from "./device-tables.ts";

export interface ActivationInput extends DeviceClaims {
	/** keyed hash of the auth code */
	readonly codeHash: string;
	/** the id that a device not known yet will get */
	readonly candidateDeviceId: string;
	/** it comes by a maker's certificate instead: whose; left out = by the code */
	readonly claim?: { readonly manufacturer: string };
	/** unix seconds */
	readonly now: number;
}

export type ActivationOutcome =
	| { readonly ok: true; readonly kind: ActivationKind; readonly device: Device }
	| { readonly ok: false; readonly reason: ActivationRefusal | ClaimRefusal }
	| { readonly ok: false; readonly reason: "too_often" /** seconds */; readonly retryAfter: number };

export type StatusOutcome =
	| { readonly ok: true; readonly changed: boolean; readonly device: Device }
	| { readonly ok: false; readonly reason: StatusChangeRefusal | "unknown_device" };

export type StatusChange = Change & {
	readonly deviceId: string;
	readonly status: DeviceStatus;
	readonly reason: string;
};

/** `labels`: all that it is to have. */
export type LabelChange = Change & { readonly deviceId: string; readonly labels: Labels };

export type ChannelChange = Change & {
	readonly deviceId: string;
	readonly product: string;
	readonly channel: Channel;
};

export type ChannelOutcome =
	/** `devices`: all that are on the channel by it: the device, and those of its HA group */
	| { readonly ok: true; readonly changed: boolean; readonly devices: readonly string[] }
	/** too_many_labels: `device` has no room for one more */
	| { readonly ok: false; readonly reason: "too_many_labels"; readonly device: string }
	| { readonly ok: false; readonly reason: "unknown_device" };

export class DeviceDesk {
	readonly #parts: DeskParts;
	readonly #admission: Admission;

	constructor(parts: DeskParts, admission: Admission) {
		this.#parts = parts;
		this.#admission = admission;
	}

	/** Takes a seat for a key, or its part in that of the code's HA group, or finds that it has one. */
	activate(input: ActivationInput): ActivationOutcome {
		const { licenses, devices } = this.#parts;
		const { codeHash, candidateDeviceId, claim: _, now, ...claims } = input;
		const code = licenses.code("hash", codeHash);
		if (code === null) return { ok: false, reason: "unknown_code" };
		const known = devices.deviceByKey(claims.jkt);
		const place = this.#placeOf(code, known);
		const facts = this.#admission.seatFacts(place, claims, known, now);
		const usedThisCode = known !== null && licenses.hasActivated(codeHash, known.id);
		const deviceWithSameKey = known && { ...known, usedThisCode, isReplaced: known.id === place.replaced?.id };
		const { model } = claims;
		const instance = claims.labels[INSTANCE_LABEL] ?? null;
		const decision = decideActivation({ ...facts, code, model, instance, deviceWithSameKey });
		const by = { actor: `code:${code.id}`, now };
		if (!decision.ok) {
			if (decision.reason === "no_seat_left") this.#admission.noteRefusal(place, claims, known, by);
			return decision;
		}
		const { kind } = decision;
		if (kind === "same") {
			const device = devices.deviceOrThrow(known?.id);
			// Its instance was launched again: an end from before that, heard of only later, is not about it any more.
			if (code.instance !== null && code.used < code.uses) licenses.insertActivation(codeHash, device.id, now);
			return { ...decision, device };
		}
		if (kind !== "new" && known !== null) {
			const retryAfter = this.#admission.spendReturn(known.id, now);
			if (retryAfter !== null) return { ok: false, reason: "too_often", retryAfter };
		}
		const who = { claims, known, candidateId: candidateDeviceId };
		const device = this.#admission.admit(place, who, kind, by);
		licenses.insertActivation(codeHash, device.id, now);
		return { ...decision, device };
	}

	changeStatus(input: StatusChange): StatusOutcome {
		const known = this.#parts.devices.device(input.deviceId);
		if (known === null) return { ok: false, reason: "unknown_device" };
		const decision = decideStatusChange(known.status, input.status);
		if (!decision.ok) return decision;
		const { reason, status } = input;
		if (!decision.changed) {
			if (this.#parts.suspensions.isNewReason(known.id, status, reason))
				this.#parts.audit(input, `device.${status}`, known.id, reason);
			return { ...decision, device: known };
		}
		this.#parts.devices.saveDevice({ ...known, status: input.status });
		if (input.status === "revoked") this.#parts.claims.spend(known.serial);
		if (input.status === "active") this.#admission.callOffReplacement(known.id, input);
		const device = this.#parts.devices.deviceOrThrow(known.id);
		this.#parts.audit(input, `device.${input.status}`, known.id, input.reason);
		if (input.status === "suspended") this.#parts.haHolders.suspend(known, input.now);
		if (!holdsSeat(input.status)) this.#parts.seatDesk.vacate(known, input, `device ${input.status}`);
		this.#parts.outbox.add([deviceStep(device), accessStep(device, input.now, this.#parts.tokensEndAfter)]);
		if (known.haGroup !== null) this.#parts.haReports.refresh(known.haGroup, input);
		return { ...decision, device };
	}

	change(input: ChannelChange | LabelChange): ChannelOutcome {
		return "labels" in input ? this.#relabel(input) : this.#setChannel(input);
	}

	/** Gives a device other labels: audiences of releases and messages go by them. */
	#relabel({ deviceId, labels, ...by }: LabelChange): ChannelOutcome {
		const { devices, audit, outbox, tokensEndAfter } = this.#parts;
		const known = devices.device(deviceId);
		if (known === null) return { ok: false, reason: "unknown_device" };
		const isSame =
			Object.keys(known.labels).length === Object.keys(labels).length &&
			Object.entries(labels).every(([key, value]) => known.labels[key] === value);
		if (isSame) return { ok: true, changed: false, devices: [deviceId] };
		devices.saveDevice({ ...known, labels });
		audit(by, "device.changed", deviceId, `labels ${formatLabels(labels)}`);
		outbox.add(changedSteps(known, devices.deviceOrThrow(deviceId), by.now, tokensEndAfter));
		return { ok: true, changed: true, devices: [deviceId] };
	}

	/**
	 * Puts a device on a channel of a product, and with it its whole HA group, whose devices are to run the same. Its next check asks for
	 * a new token, which says so.
	 */
	#setChannel(input: ChannelChange): ChannelOutcome {
		const { devices, audit, outbox, tokensEndAfter } = this.#parts;
		const { deviceId, product, channel } = input;
		const asked = devices.device(deviceId);
		if (asked === null) return { ok: false, reason: "unknown_device" };
		const unit = asked.haGroup === null ? [asked] : devices.members(asked.haGroup);
		const moving = unit.filter((device) => channelOf(device, product) !== channel);
		for (const device of moving) {
			const { [channelLabel(product)]: _, ...others } = device.labels;
			const changed = channel === "stable" ? others : { ...others, [channelLabel(product)]: channel };
			if (!someLabels.safeParse(changed).success) return { ok: false, reason: "too_many_labels", device: device.id };
			devices.saveDevice({ ...device, labels: changed });
			audit(input, "device.channel", device.id, `${product} ${channel}`);
			outbox.add(changedSteps(device, devices.deviceOrThrow(device.id), input.now, tokensEndAfter));
		}
		return { ok: true, changed: moving.length > 0, devices: unit.map(({ id }) => id) };
	}

	/**
	 * A rollout does not wait for those that cannot report: gone, refused by the account's own will, or back without a seat.
	 * @param since of each device unix seconds from which it might have reported; left out: nobody is excused by a seat
	 * @returns those of the devices
	 */
	givenUp(deviceIds: readonly string[], since: readonly number[]): string[] {
		return deviceIds.filter((id, index) => {
			const device = this.#parts.devices.device(id);
			return device?.status !== "active" || this.#isTurnedDown(device, since[index]);
		});
	}

	/**
	 * Whether the device has come for a token since, and found every seat of its elastic license taken. Of the devices of an HA group it is
	 * not known which one came: the other one may be dead.
	 */
	#isTurnedDown({ id, license, haGroup }: Device, since = Number.POSITIVE_INFINITY): boolean {
		return haGroup === null && (this.#parts.seatHistory.refusalToldAt(license, id) ?? 0) > since;
	}

	/**
	 * The license and HA group that a code leads to. A replacement's code leads to the place of the device that is replaced
	 * until the replacement has happened, and afterwards to the place of its successor.
	 */
	#placeOf(code: Code, known: Device | null): Place {
		const device = code.replaces === null ? null : this.#parts.devices.device(code.replaces);
		if (device?.replacedBy === null) return this.#admission.placeOf(device, device);
		const successor = known !== null && device?.replacedBy === known.id ? known : null;
		return this.#admission.placeOf(successor ?? code, null);
	}
}

function formatLabels(labels: Labels): string {
	const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
	return pairs.length === 0 ? "(none)" : pairs.join(", ");
}
