// `parapet backup restore`: a backup into a deployment that nobody has used. First every object gets its rows, and none of them exists; then
// they are woken, the Directory first, and their records are written to the stores. Broken off anywhere, the same command goes on.
import { z } from "zod";
import type { OperatorContext } from "../../command-line/run-as.ts";
import { CliError } from "../../errors.ts";
import { anyAnswer } from "../../http/answers.ts";
import { formatCount } from "../../terminal/output.ts";
import { createCountProgress } from "../../terminal/progress.ts";
import { rebuildAll } from "../record/rebuild.ts";
import { describeOwner, digestOf, type Entry, type KeptRow, openBackup, readRows } from "./backup-files.ts";
import { type Asking, exportPages, insist } from "./pages.ts";
import { expectOurs } from "./verify.ts";

/** Of JSON, in one request; a row is 2 MB at most. */
const PAGE_CHARACTERS = 262_144;
const taken = z.looseObject({ whole: z.boolean(), awake: z.boolean() });

export async function runRestore(
	context: OperatorContext<{ readonly dryRun?: boolean | undefined }>,
	folder: string,
	signal: AbortSignal,
): Promise<void> {
	const { api, options, output, surroundings, confirm } = context;
	const { manifest, entries } = await openBackup(folder);
	const asking: Asking = { api, surroundings, signal };
	await expectOurs(asking, manifest);
	const size = `${formatCount(manifest.rows)} rows of ${formatCount(manifest.objects)} objects of ${manifest.issuer}, as they were ${manifest.made_at}`;
	if (options.dryRun) {
		await expectUnused(asking);
		output.answer({ ...manifest, restored: false }, `would restore ${size}`);
		return;
	}
	await confirm(`${size}, are restored at ${api.server}`);
	const backup = digestOf(manifest);
	const progress = createCountProgress(surroundings, "restoring", output.json);
	try {
		let awake = 0;
		for (const [index, entry] of entries.entries()) {
			if (await fill(asking, folder, entry, backup)) awake += 1;
			progress.report(index + 1, entries.length, describeOwner(entry.owner));
		}
		if (awake === entries.length) throw restoredBefore();
		for (const { owner } of entries) {
			const what = `could not wake ${describeOwner(owner)}`;
			await insist(asking, () => api.call("POST", "/v1/backup/wake", what, anyAnswer, { owner, backup }, signal));
		}
	} finally {
		progress.end();
	}
	const rebuilt = await rebuildAll({ api, output, surroundings, options: {} }, signal);
	output.answer({ ...manifest, restored: true, rebuilt }, [
		`restored ${size}`,
		`${formatCount(rebuilt.records)} records are written to the stores${rebuilt.published ? "" : ", some are still on their way"}`,
		"fleet numbers come by themselves; for all of them now: parapet fleet rebuild",
	]);
}

/** @throws CliError where somebody has used the deployment: the Directory is there with the first account, product or key */
async function expectUnused(asking: Asking): Promise<void> {
	for await (const _ of exportPages(asking, { object: "directory" }))
		throw new CliError(`${asking.api.server} is in use`, {
			code: "backup_not_empty",
			fix: "restore into a deployment that nobody has used",
		});
}

function restoredBefore(): CliError {
	return new CliError("this deployment was restored from this backup before; nothing was changed", {
		code: "restored_before",
		fix: "to go back to it, restore it into a deployment that nobody has used",
	});
}

/** @returns whether the object exists already, out of this very backup */
async function fill(
	asking: Asking,
	folder: string,
	{ owner, schema, rows: total }: Entry,
	backup: string,
): Promise<boolean> {
	const { api, signal } = asking;
	const what = `could not restore ${describeOwner(owner)}`;
	let index = 0;
	const send = async (rows: readonly KeptRow[], isLast: boolean) => {
		const body = { owner, backup, schema, index, rows, total: isLast ? total : null };
		index += 1;
		return insist(asking, () => api.call("POST", "/v1/backup/restore", what, taken, body, signal));
	};
	let rows: KeptRow[] = [];
	let characters = 0;
	for await (const row of readRows(folder, owner)) {
		rows.push(row);
		characters += JSON.stringify(row).length;
		if (characters < PAGE_CHARACTERS) continue;
		// It was all there before.
		const { whole, awake } = await send(rows, false);
		if (whole) return awake;
		[rows, characters] = [[], 0];
	}
	const { whole, awake } = await send(rows, true);
	if (!whole) throw new CliError(`${what}: the service says that rows are missing`, { code: "backup_damaged" });
	return awake;
}
