// The log of a Trust object: over the ends of its tiles, under other keys, and after the object was set back.
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { RUNS_TIMEOUT_MS, runs } from "../../../support/runs.ts";
import { FIRST_KEY, SECOND_KEY, START, World } from "./trust-world.ts";

beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"], now: START * 1_000 }));
afterAll(() => void vi.useRealTimers());

const withdraw = (world: World, number: number, diesAt: number | null = null) =>
	world.call(async (trust) => {
		await trust.logWithdrawal({ product: "crs", version: String(number), at: START });
		return true;
	}, diesAt);

const partialTiles = (world: World) => [...world.bucket.keys()].filter((key) => key.includes(".p/"));

it("grows over the end of a tile, wherever it dies there, and drops the parts of the tile that is whole", {
	timeout: RUNS_TIMEOUT_MS,
}, async () => {
	for (const diesAt of runs<(number | null)[]>([4, 9, null], [...Array(16).keys(), null])) {
		const world = new World();
		for (let number = 0; number < 255; number++) await withdraw(world, number);
		expect(partialTiles(world)).toHaveLength(2 * 255);
		await world.log.walk();
		await withdraw(world, 255, diesAt);
		await world.log.walk();
		await world.ring();
		if (diesAt !== null) await withdraw(world, 255);
		await world.log.walk();
		expect(world.log.lines).toHaveLength(256);
		expect(partialTiles(world)).toEqual(["tlog/tile/1/000.p/1"]);
		await withdraw(world, 256);
		await world.log.walk();
		expect(world.log.lines).toHaveLength(257);
		world.database.close();
	}
});

it("takes a withdrawal that it is told again once", async () => {
	const world = new World();
	for (const number of [1, 2, 1]) await withdraw(world, number);
	await world.log.walk();
	expect(world.log.lines).toEqual(
		["1", "2"].map(
			(version) => `{"at":"2026-11-18T11:06:40Z","kind":"withdrawal","product":"crs","version":"${version}"}`,
		),
	);
});

it("signs no second tree where R2 has more of it than the object knows", async () => {
	const log = vi.spyOn(console, "warn").mockImplementation(() => {});
	const world = new World();
	for (const number of [1, 2, 3]) await withdraw(world, number);
	await world.log.walk();
	const before = new Map(world.bucket);
	// The object as it was in the beginning, and then as it was with as many entries, of which one is another.
	for (const numbers of [[4], [1, 2, 4]]) {
		const setBack = new World(world.bucket);
		for (const number of numbers) await withdraw(setBack, number);
		expect(world.bucket.get("tlog/checkpoint")).toBe(before.get("tlog/checkpoint"));
		await world.log.walk();
	}
	expect(log.mock.calls.flat().join()).toMatch(/R2 has a checkpoint of 3 leaves|holds other bytes than the log/);
	log.mockRestore();
});

it("signs no smaller tree by other keys where R2 has more of it than the object knows", async () => {
	const log = vi.spyOn(console, "warn").mockImplementation(() => {});
	const [world, setBack] = [new World(), new World()];
	for (const number of [1, 2]) for (const one of [world, setBack]) await withdraw(one, number);
	await withdraw(world, 3);
	for (const [key, file] of world.bucket) setBack.bucket.set(key, file);
	setBack.macKeys = `${SECOND_KEY},${FIRST_KEY}`;
	await withdraw(setBack, 2);
	expect(setBack.bucket.get("tlog/checkpoint")).toBe(world.bucket.get("tlog/checkpoint"));
	expect(log.mock.calls.flat().join()).toMatch(/R2 has a checkpoint of 3 leaves/);
	log.mockRestore();
});

it("signs with every key of the service, and with others once those are replaced", async () => {
	const world = new World();
	world.macKeys = `${SECOND_KEY},${FIRST_KEY}`;
	await withdraw(world, 1);
	const linesOf = () =>
		String(world.bucket.get("tlog/checkpoint"))
			.split("\n")
			.filter((line) => line.startsWith("\u2014"));
	const both = linesOf();
	expect(both).toHaveLength(2);
	world.macKeys = SECOND_KEY;
	await withdraw(world, 1);
	expect(linesOf()).toEqual(both.slice(0, 1));
	await world.log.walk();
});
