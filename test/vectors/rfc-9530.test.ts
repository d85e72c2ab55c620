// RFC 9530 appendix B: the digests of its examples, with and without the line feed at the end of the content.
import { describe, expect, it } from "vitest";
import { formatReprDigest, parseDigestHeader } from "../../src/signing/formats/digest-header.ts";

const EXAMPLES: readonly [string, string][] = [
	['{"hello": "world"}', "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"],
	['{"hello": "world"}\n', "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"],
	["", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"],
];

describe("RFC 9530 digests", () => {
	it.each(EXAMPLES)("of %j", async (content, header) => {
		const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content));
		const sha256 = Buffer.from(digest).toString("hex");
		expect(formatReprDigest(sha256)).toBe(header);
		expect(parseDigestHeader(header)).toEqual({ ok: true, sha256 });
	});

	it("of two algorithms, as in its Want-Content-Digest examples", () => {
		const header = `sha-512=:${Buffer.alloc(64).toString("base64")}:, ${EXAMPLES[0]?.[1]}`;
		expect(parseDigestHeader(header)).toMatchObject({ ok: true });
	});
});
