// The whole audit trail of an object, newest entry first, read page by page as its list of events gives it.
import type { AuditEntry, TrailPage, TrailQuery } from "../../src/objects/audit.ts";

/** @param object an Account, a Product or the Directory @returns no entry also where there is no such object */
export async function trailOf(object: {
	events(query: TrailQuery): PromiseLike<TrailPage | null>;
}): Promise<AuditEntry[]> {
	const entries: AuditEntry[] = [];
	let page: TrailPage | null = null;
	do {
		page = await object.events({ after: page?.next ?? 0, limit: 1_000, types: [] });
		for (const { seq: _, ...entry } of page?.entries ?? []) entries.push(entry);
	} while (page?.more);
	return entries.reverse();
}
