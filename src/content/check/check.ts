// The answer to a check, without the signatures: for every product asked about, whether the device may have it, and
// what it should run next; whether there are messages to read; and until when all of that holds.
import { decideEntitlement, type EntitledDevice } from "../../entitlement/decide.ts";
import type { DeviceProfile } from "../../entitlement/devices/device-record.ts";
import type { Entitled } from "../../entitlement/entitled.ts";
import { type DevicePolicy, mayUntil, pinOf, putOff } from "../../entitlement/policy/device-policy.ts";
import { termsOf } from "../../entitlement/terms.ts";
import type { DeviceCircumstances } from "../audience.ts";
import type { Message } from "../messages/message.ts";
import { selectMessages } from "../messages/select-messages.ts";
import { channelOf } from "../releases/channel.ts";
import type { ProductRecord } from "../releases/product-record.ts";
import { admittedAt, admittedUntil, type Buckets, couldBeIn, isHeldBack } from "../releases/rollout-place.ts";
import type { Room } from "../releases/room.ts";
import { type Candidate, selectRelease } from "../releases/select-release.ts";
import type { OfferReason, Selection } from "../releases/selection.ts";
import { answerInTurn } from "../requires/answer-in-turn.ts";
import type { FindHolders, FindPrerequisite } from "../requires/requires.ts";
import type { Installed } from "./installed.ts";
import { answerHoldsUntil, isPutOff, type ProductAnswer } from "./product-answer.ts";

/** An emergency release that comes to a device so soon has it ask more often; one that comes later would have a whole fleet do that for hours. */
const SOON_SECONDS = 3_600;

/** What of a device is decided on, with what its account says of its updates. */
export interface CheckedDevice extends EntitledDevice {
	readonly policy: DevicePolicy | null;
}

export interface CheckAnswer {
	readonly products: readonly ProductAnswer[];
	/** `unread`: live messages above the sequence that the device has seen; `last`: the highest live sequence, 0 = none */
	readonly messages: { readonly unread: number; readonly last: number };
	/** unix seconds at which the answer changes if nothing but time passes; Infinity = never */
	readonly holdsUntil: number;
	/** unix seconds from which a release that is put off may be installed; Infinity = none is, or not by time alone */
	readonly opensAt: number;
	/** releases on their way that hold the device's unit back and watch it meanwhile (rollout/control.ts) */
	readonly heldBack: readonly { readonly product: string; readonly version: string }[];
	/** whether an emergency release is offered, or will be within the hour by time alone */
	readonly isUrgent: boolean;
}

export interface CheckFacts {
	readonly device: DeviceProfile;
	readonly circumstances: DeviceCircumstances;
	readonly installed: Installed;
	/** by product: of nothing installed what it held until it was damaged; what it has a permit for; which versions do not work on it */
	readonly held?: ReadonlyMap<string, string>;
	readonly permitted?: Installed;
	readonly failed?: ReadonlyMap<string, ReadonlySet<string>>;
	/** what the device has room for, by its own word */
	readonly room?: Room;
	/** highest message sequence that the device has shown */
	readonly seen: number;
	/** the current record of a product, null when nothing was ever published */
	readonly recordOf: (product: string) => ProductRecord | null;
	/** who may have a product; not given = whoever has a license for it */
	readonly entitledTo?: (product: string) => Entitled;
	readonly messages: readonly Message[];
	/** of the device's unit */
	readonly buckets: Buckets;
	/** unix seconds */
	readonly now: number;
}

/**
 * May the device have the product, and which release? The same for a check and for its explanation.
 * @param recordOf asked only of a product that the device may have
 * @param now unix seconds
 * @param note see `selectRelease`
 * @param entitled see `decideEntitlement`
 */
export function answerProduct(
	device: CheckedDevice,
	product: string,
	recordOf: CheckFacts["recordOf"],
	candidate: Candidate,
	now: number,
	note?: Parameters<typeof selectRelease>[4],
	entitled?: Entitled,
): ProductAnswer {
	const { installed } = candidate;
	const entitlement = decideEntitlement(device, product, now, entitled);
	if (entitlement.decision === "refused") return { product, installed, entitlement, selection: null };
	const record = recordOf(product) ?? noRecordOf(product);
	const { policy } = device;
	const terms = termsOf(entitlement, policy);
	if (policy === null) {
		const selection = selectRelease(record, terms, candidate, now, note);
		return { product, installed, entitlement, selection };
	}
	const selection = selectRelease(record, terms, candidate, now, note, pinOf(policy, product));
	return { product, installed, entitlement, selection: heed(policy, selection, now) };
}

