// Capabilities (offers and permits): what they bring back, and that they are worth nothing under another binding, kind or
// key.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { importMacKeyring } from "../../../../src/signing/keys/mac-keyring.ts";
import {
	isDirectOffer,
	type OfferClaims,
	openCapability,
	type PermitClaims,
	sealCapability,
} from "../../../../src/signing/sealed/capability.ts";
import { DEVICE_ID, NOW, OTHER_SECRET, PSEUDONYM, SECRET, SHA256, withOtherCharacterAt } from "../signing-fixtures.ts";

const keyring = await importMacKeyring(`k1:${SECRET}`);
const rotated = await importMacKeyring(`k2:${OTHER_SECRET},k1:${SECRET}`);

const PERMIT: PermitClaims = {
	device: DEVICE_ID,
	product: "crs",
	from: null,
	to: "4.28.0",
	sha256: SHA256,
	exp: NOW + 900,
	lease: null,
	haLock: null,
};
const { lease: _, haLock: __, ...RELEASE } = PERMIT;
const OFFER: OfferClaims = {
	...RELEASE,
	from: "4.27.0",
	isRevert: false,
	isAgain: false,
	pseudonym: PSEUDONYM,
	jkt: null,
};
const TAIL = "tail-of-the-token";

const seal = (binding = TAIL) => sealCapability(keyring.current, "offer", OFFER, binding);
const open = (text: string, binding = TAIL, now = NOW) => openCapability(keyring, "offer", text, binding, now);

