// What docs/operations.md says of outages is what is tested: each row of its tables has tests under its name, and no test
// of an outage stands without a row.
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Rows of the tables in the section, as the cells of each; without heads. */
function tableRows(markdown: string): string[][] {
	const [, rest = ""] = markdown.split("\n## When a part is down\n");
	const [section = ""] = rest.split("\n## ");
	const lines = section.split("\n");
	const isRow = (line = "") => line.startsWith("| ");
	return lines
		.filter((line, index) => isRow(line) && !line.startsWith("| ---") && !lines[index + 1]?.startsWith("| ---"))
		.map((line) => line.split("|").slice(1, -1));
}

/** Names of the outermost describes: those begin their line. */
function testedNames(files: readonly string[]): string[] {
	return files.flatMap((file) => {
		const matches = readFileSync(file, "utf8").matchAll(/^describe\S*\(\s*"([^"]+)"/gm);
		return [...matches].map(([, name = ""]) => name);
	});
}

const rows = tableRows(readFileSync("docs/operations.md", "utf8"));
const names = rows.map(([first = ""]) => /^ \*\*([^*]+)\*\*/.exec(first)?.[1] ?? first);
const tested = testedNames(globSync("test/workers/routes/outages/*.test.ts"));

test("there are tables with rows, and each row begins with its name in bold and fills every column", () => {
	expect(rows.length).toBeGreaterThanOrEqual(17);
	for (const row of rows) {
		expect(row[0]).toMatch(/^ \*\*[^*]+\*\*/);
		expect([5, 7]).toContain(row.length);
		for (const cell of row) expect(cell.trim()).not.toBe("");
	}
});

test("each row has tests under its name, once, and every outage that is tested has a row", () => {
	expect([...names].sort()).toEqual([...tested].sort());
	expect(new Set(names).size).toBe(names.length);
});
