// Zero touch, as far as an account is concerned: the serial numbers that it has claimed, and the devices that come by them. Whose a serial number is
// among accounts the Directory says; it is asked before. Each method is synchronous and runs in the caller's transaction.
import { decideSeat } from "../../../entitlement/devices/activation.ts";
import { type Claim, refuseClaim } from "../../../entitlement/devices/claim.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import type { Change } from "../../audit.ts";
import type { DeskParts } from "../desk.ts";
import type { Admission } from "./admission.ts";
import type { ActivationInput, ActivationOutcome } from "./device-desk.ts";

export type AccountClaimOrder =
	| { readonly kind: "list"; readonly after: string; readonly limit: number }
	| (Change & {
			readonly kind: "claim";
			readonly serials: readonly string[];
			readonly manufacturer: string;
			readonly license: string;
	  })
	| (Change & { readonly kind: "unclaim"; readonly serial: string; readonly manufacturer: string });

export interface AccountClaims {
	/** those that were asked for; of an order those that it was about, as they are now, or were */
	readonly claims: readonly Claim[];
	readonly reason: "unknown_license" | null;
}

export const NO_CLAIMS: AccountClaims = { claims: [], reason: null };

export class ClaimDesk {
	readonly #parts: DeskParts;
	readonly #admission: Admission;

	constructor(parts: DeskParts, admission: Admission) {
		this.#parts = parts;
		this.#admission = admission;
	}

	/** Claimed again, a serial number is for the license that is named now, and no longer spent. */
	obey(order: AccountClaimOrder): AccountClaims {
		const { claims, licenses, audit } = this.#parts;
		if (order.kind === "list") return { claims: claims.claims(order.after, order.limit), reason: null };
		const { manufacturer } = order;
		if (order.kind === "unclaim") {
			const known = claims.claim(order.serial, manufacturer);
			if (known === null) return NO_CLAIMS;
			claims.remove(order.serial, manufacturer);
			audit(order, "claim.remove", known.serial, `manufacturer ${manufacturer}`);
			return { claims: [known], reason: null };
		}
		const { license, serials, now: createdAt } = order;
		if (licenses.license(license) === null) return { claims: [], reason: "unknown_license" };
		const saved = serials.map((serial): Claim => {
			const known = claims.claim(serial, manufacturer);
			if (known?.license === license && !known.isSpent) return known;
			const claim = { serial, manufacturer, license, device: known?.device ?? null, isSpent: false, createdAt };
			claims.save(claim);
			audit(order, "claim.create", serial, `license ${license}, manufacturer ${manufacturer}`);
			return claim;
		});
		return { claims: saved, reason: null };
	}

	/** As with a code (DeviceDesk): the same key again is the same device. Two keys of one serial number: the first has it. */
	activate(input: ActivationInput): ActivationOutcome {
		const { claims, devices } = this.#parts;
		const { codeHash: _, candidateDeviceId: candidateId, claim: factory, now, ...device } = input;
		const claim = factory === undefined ? null : claims.claim(device.serial, factory.manufacturer);
		const refusal = refuseClaim(claim);
		if (claim === null || refusal !== null) return { ok: false, reason: refusal ?? "unclaimed" };
		const known = devices.deviceByKey(device.jkt);
		if (known !== null && claim.device === known.id && holdsSeat(known.status)) {
			return { ok: true, kind: "same", device: known };
		}
		const place = this.#admission.placeOf({ license: claim.license, haGroup: null }, null);
		const facts = this.#admission.seatFacts(place, device, known, now);
		const decision = decideSeat(facts);
		const by = { actor: `claim:${claim.serial}`, now };
		if (!decision.ok) {
			if (decision.reason === "no_seat_left") this.#admission.noteRefusal(place, device, known, by);
			return decision;
		}
		const { kind } = decision;
		if (kind === "same") return { ...decision, device: devices.deviceOrThrow(known?.id) };
		const retryAfter = kind === "new" || known === null ? null : this.#admission.spendReturn(known.id, now);
		if (retryAfter !== null) return { ok: false, reason: "too_often", retryAfter };
		const admitted = this.#admission.admit(place, { claims: device, known, candidateId }, kind, by);
		claims.save({ ...claim, device: admitted.id });
		return { ...decision, device: admitted };
	}
}
