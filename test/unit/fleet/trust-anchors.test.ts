// What a device may say of what its updates rest on, and what of it ends when.
import { describe, expect, it } from "vitest";
import {
	anchorEnds,
	anchorsSaid,
	hearAnchors,
	MAX_ANCHORS_CHARACTERS,
	readAnchors,
	type TrustAnchors,
} from "../../../src/fleet/trust-anchors.ts";

const DAY = 86_400;
const NOW = 1_790_000_000;
const SHA256 = "96bcec06264976f37460779acf28c5a7cfe8a3c0aae11a8ffcee05c0bddf08c6";
const TLS = { sha256: SHA256, name: "ISRG Root X1", ends: "2035-06-04T11:04:38Z" };
const NOTHING: TrustAnchors = { tlsRoot: null, tufRoot: null, certificateEndsAt: null };
const tls = (endsAt: number) => ({ sha256: SHA256, name: "a root", endsAt });

describe("what a device says", () => {
	it("is a TLS root, a TUF root and the end of its certificate, each of which may be missing", () => {
		const said = { tls_root: TLS, tuf_root: { version: 3, ends: "2027-11-01T00:00:00+02:00" } };
		expect(readAnchors(JSON.stringify(said))).toEqual({
			tlsRoot: { sha256: SHA256, name: "ISRG Root X1", endsAt: Date.parse(TLS.ends) / 1_000 },
			tufRoot: { version: 3, endsAt: Date.parse("2027-10-31T22:00:00Z") / 1_000 },
			certificateEndsAt: null,
		});
		expect(readAnchors("{}")).toEqual(NOTHING);
		expect(readAnchors('{"tls_root":null,"tuf_root":null,"certificate_ends":"9999-12-31T23:59:59Z"}')).toMatchObject({
			certificateEndsAt: 253_402_300_799,
		});
	});

	it.each([
		["no JSON", "root"],
		["no object", "[]"],
		["null", "null"],
		["a digest that is none", JSON.stringify({ tls_root: { ...TLS, sha256: "96" } })],
		["a name without an end", JSON.stringify({ tls_root: { ...TLS, name: "x".repeat(101) } })],
		["a name that moves the cursor", JSON.stringify({ tls_root: { ...TLS, name: "a\u001b[2J" } })],
		["an end that is no time", JSON.stringify({ tls_root: { ...TLS, ends: "soon" } })],
		["a day that no month has", JSON.stringify({ certificate_ends: "2027-02-31T00:00:00Z" })],
		["an end before there was time to count", '{"certificate_ends":"0000-01-01T00:00:00+23:59"}'],
		["an end after the last year", '{"certificate_ends":"9999-12-31T23:59:59-00:01"}'],
		["version 0", '{"tuf_root":{"version":0,"ends":"2027-11-01T00:00:00Z"}}'],
		["a version that no repository comes to", '{"tuf_root":{"version":1e9,"ends":"2027-11-01T00:00:00Z"}}'],
		["something that nobody knows", '{"labels":{}}'],
		["too much", `{${" ".repeat(MAX_ANCHORS_CHARACTERS)}}`],
	])("is not understood where it is %s", (_, text) => {
		expect(readAnchors(text)).toBeNull();
	});
});

describe("of what a device rests on", () => {
	const own = { version: 2, endsAt: 500 };
	it.each([
		["nothing ends where there is nothing", NOTHING, null, []],
		["the TLS root ends when it says", { tlsRoot: tls(700) }, null, [["tls_root", 700]]],
		["the certificate ends when it says", { certificateEndsAt: 700 }, null, [["certificate", 700]]],
		["the TUF root ends where the service has none", { tufRoot: own }, null, [["tuf_root", 500]]],
		["a TUF root is replaced by a newer one", { tufRoot: own }, { version: 3, endsAt: 900 }, [["tuf_root", 900]]],
		["also by one that ends sooner", { tufRoot: own }, { version: 3, endsAt: 400 }, [["tuf_root", 400]]],
		[
			"the service knows the end of the same better",
			{ tufRoot: own },
			{ version: 2, endsAt: 600 },
			[["tuf_root", 600]],
		],
		["no TUF root is replaced by an older one", { tufRoot: own }, { version: 1, endsAt: 900 }, [["tuf_root", 500]]],
		[
			"what ends first comes first",
			{ tlsRoot: tls(800), tufRoot: own, certificateEndsAt: 600 },
			null,
			[
				["tuf_root", 500],
				["certificate", 600],
				["tls_root", 800],
			],
		],
	] as const)("%s", (_, anchors, newest, expected) => {
		const ends = anchorEnds({ ...NOTHING, ...anchors }, newest);
		expect(ends.map(({ anchor, endsAt }) => [anchor, endsAt])).toEqual(expected);
	});
});

describe("a word", () => {
	const before = { ...NOTHING, tlsRoot: tls(700), toldAt: NOW };
	it.each([
		["is written where nothing was known", null, NOTHING, 0, true],
		["is not written again where it is the same", before, before, 7 * DAY - 1, false],
		["is written again after a week", before, before, 7 * DAY, true],
		["is written where it is another", before, NOTHING, 1, true],
		["is written where the root's end is another", before, { ...NOTHING, tlsRoot: tls(701) }, 1, true],
		["that comes late changes nothing", before, NOTHING, -1, false],
	])("%s", (_, known, said, after, isWritten) => {
		expect(hearAnchors(known, said, NOW + after) !== known).toBe(isWritten);
	});
});

describe("a client certificate that a device shows", () => {
	const ends = { certificateEndsAt: NOW + DAY };

	it("changes nothing of what it has said of the rest", () => {
		const before = { ...NOTHING, tlsRoot: tls(NOW), tufRoot: { version: 2, endsAt: NOW }, certificateEndsAt: NOW };
		expect(anchorsSaid(before, { kind: "certificate", ...ends })).toEqual({ ...before, ...ends });
		expect(anchorsSaid(null, { kind: "certificate", ...ends })).toEqual({ ...NOTHING, ...ends });
	});

	it("that it goes on showing is written once a week", () => {
		const before = { ...NOTHING, ...ends, toldAt: NOW };
		const said = anchorsSaid(before, { kind: "certificate", ...ends });
		expect(hearAnchors(before, said, NOW + DAY)).toBe(before);
		expect(hearAnchors(before, said, NOW + 7 * DAY)).not.toBe(before);
	});
});
