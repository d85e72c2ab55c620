// A clock that stands still until a test moves it, for the service, its objects and the test alike: they share an isolate.
// Each test begins long after the one before, since the service rightly never expects time to run backwards.
import { afterEach, beforeEach, vi } from "vitest";

export const SECOND = 1000;
export const HOUR = 3600 * SECOND;
export const DAY = 24 * HOUR;

export interface FrozenClock {
	/** begin of the running test, unix ms */
	readonly start: () => number;
	/** RFC 3339, so many ms after the begin of the test */
	readonly timeAfter: (ms: number) => string;
	/** Moves the clock to so many ms after the begin of the test. */
	readonly moveTo: (ms: number) => void;
}

export function useFrozenClock(): FrozenClock {
	let start = Date.parse("2027-03-01T12:00:00Z");
	beforeEach(() => {
		start += 1000 * DAY;
		vi.useFakeTimers({ toFake: ["Date"], now: start });
	});
	afterEach(() => {
		vi.useRealTimers();
	});
	return {
		start: () => start,
		timeAfter: (ms) => new Date(start + ms).toISOString().replace(".000Z", "Z"),
		moveTo: (ms) => {
			vi.setSystemTime(start + ms);
		},
	};
}
