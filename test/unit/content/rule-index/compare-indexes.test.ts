import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffContents } from "../../../../src/content/contents/diff-contents.ts";
import { collectContents } from "../../../../src/content/contents/package-contents.ts";
import { compareIndexes, MAX_NAMED, MAX_REWORDED } from "../../../../src/content/rule-index/compare-indexes.ts";
import { IndexReader, IndexTally } from "../../../../src/content/rule-index/index-reader.ts";
import { headLine, ruleLine } from "../../../../src/content/rule-index/rule-index.ts";
import { writeRuleIndex } from "../../../../src/content/rule-index/write-index.ts";
import { createTestHasher, indexOf, indexText } from "../../../support/rule-index.ts";

type Files = Readonly<Record<string, string>>;
const ids = ({ first }: { first: readonly { readonly id: string }[] }) => first.map(({ id }) => id);

async function* inPieces(text: string, pieceBytes = 50): AsyncGenerator<Uint8Array> {
	const bytes = new TextEncoder().encode(text);
	for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
async function readerOf(text: string, tally?: IndexTally, pieceBytes?: number) {
	const reader = new IndexReader(inPieces(text, pieceBytes), tally?.add);
	await reader.head();
	return reader;
}
const changes = async (from: Files | null, to: Files) =>
	compareIndexes(from && (await readerOf(indexText(from))), await readerOf(indexText(to)));
const rule = (sid: number | string, { action = "alert", msg = "a", more = "" } = {}) =>
	`${action} tcp any any -> any any (msg:"${msg}"; ${more}sid:${sid};)\n`;

describe("between two packages it says", () => {
	it("which rules are new, gone, changed and newly blocking, and which ids mean another rule", async () => {
		const found = await changes(
			{
				"a.rules":
					rule(1) + rule(2, { action: "drop" }) + rule(3) + rule(4, { msg: "ET MALWARE Emotet beacon" }) + rule(9),
			},
			{
				"b.rules":
					rule(3, { action: "drop" }) +
					rule(4, { msg: "Policy: torrents seen" }) +
					rule(5, { action: "drop" }) +
					rule(9),
			},
		);
		expect([ids(found.added), ids(found.removed)]).toEqual([["5"], ["1", "2"]]);
		expect(found.changed.first.map(({ rule: { id }, what }) => [id, ...what])).toEqual([
			["3", "text", "blocking"],
			["4", "text", "message"],
		]);
		expect([ids(found.newlyBlocking), ids(found.blockingNoMore)]).toEqual([["3", "5"], ["2"]]);
		expect(found.reused.first.map(({ rule: { id } }) => id)).toEqual(["4"]);
	});

	it("everything as new where there was nothing before", async () => {
		expect(ids((await changes(null, { "a.rules": rule(2) + rule(10) })).added)).toEqual(["10", "2"]);
	});

	it("which ids are there twice in one file, changed or not", async () => {
		const twice = { "a.rules": rule(1) + rule(2) + rule(1, { msg: "again" }) };
		expect(ids((await changes(twice, twice)).repeated)).toEqual(["1"]);
		expect(ids((await changes({ "a.rules": rule(1) }, twice)).repeated)).toEqual(["1"]);
	});

	it("how many rules are new whose format does not say whether they block", async () => {
		expect((await changes(null, { "a.yar": "rule A { condition: true }\n" })).unsaid).toBe(1);
	});

	it("no more than so many of a list by name, and the count of all", async () => {
		const many = Array.from({ length: MAX_NAMED + 5 }, (_, at) => rule(at + 1)).join("");
		const { added } = await changes({ "a.rules": rule(9_999_999) }, { "a.rules": many });
		expect([added.count, added.first.length]).toEqual([MAX_NAMED + 5, MAX_NAMED]);
	});
});

it("keeps apart ids that no number holds", async () => {
	const [one, next] = ["9223372036854775808", "9223372036854775809"];
	const found = await changes({ "a.rules": rule(one) }, { "a.rules": rule(one) + rule(next) });
	expect([ids(found.added), found.changed.count]).toEqual([[next], 0]);
});

it("has one form for a CVE, however a rule writes it", () => {
	const more = ["reference:cve,2021-44228; ", 'metadata:cve CVE_2021_44228; content:"cve-2014-0160"; '];
	const text = indexText({ "a.rules": more.map((one, at) => rule(at + 1, { more: one })).join("") });
	const lines = text
		.trim()
		.split("\n")
		.slice(1)
		.map((line) => JSON.parse(line) as unknown[]);
	expect(lines.map((fields) => fields[5])).toEqual([["CVE-2021-44228"], ["CVE-2021-44228", "CVE-2014-0160"]]);
});

it("keeps markup of messages as text, and no controls and no halves of characters", () => {
	const msg = `</script><img src=x onerror=alert(1)>\u001b[2J\u2028${"😀".repeat(200)}`;
	const text = indexText({ "a.rules": rule(1, { msg }) });
	const message = (JSON.parse(text.split("\n")[1] ?? "") as string[])[4] ?? "";
	expect(message).toMatch(/^<\/script><img src=x onerror=alert\(1\)> \[2J (😀)+\ufffd?$/u);
	expect([message.length, message.isWellFormed()]).toEqual([160, true]);
});

it("takes 100,000 rules, and no more than it can say", async () => {
	const lines = (count: number) => Array.from({ length: count }, (_, at) => `N${at}:0:*:${at}`).join("\n");
	const made = indexOf({ "a.ndb": lines(100_000) });
	expect(made).toMatchObject({ ok: true, rules: 100_000 });
	const tally = new IndexTally();
	await compareIndexes(null, await readerOf(made.ok ? made.text : "", tally, 65_536));
	expect(tally.totals).toEqual({ rules: 100_000, blocking: 100_000, cves: [] });
	expect(indexOf({ "a.ndb": lines(120_001) })).toMatchObject({
		ok: false,
		detail: "it has 120001 rules, more than 120000",
	});
});

it("looks at the words of so many reworded rules, and counts each one more as another rule", async () => {
	const reworded = (digest: string, message: string) => {
		const rest = {
			format: "suricata",
			digest: digest.repeat(16),
			isBlocking: false,
			times: 1,
			message,
			cves: [],
		} as const;
		const ids = Array.from({ length: MAX_REWORDED + 3 }, (_, at) => String(100_000 + at));
		return `${[headLine("ab".repeat(32)), ...ids.map((id) => ruleLine({ ...rest, id }))].join("\n")}\n`;
	};
	const [before, after] = [reworded("a", "ET beacon of Emotet"), reworded("b", "ET beacon of Emotet seen")];
	const found = await compareIndexes(
		await readerOf(before, undefined, 65_536),
		await readerOf(after, undefined, 65_536),
	);
	expect([found.changed.count, found.reused.count]).toEqual([MAX_REWORDED + 3, 3]);
});

it("is none of a package without rules, or with an id that nobody could read", () => {
	expect(indexOf({ "README.md": "nothing" })).toMatchObject({ ok: false });
	expect(indexOf({ "a.ndb": `${"N".repeat(200)}:0:*:aa` })).toMatchObject({ ok: false });
});

it("says of any two packages the same as their bytes do", async () => {
	const one = fc.record({
		sid: fc.integer({ min: 1, max: 12 }),
		action: fc.constantFrom("alert", "drop"),
		msg: fc.constantFrom("one two three", "one two four", "quite another thing", ""),
		cve: fc.constantFrom("", "reference:cve,2021-44228; ", "reference:cve,2014-0160; "),
	});
	const packages = fc.array(one, { minLength: 1, maxLength: 12 });
	const contentsOf = (rules: readonly { sid: number; action: string; msg: string; cve: string }[]) => {
		const { onFile, contents } = collectContents(createTestHasher);
		const reader = onFile("a.rules");
		const text = rules.map(({ sid, cve, ...more }) => rule(sid, { ...more, more: cve })).join("");
		reader.data(new TextEncoder().encode(text));
		reader.end();
		return contents;
	};
	const sorted = (rules: readonly { id: string }[]) => rules.map(({ id }) => id).toSorted();
	const law = fc.asyncProperty(packages, packages, fc.integer({ min: 1, max: 300 }), async (from, to, piece) => {
		const [before, after] = [contentsOf(from), contentsOf(to)];
		const [textBefore, textAfter] = [before, after].map((one) =>
			writeRuleIndex("ab".repeat(32), one, createTestHasher),
		);
		if (!textBefore?.ok || !textAfter?.ok) throw new Error("no index");
		const tally = new IndexTally();
		const found = await compareIndexes(await readerOf(textBefore.text), await readerOf(textAfter.text, tally, piece));
		const { rules } = diffContents(before, after);
		const byBytes = [rules.added, rules.removed, rules.newlyBlocking, rules.blockingNoMore, rules.repeated];
		const byIndex = [found.added, found.removed, found.newlyBlocking, found.blockingNoMore, found.repeated];
		expect(byIndex.map(({ first }) => sorted(first))).toEqual(byBytes.map(sorted));
		expect(found.changed.first.map(({ rule: { id } }) => id)).toEqual(sorted(rules.changed.map(({ rule }) => rule)));
		expect(found.reused.count).toBe(rules.reused.length);
		expect([tally.totals.rules, tally.totals.cves]).toEqual([after.rules.size, [...after.cves.keys()].toSorted()]);
	});
	await fc.assert(law);
});
