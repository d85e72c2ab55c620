// What is known of a device: when it was heard of, and of each product what it has, what it was offered and what became of that.
// Pure: what a device's words make of what is known. Times are those of the service, never the device's own.
import type { LineageStep } from "../entitlement/devices/lineage.ts";
import { placeInFleet } from "../place-in-fleet.ts";
import type { Reported } from "../rollout/lease.ts";
import { hourOf } from "../timestamps.ts";
import { type FailedOffer, failedOfferAfter } from "./failed-offer.ts";
import type { MessagesFetched } from "./message-receipt.ts";
import type { Network } from "./network.ts";
import type { OutcomeReason } from "./outcome-reason.ts";
import { type Installation, newInstallations } from "./told-installations.ts";
import type { AnchorsTold, CertificateShown } from "./trust-anchors.ts";

const HOUR = 3_600;
/** A device that says nothing new is written down once in so many hours; it asks in full at least as often (content/check/pulse.ts). */
const HOURS_PER_SLOT = 6;
/** A permit for the same release is news again after this. */
export const PERMIT_IS_OLD_SECONDS = HOUR;

/** Words that are sent to an account at once. */
export const MAX_WORDS = 200;

/** When and where a device was last heard of. */
export interface Sighting {
	/** unix seconds, to the hour */
	readonly seenAt: number;
	/** its software; null = it has not said */
	readonly engine: string | null;
	/** ISO 3166-1 alpha-2 and IATA code, as the edge saw it; null = the edge did not know */
	readonly country: string | null;
	readonly colo: string | null;
	/** code of the last problem that it met with a permit or a report; null = none yet */
	readonly problem: string | null;
	readonly problemAt: number | null;
}

/** A device and one product. */
export interface ProductState {
	/** null = nothing, or it has not said */
	readonly installed: string | null;
	/** what it was to run next when it last asked in full; null = what it has */
	readonly offered: string | null;
	/** since when something is offered to it that it has not installed; null = nothing is */
	readonly offeredAt: number | null;
	/** version of its last permit; null = it has had none */
	readonly permitted: string | null;
	readonly permittedAt: number | null;
	/** when that ends without a word, unix seconds */
	readonly permittedUntil: number | null;
	/** the version's position in the product's history */
	readonly permittedSequence: number | null;
	/** when it last said that it has downloaded something */
	readonly downloadedAt: number | null;
	/** its last word of a permit; null = none yet */
	readonly outcome: Reported | null;
	/** that the word was about */
	readonly outcomeVersion: string | null;
	readonly outcomeAt: number | null;
	/** the newest that failed on it with a download that came with its offer, and so by no permit, until it has it after all */
	readonly failedOffer: FailedOffer | null;
	readonly reason: OutcomeReason | null;
	/** why, in the device's own word */
	readonly detail: string | null;
	/** unix seconds of the last change of this */
	readonly changedAt: number;
	/** the device was let have it without its license naming it; not given = its license does */
	readonly registered?: true;
}

/** What an edge heard a device say. */
export interface DeviceWord {
	readonly device: string;
	/** unix seconds, by the edge */
	readonly at: number;
	readonly country: string | null;
	readonly colo: string | null;
	/** null = the edge did not know; left out by edges of an earlier deployment */
	readonly network?: Network | null;
	readonly said: Said;
}

export type Said =
	| {
			readonly kind: "checked";
			readonly engine: string | null;
			readonly products: readonly {
				readonly product: string;
				/** undefined = it did not say */
				readonly installed: string | null | undefined;
				/** what it has installed since it was heard, where no report has said it, up to what is installed; undefined = nothing */
				readonly installations?: readonly Installation[] | undefined;
				readonly offered: string | null;
				/** every registered device may have the product, and its license does not name it */
				readonly registered?: true | undefined;
			}[];
	  }
	| {
			readonly kind: "permitted";
			readonly product: string;
			readonly version: string;
			/** the version's position in the product's history: the higher, the newer; as what follows left out by edges of an earlier deployment */
			readonly sequence?: number;
			/** unix seconds at which the permit ends without a word */
			readonly until?: number;
			/** its account gave it a turn in its HA group, and so knows of the permit */
			readonly isLocked?: boolean;
	  }
	| {
			readonly kind: "reported";
			readonly product: string;
			readonly from: string | null;
			readonly version: string;
			/** of a version that failed with a download that came with its offer: as above */
			readonly sequence?: number;
			readonly outcome: Reported;
			readonly reason: OutcomeReason | null;
			readonly detail: string | null;
	  }
	| { readonly kind: "refused"; readonly problem: string }
	/** of its state only that it is there */
	| MessagesFetched
	/** likewise: that its day began; see entitlement/devices/lineage.ts */
	| ({ readonly kind: "lineage" } & LineageStep)
	/** likewise: what its updates rest on */
	| AnchorsTold
	/** likewise: when the certificate ends that it has shown */
	| CertificateShown
	/** of its state nothing: that it got a token without bringing its lineage, as who has nothing but its key; heard by the tripwire alone */
	| { readonly kind: "token" };

