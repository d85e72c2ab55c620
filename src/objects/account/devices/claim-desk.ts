// Zero touch, as far as an account is concerned: the serial numbers that it has claimed, and the devices that come by them. Whose a serial number is
// among accounts the Directory says; it is asked before. Each method is synchronous and runs in the caller's transaction.
import { decideSeat } from "../../../entitlement/devices/activation.ts";
import { type Claim, maxOpenClaims, refuseClaim } from "../../../entitlement/devices/claim.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import { foldSerial } from "../../../names.ts";
import type { Change } from "../../audit.ts";
import type { DeskParts } from "../desk.ts";
import type { Admission } from "./admission.ts";
import type { ActivationInput, ActivationOutcome } from "./device-desk.ts";

export type AccountClaimOrder =
	| { readonly kind: "list"; readonly after: string; readonly limit: number }
	| (Change & {
			/** ask: whether they may be claimed; nothing is changed */
			readonly kind: "ask" | "claim";
			readonly serials: readonly string[];
			readonly manufacturer: string;
			readonly license: string;
	  })
	| (Change & { readonly kind: "unclaim"; readonly serial: string; readonly manufacturer: string });

export interface AccountClaims {
	/** those that were asked for; of an order those that it was about, as they are now, or were */
	readonly claims: readonly Claim[];
	/** why nothing was claimed; too_many: more than may wait for their appliances under the license */
	readonly reason: "unknown_license" | "account_closed" | "too_many" | null;
	/** too_many: how many may wait, and how many do */
	readonly open?: { readonly most: number; readonly now: number };
}

const NO_CLAIMS: AccountClaims = { claims: [], reason: null };

/** Where there is no such account. */
export function claimsOfNobody({ kind }: AccountClaimOrder): AccountClaims {
	return kind === "ask" || kind === "claim" ? { claims: [], reason: "unknown_license" } : NO_CLAIMS;
}

export class ClaimDesk {
	readonly #parts: DeskParts;
	readonly #admission: Admission;

	constructor(parts: DeskParts, admission: Admission) {
		this.#parts = parts;
		this.#admission = admission;
	}

	/** Claimed again, a serial number is for the license that is named now, and no longer spent. */
	obey(order: AccountClaimOrder): AccountClaims {
		const { claims, audit } = this.#parts;
		if (order.kind === "list") return { claims: claims.claims(order.after, order.limit), reason: null };
		const { manufacturer } = order;
		if (order.kind === "unclaim") {
			const known = claims.claim(order.serial, manufacturer);
			if (known === null) return NO_CLAIMS;
			claims.remove(order.serial, manufacturer);
			audit(order, "claim.remove", known.serial, `manufacturer ${manufacturer}`);
			return { claims: [known], reason: null };
		}
		const refusal = this.#refuse(order);
		if (refusal !== null || order.kind === "ask") return refusal ?? NO_CLAIMS;
		const { license, serials, now: createdAt } = order;
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

	/** @returns null where they may be claimed; else also the claims of them that there are */
	#refuse({ license: id, serials, manufacturer, now }: AccountClaimOrder & { kind: "ask" | "claim" }) {
		const { account, claims, licenses, seatDesk } = this.#parts;
		const license = licenses.license(id);
		const known = serials.flatMap((serial) => claims.claim(serial, manufacturer) ?? []);
		const refuse = (reason: NonNullable<AccountClaims["reason"]>, more = {}): AccountClaims => ({
			claims: known,
			reason,
			...more,
		});
		if (license === null) return refuse("unknown_license");
		if (account.info()?.closedAt != null) return refuse("account_closed");
		const counted = known
			.filter((one) => one.license === id || one.device !== null)
			.map((one) => foldSerial(one.serial));
		const added = new Set(serials.map(foldSerial).filter((serial) => !counted.includes(serial))).size;
		if (added === 0) return null;
		const room = seatDesk.roomOf(license, now);
		const open = { most: maxOpenClaims({ ...license, ...room }, room.seatsTaken), now: claims.open(id) };
		return open.now + added > open.most ? refuse("too_many", { open }) : null;
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
