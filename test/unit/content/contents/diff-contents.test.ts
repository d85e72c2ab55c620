import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffContents } from "../../../../src/content/contents/diff-contents.ts";
import { collectContents, type PackageContents } from "../../../../src/content/contents/package-contents.ts";

type Files = Readonly<Record<string, string | Uint8Array>>;

/** @param pieceBytes in which the files come */
function contentsOf(files: Files, pieceBytes = 7): PackageContents {
	const { onFile, contents } = collectContents(() => {
		const hash = createHash("sha256");
		return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
	});
	for (const [path, content] of Object.entries(files)) {
		const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
		const reader = onFile(path);
		for (let at = 0; at < bytes.length; at += pieceBytes) reader.data(bytes.subarray(at, at + pieceBytes));
		reader.end();
	}
	return contents;
}
const diff = (from: Files, to: Files) => diffContents(contentsOf(from), contentsOf(to));
const rule = (sid: number, { action = "alert", msg = "a", content = "x" } = {}) =>
	`${action} tcp any any -> any any (msg:"${msg}"; content:"${content}"; sid:${sid};)\n`;
const ids = (rules: readonly { readonly id: string }[]) => rules.map(({ id }) => id);

it("counts the lines that only one of two files has, whatever their order, and none of what is no text", () => {
	const from = { same: "a\n", moved: "a\nb\n", changed: "a\nb\nb\n", gone: "x\ny", binary: new Uint8Array([0, 1]) };
	const to = { same: "a\n", moved: "b\na\n", changed: "b\nc\nd\r\n", added: "z\n", binary: new Uint8Array([0, 2]) };
	expect(diff(from, to).files).toEqual([
		{ path: "added", added: 1, removed: 0, from: null, to: 2 },
		{ path: "binary", added: null, removed: null, from: 2, to: 2 },
		{ path: "changed", added: 2, removed: 2, from: 6, to: 7 },
		{ path: "gone", added: 0, removed: 2, from: 3, to: null },
		{ path: "moved", added: 0, removed: 0, from: 4, to: 4 },
	]);
});

describe("of rules it says", () => {
	it("which are new, gone and changed, and in what", () => {
		const { rules } = diff(
			{ "a.rules": rule(1) + rule(2) + rule(3) + rule(4), "b.rules": rule(5) },
			{ "a.rules": rule(1) + rule(3, { content: "y" }) + rule(4, { msg: "a b" }) + rule(5) + rule(6) },
		);
		expect([rules.from, rules.to, ids(rules.added), ids(rules.removed)]).toEqual([5, 5, ["6"], ["2"]]);
		expect(rules.changed.map(({ rule: { id }, what }) => [id, ...what])).toEqual([
			["3", "text"],
			["4", "text", "message"],
			["5", "file"],
		]);
	});

	it("which block that did not, new ones among them, and which block no more", () => {
		const { rules } = diff(
			{ "a.rules": rule(1) + rule(2, { action: "drop" }) + rule(3, { action: "drop" }) + rule(4, { action: "drop" }) },
			{
				"a.rules":
					rule(1, { action: "reject" }) +
					rule(2) +
					rule(4, { action: "drop", content: "y" }) +
					rule(5, { action: "drop" }),
			},
		);
		expect(ids(rules.newlyBlocking)).toEqual(["5", "1"]);
		expect(ids(rules.blockingNoMore)).toEqual(["3", "2"]);
	});

	it("which ids mean something else now, and which are there twice", () => {
		const { rules } = diff(
			{ "a.rules": rule(1, { msg: "SQL injection in login" }) + rule(2, { msg: "XSS in search form" }) },
			{
				"a.rules": rule(1, { msg: "Beacon of a trojan" }) + rule(2, { msg: "XSS in search field" }) + rule(3) + rule(3),
			},
		);
		expect(ids(rules.reused.map((change) => change.rule))).toEqual(["1"]);
		expect(ids(rules.repeated)).toEqual(["3"]);
	});

	it("which CVEs are named for the first time, in rules and in the files that they read, and which no more", () => {
		const { cves } = diff({ "a.rules": rule(1, { msg: "CVE-2014-6271" }) }, { "classes.data": "# CVE-2021-44228\n" });
		expect(cves).toEqual({ added: ["CVE-2021-44228"], removed: ["CVE-2014-6271"] });
	});
});

it("finds nothing between a package and itself, and the opposite in the other direction, whatever the pieces", () => {
	const someRules = fc.uniqueArray(
		fc.record({
			sid: fc.integer({ min: 1, max: 9 }),
			action: fc.constantFrom("alert", "drop"),
			content: fc.constantFrom("x", "y"),
		}),
		{ selector: ({ sid }) => sid, maxLength: 9 },
	);
	const files = fc.record({
		"a.rules": someRules.map((all) => all.map(({ sid, ...rest }) => rule(sid, rest)).join("")),
	});
	const law = fc.property(files, files, fc.integer({ min: 1, max: 300 }), (one, other, pieceBytes) => {
		const nothing = diffContents(contentsOf(one), contentsOf(one, pieceBytes));
		expect([nothing.files, nothing.rules.added, nothing.rules.removed, nothing.rules.changed]).toEqual([
			[],
			[],
			[],
			[],
		]);
		const [there, back] = [diff(one, other).rules, diff(other, one).rules];
		expect(ids(there.added).toSorted()).toEqual(ids(back.removed).toSorted());
		expect(ids(there.newlyBlocking).toSorted()).toEqual(ids(back.blockingNoMore).toSorted());
		expect(there.from + there.added.length - there.removed.length).toBe(there.to);
	});
	fc.assert(law);
});
