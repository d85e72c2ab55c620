// `parapet package collect`: goes through all stored packages, a page at a time, for those that no version has. May be interrupted and
// begun again at any time; what was removed stays so.
import { z } from "zod";
import type { OperatorContext } from "../../command-line/run-as.ts";
import { CALL_INTERVAL_MS, patiently } from "../../http/patience.ts";
import { formatBytes, formatCount, formatTable } from "../../terminal/output.ts";
import { createCountProgress } from "../../terminal/progress.ts";

const orphan = z.looseObject({
	sha256: z.string(),
	size: z.int().nonnegative(),
	uploaded_at: z.string(),
	outcome: z.string(),
});
type Orphan = z.infer<typeof orphan>;
const collectedPage = z.looseObject({
	packages: z.int().nonnegative(),
	orphans: z.array(orphan),
	next: z.string().nullable(),
});

const ROWS_SHOWN = 50;
/** With --json; a store without a single version is all orphans. */
const ORPHANS_KEPT = 1_000;
const TRIES = 12;

/** Sums of what was found. */
interface Sums {
	packages: number;
	orphans: number;
	bytes: number;
	readonly outcomes: Map<string, number>;
}

export async function runCollect(
	context: OperatorContext<{ readonly remove: boolean }>,
	signal: AbortSignal,
): Promise<void> {
	const { api, options, output, surroundings, confirm } = context;
	const { remove } = options;
	if (remove) await confirm("the bytes of every package that no version has are removed, for good");
	const progress = createCountProgress(surroundings, remove ? "removing" : "looking", output.json);
	const sums: Sums = { packages: 0, orphans: 0, bytes: 0, outcomes: new Map() };
	const kept: Orphan[] = [];
	const what = "could not collect orphaned packages";
	try {
		for (let after: string | null = ""; after !== null; ) {
			const body = { remove, ...(after !== "" && { after }) };
			const startedMs = surroundings.nowMs();
			const page: z.infer<typeof collectedPage> = await patiently({ surroundings, signal, tries: TRIES }, () =>
				api.call("POST", "/v1/packages/collect", what, collectedPage, body, signal),
			);
			add(sums, page.packages, page.orphans);
			kept.push(...page.orphans.slice(0, ORPHANS_KEPT - kept.length));
			progress.report(sums.packages, null, `${formatCount(sums.orphans)} orphans, ${formatBytes(sums.bytes)}`);
			after = page.next;
			const leftMs = startedMs + CALL_INTERVAL_MS - surroundings.nowMs();
			if (after !== null && leftMs > 0) await surroundings.sleep(leftMs, signal);
		}
	} finally {
		progress.end();
	}
	const { outcomes, ...counts } = sums;
	const answer = { ...counts, outcomes: Object.fromEntries(outcomes), some_orphans: kept };
	output.answer(answer, [...table(kept, sums.orphans), summary(sums)]);
	for (const note of notes(sums)) output.note(note);
}

function add(sums: Sums, packages: number, orphans: readonly Orphan[]): void {
	sums.packages += packages;
	sums.orphans += orphans.length;
	for (const { size, outcome } of orphans) {
		sums.bytes += size;
		sums.outcomes.set(outcome, (sums.outcomes.get(outcome) ?? 0) + 1);
	}
}

function table(kept: readonly Orphan[], total: number): string[] {
	if (kept.length === 0) return [];
	const shown = kept.slice(0, ROWS_SHOWN);
	const rows = shown.map((one) => [one.sha256, formatBytes(one.size), one.uploaded_at, one.outcome]);
	const more = total > shown.length ? [`… and ${formatCount(total - shown.length)} more`] : [];
	return [...formatTable(["SHA-256", "SIZE", "UPLOADED", "OUTCOME"], rows), ...more];
}

function summary({ packages, orphans, bytes, outcomes }: Sums): string {
	const found = `of ${formatCount(packages)} packages ${formatCount(orphans)} are orphaned`;
	if (orphans === 0) return `${found}`;
	const removed = outcomes.get("removed") ?? 0;
	return `${found}, ${formatBytes(bytes)}${removed > 0 ? `; ${formatCount(removed)} of them were removed` : ""}`;
}

/** What to do about those that are still there. */
function notes({ outcomes }: Sums): string[] {
	const some = (outcome: string, text: string) => {
		const count = outcomes.get(outcome) ?? 0;
		return count === 0 ? [] : [`${formatCount(count)} ${text}`];
	};
	return [
		...some("orphaned", "are still there: `parapet package collect --remove` removes them"),
		...some("locked", "are kept by a lock of the bucket, see `npx wrangler r2 bucket lock list`"),
		...some("unknown", "may be gone or not, as the storage did not answer: look again in an hour"),
	];
}
