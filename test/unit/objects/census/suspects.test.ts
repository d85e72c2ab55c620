// When the Census tells a product of versions that fail often: with each new number of failures, and not once the product is done with them.
import { beforeEach, expect, it } from "vitest";
import type { ProductCount } from "../../../../src/fleet/regression.ts";
import { Suspects } from "../../../../src/objects/census/suspects.ts";

let told: ProductCount[];
let answer: readonly string[] | Error;
let suspects: Suspects;
beforeEach(() => {
	told = [];
	answer = [];
	suspects = new Suspects(async (_, count) => {
		told.push(count);
		if (answer instanceof Error) throw answer;
		return answer;
	});
});

const look = (failed: number, running = 900, now = 0) =>
	suspects.look(new Map([["crs", { versions: [{ version: "1", running, failed }], other: 0 }]]), now);

it("tells nothing of versions that do well", async () => {
	await look(5);
	expect(told).toEqual([]);
});

it("tells again with another number of failures, or an hour later", async () => {
	await look(100);
	await look(100, 950);
	expect(told).toHaveLength(1);
	await look(101, 950);
	expect(told).toHaveLength(2);
	await look(101, 950, 3_599);
	expect(told).toHaveLength(2);
	await look(101, 950, 3_600);
	expect(told).toHaveLength(3);
});

it("tells no more of versions that the product is done with", async () => {
	answer = ["1"];
	await look(100);
	await look(200);
	expect(told).toHaveLength(1);
});

it("tells again what a product did not take", async () => {
	answer = new Error("out");
	await look(100);
	answer = [];
	await look(100);
	await look(100);
	expect(told).toHaveLength(2);
});

it("tells of the 200 versions that most devices have to do with", async () => {
	const versions = Array.from({ length: 300 }, (_, at) => ({ version: `${at}`, running: 900 + at, failed: 100 }));
	await suspects.look(new Map([["crs", { versions, other: 0 }]]), 0);
	expect(told[0]?.versions.map(({ version }) => version)).toEqual(
		Array.from({ length: 200 }, (_, at) => `${299 - at}`),
	);
});
