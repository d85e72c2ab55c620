// What our writer writes, read by others: tuf-js verifies it, and our canonical JSON is theirs.
import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHex, encodeHex } from "../../../../src/signing/formats/hex.ts";
import { canonicalJson } from "../../../../src/signing/tuf/canonical-json.ts";
import { fromDer, toDer } from "../../../../src/signing/tuf/ecdsa-der.ts";
import { isSignedBy } from "../../../../src/signing/tuf/keys.ts";
import { type Metadata, readMetadata, roleSigned } from "../../../../src/signing/tuf/metadata.ts";
import { countSignatures, sign, signAll, writeMetadata } from "../../../../src/signing/tuf/sign.ts";
import { runs } from "../../../support/runs.ts";
import { roleFileOf } from "../../../support/tuf/files.ts";
import { keyTable, newSigner, roleOf } from "../../../support/tuf/keys.ts";

const require = createRequire(createRequire(import.meta.url).resolve("tuf-js"));
const theirs: { canonicalize(value: unknown): string } = createRequire(require.resolve("@tufjs/models"))(
	"@tufjs/canonical-json",
);

/** Text with what canonical JSON escapes, and with what it leaves alone. */
const text = fc.string({ unit: fc.constantFrom('"', "\\", "\n", "\u0000", "a", "é", "中", "😀", "/") });
const name = fc.string({ unit: fc.constantFrom('"', "\\", "a", "B", "_", "é", "中", "0"), maxLength: 4 });
const value = fc.letrec<{ any: unknown }>((tie) => ({
	any: fc.oneof(
		{ maxDepth: 4 },
		text,
		fc.maxSafeInteger(),
		fc.boolean(),
		fc.constant(null),
		fc.array(tie("any"), { maxLength: 4 }),
		fc.dictionary(name, tie("any"), { maxKeys: 5, noNullPrototype: true }),
	),
})).any;

describe("canonical JSON", () => {
	it("is that of tuf-js for every value", () => {
		fc.assert(
			fc.property(value, (one) => {
				expect(canonicalJson(one)).toBe(theirs.canonicalize(one));
			}),
			{ numRuns: runs(300, 20_000) },
		);
	});

	it.each([1.5, Number.NaN, 2 ** 60, undefined, () => 0, { "😀": 1 }])("there is none of %s", (one) => {
		expect(() => canonicalJson({ a: [one] })).toThrow(TypeError);
	});

	it("writes negative zero as zero", () => {
		expect(canonicalJson([-0])).toBe("[0]");
	});
});

describe("the forms of an ECDSA signature", () => {
	const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });

	it("lead to each other and back", () => {
		fc.assert(
			fc.property(signature, fc.integer({ min: 0, max: 40 }), (bytes, zeros) => {
				const leading = Uint8Array.from(bytes, (byte, at) => (at % 32 < zeros - 8 ? 0 : byte));
				expect(fromDer(toDer(leading))).toEqual(leading);
			}),
		);
	});

	it("are one each: what differs by a byte is another signature or none", () => {
		fc.assert(
			fc.property(signature, fc.nat(69), fc.integer({ min: 1, max: 255 }), (bytes, at, change) => {
				const der = toDer(bytes);
				const index = at % der.length;
				const read = fromDer(Uint8Array.from(der, (byte, place) => (place === index ? byte ^ change : byte)));
				expect(read).not.toEqual(bytes);
			}),
		);
	});

	it.each([[[]], [[0x30, 0]], [[0x30, 6, 2, 1, 1, 2, 1, 1, 0]], [Array<number>(200).fill(2)]])(
		"none is %j",
		(bytes) => {
			expect(fromDer(Uint8Array.from(bytes))).toBeNull();
		},
	);
});

describe("hexadecimal digits", () => {
	it("are read as they are written", () => {
		fc.assert(
			fc.property(fc.uint8Array(), (bytes) => {
				expect(decodeHex(encodeHex(bytes))).toEqual(bytes);
			}),
		);
	});

	it.each(["a", "AB", "zz", "0x", " 00"])("are not %j", (one) => {
		expect(decodeHex(one)).toBeNull();
	});
});

describe.each(["ed25519", "ecdsa"] as const)("a key of kind %s", (kind) => {
	it("signs what only it has signed, and nothing else", async () => {
		const [signer, other] = await Promise.all([newSigner(kind), newSigner(kind)]);
		const bytes = Uint8Array.from(new TextEncoder().encode("what is signed"));
		const sig = await signer.sign(bytes);
		expect(await isSignedBy(signer.key, sig, bytes)).toBe(true);
		expect(await isSignedBy(other.key, sig, bytes)).toBe(false);
		expect(await isSignedBy(signer.key, sig, Uint8Array.of(1, 2))).toBe(false);
		for (const wrong of ["", "zz", sig.slice(2), `${sig}00`, sig.toUpperCase().replace(/^[0-9]*$/, "A")])
			expect(await isSignedBy(signer.key, wrong, bytes)).toBe(false);
	});

	it("that is not on its curve has signed nothing", async () => {
		const signer = await newSigner(kind);
		const { key } = signer;
		const broken = { ...key, keyval: { public: key.keyval.public.replace(/[A-Za-z0-9]{20}(?=\n?)/, "0".repeat(20)) } };
		const bytes = Uint8Array.of(1, 2);
		expect(await isSignedBy(broken as typeof key, await signer.sign(bytes), bytes)).toBe(false);
	});
});

describe("signatures of a file", () => {
	const NOW = 1_800_000_000;

	it("count once per key, however often it signs", async () => {
		const [one, two] = await Promise.all([newSigner(), newSigner("ecdsa")]);
		const file: Metadata<unknown> = { signatures: [], signed: roleFileOf(1, {}, NOW) };
		const twice = await sign(await sign(file, one), one);
		expect(await countSignatures(twice, roleOf(2, one, two), keyTable(one, two))).toEqual({ ok: true, count: 1 });
		const both = await sign(twice, two);
		expect(await countSignatures(both, roleOf(2, one, two), keyTable(one, two))).toEqual({ ok: true, count: 2 });
	});

	it("by strangers, and those that do not fit, spoil the others", async () => {
		const [one, stranger] = await Promise.all([newSigner(), newSigner()]);
		const signed = roleFileOf(1, {}, NOW);
		const role = roleOf(1, one);
		const byBoth = await sign(await sign({ signatures: [], signed }, one), stranger);
		expect(await countSignatures(byBoth, role, keyTable(one, stranger))).toEqual({
			ok: false,
			reason: "unknown_key",
			keyid: stranger.keyid,
		});
		const { signatures } = await sign({ signatures: [], signed }, one);
		const altered = { signatures, signed: { ...signed, version: 2 } };
		expect(await countSignatures(altered, role, keyTable(one))).toMatchObject({ reason: "bad_signature" });
	});

	it("stand in the file that others read", async () => {
		const one = await newSigner();
		const text = await signAll(roleFileOf(1, { "threats/1": { length: 1, hashes: { sha256: "a".repeat(64) } } }, NOW), [
			one,
		]);
		const read = readMetadata(roleSigned, text);
		expect(read.ok && writeMetadata(read.metadata)).toBe(text);
	});
});
