// Lets a request run in virtual time: waits cost nothing, and how long they were together is told exactly.
import { vi } from "vitest";
import type { Edge } from "./edge.ts";

const realTimeout = globalThis.setTimeout;
/** So many turns without a call to anything real, and what is left to do waits for a timer. */
const QUIET_TURNS = 5;

/**
 * Runs the work with timers that fire as soon as nothing else goes on. The clock starts where it stands and is left where
 * the work has ended.
 * @returns what the work returned, and the milliseconds it spent waiting
 */
export async function inVirtualTime<T>(
	{ outside }: Edge,
	work: () => Promise<T>,
): Promise<{ readonly value: T; readonly waitedMs: number }> {
	const startedMs = Date.now();
	vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: startedMs });
	let isDone = false;
	const result = work().finally(() => {
		isDone = true;
	});
	// Awaited below; here only so that a failure is not taken for one that nobody handles.
	result.catch(() => {});
	try {
		for (let quiet = 0; !isDone; quiet++) {
			await new Promise((resolve) => realTimeout(resolve, 1));
			if (outside.calls > 0) quiet = 0;
			if (quiet < QUIET_TURNS || vi.getTimerCount() === 0) continue;
			await vi.advanceTimersToNextTimerAsync();
			quiet = 0;
		}
		return { value: await result, waitedMs: Date.now() - startedMs };
	} finally {
		const now = Date.now();
		vi.useFakeTimers({ toFake: ["Date"], now });
	}
}
