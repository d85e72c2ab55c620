// Would the tests notice? Puts each fault of the list into a copy of the tree and runs the tests that cover it.
//   npm run test:mutation -- [--only src/storage] [--survivors] [--fresh] [--json] [--list]
// Without --fresh, what was found before in the very same tree is not asked again: a run that was broken off goes on.
import { parseArgs } from "node:util";
import { ALL_EDITS } from "./edits/all.ts";
import { Examiner, type Fault } from "./examine.ts";
import { Ledger, type Result } from "./ledger.ts";
import { ScratchTree } from "./scratch-tree.ts";
import { TestProcess } from "./test-process.ts";

/** Of all faults so many must be noticed. */
const GOAL_SHARE = 0.9;
/** The slowest test file takes a tenth of this on a quiet machine. */
const TEST_LIMIT_MS = 120_000;
const ROOT = process.cwd();

const { values: options } = parseArgs({
	options: {
		/** beginning of the paths of the sources */
		only: { type: "string", default: "" },
		/** only faults that nobody noticed last time */
		survivors: { type: "boolean", default: false },
		fresh: { type: "boolean", default: false },
		json: { type: "boolean", default: false },
		list: { type: "boolean", default: false },
	},
});

const ledger = new Ledger(ROOT);
const faults: readonly Fault[] = ALL_EDITS.flatMap(({ file, tests = [], edits }) =>
	edits.map((edit) => ({ file, tests, edit })),
)
	.filter(({ file }) => file.startsWith(options.only))
	.filter(({ file, edit }) => !options.survivors || ledger.last(file, edit)?.outcome === "survived");

if (options.list) {
	for (const { file, edit } of faults) console.log(`${file}: ${edit.breaks}`);
	process.exit();
}

const results = await examineAll();
report(results);

async function examineAll(): Promise<readonly Result[]> {
	const tree = new ScratchTree(ROOT);
	const tests = new TestProcess(tree.root, TEST_LIMIT_MS);
	const cleanUp = () => {
		tests.end();
		tree.remove();
	};
	for (const signal of ["SIGINT", "SIGTERM"] as const) {
		process.once(signal, () => {
			cleanUp();
			process.exit(1);
		});
	}
	try {
		const examiner = new Examiner(tree, tests);
		const found: Result[] = [];
		for (const fault of faults) {
			const known = options.fresh ? null : ledger.known(fault.file, fault.edit);
			const result = known ?? (await examiner.examine(fault, ledger.last(fault.file, fault.edit)?.by?.file ?? null));
			if (known === null) ledger.note(fault.edit, result);
			found.push(result);
			console.error(`${String(found.length).padStart(4)}/${faults.length} ${describe(result)}`);
		}
		return found;
	} finally {
		cleanUp();
	}
}

function describe({ outcome, file, breaks, by, ms }: Result): string {
	const who = by === null ? "" : `\n            by ${by.file}: ${by.test}`;
	return `${outcome} (${(ms / 1000).toFixed(1)} s) ${file}: ${breaks}${who}`;
}

function report(all: readonly Result[]): void {
	const survived = all.filter(({ outcome }) => outcome === "survived");
	const noticed = all.length - survived.length;
	if (options.json) console.log(JSON.stringify({ faults: all.length, noticed, results: all }, null, "\t"));
	else {
		for (const { file, breaks } of survived) console.log(`survived  ${file}: ${breaks}`);
		console.log(`${noticed} of ${all.length} faults noticed (${((100 * noticed) / all.length).toFixed(1)} %)`);
	}
	if (noticed < all.length * GOAL_SHARE) process.exitCode = 1;
}
