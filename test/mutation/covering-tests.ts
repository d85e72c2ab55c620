// Which tests are asked whether they notice a fault: those of the source's subject, and those that the list of edits names. Unit tests
// come first, and of each kind the one that has the source's name, then those that are named or mirror its folder: the others are
// there for faults that only a neighbour's test notices.
import { basename, dirname } from "node:path";

const TIERS = ["test/unit", "test/workers"];
/** Folders whose own folders are a subject each. */
const FOLDERS_OF_SUBJECTS = ["cli", "objects", "routes"];

/**
 * @param file source, from the root of the tree
 * @param named beginnings of further tests' paths
 * @param allTests every test file of the tree, from its root
 * @returns the tests to ask, in the order in which they are asked
 */
export function coveringTests(file: string, named: readonly string[], allTests: readonly string[]): readonly string[] {
	const folder = dirname(file).replace(/^src\//, "");
	const [first = "", second] = folder.split("/");
	const subject = second !== undefined && FOLDERS_OF_SUBJECTS.includes(first) ? `${first}/${second}` : first;
	const isOfSubject = (test: string) => TIERS.some((tier) => `${dirname(test)}/`.startsWith(`${tier}/${subject}/`));
	const mirrors = TIERS.map((tier) => `${tier}/${folder}`);
	const isNamed = (test: string) => named.some((beginning) => test.startsWith(beginning));
	const own = basename(file, ".ts");
	const nearness = (test: string) =>
		basename(test, ".test.ts") === own ? 0 : isNamed(test) ? 1 : mirrors.includes(dirname(test)) ? 2 : 3;
	const rank = (test: string) => TIERS.findIndex((tier) => test.startsWith(`${tier}/`)) * 4 + nearness(test);
	return allTests
		.filter((test) => isOfSubject(test) || isNamed(test))
		.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}