type CheckedProduct = (Said & { readonly kind: "checked" })["products"][number];

/** All that is known of one device. */
export interface DeviceState {
	readonly sighting: Sighting | null;
	/** by product */
	readonly products: Readonly<Record<string, ProductState>>;
}

/** Of a product of which a device has said nothing. */
export const NOTHING_KNOWN: ProductState = {
	...{ installed: null, offered: null, offeredAt: null, permitted: null, permittedAt: null },
	...{ permittedUntil: null, permittedSequence: null, downloadedAt: null },
	...{ outcome: null, outcomeVersion: null, outcomeAt: null, failedOffer: null },
	...{ reason: null, detail: null, changedAt: 0 },
};

/** @returns number of the six hours in which a device is to be written down once; each device has its own beginning of them */
export function slotOf(device: string, at: number): number {
	return Math.floor((Math.floor(at / HOUR) + Math.floor(placeInFleet(device) * HOURS_PER_SLOT)) / HOURS_PER_SLOT);
}

/** @returns unix seconds, to the hour, when a device was last heard of; null = never */
export function lastHeard({ sighting }: DeviceState): number | null {
	return sighting === null ? null : sighting.seenAt;
}

/**
 * What is news is written, and once in six hours that the device was heard of. As the state of a device is one row, all else that
 * it has said is written with it.
 * @param grants products of its license: of others only what every registered device may have is kept
 * @returns what is known after the word: `before` itself where nothing is to be written
 */
export function hear(before: DeviceState, word: DeviceWord, grants: ReadonlySet<string>): DeviceState {
	// Who has the key alone, as a copy does, must not make a silent device look alive.
	if (word.said.kind === "token") return before;
	const heard = lastHeard(before);
	const isDue = heard === null || slotOf(word.device, word.at) > slotOf(word.device, heard);
	const sighting = hearSighting(before.sighting, word);
	const { products, isNews } = hearProducts(before.products, word, grants);
	const isOther = sighting.engine !== before.sighting?.engine || sighting.problemAt !== before.sighting.problemAt;
	return isDue || isNews || isOther ? { sighting, products } : before;
}

function hearSighting(before: Sighting | null, { at, country, colo, said }: DeviceWord): Sighting {
	// What was said earlier has come later: a batch that was sent again, or another edge's.
	if (before !== null && hourOf(at) < before.seenAt) return before;
	const engine = said.kind === "checked" && said.engine !== null ? said.engine : (before?.engine ?? null);
	const isRefused = said.kind === "refused" && said.problem !== before?.problem;
	const problem = isRefused
		? { problem: said.problem, problemAt: at }
		: { problem: before?.problem ?? null, problemAt: before?.problemAt ?? null };
	return {
		seenAt: hourOf(at),
		engine,
		country: country ?? before?.country ?? null,
		colo: colo ?? before?.colo ?? null,
		...problem,
	};
}

