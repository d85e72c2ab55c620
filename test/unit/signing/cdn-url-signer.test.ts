// URLs of the CDN: exactly the text that the rule in docs/operations.md checks. Vectors of Cloudflare's own are in test/vectors.
import { describe, expect, it } from "vitest";
import { createCdnUrlSigner, SEPARATOR, signTimedPath } from "../../../src/signing/download-urls/cdn-url-signer.ts";

const OPTIONS = {
	origin: "https://packages.example.net",
	key: "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-abcde",
	ttlSeconds: 300,
};
const PACKAGE = { sha256: "ab".repeat(32), name: "crs-4.28.0.bin", pseudonym: "0123456789abcdef" };
const NOW = 1_800_000_000;
// printf '/packages/abab…ab1800000000' | openssl dgst -sha256 -hmac AbCd…abcde -binary | openssl base64 -A | tr '+/' '-_' | tr -d '='
const MAC = "4Q_vfUKJkOcaqSqbQ13_P9dGLd7KCcd-L4LilAkAlhA";

it("a URL is the package's path, the time of issue and the MAC over both, as openssl computes it", async () => {
	expect(await createCdnUrlSigner(OPTIONS).sign({ ...PACKAGE, now: NOW })).toEqual({
		url: `https://packages.example.net/packages/${PACKAGE.sha256}?verify=${NOW}-${MAC}`,
		expiresAt: NOW + 300,
	});
});

it("says nothing of the device, nor of a delta, which has a URL of its own", async () => {
	const signer = createCdnUrlSigner(OPTIONS);
	const plain = await signer.sign({ ...PACKAGE, now: NOW });
	expect(await signer.sign({ ...PACKAGE, pseudonym: "fedcba9876543210", delta: "cd".repeat(32), now: NOW })).toEqual(
		plain,
	);
});

it("another package, time or key is another MAC", async () => {
	const macOf = async (changed: object, options = OPTIONS) => {
		const { url } = await createCdnUrlSigner(options).sign({ ...PACKAGE, now: NOW, ...changed });
		return url.slice(url.indexOf("-", url.indexOf("verify=")) + 1);
	};
	const macs = await Promise.all([
		macOf({}),
		macOf({ sha256: "cd".repeat(32) }),
		macOf({ now: NOW + 1 }),
		macOf({}, { ...OPTIONS, key: OPTIONS.key.toLowerCase() }),
	]);
	expect(new Set(macs).size).toBe(4);
	// RFC 4648 §5 without padding, as the flag "s" wants it
	for (const mac of macs) expect(mac).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

it("what stands between path and time is as long as the rule is told", () => {
	expect(SEPARATOR).toHaveLength(8);
});

describe("nothing is signed that the rule would read otherwise:", () => {
	it.each([
		["a path with a query", "/packages/a?x=1", NOW],
		["a path without a slash", "packages/a", NOW],
		["a time of nine digits", "/packages/a", 999_999_999],
		["a time of eleven digits", "/packages/a", 10_000_000_000],
		["a time with a fraction", "/packages/a", NOW + 0.5],
	])("%s", async (_, path, issuedAt) => {
		const algorithm = { name: "HMAC", hash: "SHA-256" };
		const key = await crypto.subtle.importKey("raw", new Uint8Array(32), algorithm, false, ["sign"]);
		await expect(signTimedPath(key, path, issuedAt)).rejects.toThrow(RangeError);
	});
});
