// Signed download URLs: their form, and that a URL with another host, path, query, order or time opens nothing.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	type DownloadGrant,
	signDownloadUrl,
	verifyDownloadUrl,
} from "../../../../src/signing/download-urls/signed-url.ts";
import { createEdgeUrlSigner } from "../../../../src/signing/download-urls/url-signer.ts";
import { importMacKeyring } from "../../../../src/signing/keys/mac-keyring.ts";
import { ISSUER, NOW, OTHER_SECRET, PSEUDONYM, SECRET, SHA256, withOtherCharacterAt } from "../signing-fixtures.ts";

const keyring = await importMacKeyring(`k1:${SECRET}`);
const GRANT: DownloadGrant = {
	origin: ISSUER,
	sha256: SHA256,
	name: "crs-4.28.0.tar.gz",
	device8: "aB3_dE6-",
	expires: NOW + 300,
};
const GOOD = await signDownloadUrl(keyring, GRANT);
const verify = (url: string, now = NOW) => verifyDownloadUrl(keyring, { url, now });
const INVALID = { ok: false, reason: "invalid" };
const NOT_FOUND = { ok: false, reason: "not_found" };

describe("signed download URL", () => {
	it("has the documented form and brings back what it grants", async () => {
		expect(GOOD).toMatch(
			/^https:\/\/updates\.example\/d\/[0-9a-f]{64}\/crs-4\.28\.0\.tar\.gz\?v=1&k=k1&d=aB3_dE6-&e=\d{10}&s=[\w-]{43}$/,
		);
		const { sha256, name, device8, expires } = GRANT;
		expect(await verify(GOOD)).toEqual({ ok: true, sha256, name, device8, kid: "k1", expires, delta: null });
	});

	it("names a delta, where there is one, and is good with that alone", async () => {
		const delta = "d".repeat(64);
		const url = await signDownloadUrl(keyring, { ...GRANT, delta });
		expect(url).toMatch(/&e=\d{10}&p=d{64}&s=[\w-]{43}$/);
		expect(await verify(url)).toMatchObject({ ok: true, sha256: SHA256, delta });
		expect(await verify(url.replace(`&p=${delta}`, ""))).toEqual(INVALID);
		expect(await verify(url.replace(delta, "e".repeat(64)))).toEqual(INVALID);
		expect(await verify(url.replace(delta, ""))).toEqual(INVALID);
		expect(await verify(GOOD.replace("&s=", `&p=${delta}&s=`))).toEqual(INVALID);
		await expect(signDownloadUrl(keyring, { ...GRANT, delta: "D" })).rejects.toThrow(TypeError);
	});

	it("is a URL that every client sends as it is", () => {
		expect(new URL(GOOD).href).toBe(GOOD);
	});

	it.each([
		[NOW + 299, { ok: true }],
		[NOW + 300, { ok: false, reason: "expired", offBySeconds: 0 }],
		[NOW + 900, { ok: false, reason: "expired", offBySeconds: 600 }],
	])("is good until it expires, exclusive: at %i (N28)", async (now, expected) => {
		expect(await verify(GOOD, now)).toMatchObject(expected);
	});

	it("says that it expired only under a good MAC (N28)", async () => {
		expect(await verify(withOtherCharacterAt(GOOD, GOOD.length - 2), NOW + 900)).toEqual(INVALID);
	});

	it("is good for its own host and port (N36)", async () => {
		expect(await verify(GOOD.replace("updates.example", "other.example"))).toEqual(INVALID);
		expect(await verify(GOOD.replace("updates.example", "updates.example:8443"))).toEqual(INVALID);
		const local = await signDownloadUrl(keyring, { ...GRANT, origin: "http://127.0.0.1:8787" });
		expect(await verify(local)).toMatchObject({ ok: true });
	});

	it("survives a new key in front, not the loss of its own (N27)", async () => {
		const verifyWith = async (keys: string) => verifyDownloadUrl(await importMacKeyring(keys), { url: GOOD, now: NOW });
		expect(await verifyWith(`k2:${OTHER_SECRET},k1:${SECRET}`)).toMatchObject({ ok: true });
		expect(await verifyWith(`k2:${OTHER_SECRET}`)).toEqual(INVALID);
		expect(await verifyWith(`k1:${OTHER_SECRET}`)).toEqual(INVALID);
	});

	it("fails if any character behind the scheme is another (N27)", async () => {
		for (let index = "https://".length; index < GOOD.length; index++) {
			expect(await verify(withOtherCharacterAt(GOOD, index)), `character ${index}`).toMatchObject({ ok: false });
		}
	});

	it("brings back every grant that it signs", async () => {
		const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);
		const expires = fc.integer({ min: NOW + 1, max: 99_999_999_999 });
		await fc.assert(
			fc.asyncProperty(name, expires, async (name, expires) => {
				const url = await signDownloadUrl(keyring, { ...GRANT, name, expires });
				expect(await verify(url)).toMatchObject({ ok: true, name, expires });
			}),
		);
	});
});