/** @returns the products that the device may have, and whether one of them is to be written for what was said of it */
function hearProducts(
	before: DeviceState["products"],
	{ at, said }: DeviceWord,
	grants: ReadonlySet<string>,
): { readonly products: DeviceState["products"]; readonly isNews: boolean } {
	const isKept = ([product, { registered }]: [string, ProductState]) => grants.has(product) || registered === true;
	const after = Object.fromEntries(Object.entries(before).filter(isKept));
	let hasChanged = Object.keys(after).length < Object.keys(before).length;
	let isNews = false;
	for (const one of saidOf(said)) {
		const known = Object.hasOwn(before, one.product) ? before[one.product] : undefined;
		if (at < (known?.changedAt ?? 0)) continue;
		const { registered } = "kind" in one ? { registered: known?.registered } : one;
		if (!grants.has(one.product) && registered !== true) {
			hasChanged ||= Object.hasOwn(after, one.product);
			delete after[one.product];
			continue;
		}
		const next = "kind" in one ? hearOne(known ?? NOTHING_KNOWN, one, at) : hearCheck(known, one, at);
		if (next === known) continue;
		after[one.product] = { ...next, changedAt: at };
		hasChanged = true;
		// What is offered is news with what is written anyway: its permit tells it too.
		isNews ||= "kind" in one || known === undefined || next.installed !== known.installed;
	}
	return { products: hasChanged ? after : before, isNews };
}

function saidOf(said: Said): readonly (CheckedProduct | (Said & { readonly kind: "permitted" | "reported" }))[] {
	if (said.kind === "checked") return said.products;
	return said.kind === "permitted" || said.kind === "reported" ? [said] : [];
}

function hearCheck(
	known: ProductState | undefined,
	{ installed, installations, offered, registered }: CheckedProduct,
	at: number,
): ProductState {
	const before = known ?? NOTHING_KNOWN;
	const next = {
		...before,
		installed: installed === undefined ? before.installed : installed,
		...installation(before, { installed, installations }, at),
		...offer(before, offered, at),
		...(registered && { registered }),
	};
	const isSame =
		next.installed === known?.installed && offered === known.offered && next.registered === known.registered;
	return isSame ? known : next;
}

/** What a check tells in the place of a report. */
function installation(
	known: ProductState,
	{ installed, installations = [] }: Pick<CheckedProduct, "installed" | "installations">,
	at: number,
): Partial<ProductState> {
	const last = newInstallations(known, installations, at).at(-1);
	if (last === undefined || last.version !== installed || installed === known.installed) return {};
	const failedOffer = known.failedOffer?.version === installed ? null : known.failedOffer;
	const outcome = { outcome: "installed", outcomeVersion: installed, outcomeAt: last.at } as const;
	return { ...outcome, failedOffer, reason: null, detail: null };
}

function hearOne(
	known: ProductState,
	said: Said & { readonly kind: "permitted" | "reported" },
	at: number,
): ProductState {
	const { version } = said;
	if (said.kind === "permitted") {
		const isRecent = known.permitted === version && at - (known.permittedAt ?? 0) < PERMIT_IS_OLD_SECONDS;
		if (isRecent && lastWord(known) === null) return known;
		const permit = { permittedAt: at, permittedUntil: said.until ?? null, permittedSequence: said.sequence ?? null };
		return { ...known, permitted: version, ...permit, ...offer(known, version, at) };
	}
	const { outcome, reason, detail, from } = said;
	const isAgain = known.outcome === outcome && known.outcomeVersion === version && known.detail === detail;
	const failedOffer = failedOfferAfter(known.failedOffer, said, at);
	if (isAgain && known.reason === reason && failedOffer === known.failedOffer) return known;
	const next = { ...known, outcome, outcomeVersion: version, outcomeAt: at, failedOffer, reason, detail };
	switch (outcome) {
		case "downloaded":
			return { ...next, downloadedAt: at };
		case "installed":
		case "healthy":
			return { ...next, installed: version, ...offer(known, known.offered === version ? null : known.offered, at) };
		case "rolled_back":
			return { ...next, installed: from };
		case "failed":
		case "deferred":
		case "declined":
			return next;
	}
}

/** @returns what ended a device's last permit; null = it has not said */
export function lastWord(known: ProductState): Exclude<Reported, "downloaded" | "installed"> | null {
	const { permitted, permittedAt, outcome, outcomeVersion, outcomeAt } = known;
	if (outcomeVersion !== permitted || (outcomeAt ?? 0) < (permittedAt ?? 0)) return null;
	return outcome === "downloaded" || outcome === "installed" ? null : outcome;
}

/** One release after the other may be offered: the first of those that it did not install counts. */
function offer(known: ProductState, offered: string | null, at: number): Pick<ProductState, "offered" | "offeredAt"> {
	return { offered, offeredAt: offered === null ? null : (known.offeredAt ?? at) };
}
