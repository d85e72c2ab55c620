// A new key's end: what was asked for, within what its maker has. And when a key has ended, to the second.
import { expect, it } from "vitest";
import type { Scope } from "../../../../src/entitlement/keys/credential-record.ts";
import { decideKeyEnd, keyEnding } from "../../../../src/entitlement/keys/key-expiry.ts";

const NOW = 1_800_000_000;
const IN_90_DAYS = NOW + 90 * 86_400;

it.each<[string, Scope, number | null | undefined, number | null, number | null | "tooLate"]>([
	["a person's ends after 90 days", "operate", undefined, null, IN_90_DAYS],
	["so does one that only reads", "read", undefined, null, IN_90_DAYS],
	["so does a customer's", "read:acct-aaaaaaaaaa000000", undefined, null, IN_90_DAYS],
	["a machine's never ends", "publish:crs", undefined, null, null],
	["a person's ends with its maker's, if that is sooner", "operate", undefined, NOW + 10, NOW + 10],
	["a machine's ends with its maker's", "publish:crs", undefined, NOW + 10, NOW + 10],
	["as asked for", "operate", NOW + 5, null, NOW + 5],
	["never, as asked for", "operate", null, null, null],
	["at its maker's end, as asked for", "operate", NOW + 10, NOW + 10, NOW + 10],
	["a second after its maker's", "operate", NOW + 11, NOW + 10, "tooLate"],
	["never, of a maker that ends", "publish:crs", null, NOW + 10, "tooLate"],
])("%s", (_, scope, wanted, makersEnd, expected) => {
	const end = decideKeyEnd({ wanted, scopes: ["publish:other", scope], makersEnd, now: NOW });
	expect(end.ok ? end.expiresAt : end.reason).toBe(expected);
});

it.each([
	[false, null, null],
	[false, NOW + 1, null],
	[false, NOW, "expired"],
	[false, NOW - 1, "expired"],
	[true, null, "revoked"],
	[true, NOW - 1, "revoked"],
])("a key that is revoked (%s) and ends at %s has ended: %s", (revoked, expiresAt, ending) => {
	expect(keyEnding({ revoked, expiresAt }, NOW)).toBe(ending);
});