describe("query (N30)", () => {
	const [head = "", query = ""] = GOOD.split("?");
	const [v = "", k = "", d = "", e = "", s = ""] = query.split("&");
	it.each([
		["no query", head],
		["an empty query", `${head}?`],
		["e twice", `${GOOD}&${e}`],
		["s twice", `${GOOD}&${s}`],
		["another parameter behind", `${GOOD}&utm=1`],
		["another parameter in front", `${head}?utm=1&${query}`],
		["another order", `${head}?${[k, v, d, e, s].join("&")}`],
		["semicolons", `${head}?${[v, k, d, e, s].join(";")}`],
		["a fragment", `${GOOD}#x`],
		["a question mark more", `${head}??${query}`],
		["an ampersand more", `${GOOD}&`],
		["an upper-case name", GOOD.replace("&e=", "&E=")],
		["a percent-encoded character", GOOD.replace("d=a", "d=%61")],
		["another version", GOOD.replace("v=1", "v=2")],
		["no version", `${head}?${[k, d, e, s].join("&")}`],
		["a hexadecimal e", GOOD.replace(e, `e=0x${(NOW + 300).toString(16)}`)],
		["an e with a sign", GOOD.replace("e=", "e=+")],
		["an e with a leading zero", GOOD.replace("e=", "e=0")],
		["an e with an exponent", GOOD.replace(e, "e=1e10")],
		["an e with a space", GOOD.replace("e=", "e=%20")],
		["a later e (N27)", GOOD.replace(e, `e=${NOW + 301}`)],
		["padding", `${GOOD}=`],
		["an empty MAC", GOOD.replace(s, "s=")],
		["a kid that is a path (N04)", GOOD.replace("k=k1", "k=../../x")],
		["a kid that is a member of every object", GOOD.replace("k=k1", "k=__proto__")],
		["2 KB", `${GOOD}${"x".repeat(2048)}`],
	])("refuses %s", async (_, url) => {
		expect(await verify(url)).toEqual(INVALID);
	});
});

describe("path (N32)", () => {
	it.each([
		["an upper-case digest", GOOD.replace(SHA256, SHA256.toUpperCase())],
		["63 digits", GOOD.replace(SHA256, SHA256.slice(1))],
		["65 digits", GOOD.replace(SHA256, `${SHA256}0`)],
		["a digest that is none", GOOD.replace(SHA256, "g".repeat(64))],
		["no name", GOOD.replace("/crs-4.28.0.tar.gz", "")],
		["an empty name", GOOD.replace("crs-4.28.0.tar.gz", "")],
		["a name that begins with a dot", GOOD.replace("/crs", "/.crs")],
		["an encoded slash in the name", GOOD.replace("crs-", "crs%2F")],
		["another folder", GOOD.replace("crs-", "crs/")],
		["a doubled slash", GOOD.replace("/d/", "//d/")],
		["another route", GOOD.replace("/d/", "/v1/")],
		["no path", ISSUER],
		["no URL", ""],
	])("finds nothing under %s", async (_, url) => {
		expect(await verify(url)).toEqual(NOT_FOUND);
	});

	it("signs nothing that it would not verify", async () => {
		for (const changes of [
			{ origin: `${ISSUER}/` },
			{ origin: "https://Updates.example" },
			{ sha256: SHA256.toUpperCase() },
			{ name: "../x" },
			{ name: "a b" },
			{ device8: "short" },
			{ expires: 1.5 },
			{ expires: -1 },
		]) {
			await expect(signDownloadUrl(keyring, { ...GRANT, ...changes })).rejects.toThrow(TypeError);
		}
	});
});

describe("edge URL signer", () => {
	it("gives a URL that lives as long as configured and names the device by its pseudonym", async () => {
		const signer = createEdgeUrlSigner({ keyring, origin: ISSUER, ttlSeconds: 300 });
		const signed = await signer.sign({ sha256: SHA256, name: GRANT.name, pseudonym: PSEUDONYM, now: NOW });
		expect(signed).toEqual({ url: GOOD, expiresAt: NOW + 300 });
	});
});
