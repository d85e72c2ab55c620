// A wait that ends: with what was waited for, or when the time is over, and never with a timer left behind.
import { beforeEach, describe, expect, it } from "vitest";
import { settlesWithin, within } from "../../../src/storage/time-limit.ts";
import { VirtualClock } from "../../support/stand-ins/virtual-clock.ts";

let clock: VirtualClock;
beforeEach(() => {
	clock = new VirtualClock(1_800_000_000_000);
});

const never = new Promise<never>(() => {});

describe("a promise settles within its time", () => {
	it.each([
		["a millisecond after its start", 1, true],
		["a millisecond before the end", 99, true],
		["a millisecond after the end", 101, false],
	])("%s", async (_, ms, isInTime) => {
		const waiting = settlesWithin(clock, 100, clock.sleep(ms));
		expect(await clock.untilSettled(waiting)).toBe(Math.min(ms, 100));
		expect(await waiting).toBe(isInTime);
	});

	it("also when it is rejected", async () => {
		expect(await settlesWithin(clock, 100, Promise.reject(new Error("broken")))).toBe(true);
	});
});

it.each([
	["it is fulfilled", () => Promise.resolve("one")],
	["it is rejected", () => Promise.reject(new Error("broken"))],
	["its time is over", () => never],
])("no timer is left when %s", async (_, start) => {
	const waiting = within<unknown>(clock, 100, "heads", start()).catch(() => {});
	await clock.untilSettled(waiting);
	expect(clock.timers).toBe(0);
});

it("gives what was waited for, throws what it threw, and says which record took too long", async () => {
	expect(await within(clock, 100, "heads", Promise.resolve("one"))).toBe("one");
	await expect(within(clock, 100, "heads", Promise.reject(new Error("broken")))).rejects.toThrow("broken");
	const late = within(clock, 100, "heads", never);
	late.catch(() => {});
	await clock.advance(100);
	await expect(late).rejects.toMatchObject({ name: "RecordStoreError", code: "unreachable", key: "heads" });
});
