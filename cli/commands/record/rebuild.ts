// `parapet record rebuild`: has every record written to the stores again. Where it stops it says how to go on.
import { z } from "zod";
import type { OperatorContext } from "../../command-line/run-as.ts";
import { CliError, UsageError } from "../../errors.ts";
import { formatCount } from "../../terminal/output.ts";
import { createCountProgress } from "../../terminal/progress.ts";
import { formatPlace, listOwners, type Owner, type Place, pageAnswer, walkRecords } from "./walk.ts";

/** Records a second. */
export const DEFAULT_RATE = 200;

const rebuiltPage = pageAnswer.extend({ published: z.boolean() });
/** The rebuild ended before its end, and can go on there. */
export class RebuildStopped extends CliError {}

export type RebuildOptions = {
	readonly store?: string | undefined;
	readonly rate?: number | undefined;
	readonly from?: Place | undefined;
};

/** @throws RebuildStopped when it has begun and cannot end */
export async function runRebuild(context: OperatorContext<RebuildOptions>, signal: AbortSignal): Promise<void> {
	const counts = await rebuildAll(context, signal);
	const { output } = context;
	output.answer(counts, `rebuilt ${formatCount(counts.records)} records: ${describeOwners(counts)}`);
	if (!counts.published) {
		output.note("some are still on their way: the service goes on by itself, and `parapet record verify` shows it");
	}
}

/** @returns how many records of whom, and whether every store has all of them @throws RebuildStopped when it has begun and cannot end */
export async function rebuildAll(
	{
		api,
		options,
		output,
		surroundings,
	}: Pick<OperatorContext<RebuildOptions>, "api" | "options" | "output" | "surroundings">,
	signal: AbortSignal,
): Promise<{ records: number; products: number; accounts: number; published: boolean }> {
	const { store, rate = DEFAULT_RATE, from } = options;
	const progress = createCountProgress(surroundings, "rebuilding", output.json);
	const waiting = new Set<Owner>();
	const owners = new Set<Owner>();
	let place = from ?? null;
	let records = 0;
	try {
		const all = await listOwners({ api, surroundings, signal });
		place ??= { owner: all[0] ?? { directory: true }, after: null };
		const start = { index: findOwner(all, place), after: place.after };
		const walk = { path: "/v1/records/rebuild", what: "could not rebuild records", answer: rebuiltPage, store, rate };
		for await (const step of walkRecords({ api, surroundings, signal, owners: all, start, ...walk })) {
			place = step.next;
			records += step.page.records;
			owners.add(step.owner);
			if (step.page.published) waiting.delete(step.owner);
			else waiting.add(step.owner);
			progress.report(step.done, all.length, `${formatCount(records)} records`);
		}
	} catch (error) {
		if (place === null || error instanceof UsageError) throw error;
		throw stopped(signal.aborted ? signal.reason : error, records, place, options);
	} finally {
		progress.end();
	}
	return { records, ...countOwners(owners), published: waiting.size === 0 };
}

function stopped(error: unknown, records: number, place: Place, { store, rate }: RebuildOptions): RebuildStopped {
	const token = formatPlace(place);
	const more = `${store === undefined ? "" : ` --store ${store}`}${rate === undefined ? "" : ` --rate ${rate}`}`;
	const why = error instanceof Error ? error.message : String(error);
	return new RebuildStopped(`the rebuild stopped after ${formatCount(records)} records: ${why}`, {
		code: error instanceof CliError ? error.code : "stopped",
		fix: `go on there with: parapet record rebuild --from ${token}${more}`,
		resumeFrom: token,
		cause: error,
	});
}

function findOwner(owners: readonly Owner[], { owner }: Place): number {
	const index = owners.findIndex((one) => JSON.stringify(one) === JSON.stringify(owner));
	if (index >= 0) return index;
	throw new UsageError("--from: this deployment has no such product or account", "leave --from out to start again");
}

function countOwners(owners: ReadonlySet<Owner>): { products: number; accounts: number } {
	const all = [...owners];
	return {
		products: all.filter((one) => "product" in one).length,
		accounts: all.filter((one) => "account" in one).length,
	};
}

function describeOwners({ products, accounts }: { products: number; accounts: number }): string {
	const say = (count: number, what: string) => `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
	return `${say(products, "product")}, ${say(accounts, "account")}, and what all devices share`;
}
