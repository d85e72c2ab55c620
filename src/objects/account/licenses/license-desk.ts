// What becomes of an Account's licenses and codes: made, changed, suspended, revoked. Each method is
// synchronous and runs in the caller's transaction. A change that devices notice raises the license epoch: edges
// then take no token and no record of an earlier one, and every record is written anew behind the answer.
import {
	changesDevices,
	decideLicenseStatus,
	type License,
	type LicenseStatus,
	type LicenseTerms,
	licenseTerms,
} from "../../../entitlement/licenses/license.ts";
import type { AccountEvent } from "../../../events/catalogue.ts";
import type { Change } from "../../audit.ts";
import type { DeskParts } from "../desk.ts";
import { beginLicenseEpoch } from "./license-epoch.ts";
import type { Code } from "./license-tables.ts";
import type { LicenseTransfer, TransferInfo } from "./license-transfer.ts";
import { type LicenseUsage, usageOf } from "./license-usage.ts";

export interface LicenseInfo extends License {
	readonly seatsTaken: number;
	/** seats that are kept for those that are on their way from another license */
	readonly seatsPromised: number;
	/** the last one out of it; null = there was none */
	readonly transfer: TransferInfo | null;
}

export interface NewCode {
	readonly id: string;
	/** keyed hash of the code; the code itself is known to its holder alone */
	readonly hash: string;
	/** null = the license of the HA group */
	readonly license: string | null;
	/** the group that its devices join; not given = none */
	readonly haGroup?: string | null;
	readonly uses: number;
	/** unix seconds */
	readonly expiresAt: number;
	readonly serial: string | null;
	readonly model: string | null;
	/** the one instance whose devices may use it; any, if left out */
	readonly instance?: string | null;
}

export interface LicenseChange {
	readonly id: string;
	/** the fields to change */
	readonly terms: Partial<LicenseTerms>;
	/** whether products that stay keep their present validity instead of the one in `terms` */
	readonly keepsValidity?: boolean;
}

export type LicenseResult<Reason extends string> =
	| { readonly ok: true; readonly changed: boolean; readonly license: LicenseInfo }
	| { readonly ok: false; readonly reason: "unknown_license" | Reason };

export interface LicenseDeskParts extends DeskParts {
	readonly licenseTransfer: LicenseTransfer;
}

export class LicenseDesk {
	readonly #parts: LicenseDeskParts;

	constructor(parts: LicenseDeskParts) {
		this.#parts = parts;
	}

	list(now: number): LicenseInfo[] {
		return this.#parts.licenses.licenses().map((license) => this.#describe(license, now));
	}

