// Which tests are asked whether they notice a fault: those whose folder mirrors that of the source (where it has no tests, the folder
// above it), and those that the list of edits names. Unit tests come first, and of each kind the one that has the source's name: they are the cheapest to ask.
import { basename, dirname } from "node:path";

const TIERS = ["test/unit", "test/workers"];

/**
 * @param file source, from the root of the tree
 * @param named beginnings of further tests' paths
 * @param allTests every test file of the tree, from its root
 * @returns the tests to ask, in the order in which they are asked
 */
export function coveringTests(file: string, named: readonly string[], allTests: readonly string[]): readonly string[] {
	const folder = dirname(file).replace(/^src\//, "");
	const hasTests = (mirror: string) => allTests.some((test) => dirname(test) === mirror);
	const mirrors = TIERS.map((tier) => [`${tier}/${folder}`, `${tier}/${dirname(folder)}`].find(hasTests));
	const own = basename(file, ".ts");
	const covers = (test: string) =>
		mirrors.includes(dirname(test)) || named.some((beginning) => test.startsWith(beginning));
	const rank = (test: string) =>
		TIERS.findIndex((tier) => test.startsWith(`${tier}/`)) * 4 +
		(basename(test, ".test.ts") === own ? 0 : named.some((beginning) => test.startsWith(beginning)) ? 1 : 2);
	return allTests.filter(covers).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}
