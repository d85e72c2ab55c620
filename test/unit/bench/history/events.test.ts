// The fleet that the benchmark of the history writes down.
import { expect, it } from "vitest";
import { weekOfEvents } from "../../../../bench/history/events.ts";

const START_MS = Date.UTC(2026, 10, 16);

it("is of as many events as were asked for, within its week but for what comes twenty minutes later, and the same each time", () => {
	const events = [...weekOfEvents(5_000, 250, START_MS)];
	expect(events).toHaveLength(5_000);
	expect(events).toEqual([...weekOfEvents(5_000, 250, START_MS)]);
	for (const { atMs } of events) {
		expect(atMs).toBeGreaterThanOrEqual(START_MS);
		expect(atMs).toBeLessThan(START_MS + 7 * 86_400_000 + 20 * 60_000);
	}
});

it("has devices that are used in two places at once", () => {
	const [first, second] = weekOfEvents(2, 1, START_MS);
	expect(second?.event.device?.slice(0, 8)).toBe(first?.event.device?.slice(0, 8));
	expect(second?.event.country).not.toBe(first?.event.country);
	expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBe(20 * 60_000);
});