describe("capability", () => {
	it("brings back its claims", async () => {
		expect(await open(await seal())).toEqual({ ok: true, claims: OFFER });
		const permit = await sealCapability(keyring.current, "permit", PERMIT, "");
		expect(await openCapability(keyring, "permit", permit, "", NOW)).toEqual({ ok: true, claims: PERMIT });
		const direct = await sealCapability(keyring.current, "direct", OFFER, "");
		expect(await openCapability(keyring, "direct", direct, "", NOW)).toEqual({ ok: true, claims: OFFER });
	});

	it("is bound to a certificate, with a key or without; what names neither is no offer", async () => {
		const { jkt: _, ...unbound } = OFFER;
		for (const claims of [
			{ ...unbound, x5t: "print" },
			{ ...unbound, jkt: "key", x5t: "print" },
		]) {
			const text = await sealCapability(keyring.current, "offer", claims, TAIL);
			expect(await open(text)).toEqual({ ok: true, claims });
		}
		const text = await sealCapability(keyring.current, "offer", unbound, TAIL);
		expect(await open(text)).toEqual({ ok: false, reason: "malformed" });
	});

	it("brings back any claims, and fits into a header or a body", async () => {
		const claims = fc.record({
			device: fc.constant(DEVICE_ID),
			pseudonym: fc.constant(PSEUDONYM),
			product: fc.string({ maxLength: 32 }),
			from: fc.option(fc.string({ maxLength: 64 })),
			to: fc.string({ maxLength: 64, unit: "grapheme" }),
			isRevert: fc.boolean(),
			isAgain: fc.boolean(),
			sha256: fc.constant(SHA256),
			exp: fc.integer({ min: NOW + 1 }),
			jkt: fc.option(fc.string({ maxLength: 43 })),
		});
		await fc.assert(
			fc.asyncProperty(claims, async (offer) => {
				const text = await sealCapability(keyring.current, "offer", offer, TAIL);
				expect(text).toMatch(/^[\w.-]{100,2048}$/);
				expect(await open(text)).toEqual({ ok: true, claims: offer });
			}),
		);
	});

	it.each([
		[OFFER.exp - 1, { ok: true }],
		[OFFER.exp, { ok: false, reason: "expired", offBySeconds: 0 }],
		[OFFER.exp + 60, { ok: false, reason: "expired", offBySeconds: 60 }],
	])("is good until exp, exclusive: at %i", async (now, expected) => {
		expect(await open(await seal(), TAIL, now)).toMatchObject(expected);
	});

	it("is worth nothing with another binding, and says so rather than that it expired", async () => {
		expect(await open(await seal(), "other", OFFER.exp + 1)).toEqual({ ok: false, reason: "bad_mac" });
	});

	it("is worth nothing as another kind", async () => {
		const permit = await sealCapability(keyring.current, "permit", PERMIT, TAIL);
		expect(await open(permit)).toEqual({ ok: false, reason: "bad_mac" });
		expect(await openCapability(keyring, "permit", await seal(), TAIL, NOW)).toEqual({ ok: false, reason: "bad_mac" });
	});

	it("shows by its text whether an offer came with its download, and is worth nothing with another mark", async () => {
		const direct = await sealCapability(keyring.current, "direct", OFFER, TAIL);
		const offer = await seal();
		expect([isDirectOffer(direct), isDirectOffer(offer)]).toEqual([true, false]);
		expect(await open(direct)).toEqual({ ok: false, reason: "malformed" });
		expect(await openCapability(keyring, "direct", offer, TAIL, NOW)).toEqual({ ok: false, reason: "malformed" });
		const marked = direct.slice(0, direct.indexOf("-") + 1) + offer;
		expect(await openCapability(keyring, "direct", marked, TAIL, NOW)).toEqual({ ok: false, reason: "bad_mac" });
		expect(await open(direct.slice(direct.indexOf("-") + 1))).toEqual({ ok: false, reason: "bad_mac" });
		for (let index = 0; index < direct.length; index++) {
			const other = withOtherCharacterAt(direct, index);
			expect(await openCapability(keyring, "direct", other, TAIL, NOW), `${index}`).toMatchObject({ ok: false });
		}
	});

	it("survives a new key in front, not the loss of its own", async () => {
		const text = await seal();
		expect(await openCapability(rotated, "offer", text, TAIL, NOW)).toMatchObject({ ok: true });
		const other = await importMacKeyring(`k2:${OTHER_SECRET}`);
		expect(await openCapability(other, "offer", text, TAIL, NOW)).toEqual({ ok: false, reason: "unknown_key" });
		const reused = await importMacKeyring(`k1:${OTHER_SECRET}`);
		expect(await openCapability(reused, "offer", text, TAIL, NOW)).toEqual({ ok: false, reason: "bad_mac" });
	});

	it("fails if any character is another", async () => {
		const text = await seal();
		for (let index = 0; index < text.length; index++) {
			expect(await open(withOtherCharacterAt(text, index)), `character ${index}`).toMatchObject({ ok: false });
		}
	});

	it("takes any text and any binding without throwing", async () => {
		const good = await seal();
		for (const text of ["", ".", "..", "k1..", `${good}.`, `${good}=`, `${good} `, `.${good}`, "x".repeat(3000)]) {
			expect(await open(text), text).toMatchObject({ ok: false });
		}
		expect(await open(good, "tail\n")).toEqual({ ok: false, reason: "bad_mac" });
	});

	it("is not made too long to be opened", async () => {
		await expect(sealCapability(keyring.current, "offer", { ...OFFER, to: "x".repeat(2000) }, TAIL)).rejects.toThrow(
			RangeError,
		);
		// With its mark it still fits where 2,048 characters are taken.
		for (let length = 1000; ; length++) {
			const sealed = sealCapability(keyring.current, "direct", { ...OFFER, to: "x".repeat(length) }, "");
			const text = await sealed.catch(() => null);
			if (text === null) break;
			expect(text.length).toBeLessThanOrEqual(2048);
		}
	});

	// Only another release of the service could have sealed such claims; they must not be taken for what they are not.
	it.each(Object.keys(OFFER))("is malformed without %s, or with something else in its place", async (name) => {
		for (const value of [undefined, name.startsWith("is") ? 1 : true, {}]) {
			const claims = { ...OFFER, [name]: value } as unknown as OfferClaims;
			expect(await open(await sealCapability(keyring.current, "offer", claims, TAIL))).toEqual({
				ok: false,
				reason: "malformed",
			});
		}
	});
});
