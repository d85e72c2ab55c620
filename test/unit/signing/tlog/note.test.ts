import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openCheckpoint, parseCheckpoint, signCheckpoint } from "../../../../src/signing/tlog/checkpoint.ts";
import { encodeEntry, entryOfFile, parseEntry } from "../../../../src/signing/tlog/entries.ts";
import { logOrigin, logSigners, parseVerifierKeys } from "../../../../src/signing/tlog/log-keys.ts";
import { openNote, parseVerifierKey } from "../../../../src/signing/tlog/note.ts";
import { formatProof, parseProof, verifyProof } from "../../../../src/signing/tlog/proof-file.ts";
import { proveInclusion, treeHash } from "../../../../src/signing/tlog/tree.ts";
import { TestTree } from "../../../support/tlog/tree.ts";

// From the documentation of golang.org/x/mod/sumdb/note.
const GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_LINE =
	"— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

const FIRST = "old:iH97sCOnGjMd93MnR6LAGZtkgcgkIsR_eCUhW9Pr4os";
const SECOND = "new:O2L2uVUqOlcLvdWFWY-gitzUWYA7uhc2LcqMN33x7aA";
const ORIGIN = logOrigin("https://updates.example.com");

const verifiersOf = async (macKeys: string) =>
	parseVerifierKeys((await logSigners(macKeys, ORIGIN)).map(({ verifierKey }) => verifierKey));

describe("a signed note", () => {
	it("of Go's documentation verifies", async () => {
		const key = await parseVerifierKey(GO_KEY);
		if (key === null) throw new Error("not a key");
		expect(await openNote(`${GO_TEXT}\n${GO_LINE}`, [key])).toEqual({ ok: true, text: GO_TEXT, signedBy: [key] });
	});

	it.each([
		["another text", `X${GO_TEXT}\n${GO_LINE}`, "bad_signature"],
		["a line by somebody else alone", `${GO_TEXT}\n${GO_LINE.replace("PeterNeumann", "EnochRoot")}`, "unknown_keys"],
		["no signature", `${GO_TEXT}\n`, "not_a_note"],
		["no blank line", `${GO_TEXT}${GO_LINE}`, "not_a_note"],
		["a control character", `a\tb\n\n${GO_LINE}`, "not_a_note"],
		["a line that is no signature", `${GO_TEXT}\n${GO_LINE}hello\n`, "not_a_note"],
		["more lines than anybody needs", `${GO_TEXT}\n${GO_LINE.repeat(101)}`, "not_a_note"],
		["no last newline", `${GO_TEXT}\n${GO_LINE.trimEnd()}`, "not_a_note"],
	])("with %s does not", async (_, note, reason) => {
		expect(await openNote(note, await parseVerifierKeys([GO_KEY]))).toEqual({ ok: false, reason });
	});

	it("is read past the lines of witnesses", async () => {
		const witnessed = `${GO_TEXT}\n— witness.example/1 AAAAAAQAAAAA\n${GO_LINE}`;
		expect(await openNote(witnessed, await parseVerifierKeys([GO_KEY]))).toMatchObject({ ok: true, text: GO_TEXT });
	});

	it.each([
		["an id of another key", GO_KEY.replace("c74f20a3", "c74f20a4")],
		["another name", GO_KEY.replace("Peter", "Petra")],
		["another kind of key", "PeterNeumann+c74f20a3+AhpC"],
		["no name", GO_KEY.replace("PeterNeumann", "")],
		["a space in its name", GO_KEY.replace("PeterNeumann", "Peter Neumann")],
	])("is verified by no key with %s", async (_, text) => {
		expect(await parseVerifierKey(text)).toBeNull();
	});
});

describe("a checkpoint", () => {
	it("is signed by all keys of the service, and verifies by either while they rotate", async () => {
		const head = { origin: ORIGIN, size: 3, root: new Uint8Array(32).fill(7) };
		const note = await signCheckpoint(head, await logSigners(`${FIRST},${SECOND}`, ORIGIN));
		for (const known of [FIRST, SECOND])
			expect(await openCheckpoint(note, await verifiersOf(known))).toEqual({ ok: true, checkpoint: head });
		const third = "x:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
		expect(await openCheckpoint(note, await verifiersOf(third))).toEqual({ ok: false, reason: "unknown_keys" });
	});

	it("of another log is none of this one, whoever has signed it", async () => {
		const head = { origin: "elsewhere.example/tlog", size: 3, root: new Uint8Array(32) };
		const note = await signCheckpoint(head, await logSigners(FIRST, ORIGIN));
		expect(await openCheckpoint(note, await verifiersOf(FIRST))).toEqual({ ok: false, reason: "unknown_keys" });
	});

	it.each(["a\n1\nAAAA\n", "a\n01\n", "\n1\n", "a\n-1\n", "a\n9999999999999\n", "a\n1\n"])("%j is none", (text) => {
		const hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
		expect(parseCheckpoint(text.includes("AAAA") || text === "a\n1\n" ? text : `${text}${hash}\n`)).toBeNull();
	});
});

describe("a file with a proof", () => {
	it("verifies for its entry, and for nothing else once a character of it is changed", async () => {
		const tree = await TestTree.of(20);
		const root = await treeHash(20, tree.read);
		const checkpoint = await signCheckpoint({ origin: ORIGIN, size: 20, root }, await logSigners(FIRST, ORIGIN));
		const text = formatProof({ index: 7, hashes: await proveInclusion(7, 20, tree.read), checkpoint });
		const [entry, other] = [tree.entries[7], tree.entries[8]];
		if (entry === undefined || other === undefined) throw new Error("no entry");
		const keys = await verifiersOf(FIRST);
		expect(await verifyProof(text, entry, keys)).toEqual({ ok: true, index: 7, size: 20, origin: ORIGIN });
		expect(await verifyProof(text, other, keys)).toEqual({ ok: false, reason: "not_included" });
		expect(await verifyProof(text, entry, await verifiersOf(SECOND))).toEqual({ ok: false, reason: "unknown_keys" });
		const withExtra = text.replace("index", "extra AAAA\nindex");
		expect(await verifyProof(withExtra, entry, keys)).toMatchObject({ ok: true });
		await fc.assert(
			fc.asyncProperty(fc.nat(text.length - 1), fc.constantFrom("A", "7", "=", "\n"), async (at, character) => {
				const altered = text.slice(0, at) + character + text.slice(at + 1);
				if (altered !== text) expect(await verifyProof(altered, entry, keys)).toMatchObject({ ok: false });
			}),
		);
	});

	it("is none without its header, its index or the blank line", () => {
		for (const text of ["", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nindex 01\n\n", "index 1\n\n"])
			expect(parseProof(text)).toBeNull();
	});
});

describe("an entry", () => {
	it("is made of a file's bytes, and is one line that is read again", async () => {
		const entry = await entryOfFile("crs", 3, "{}\n");
		expect(new TextDecoder().decode(encodeEntry(entry))).toBe(
			'{"kind":"role","role":"crs","sha256":"ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356","version":3}',
		);
		expect(parseEntry(encodeEntry(entry))).toEqual(entry);
		const withdrawal = { kind: "withdrawal", product: "crs", version: "4.28.0", at: "2026-11-21T00:00:00Z" } as const;
		expect(parseEntry(encodeEntry(withdrawal))).toEqual(withdrawal);
	});

	it.each(["", "{}", '{ "kind":"role" }', '{"kind":"new"}', '{"version":3,"kind":"role"}'])("%j is none", (text) => {
		expect(parseEntry(new TextEncoder().encode(text))).toBeNull();
	});
});
