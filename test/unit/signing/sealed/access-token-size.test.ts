// The limits of names.ts and license.ts are there so that this holds: a device that was let in can always have a token.
import { expect, test } from "vitest";
import { grantsOf, licenseTerms, MAX_PRODUCTS } from "../../../../src/entitlement/licenses/license.ts";
import { resolvePolicy } from "../../../../src/entitlement/policy/account-policy.ts";
import { labels, modelName, productName } from "../../../../src/names.ts";
import { importMacKeyring } from "../../../../src/signing/keys/mac-keyring.ts";
import {
	ACCESS_TOKEN_MAX_LENGTH,
	MAX_POLICY_LENGTH,
	openAccessToken,
	sealAccessToken,
} from "../../../../src/signing/sealed/access-token.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { DEVICE_ID, NOW, PSEUDONYM } from "../signing-fixtures.ts";

const LONG_ISSUER = `https://${"updates".repeat(8)}.example.com`;

/** As long as a policy may be that travels in the token. */
function longestPolicy(labels: Record<string, string>) {
	const policy = resolvePolicy([{ hold: true, zone: "America/Argentina/ComodRivadavia" }], { id: DEVICE_ID, labels });
	if (policy === null) throw new Error("there is no policy");
	const room = MAX_POLICY_LENGTH - JSON.stringify({ ...policy, pins: { p: { version: "", downgrade: true } } }).length;
	return { ...policy, pins: { p: { version: "v".repeat(room), downgrade: true } } };
}

/** The last time that RFC 3339 can write. */
const END_OF_9999 = 253_402_300_799;

test("a token with everything that names and licenses allow still fits", async () => {
	const numbered = (count: number, length: number) =>
		Array.from({ length: count }, (_, index) => `n${String(index).padStart(2, "0")}`.padEnd(length, "x"));
	const products = numbered(MAX_PRODUCTS, 24).map((name) => productName.parse(name));
	const terms = licenseTerms.parse({
		products: products.map((product) => ({ product })),
		seats: 1,
		startsAt: END_OF_9999 - 1,
		endsAt: END_OF_9999,
		graceSeconds: 315_360_000,
		criticalSeconds: 315_360_000,
		delaySeconds: 2_592_000,
		emergencyDelaySeconds: 2_592_000,
		overage: "refuse",
		kind: "elastic",
		leaseSeconds: 86_400,
	});
	const carried = labels.parse(Object.fromEntries(numbered(8, 32).map((key) => [key, "v".repeat(48)])));
	const device = {
		id: DEVICE_ID,
		account: "acct-0123456789abcdef",
		status: "active" as const,
		model: modelName.parse("M".repeat(64)),
		labels: carried,
		haGroup: null,
		hold: "license_suspended" as const,
		licenseEpoch: 1_000_000,
		lease: 86_400,
		grants: grantsOf(terms),
		policy: longestPolicy(carried),
	};
	expect(JSON.stringify(device.policy).length).toBeLessThanOrEqual(MAX_POLICY_LENGTH);
	const keyring = await importMacKeyring(TEST_SECRETS.MAC_KEYS);
	const token = await sealAccessToken(keyring, {
		issuer: LONG_ISSUER,
		device,
		pseudonym: PSEUDONYM,
		jkt: null,
		x5t: "x".repeat(43),
		jti: crypto.randomUUID(),
		now: NOW,
		expiresIn: 3600,
		provisional: true,
	});
	expect(token.length).toBeLessThanOrEqual(ACCESS_TOKEN_MAX_LENGTH);
	const verified = await openAccessToken(keyring, token, { issuer: LONG_ISSUER, now: NOW });
	expect(verified).toMatchObject({ ok: true, profile: device });
});
