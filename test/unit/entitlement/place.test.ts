// Where an account lives stands in its ids for ever.
import { beforeAll, describe, expect, it } from "vitest";
import {
	accountObjectName,
	ID_RANDOM_BYTES,
	mintAccountId,
	mintCode,
	mintDeviceId,
} from "../../../src/entitlement/ids.ts";
import { JURISDICTIONS, LOCATIONS, letterOf, PLACES, parsePlace, placeOf } from "../../../src/entitlement/place.ts";
import { importLookupKeys, type LookupKeys } from "../../../src/signing/keys/lookup-keys.ts";

let keys: LookupKeys;
beforeAll(async () => {
	keys = await importLookupKeys("A".repeat(43));
});
const random = () => crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES));

it("each place has its letter, for ever: another one would have every account of the place call another object", () => {
	expect(Object.fromEntries(PLACES.map((place) => [place, letterOf(place, 0)]))).toEqual({
		...{ wnam: "b", enam: "c", sam: "d", weur: "e", eeur: "f", apac: "g", "apac-ne": "h", "apac-se": "j", oc: "k" },
		...{ afr: "m", me: "n", eu: "p", us: "r", fedramp: "s", "fedramp-high": "v" },
	});
});

it.each(PLACES)("the id of an account in %s, its devices and its codes say so", async (place) => {
	const account = await mintAccountId(keys, random(), place);
	const code = await mintCode(keys, account, random());
	for (const id of [account, code, await mintDeviceId(keys, account, random())])
		expect(placeOf(accountObjectName(id))).toBe(place);
});

it("no account without a place has the letter of one, whatever the random byte", () => {
	const first = Array.from({ length: 256 }, (_, byte) => letterOf(null, byte));
	expect(new Set(first).size).toBe(16);
	for (const letter of first) expect(placeOf(`${letter}000000000`)).toBeNull();
});

it("a name that is none has no place", () => {
	expect(placeOf("")).toBeNull();
});

describe("a place that an operator writes", () => {
	it("is one of the platform's", () => {
		expect(PLACES).toEqual([...LOCATIONS, ...JURISDICTIONS]);
		for (const place of PLACES) expect(parsePlace(place)).toBe(place);
		expect(() => parsePlace("EU")).toThrow(/must be one of wnam, .*fedramp-high/);
	});
});
