// The place of an object reaches the call by which the platform makes it.
import { expect, it } from "vitest";
import {
	censusPort,
	directoryPort,
	givenUpDevices,
	type ObjectBindings,
	serialPort,
	tellProduct,
} from "../../../src/objects/bindings.ts";
import { accountAt, objectAt } from "../../../src/objects/places.ts";
import { createRecordOrigin } from "../../../src/objects/record-origin.ts";

interface Asked {
	readonly name: string;
	readonly hint: string | null;
	readonly jurisdiction: string | null;
}

/** A namespace whose stubs are what was asked for, and answer every method with it. */
function namespaceOf(asked: Asked[], jurisdiction: string | null = null): never {
	return {
		getByName(name: string, { locationHint: hint = null }: { locationHint?: string | null } = {}) {
			asked.push({ name, hint, jurisdiction });
			return new Proxy({}, { get: () => async () => null });
		},
		...(jurisdiction === null && { jurisdiction: (within: string) => namespaceOf(asked, within) }),
	} as never;
}

it.each([
	[null, { hint: null, jurisdiction: null }],
	["weur", { hint: "weur", jurisdiction: null }],
	["eu", { hint: null, jurisdiction: "eu" }],
] as const)("an object in %s is asked for so", (place, expected) => {
	const asked: Asked[] = [];
	objectAt(namespaceOf(asked), "directory", place);
	expect(asked).toEqual([{ name: "directory", ...expected }]);
});

it("an account is asked for where its name says", () => {
	const asked: Asked[] = [];
	for (const name of ["0aaaaaaaaa", "eaaaaaaaaa", "paaaaaaaaa"]) accountAt(namespaceOf(asked), name);
	expect(asked).toEqual([
		{ name: "0aaaaaaaaa", hint: null, jurisdiction: null },
		{ name: "eaaaaaaaaa", hint: "weur", jurisdiction: null },
		{ name: "paaaaaaaaa", hint: null, jurisdiction: "eu" },
	]);
});

it("an object is not made outside its jurisdiction where the runtime has none", () => {
	expect(() => objectAt({ getByName: () => ({}) }, "directory", "eu")).toThrow(/no jurisdiction eu/);
});

it("what objects and edges ask of other objects goes there, too", async () => {
	const asked: Asked[] = [];
	const namespaces = { ACCOUNT: 0, PRODUCT: 0, DIRECTORY: 0, CENSUS: 0, SERIAL_INDEX: 0 };
	const bindings = Object.fromEntries(Object.keys(namespaces).map((name) => [name, namespaceOf(asked)]));
	const env = { ...bindings, OBJECT_PLACE: "us" } as unknown as ObjectBindings & { PRODUCT: never };
	await directoryPort(env).settled();
	await censusPort(env).take({} as never);
	await serialPort(env).note("7", []);
	await tellProduct(env, "crs", {} as never);
	await givenUpDevices(env, [{ device: "dev-paaaaaaaaa-0000000000000001", at: 0 }]);
	const origin = createRecordOrigin(env as never);
	for (const key of ["device:dev-eaaaaaaaaa-0000000000000001", "product:crs@1", "heads"]) await origin.read(key);
	expect(asked).toEqual([
		{ name: "directory", hint: null, jurisdiction: "us" },
		{ name: "census", hint: null, jurisdiction: "us" },
		{ name: "7", hint: null, jurisdiction: "us" },
		{ name: "crs", hint: null, jurisdiction: "us" },
		{ name: "paaaaaaaaa", hint: null, jurisdiction: "eu" },
		{ name: "eaaaaaaaaa", hint: "weur", jurisdiction: null },
		{ name: "crs", hint: null, jurisdiction: "us" },
		{ name: "directory", hint: null, jurisdiction: "us" },
	]);
});
