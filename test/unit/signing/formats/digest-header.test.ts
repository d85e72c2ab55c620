// Repr-Digest (RFC 9530): how a SHA-256 is written and found among other digests, and which headers are refused.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	formatReprDigest,
	parseDigestHeader,
	readAnnouncedDigest,
} from "../../../../src/signing/formats/digest-header.ts";

const HEX = "ab".repeat(32);
const GOOD = formatReprDigest(HEX);

describe("digest header (N43)", () => {
	it("brings back every digest", () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
				const sha256 = Buffer.from(bytes).toString("hex");
				const header = formatReprDigest(sha256);
				expect(header).toBe(`sha-256=:${Buffer.from(bytes).toString("base64")}:`);
				expect(parseDigestHeader(header)).toEqual({ ok: true, sha256 });
			}),
		);
	});

	it.each([
		["another algorithm before it", `sha-512=:AAAA:, ${GOOD}`],
		["another algorithm behind it, no space", `${GOOD},md5=:AAAA:`],
		["tabs and spaces around commas", `unixsum=:AAAA: \t,\t ${GOOD} `],
		["an empty digest of another algorithm", `x=::, ${GOOD}`],
	])("takes %s", (_, header) => {
		expect(parseDigestHeader(header)).toEqual({ ok: true, sha256: HEX });
	});

	it.each(["sha-512=:AAAA:", "md5=:AAAA:, sha=:AAAA:"])("misses the SHA-256 in %s", (header) => {
		expect(parseDigestHeader(header)).toEqual({ ok: false, reason: "no_sha256" });
	});

	it.each([
		["nothing", ""],
		["a trailing comma", `${GOOD},`],
		["an algorithm in upper case", GOOD.replace("sha-256", "SHA-256")],
		["SHA-256 twice", `${GOOD}, ${GOOD}`],
		["the old Digest header", "sha-256=q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="],
		["hexadecimal", `sha-256=:${HEX}:`],
		["a token", "sha-256=abc"],
		["an integer beside it", `${GOOD}, x=1`],
		["parameters", `${GOOD};q=1`],
		["no padding", GOOD.replace(/=:$/, ":")],
		["stray last bits", GOOD.replace(/s=:$/, "t=:")],
		["31 bytes", `sha-256=:${Buffer.alloc(31).toString("base64")}:`],
		["base64url", `sha-256=:${Buffer.alloc(32, 0xff).toString("base64").replaceAll("/", "_")}:`],
		["a space inside", GOOD.replace("=:", "=: ")],
		["more than 1 KB", `x=:${"A".repeat(1024)}:, ${GOOD}`],
	])("refuses %s", (_, header) => {
		expect(parseDigestHeader(header)).toEqual({ ok: false, reason: "malformed" });
	});

	it("never throws, whatever the header", () => {
		fc.assert(
			fc.property(fc.string({ maxLength: 80 }), (text) => void parseDigestHeader(text)),
			{ numRuns: 2000 },
		);
	});
});

describe("the digest that an upload announces", () => {
	const OTHER = formatReprDigest("cd".repeat(32));
	const good = { ok: true, sha256: HEX };
	it.each<[string, string | undefined, string | undefined, object]>([
		["in Repr-Digest", GOOD, undefined, good],
		["in Content-Digest", undefined, GOOD, good],
		["in both", GOOD, GOOD, good],
		["in one, the other knowing another algorithm only", GOOD, "sha-512=:AAAA:", good],
		["nowhere", undefined, undefined, { ok: false, reason: "missing" }],
		["as two", GOOD, OTHER, { ok: false, reason: "contradiction" }],
		["beside garbage", GOOD, "garbage", { ok: false, reason: "malformed" }],
		["as garbage", "garbage", GOOD, { ok: false, reason: "malformed" }],
		["in Content-Digest, Repr-Digest knowing another algorithm", "sha-512=:AAAA:", GOOD, good],
	])("%s", (_, repr, content, expected) => {
		expect(readAnnouncedDigest({ repr, content })).toEqual(expected);
	});
});
