// Puts one fault after the other into a copied tree and asks the tests that cover its file, until one of them fails.
import { coveringTests } from "./covering-tests.ts";
import type { Edit } from "./edit.ts";
import type { Result } from "./ledger.ts";
import type { ScratchTree } from "./scratch-tree.ts";
import type { TestProcess } from "./test-process.ts";

export interface Fault {
	readonly file: string;
	/** beginnings of paths of tests that cover the file besides those of its own folder */
	readonly tests: readonly string[];
	readonly edit: Edit;
}

export class Examiner {
	readonly #tree: ScratchTree;
	readonly #process: TestProcess;
	readonly #allTests: readonly string[];
	/** tests of which it is known that they pass without a fault */
	readonly #sound = new Set<string>();
	/** sources that were written since the tests were asked last */
	readonly #changed = new Set<string>();

	constructor(tree: ScratchTree, process: TestProcess) {
		this.#tree = tree;
		this.#process = process;
		this.#allTests = tree.tests();
	}

	/**
	 * @param first the test that noticed it last time, to be asked first; null = none
	 * @throws RangeError when the edit does not apply exactly once
	 * @throws Error when a test fails without a fault too: then its failure says nothing
	 */
	async examine({ file, tests, edit }: Fault, first: string | null): Promise<Result> {
		const startedMs = Date.now();
		const covering = coveringTests(file, tests, this.#allTests);
		if (covering.length === 0) throw new RangeError(`no test covers ${file}`);
		const ordered = [...covering].sort((a, b) => Number(b === first) - Number(a === first));
		const { outcome, by } = await this.#ask(file, edit, ordered);
		if (by !== null) await this.#requireSound(by.file);
		return { file, breaks: edit.breaks, outcome, by, ms: Date.now() - startedMs };
	}

	async #ask(file: string, edit: Edit, tests: readonly string[]): Promise<Pick<Result, "outcome" | "by">> {
		const restore = this.#tree.spoil(file, edit);
		this.#changed.add(file);
		try {
			for (const test of tests) {
				const failed = await this.#run(test);
				if (failed !== null) {
					return { outcome: failed === "endless" ? "endless" : "noticed", by: { file: test, test: failed } };
				}
			}
			return { outcome: "survived", by: null };
		} finally {
			restore();
			this.#changed.add(file);
		}
	}

	async #requireSound(test: string): Promise<void> {
		if (this.#sound.has(test)) return;
		const failed = await this.#run(test);
		if (failed !== null) throw new Error(`${test} fails without a fault too: ${failed}`);
		this.#sound.add(test);
	}

	async #run(test: string): Promise<string | null> {
		const changed = [...this.#changed];
		this.#changed.clear();
		return this.#process.ask({ test, changed });
	}
}
