// `parapet backup verify`: holds a backup against what it was when it was made, and against a deployment.
import type { ReaderContext } from "../../command-line/run-as.ts";
import { CliError } from "../../errors.ts";
import { formatCount, formatTable } from "../../terminal/output.ts";
import { createCountProgress } from "../../terminal/progress.ts";
import { describeOwner, digestOf, type KeptRow, openBackup, readRows, TableDigests } from "./backup-files.ts";
import { askSeal, exportRows } from "./pages.ts";

interface Difference {
	readonly object: string;
	readonly table: string;
	/** null = it has no such object */
	readonly rows_here: number | null;
	readonly rows_there: number | null;
}

const SHOWN = 50;

export async function runVerify(
	{ openApi, options, output, surroundings }: ReaderContext<{ readonly offline?: boolean | undefined }>,
	folder: string,
	signal: AbortSignal,
): Promise<void> {
	const { manifest, entries } = await openBackup(folder);
	const whole = `${folder} is whole: ${formatCount(manifest.rows)} rows of ${formatCount(manifest.objects)} objects, made ${manifest.made_at}`;
	if (options.offline) {
		output.answer(manifest, [whole, "whether its seal is the deployment's, only the deployment can tell"]);
		return;
	}
	const asking = { api: await openApi(), surroundings, signal };
	await expectOurs(asking, manifest);
	const differences: Difference[] = [];
	const progress = createCountProgress(surroundings, "comparing", output.json);
	try {
		for (const [index, { owner }] of entries.entries()) {
			const here = await digestsOf(readRows(folder, owner));
			const there = await digestsOf(exportRows(asking, owner));
			for (const table of new Set([...here.keys(), ...there.keys()])) {
				const [ours, theirs] = [here.get(table), there.get(table)];
				if (ours?.sha256 === theirs?.sha256) continue;
				const counts = { rows_here: ours?.rows ?? null, rows_there: theirs?.rows ?? null };
				differences.push({ object: describeOwner(owner), table, ...counts });
			}
			progress.report(index + 1, entries.length, describeOwner(owner));
		}
	} finally {
		progress.end();
	}
	const same = differences.length === 0;
	const header = ["OBJECT", "TABLE", "ROWS IN THE BACKUP", "ROWS THERE"];
	const rows = differences
		.slice(0, SHOWN)
		.map((one) => [one.object, one.table, one.rows_here ?? "-", one.rows_there ?? "-"]);
	output.answer({ ...manifest, differences }, [
		whole,
		...(same ? ["the deployment has the same"] : formatTable(header, rows)),
	]);
	if (!same)
		throw new CliError(`${formatCount(differences.length)} tables differ`, {
			code: "differs",
			fix: "a deployment that has been used since differs from its backup",
		});
}

/** @throws CliError where the backup's seal is not this deployment's */
export async function expectOurs(
	asking: Parameters<typeof askSeal>[0],
	manifest: Parameters<typeof digestOf>[0] & { readonly seal: string },
): Promise<void> {
	const { seal, issuer } = await askSeal(asking, digestOf(manifest));
	if (seal === manifest.seal) return;
	throw new CliError(`the backup's seal is not that of ${issuer}`, {
		code: "backup_of_another",
		fix: `it was altered, or made where LOOKUP_KEY is another one (at ${manifest.issuer}): without that key no id, code or API key in it is good`,
	});
}

async function digestsOf(rows: AsyncIterable<KeptRow>) {
	const digests = new TableDigests();
	for await (const row of rows) digests.add(row);
	return digests.end();
}
