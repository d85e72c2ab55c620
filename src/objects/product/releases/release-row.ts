// The row of a release: what a version is, what has become of it, and the way from the row to that.
import type { Channel } from "../../../content/releases/channel.ts";
import type { Release, Urgency } from "../../../content/releases/product-record.ts";
import { orderFacts, type ReleaseFacts } from "../../../content/releases/release-facts.ts";
import type { Variant } from "../../../content/releases/variant.ts";
import { type Requirement, requirementsKey } from "../../../content/requires/requires.ts";
import type { EngineRange } from "../../../names.ts";
import type { Reach } from "../../../rollout/reach.ts";

/** Bytes that are in object storage already. */
export interface PackageContent {
	readonly sha256: string;
	/** bytes */
	readonly size: number;
	/** the file's name in downloads */
	readonly name: string;
}

/** What a publisher says of a release besides its bytes. */
export interface ReleaseMetadata {
	readonly notes: string;
	readonly urgency: Urgency;
	/** null = every model */
	readonly models: readonly string[] | null;
	readonly engine: EngineRange;
	/** how many rules, signatures or addresses it has; null = the publisher does not say */
	readonly entries: number | null;
	/** what it takes up and interrupts, and what kind of change it is; not given = the publisher does not say */
	readonly facts?: ReleaseFacts;
	/** of other products; not given = nothing */
	readonly requires?: readonly Requirement[];
}

/** A version with its bytes, and what has become of it. */
export interface ReleaseEntry extends PackageContent, ReleaseMetadata {
	readonly version: string;
	/** other bytes for some models, by name; not given = every model has the package */
	readonly variants?: readonly Variant[];
	readonly addedAt: number;
	/** subject of the key that uploaded it */
	readonly addedBy: string;
	/**
	 * uploaded: bytes only; waiting: its first step has not begun, for want of words; approved: for want of its time alone, or for a
	 * freeze (a row says waiting of both, see release-life.ts); rolling_out: some may have it;
	 * current: the newest that everybody on its channel may have; superseded: its rollout ended before everybody might have it
	 */
	readonly status:
		| "uploaded"
		| "waiting"
		| "approved"
		| "rolling_out"
		| "current"
		| "older"
		| "superseded"
		| "withdrawn";
	/** in which it travels; null = it is not released */
	readonly channel: Channel | null;
	/** of one that was promoted from beta: when it was released there; everybody on beta may have it */
	readonly betaReleasedAt: number | null;
	readonly sequence: number | null;
	readonly releasedAt: number | null;
	/** from when on everybody on its channel may have it; null = not everybody may */
	readonly outAt: number | null;
	readonly withdrawnAt: number | null;
	readonly withdrawReason: string | null;
	/** version to which devices go back that run it; null = to the newest below it */
	readonly revertTo: string | null;
}

export type ReleaseRow = {
	version: string;
	sha256: string;
	size: number;
	name: string;
	added_at: number;
	added_by: string;
	sequence: number | null;
	released_at: number | null;
	notes: string | null;
	urgency: Urgency | null;
	models: string | null;
	engine: string | null;
	entries: number | null;
	facts: string | null;
	requires: string | null;
	withdrawn_at: number | null;
	withdraw_reason: string | null;
	revert_to: string | null;
	reach: string | null;
	out_at: number | null;
	channel: Channel | null;
	beta_released_at: number | null;
	current_sequence: number | null;
	step: number | null;
	/** JSON: Variant list */
	variants: string;
};

function statusOf(row: ReleaseRow): ReleaseEntry["status"] {
	if (row.sequence === null) return "uploaded";
	if (row.withdrawn_at !== null) return "withdrawn";
	if (row.out_at === null) {
		const closed = reachOf(row)?.closed;
		if (closed === "ended") return "superseded";
		return closed === "waiting" && row.step === 0 ? "waiting" : "rolling_out";
	}
	return row.sequence === row.current_sequence ? "current" : "older";
}

function reachOf({ reach }: ReleaseRow): Reach | null {
	return reach === null ? null : (JSON.parse(reach) as Reach);
}

function metadataOf(row: ReleaseRow): ReleaseMetadata & { models: string[] | null; requires?: Requirement[] } {
	return {
		notes: row.notes ?? "",
		urgency: row.urgency ?? "routine",
		models: row.models === null ? null : (JSON.parse(row.models) as string[] | null),
		engine: row.engine === null ? {} : (JSON.parse(row.engine) as EngineRange),
		entries: row.entries,
		facts: row.facts === null ? {} : (JSON.parse(row.facts) as ReleaseFacts),
		...(row.requires !== null && { requires: JSON.parse(row.requires) as Requirement[] }),
	};
}

/** @returns none = the field is left out */
function variantsOf({ variants }: ReleaseRow): { variants?: readonly Variant[] } {
	if (variants === "[]") return {};
	const listed = JSON.parse(variants) as Variant[];
	return { variants: listed.toSorted((a, b) => (a.variant < b.variant ? -1 : 1)) };
}

export function entryOf(row: ReleaseRow): ReleaseEntry {
	const { version, sha256, size, name, sequence } = row;
	return {
		version,
		sha256,
		size,
		name,
		...variantsOf(row),
		...metadataOf(row),
		addedAt: row.added_at,
		addedBy: row.added_by,
		channel: row.channel,
		betaReleasedAt: row.beta_released_at,
		status: statusOf(row),
		sequence,
		releasedAt: row.released_at,
		outAt: row.out_at,
		withdrawnAt: row.withdrawn_at,
		withdrawReason: row.withdraw_reason,
		revertTo: row.revert_to,
	};
}

export function recordedOf(row: ReleaseRow): Release {
	const { version, sha256, size, name, sequence, released_at: releasedAt } = row;
	const { channel, beta_released_at: betaReleasedAt } = row;
	if (sequence === null || releasedAt === null || channel === null) throw new Error(`${version} is not released`);
	const { facts, ...metadata } = metadataOf(row);
	return {
		version,
		sequence,
		sha256,
		size,
		name,
		releasedAt,
		channel,
		betaReleasedAt,
		...metadata,
		...facts,
		...variantsOf(row),
		withdrawn: row.withdrawn_at !== null,
		...(row.revert_to !== null && { revertTo: row.revert_to }),
		rollout: reachOf(row),
	};
}

/** @returns as the row has them */
export function factsText(facts: ReleaseFacts = {}): string | null {
	return Object.keys(facts).length === 0 ? null : JSON.stringify(orderFacts(facts));
}

/**
 * @returns in what a release says something else than the metadata; order of models counts, order of an engine's ends and of what it
 * requires does not
 */
export function differingMetadata(release: ReleaseMetadata, metadata: ReleaseMetadata): string[] {
	const { notes, urgency, models, engine, entries, requires } = metadata;
	const [facts, others] = [orderFacts(metadata.facts ?? {}), orderFacts(release.facts ?? {})];
	const same = {
		notes: release.notes === notes,
		urgency: release.urgency === urgency,
		models: JSON.stringify(release.models) === JSON.stringify(models),
		engine: release.engine.min === engine.min && release.engine.max === engine.max,
		entries: release.entries === entries,
		requires: requirementsKey(release.requires) === requirementsKey(requires),
		footprint: JSON.stringify(facts.footprint) === JSON.stringify(others.footprint),
		impact: facts.impact === others.impact,
		classes: JSON.stringify(facts.classes) === JSON.stringify(others.classes),
	};
	return Object.entries(same).flatMap(([name, isSame]) => (isSame ? [] : [name]));
}
