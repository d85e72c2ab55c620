// The process that runs the tests. It stands in the copied tree and keeps vitest between questions, so that each costs the run
// of one test file alone. Whoever started it ends it, with all that it started, when a fault keeps a test from ending.
import { join } from "node:path";
import { createVitest, type TestModule } from "vitest/node";

/** Run this test file as it is on disk now. Paths are from the root. */
export interface Question {
	readonly test: string;
	/** whose text has changed since the last question */
	readonly changed: readonly string[];
}

export interface Answer {
	/** name of the first test that failed; null = all passed */
	readonly failed: string | null;
}

const vitest = await createVitest("test", {
	root: process.cwd(),
	watch: false,
	bail: 1,
	silent: true,
	reporters: [{}],
	maxWorkers: 1,
});
await vitest.standalone();

async function run({ test, changed }: Question): Promise<Answer> {
	for (const file of changed) vitest.invalidateFile(join(process.cwd(), file));
	const path = join(process.cwd(), test);
	const found = await vitest.globTestSpecifications([path]);
	const specifications = found.filter(({ moduleId }) => moduleId === path);
	if (specifications.length === 0) throw new Error(`vitest knows no test ${test}`);
	const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
	const failed = firstFailure(testModules.filter(({ moduleId }) => moduleId === path));
	return { failed: failed ?? (unhandledErrors.length > 0 ? String(unhandledErrors[0]) : null) };
}

function firstFailure(modules: readonly TestModule[]): string | null {
	if (modules.length === 0) return "the file does not run";
	for (const module of modules) {
		if (module.state() === "passed" || module.state() === "skipped") continue;
		for (const test of module.children.allTests("failed")) return test.fullName;
		return module.errors()[0]?.message ?? "the file as a whole";
	}
	return null;
}

process.on("message", async (question: Question) => process.send?.(await run(question)));
process.send?.("ready");
