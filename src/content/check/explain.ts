// Why a device gets what it gets of one product: the answer of a check with all that led to it, and what time alone will
// make of it. Nothing is decided here: the walk over the releases is selectRelease's own, and the future is the same
// question asked again at the moments that the answers name.
import type { DecisionCode } from "../../entitlement/decision-codes.ts";
import type { Entitled } from "../../entitlement/entitled.ts";
import { type Terms, termsOf } from "../../entitlement/terms.ts";
import { forModel, type ModelRelease } from "../releases/for-model.ts";
import { seenOn } from "../releases/on-channel.ts";
import type { ProductRecord, Release } from "../releases/product-record.ts";
import { type Candidate, readyAt } from "../releases/select-release.ts";
import type { PassedOver } from "../releases/selection.ts";
import { answerInTurn } from "../requires/answer-in-turn.ts";
import { answerProduct, type CheckedDevice } from "./check.ts";
import { answerHoldsUntil, isPutOff, offeredVersion, type ProductAnswer } from "./product-answer.ts";

export interface JudgedRelease {
	/** with the bytes of the device's model */
	readonly release: ModelRelease;
	/** older_than_choice: nobody looked at it any more */
	readonly verdict: "chosen" | PassedOver | "older_than_choice";
	/** unix seconds from which it is old enough, or its rollout comes to the device; null unless it is too young or not reached */
	readonly readyAt: number | null;
}

/**
 * What time does: `release_ready` = a release has become old enough, or its rollout comes to the device; `policy_opens`, `policy_closes`
 * = a window or a freeze of its account begins or ends.
 */
export type ChangeReason =
	| "license_starts"
	| "license_ends"
	| "grace_ends"
	| "critical_ends"
	| "release_ready"
	| "policy_opens"
	| "policy_closes";

export interface ForeseenChange {
	/** unix seconds */
	readonly at: number;
	readonly what: ChangeReason;
	/** from then on, until the next change */
	readonly answer: ProductAnswer;
}

export interface Explanation {
	readonly answer: ProductAnswer;
	/** newest first; none where the entitlement is refused, since then none is looked at */
	readonly releases: readonly JudgedRelease[];
	/** The next changes, soonest first. Before the first one nothing changes by time alone; none = it stays so for ever. */
	readonly changes: readonly ForeseenChange[];
	/** when the device may next install something by all that is known now, and what; null = not by time alone, or nothing is new */
	readonly install: { readonly at: number; readonly release: Release } | null;
}

export interface ExplainQuestion {
	readonly device: CheckedDevice;
	readonly product: string;
	/** who may have it; not given = whoever has a license for it */
	readonly entitled?: Entitled;
	/** null when nothing was ever published */
	readonly record: ProductRecord | null;
	readonly candidate: Candidate;
	/** what releases of the product require, what the device has that requires it, and what those require: by product; left out = nothing is known of any */
	readonly required?: ReadonlyMap<string, Pick<ExplainQuestion, "record" | "candidate" | "entitled">>;
	/** unix seconds */
	readonly now: number;
}

/** What a check that names all of these would say of the product, and until when. */
function answerAt(question: ExplainQuestion, at: number, listen?: () => Note) {
	const { device, product, candidate, required } = question;
	const parts = new Map<string, Pick<ExplainQuestion, "record" | "candidate" | "entitled">>([
		[product, question],
		...(required ?? []),
	]);
	const recordOf = (name: string) => parts.get(name)?.record ?? null;
	const failed = new Map(Array.from(parts, ([name, part]) => [name, part.candidate.failed ?? new Set<string>()]));
	const answers = answerInTurn(
		parts.keys(),
		(name, prerequisite, holders) => {
			const part = parts.get(name);
			const of = { ...(part?.candidate ?? candidate), prerequisite, holders };
			return answerProduct(device, name, recordOf, of, at, name === product ? listen?.() : undefined, part?.entitled);
		},
		{ recordOf, failed },
	);
	const answer = answers.find((one) => one.product === product);
	if (answer === undefined) throw new Error(`${product} was asked about, and not answered`);
	return { answer, holdsUntil: Math.min(...answers.map(answerHoldsUntil)) };
}

type Note = NonNullable<Parameters<typeof answerProduct>[5]>;

