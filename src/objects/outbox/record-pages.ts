// Every record that an object owns, a page at a time: delivered to the stores again, or compared with what they hold. What
// is delivered goes through the outbox, in its order, so nothing older than the truth ever follows something newer.
import { type RecordResult, RecordStoreError } from "../../storage/record-store.ts";
import type { Outbox, RecordLane } from "./outbox.ts";
import type { RecordStep } from "./outbox-rows.ts";

export interface OwnedRecords {
	/**
	 * @param after `next` of the page before, "" for the first
	 * @returns at most `limit` records as they are now, and the name of the next page
	 */
	read(after: string, limit: number): { readonly steps: readonly RecordStep[]; readonly next: string | null };
	/** Whether the record is to be delivered, although it is not in the outbox yet. */
	readonly isPending?: (key: string) => boolean;
	/** What matters of a body, where two that are not equal may say the same. */
	readonly essence?: (key: string, body: unknown) => unknown;
}

export interface RecordPageQuery {
	readonly after: string;
	/** at most 200: a put may take two of the 1,000 operations on KV that one invocation has, and others want some too */
	readonly limit: number;
	/** the only store that is meant; null for all */
	readonly store: string | null;
}

export type RebuildResult =
	| {
			readonly ok: true;
			readonly records: number;
			readonly next: string | null;
			/** whether the stores have taken everything; if not, the outbox goes on */
			readonly published: boolean;
	  }
	| { readonly ok: false; readonly reason: "stores_behind" };

/** unreadable: something is there that is not this key's record; forged: its seal is not one of this deployment's keys */
export type DriftVerdict = "missing" | "behind" | "ahead" | "different" | "unreadable" | "forged";

export interface Drift {
	readonly store: string;
	readonly key: string;
	readonly verdict: DriftVerdict;
	/** null where the store has none */
	readonly storeVersion: number | null;
	readonly trueVersion: number;
}

export interface StoreComparison {
	readonly store: string;
	readonly same: number;
	/** on their way, or changed while they were compared */
	readonly pending: number;
	/** the store did not answer for these */
	readonly unanswered: number;
	readonly drifted: number;
}

export interface VerifyResult {
	readonly records: number;
	readonly next: string | null;
	readonly stores: readonly StoreComparison[];
	readonly drift: readonly Drift[];
}

/** With so many steps waiting nothing is added: the next real change would have to wait for all of it. */
const MAX_WAITING = 200;

/** Delivers a page again. A record that is already owed keeps its place in the lane and its body, which is current. */
export async function rebuildPage(
	outbox: Outbox,
	source: OwnedRecords,
	query: RecordPageQuery,
): Promise<RebuildResult> {
	const lanes = lanesOf(outbox, query.store);
	const hasRoom = () => lanes.every(({ name }) => outbox.waitingIn(name) < MAX_WAITING);
	if (!hasRoom()) await outbox.flush();
	if (!hasRoom()) return { ok: false, reason: "stores_behind" };
	const { steps, next } = source.read(query.after, query.limit);
	for (const { name } of lanes) {
		const missing = steps.filter(({ key }) => !outbox.owes(key, name));
		if (missing.length > 0) outbox.add(missing, name);
	}
	await outbox.flush();
	const published = lanes.every(({ name }) => outbox.waitingIn(name) === 0);
	return { ok: true, records: steps.length, next, published };
}

/** Compares a page with every store. Writes nothing. */
export async function verifyPage(outbox: Outbox, source: OwnedRecords, query: RecordPageQuery): Promise<VerifyResult> {
	const lanes = lanesOf(outbox, query.store);
	const { steps, next } = source.read(query.after, query.limit);
	const keys = steps.map(({ key }) => key);
	const isOwed = ({ name }: RecordLane) => keys.map((key) => source.isPending?.(key) || outbox.owes(key, name));
	const owedBefore = lanes.map(isOwed);
	const held = await Promise.all(lanes.map(({ store }) => store.getMany(keys)));
	const owedAfter = lanes.map(isOwed);
	// What has changed meanwhile is compared with the wrong truth.
	const after = new Map(source.read(query.after, query.limit).steps.map(({ key, version }) => [key, version]));

	const drift: Drift[] = [];
	const stores = lanes.map(({ name: store }, lane) => {
		const counts = { same: 0, pending: 0, unanswered: 0, drifted: 0 };
		for (const [index, step] of steps.entries()) {
			const { key, version: trueVersion } = step;
			const outcome =
				owedBefore[lane]?.[index] || owedAfter[lane]?.[index] || after.get(key) !== trueVersion
					? "pending"
					: compare(step, held[lane]?.[index], source.essence);
			if (typeof outcome === "string") counts[outcome] += 1;
			else {
				counts.drifted += 1;
				drift.push({ store, key, trueVersion, ...outcome });
			}
		}
		return { store, ...counts };
	});
	return { records: steps.length, next, stores, drift };
}

function lanesOf(outbox: Outbox, store: string | null): readonly RecordLane[] {
	return outbox.lanes.filter(({ name }) => store === null || name === store);
}

function compare(
	step: RecordStep,
	held: RecordResult | undefined,
	essence: OwnedRecords["essence"] = (_, body) => body,
): "same" | "unanswered" | Pick<Drift, "verdict" | "storeVersion"> {
	if (held === undefined) return "unanswered";
	if (held instanceof RecordStoreError) {
		if (held.code === "unreachable") return "unanswered";
		return { verdict: held.code === "forged" ? "forged" : "unreadable", storeVersion: null };
	}
	if (held === null) return { verdict: "missing", storeVersion: null };
	const { version: storeVersion, body } = held;
	if (storeVersion !== step.version) return { verdict: storeVersion < step.version ? "behind" : "ahead", storeVersion };
	// In the form in which it would be stored: without members that are undefined.
	const truth: unknown = JSON.parse(JSON.stringify(step.body));
	const isSame = sameJson(essence(step.key, truth), essence(step.key, body));
	return isSame ? "same" : { verdict: "different", storeVersion };
}

/** Whether two JSON values say the same; the order of an object's members says nothing. */
function sameJson(left: unknown, right: unknown): boolean {
	if (left === right) return true;
	if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
	if (Array.isArray(left) !== Array.isArray(right)) return false;
	const [ours, theirs] = [new Map(Object.entries(left)), new Map(Object.entries(right))];
	if (ours.size !== theirs.size) return false;
	for (const [name, value] of ours) if (!theirs.has(name) || !sameJson(value, theirs.get(name))) return false;
	return true;
}
