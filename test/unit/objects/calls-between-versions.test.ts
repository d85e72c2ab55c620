// While a deployment goes through, the Worker of one version calls objects of the other, both ways (docs/operations.md). Held here: no
// method of an object goes, or takes other parameters, unseen. Not held: what is inside of a named type of a parameter or answer.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

const SRC = join(import.meta.dirname, "../../../src/objects");
const CLASSES = [
	"account/account.ts",
	"census/census.ts",
	"directory/directory.ts",
	"kept-object.ts",
	"product/product.ts",
	"record-writer/record-writer.ts",
	"replay/replay-guard.ts",
	"serials/serial-index.ts",
	"trust/trust.ts",
];
const LIST = join(import.meta.dirname, "calls-between-versions.txt");

/** @returns each public method of the class in a source, as `Class.method(parameters)` in one line */
function methodsIn(source: string): string[] {
	const name = /export (?:abstract )?class (\w+) extends (?:DurableObject|KeptObject)/.exec(source)?.[1] ?? "";
	return [...source.matchAll(/^\t(?:async )?([a-z]\w*)\(/gm)]
		.filter(([, method]) => method !== "constructor")
		.map(({ 1: method = "", index, 0: opening }) => {
			const from = index + opening.length;
			const parameters = source.slice(from, closingOf(source, from)).replace(/\s+/g, " ").replace(/,? ?$/, "").trim();
			return `${name}.${method}(${parameters})`;
		});
}

/** @returns where the parenthesis that was opened before `from` is closed */
function closingOf(source: string, from: number): number {
	let depth = 1;
	for (let at = from; at < source.length; at++) {
		if (source[at] === "(") depth += 1;
		if (source[at] === ")") depth -= 1;
		if (depth === 0) return at;
	}
	throw new Error("a method's parameters do not end");
}

const readMethods = async () =>
	(await Promise.all(CLASSES.map(async (file) => methodsIn(await readFile(join(SRC, file), "utf8"))))).flat().sort();
const readList = async () => (await readFile(LIST, "utf8")).split("\n").filter((line) => line !== "");

it("every object has methods that are found", async () => {
	const found = await readMethods();
	expect(new Set(found.map((one) => one.split(".")[0]))).toHaveProperty("size", CLASSES.length);
	expect(found).toContain("Account.readRecord(key: string)");
});

it("no method that another version calls has gone, or takes something else", async () => {
	const found = await readMethods();
	expect(
		(await readList()).filter((one) => !found.includes(one)),
		"the Worker of the version before still calls these: keep them beside the new ones for one version, then remove their lines",
	).toEqual([]);
});

it("every method is on the list, so that it is missed when it goes", async () => {
	const list = await readList();
	expect(
		(await readMethods()).filter((one) => !list.includes(one)),
		"a Worker must not count on these in objects of the version before: 503 until they are there; add their lines to calls-between-versions.txt",
	).toEqual([]);
});
