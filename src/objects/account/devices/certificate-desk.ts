// By which client certificates a device is known at the token endpoint (RFC 8705), once it is registered. Synchronous, in the caller's
// transaction.
import { type CertificateRule, renewRules } from "../../../entitlement/devices/certificate-rule.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import { formatTimestamp } from "../../../timestamps.ts";
import type { Change } from "../../audit.ts";
import { deviceStep } from "../account-records.ts";
import type { DeskParts } from "../desk.ts";
import type { Device } from "./device-tables.ts";

export type CertificateChange = Change & {
	readonly deviceId: string;
	/** of the key that has proved that it asks */
	readonly jkt: string;
	/** null = it is to be known by its key */
	readonly rule: CertificateRule | null;
};

export type CertificateOutcome =
	| { readonly ok: true; readonly changed: boolean; readonly device: Device }
	| { readonly ok: false; readonly reason: "unknown_device" | "other_key" | "device_gone" };

export class CertificateDesk {
	readonly #parts: DeskParts;

	constructor(parts: DeskParts) {
		this.#parts = parts;
	}

	/** Asked again, it changes nothing. What tokens there are stay good: each is for its certificate, or its key. */
	change({ deviceId, jkt, rule, ...by }: CertificateChange): CertificateOutcome {
		const { devices, audit, outbox } = this.#parts;
		const known = devices.device(deviceId);
		if (known === null) return { ok: false, reason: "unknown_device" };
		if (known.jkt !== jkt) return { ok: false, reason: "other_key" };
		if (!holdsSeat(known.status)) return { ok: false, reason: "device_gone" };
		const before = known.certificates ?? [];
		const certificates = rule === null ? [] : renewRules(before, rule, by.now);
		if (certificates === before || (rule === null && before.length === 0)) {
			return { ok: true, changed: false, device: known };
		}
		devices.saveDevice({ ...known, certificates: rule === null ? undefined : [...certificates] });
		const device = devices.deviceOrThrow(deviceId);
		audit(by, "device.certificate", deviceId, describeRule(rule));
		outbox.add([deviceStep(device)]);
		return { ok: true, changed: true, device };
	}
}

function describeRule(rule: CertificateRule | null): string {
	if (rule === null) return "its key";
	return "x5t" in rule
		? `certificate ${rule.x5t}, until ${formatTimestamp(rule.notAfter)}`
		: `${rule.subject} of ${rule.issuer}`;
}
