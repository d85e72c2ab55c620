// Steps with a time and a limit each: nothing hangs, and what was begun is taken back whatever happens.
import { describe, expect, it } from "vitest";
import { CliError } from "../../../../cli/errors.ts";
import { runSteps, type StepEnd, type TimedStep, untilFound } from "../../../../cli/synthetic/timed-steps.ts";

const LIMIT_MS = 60_000;

/** Time that passes only where somebody sleeps. A sleep that is called off ends at once. */
function createClock() {
	let ms = 0;
	const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
	const pass = (by: number) => {
		ms += by;
		for (const sleeper of [...sleepers].filter(({ at }) => at <= ms)) {
			sleepers.delete(sleeper);
			sleeper.wake();
		}
	};
	return {
		pass,
		nowMs: () => ms,
		sleep: (by: number, signal?: AbortSignal) =>
			new Promise<void>((resolve, reject) => {
				const sleeper = { at: ms + by, wake: resolve };
				sleepers.add(sleeper);
				signal?.addEventListener("abort", () => {
					sleepers.delete(sleeper);
					reject(new Error("called off"));
				});
			}),
		sleeping: () => sleepers.size,
	};
}

const step = (name: string, run: TimedStep["run"] = async () => ({ line: "done", facts: {} })): TimedStep => ({
	name,
	run,
});
const failing = (name: string) =>
	step(name, async () => {
		throw new CliError("it is down", { code: "down", fix: "start it" });
	});

function start(steps: readonly TimedStep[], always: readonly TimedStep[] = []) {
	const clock = createClock();
	const controller = new AbortController();
	const told: StepEnd[] = [];
	const onEnd = (end: StepEnd) => told.push(end);
	const ended = runSteps(steps, always, { ...clock, limitMs: LIMIT_MS, signal: controller.signal, onEnd });
	return { clock, controller, told, ended };
}
const names = (ends: readonly StepEnd[]) => ends.map(({ step: name, ok }) => `${name} ${ok ? "ok" : "failed"}`);
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("steps", () => {
	it("run in order, each told with its time as it ends", async () => {
		const slow = step("slow", async () => {
			clock.pass(1_500);
			return { line: "done", facts: { it: "was slow" } };
		});
		const { clock, told, ended } = start([step("first"), slow], [step("tidy")]);
		const ends = await ended;
		expect(names(ends)).toEqual(["first ok", "slow ok", "tidy ok"]);
		expect(ends[1]).toMatchObject({ ms: 1_500, facts: { it: "was slow" }, error: null });
		expect(told).toEqual(ends);
	});

	it("end with the first that fails, and what takes back runs all the same, each of it", async () => {
		const ends = await start([failing("breaks"), step("never")], [failing("tidy"), step("tidy_more")]).ended;
		expect(names(ends)).toEqual(["breaks failed", "tidy failed", "tidy_more ok"]);
		expect(ends[0]?.error).toEqual({ message: "it is down", code: "down", fix: "start it" });
	});

	it("that hang are given up at the limit, told to stop, and the rest is taken back", async () => {
		let signal: AbortSignal | undefined;
		const hanging = step("hangs", (given) => {
			signal = given;
			return new Promise(() => {});
		});
		const { clock, ended } = start([hanging, step("never")], [step("tidy")]);
		await settle();
		clock.pass(LIMIT_MS);
		const ends = await ended;
		expect(names(ends)).toEqual(["hangs failed", "tidy ok"]);
		expect(ends[0]).toMatchObject({ ms: LIMIT_MS, error: { code: "step_too_slow", message: "not done within 60 s" } });
		expect(signal?.aborted).toBe(true);
		expect(clock.sleeping()).toBe(0);
	});

	it("that are called off end at once, and the rest is taken back without being called off itself", async () => {
		const tidy = step("tidy", async (signal) => {
			expect(signal.aborted).toBe(false);
			return { line: "done", facts: {} };
		});
		const { controller, ended } = start([step("hangs", () => new Promise(() => {})), step("never")], [tidy]);
		await settle();
		controller.abort();
		const ends = await ended;
		expect(names(ends)).toEqual(["hangs failed", "tidy ok"]);
		expect(ends[0]?.error?.code).toBe("interrupted");
	});

	it("do not begin at all once the run is called off", async () => {
		const { controller, ended } = start([
			step("first", async () => {
				controller.abort();
				return { line: "", facts: {} };
			}),
			step("never"),
		]);
		expect(names(await ended)).toContain("first failed");
		expect(names(await ended)).not.toContain("never ok");
	});

	it("say of a fault that is none of theirs what it was", async () => {
		const faulty = step("faulty", async () => {
			throw new RangeError("too far");
		});
		expect((await start([faulty]).ended)[0]?.error).toEqual({ message: "too far", code: "unexpected" });
	});
});

it("untilFound asks once a second until there is something, and stops when it is called off", async () => {
	const clock = createClock();
	const controller = new AbortController();
	let asked = 0;
	const found = untilFound(clock, controller.signal, async () => (++asked < 3 ? null : asked));
	for (let second = 0; second < 2; second++) {
		await settle();
		clock.pass(1_000);
	}
	expect(await found).toBe(3);
	const never = untilFound(clock, controller.signal, async () => null);
	await settle();
	controller.abort();
	await expect(never).rejects.toThrow();
});
