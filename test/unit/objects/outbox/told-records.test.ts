// What an object does again and what it does not when thousands of edges ask for the same record.
import { expect, it } from "vitest";
import { ToldRecords } from "../../../../src/objects/outbox/told-records.ts";

function counted(key: string, version: number) {
	const made = { times: 0, make: () => ({ kind: "record", key, version, body: { made: ++made.times } }) as const };
	return made;
}

it("makes the text of a record once while its version stays", () => {
	const told = new ToldRecords();
	const seven = counted("product:crs@7", 7);
	const first = told.tell("product:crs@7", 7, seven.make);
	for (let time = 0; time < 100; time++) expect(told.tell("product:crs@7", 7, seven.make)).toBe(first);
	expect(seven.times).toBe(1);
	expect(JSON.parse(first.text)).toEqual({ key: "product:crs@7", version: 7, body: { made: 1 } });
});

it.each([
	["product:crs@8", 8],
	["product:crs@7", 8],
	["product:crs@6", 7],
])("makes it anew for %s at version %i after product:crs@7 at version 7", (key, version) => {
	const told = new ToldRecords();
	told.tell("product:crs@7", 7, counted("product:crs@7", 7).make);
	const later = counted(key, version);
	expect(JSON.parse(told.tell(key, version, later.make).text)).toMatchObject({ key, version });
	expect(later.times).toBe(1);
});

it("keeps heads, messages and denials beside each other", () => {
	const told = new ToldRecords();
	const records = ["heads", "messages@3", "denied@3"].map((key) => ({ key, record: counted(key, 3) }));
	for (let time = 0; time < 3; time++) for (const { key, record } of records) told.tell(key, 3, record.make);
	expect(records.map(({ record }) => record.times)).toEqual([1, 1, 1]);
});