/** Of a product of which nothing was ever published. */
function noRecordOf(product: string): ProductRecord {
	return { product, revision: 0, versionOrder: "none", releases: [], disabledRules: [], rulesDisabledAt: null };
}

/** What its account says comes after all else: it puts off what would be offered, and never offers anything. */
function heed(policy: DevicePolicy, selection: Selection, now: number): Selection {
	if (selection.status !== "offered") return selection;
	const { release, reason, holdsUntil, blocked, held } = selection;
	const install = {
		isEmergency: release.urgency === "emergency",
		isRevert: leadsAway(reason),
		isFirst: reason === "first_install" || reason === "installed_damaged",
		impact: release.impact,
	};
	const off = putOff(policy, install, now);
	if (off === null) return { ...selection, holdsUntil: Math.min(holdsUntil, mayUntil(policy, install, now)) };
	const waits = { ...(blocked && { blocked }), ...(held && { held }) };
	return {
		status: "current",
		reason: off.reason,
		...waits,
		holdsUntil: Math.min(holdsUntil, off.until),
		waiting: release,
	};
}

/** @returns whether an offer for that reason leads away from a release that is bad, or bad on the device */
export function leadsAway(reason: OfferReason): boolean {
	return reason === "installed_withdrawn" || reason === "installed_failed";
}

/** @returns what the device has once everything that is offered to it is installed; null = nothing is offered */
export function onceInstalled(installed: Installed, { products }: CheckAnswer): Installed | null {
	const offered = products.flatMap(({ product, selection }) =>
		selection?.status === "offered" ? [[product, selection.release.version] as const] : [],
	);
	return offered.length > 0 ? new Map([...installed, ...offered]) : null;
}

export function answerCheck({
	device,
	circumstances,
	installed,
	held,
	permitted,
	failed,
	room,
	seen,
	recordOf,
	entitledTo,
	messages,
	buckets,
	now,
}: CheckFacts): CheckAnswer {
	let holdsUntil = Infinity;
	let opensAt = Infinity;
	let isUrgent = false;
	// By product: it is asked again where something holds an offer back.
	const watched = new Map<string, string | null>();
	const answerOf = (
		product: string,
		prerequisite: FindPrerequisite,
		holders: FindHolders | undefined,
	): ProductAnswer => {
		const candidate: Candidate = {
			model: device.model,
			channel: channelOf(device, product),
			engine: circumstances.engine,
			installed: installed.get(product) ?? null,
			held: held?.get(product),
			permitted: permitted?.get(product) ?? undefined,
			failed: failed?.get(product),
			room,
			admittedAt: (reach, at) => admittedAt(reach, device, circumstances, buckets, at),
			admittedUntil: (reach, at) => admittedUntil(reach, device, at),
			couldBeIn: (reach) => couldBeIn(reach, device),
			prerequisite,
			holders,
		};
		let watching: string | null = null;
		const note: Parameters<typeof selectRelease>[4] = ({ version: passed, urgency, rollout }, verdict) => {
			const isWaiting = verdict === "not_reached" || verdict === "rollout_closed";
			if (isWaiting && isHeldBack(rollout, buckets)) watching ??= passed;
			if (urgency !== "emergency" || verdict !== "not_reached" || rollout === null) return;
			isUrgent ||= candidate.admittedAt(rollout, now) - now <= SOON_SECONDS;
		};
		const answer = answerProduct(device, product, recordOf, candidate, now, note, entitledTo?.(product));
		// Whoever is offered another release is about to change, and says nothing of those who do not.
		watched.set(product, answer.selection?.status === "current" ? watching : null);
		return answer;
	};
	const products = answerInTurn(installed.keys(), answerOf, { recordOf, failed });
	for (const answer of products) {
		isUrgent ||= answer.selection?.status === "offered" && answer.selection.release.urgency === "emergency";
		holdsUntil = Math.min(holdsUntil, answerHoldsUntil(answer));
		if (isPutOff(answer)) opensAt = Math.min(opensAt, answerHoldsUntil(answer));
	}
	const selected = selectMessages(messages, device, circumstances, buckets, now);
	return {
		products,
		messages: {
			unread: selected.messages.filter((message) => message.sequence > seen).length,
			last: selected.messages[0]?.sequence ?? 0,
		},
		holdsUntil: Math.min(holdsUntil, selected.holdsUntil),
		opensAt,
		heldBack: [...watched].flatMap(([product, version]) => (version === null ? [] : [{ product, version }])),
		isUrgent,
	};
}
