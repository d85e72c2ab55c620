// Registration access tokens (RFC 7592): the same for a device each time, good for it alone, and lost with their key.
import { describe, expect, it } from "vitest";
import { importMacKeyring } from "../../../../src/signing/keys/mac-keyring.ts";
import { sealRegistrationToken, verifyRegistrationToken } from "../../../../src/signing/sealed/registration-token.ts";
import { DEVICE_ID, OTHER_SECRET, SECRET, withOtherCharacterAt } from "../signing-fixtures.ts";

const keyring = await importMacKeyring(`k1:${SECRET}`);
const token = await sealRegistrationToken(keyring, DEVICE_ID);

describe("registration access token", () => {
	it("is the same each time, and good for its device only", async () => {
		expect(await sealRegistrationToken(keyring, DEVICE_ID)).toBe(token);
		expect(await verifyRegistrationToken(keyring, token, DEVICE_ID)).toBe(true);
		expect(await verifyRegistrationToken(keyring, token, `${DEVICE_ID}x`)).toBe(false);
	});

	it("survives a new key in front, not the loss of its own", async () => {
		const rotated = await importMacKeyring(`k2:${OTHER_SECRET},k1:${SECRET}`);
		expect(await verifyRegistrationToken(rotated, token, DEVICE_ID)).toBe(true);
		const other = await importMacKeyring(`k2:${OTHER_SECRET}`);
		expect(await verifyRegistrationToken(other, token, DEVICE_ID)).toBe(false);
	});

	it("fails if any character is another, or one is missing", async () => {
		for (let index = 0; index < token.length; index++) {
			expect(await verifyRegistrationToken(keyring, withOtherCharacterAt(token, index), DEVICE_ID)).toBe(false);
		}
		for (const text of ["", ".", "k1", "k1.", token.slice(0, -1), `${token}=`, `x.${token}`]) {
			expect(await verifyRegistrationToken(keyring, text, DEVICE_ID)).toBe(false);
		}
	});
});