/** What ends a decision that time ends; null for those that people end. */
const ENDED_BY: Readonly<Record<DecisionCode, ChangeReason | null>> = {
	not_yet_valid: "license_starts",
	active: "license_ends",
	grace: "grace_ends",
	critical_only: "critical_ends",
	registered: null,
	expired: null,
	not_included: null,
	suspended: null,
	revoked: null,
	deactivated: null,
	seat_lost: null,
	license_suspended: null,
	license_revoked: null,
};

/** More than anybody reads; a busy product under a long delay tier has one per release. */
const MAX_CHANGES = 10;
/** A license starts, ends, and ends its grace and its time of emergency releases only. */
const LICENSE_MOMENTS = 4;
/** Windows open and close for ever: so many of these moments are looked at. */
const POLICY_MOMENTS = 20;

/** @returns the answer to a check for this one product, with its reasons and its next changes */
export function explainProduct(question: ExplainQuestion): Explanation {
	const { device, record, candidate, now } = question;
	let judged: Omit<JudgedRelease, "readyAt">[] = [];
	const note = (release: Release, verdict: JudgedRelease["verdict"]) => judged.push({ release, verdict });
	// The last walk counts: it is gone again where something holds an offer back.
	const first = answerAt(question, now, () => {
		judged = [];
		return note;
	});
	const { answer } = first;
	if (answer.selection !== null) {
		for (const release of record?.releases.slice(judged.length) ?? [])
			note(seenOn(candidate.channel, release), "older_than_choice");
	}
	const { entitlement } = answer;
	const terms = entitlement.decision === "refused" ? null : termsOf(entitlement, device.policy);
	const releases = judged.map((one) => ({
		...one,
		release: forModel(one.release, candidate.model),
		readyAt: foreseenAt(one, terms, candidate, now),
	}));
	const changes = foresee(question, first);
	const next = [{ at: now, answer }, ...changes].find((one) => one.answer.selection?.status === "offered");
	const offered = next?.answer.selection;
	const install = next && offered?.status === "offered" ? { at: next.at, release: offered.release } : null;
	return { answer, releases, changes, install };
}

/** @returns when time alone makes the release one for the device; null = time does not, or it is one already */
function foreseenAt(
	{ release, verdict }: Omit<JudgedRelease, "readyAt">,
	terms: Terms | null,
	{ admittedAt }: Candidate,
	now: number,
): number | null {
	if (verdict === "too_young" && terms !== null) return readyAt(release, terms);
	if (verdict !== "not_reached" || release.rollout === null) return null;
	const at = admittedAt(release.rollout, now);
	return at === Number.POSITIVE_INFINITY ? null : at;
}

/**
 * Each moment that an answer names lies after the answer's own, and there are few: one per release, and a few of the license.
 * The walk counts them, so that it ends even if an answer should ever name its own moment again.
 */
function foresee(question: ExplainQuestion, first: ReturnType<typeof answerAt>): ForeseenChange[] {
	const { device, record, required } = question;
	const changes: ForeseenChange[] = [];
	let { answer: before, holdsUntil: at } = first;
	// A release comes of age, and its rollout comes to the device.
	const records = [record, ...Array.from(required?.values() ?? [], (one) => one.record)];
	const releases = records.reduce((sum, one) => sum + (one?.releases.length ?? 0), 0);
	let moments = 2 * releases + (LICENSE_MOMENTS + (device.policy === null ? 0 : POLICY_MOMENTS)) * records.length;
	for (; moments > 0 && changes.length < MAX_CHANGES && at !== Infinity; moments--) {
		const { answer, holdsUntil } = answerAt(question, at);
		const ended = before.entitlement.code === answer.entitlement.code ? null : ENDED_BY[before.entitlement.code];
		const what = ended ?? policyChange(before, answer) ?? "release_ready";
		// What opens and closes does so again and again: the first time of each is told.
		const isTold = what.startsWith("policy") && changes.some((change) => change.what === what);
		if (isOther(before, answer) && !isTold) changes.push({ at, what, answer });
		before = answer;
		at = holdsUntil;
	}
	return changes;
}

function policyChange(before: ProductAnswer, after: ProductAnswer): ChangeReason | null {
	if (isPutOff(before) === isPutOff(after)) return null;
	return isPutOff(after) ? "policy_closes" : "policy_opens";
}

/** Whether the device would notice: a release may come of age when its license covers it no longer. */
function isOther(before: ProductAnswer, after: ProductAnswer): boolean {
	return (
		before.entitlement.code !== after.entitlement.code ||
		before.selection?.reason !== after.selection?.reason ||
		offeredVersion(before) !== offeredVersion(after)
	);
}