	/** @param id null = each license @param days of how many the peaks are wanted */
	usage(id: string | null, now: number, days: number): LicenseUsage[] {
		const { licenses } = this.#parts;
		const wanted = id === null ? licenses.licenses() : [licenses.license(id)].filter((one) => one !== null);
		return wanted.map((license) => usageOf(this.#parts, license, now, days));
	}

	read(id: string, now: number): LicenseInfo | null {
		const license = this.#parts.licenses.license(id);
		return license === null ? null : this.#describe(license, now);
	}

	create(input: Change & { id: string; terms: LicenseTerms }) {
		if (this.#parts.licenses.license(input.id) !== null) return { ok: false, reason: "id_taken" } as const;
		if (this.#parts.account.info()?.closedAt != null) return { ok: false, reason: "account_closed" } as const;
		const license: License = { ...input.terms, id: input.id, status: "active", createdAt: input.now };
		this.#parts.licenses.saveLicense(license);
		this.#parts.audit(input, "license.create", license.id, summaryOf(license));
		this.#parts.expiryDesk.watch(license, input.now);
		return { ok: true, license: this.#describe(license, input.now) } as const;
	}

	/** All terms must hold together afterwards. */
	change(input: Change & LicenseChange): LicenseResult<"license_revoked" | "bad_terms"> {
		const before = this.#parts.licenses.license(input.id);
		if (before === null) return { ok: false, reason: "unknown_license" };
		if (before.status === "revoked") return { ok: false, reason: "license_revoked" };
		const { id, status, createdAt, ...terms } = before;
		const known = new Map(input.keepsValidity ? before.products.map((one) => [one.product, one]) : []);
		const { products = before.products } = input.terms;
		const changed = { ...input.terms, products: products.map((one) => known.get(one.product) ?? one) };
		const wanted = licenseTerms.safeParse({ ...terms, ...changed });
		if (!wanted.success) return { ok: false, reason: "bad_terms" };
		const after: License = { ...wanted.data, id, status, createdAt };
		if (JSON.stringify(after) === JSON.stringify({ ...terms, id, status, createdAt })) {
			return { ok: true, changed: false, license: this.#describe(before, input.now) };
		}
		return this.#replace(input, "license.change", before, after, summaryOf(after));
	}

	/** @param input reason: kept in the audit trail */
	setStatus(input: Change & { id: string; status: LicenseStatus; reason: string }): LicenseResult<"license_revoked"> {
		const before = this.#parts.licenses.license(input.id);
		if (before === null) return { ok: false, reason: "unknown_license" };
		const decision = decideLicenseStatus(before.status, input.status);
		if (!decision.ok) return { ok: false, reason: "license_revoked" };
		if (!decision.changed) {
			if (this.#parts.suspensions.isNewReason(before.id, input.status, input.reason))
				this.#parts.audit(input, `license.${input.status}`, before.id, input.reason);
			return { ok: true, changed: false, license: this.#describe(before, input.now) };
		}
		if (input.status === "revoked") this.#parts.licenseTransfer.stopTo(before.id, input.now);
		return this.#replace(input, `license.${input.status}`, before, { ...before, status: input.status }, input.reason);
	}

	/** @param after id of a code; "" = from the first @returns null when there is no such code */
	codes(after: string, limit: number): Code[] | null {
		const { licenses } = this.#parts;
		return after === "" || licenses.code("id", after) !== null ? licenses.codes(after, limit) : null;
	}

	/** A code for an HA group is for the group's license, whichever that is when it is used. */
	createCode({ actor, now, via, hash, haGroup = null, instance = null, license: wanted, ...input }: Change & NewCode) {
		const { licenses, groups } = this.#parts;
		const group = haGroup === null ? null : groups.group(haGroup);
		if (haGroup !== null && group === null) return { ok: false, reason: "unknown_ha_group" } as const;
		const license = wanted ?? group?.license ?? "";
		if (licenses.license(license) === null) return { ok: false, reason: "unknown_license" } as const;
		if (this.#parts.account.info()?.closedAt != null) return { ok: false, reason: "account_closed" } as const;
		if (group !== null && group.license !== license) return { ok: false, reason: "other_license" } as const;
		if (licenses.code("id", input.id) !== null || licenses.code("hash", hash) !== null) {
			return { ok: false, reason: "id_taken" } as const;
		}
		const code = { ...input, license, haGroup, instance, replaces: null, createdAt: now };
		licenses.insertCode(hash, code);
		const whereTo = haGroup === null ? "" : `, HA group ${haGroup}`;
		this.#parts.audit({ actor, now, via }, "code.create", code.id, `license ${license}, ${code.uses} uses${whereTo}`);
		return { ok: true, code: { ...code, used: 0, revoked: false } satisfies Code } as const;
	}

	/** Devices that it has activated stay. Final, and harmless when repeated. */
	revokeCode(input: Change & { id: string }) {
		const code = this.#parts.licenses.code("id", input.id);
		if (code === null) return { ok: false, reason: "unknown_code" } as const;
		if (!code.revoked) {
			this.#parts.licenses.revokeCode(code.id);
			this.#parts.audit(input, "code.revoke", code.id, `license ${code.license}`);
		}
		return { ok: true } as const;
	}

	#replace(
		change: Change,
		action: AccountEvent,
		before: License,
		after: License,
		detail: string,
	): LicenseResult<never> {
		this.#parts.licenses.saveLicense(after);
		this.#parts.audit(change, action, after.id, detail);
		this.#parts.expiryDesk.watch(after, change.now);
		if (before.seats !== after.seats) this.#parts.seatLedger.changeSeats(after, change);
		if (changesDevices(before, after)) beginLicenseEpoch(this.#parts, change.now);
		return { ok: true, changed: true, license: this.#describe(after, change.now) };
	}

	#describe(license: License, now: number): LicenseInfo {
		const { seats, seatDesk, licenseTransfer } = this.#parts;
		return {
			...license,
			seatsTaken: seats.taken(license.id, now),
			seatsPromised: seatDesk.promisedBy(license.id, now),
			transfer: licenseTransfer.lastOf(license.id, now),
		};
	}
}

function summaryOf({ seats, products }: License): string {
	return `${seats} seats: ${products.map(({ product }) => product).join(" ")}`;
}
