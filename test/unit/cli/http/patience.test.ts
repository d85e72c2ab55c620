// Coming back to a server: when, how often, and for how long.
import { describe, expect, it } from "vitest";
import { ConnectionError, ServerRefusal } from "../../../../cli/errors.ts";
import { type Patience, patiently } from "../../../../cli/http/patience.ts";

const refusal = (status: number, retryAfterSeconds?: number) =>
	new ServerRefusal({
		...{ status, code: `http_${status}`, message: "no", fix: undefined, requestId: undefined },
		...{ retryAfterSeconds, clockAheadSeconds: undefined },
	});
const silence = new ConnectionError("no answer");

/** Asks a server that fails in these ways, one after the other, and then answers. */
async function ask(failures: readonly Error[], more: Partial<Patience> = {}) {
	let nowMs = 0;
	const pauses: number[] = [];
	const why: string[] = [];
	const left = [...failures];
	const sink = { write: () => {} };
	const sleep = async (ms: number) => {
		pauses.push(ms / 1_000);
		nowMs += ms;
	};
	const surroundings = { stdout: sink, stderr: sink, env: {}, cwd: "/", nowMs: () => nowMs, sleep };
	const { signal } = new AbortController();
	const patience = { surroundings, signal, onWait: (reason: string) => why.push(reason), ...more };
	const outcome = await patiently(patience, async () => {
		const failure = left.shift();
		if (failure !== undefined) throw failure;
		return "an answer";
	}).catch((error: unknown) => error);
	return { outcome, pauses, why };
}

describe("a server that asks to be left alone", () => {
	it.each([429, 503])("with %s is asked again after the time that it named, and not before", async (status) => {
		expect(await ask([refusal(status, 7), refusal(status, 3)])).toEqual({
			outcome: "an answer",
			pauses: [7, 3],
			why: [`http_${status}`, `http_${status}`],
		});
	});

	it.each([
		{ status: 429, seconds: 120, waits: true },
		{ status: 503, seconds: 121, waits: false },
		{ status: 503, seconds: undefined, waits: false },
		{ status: 500, seconds: 1, waits: false },
		{ status: 400, seconds: 1, waits: false },
	])("for $seconds s with $status is waited for: $waits", async ({ status, seconds, waits }) => {
		const failure = refusal(status, seconds);
		const { outcome, pauses } = await ask([failure]);
		expect(outcome).toBe(waits ? "an answer" : failure);
		expect(pauses).toEqual(waits ? [seconds] : []);
	});

	it("is given up on after so many tries", async () => {
		const last = refusal(429, 1);
		const { outcome, pauses } = await ask([refusal(429, 1), refusal(429, 1), last], { tries: 3 });
		expect(outcome).toBe(last);
		expect(pauses).toEqual([1, 1]);
	});

	it("is given up on after so long", async () => {
		const last = refusal(429, 60);
		const { outcome, pauses } = await ask([refusal(429, 60), refusal(429, 60), last], { longestMs: 120_000 });
		expect(outcome).toBe(last);
		expect(pauses).toEqual([60, 60]);
	});
});

describe("a server that says nothing", () => {
	it.each([silence, refusal(500), refusal(502)])(
		"(%s) is not asked again unless the caller wants that",
		async (error) => {
			expect(await ask([error])).toMatchObject({ outcome: error, pauses: [] });
			expect(await ask([error], { retriesSilence: () => false })).toMatchObject({ outcome: error, pauses: [] });
		},
	);

	it("is asked again after pauses that grow to half a minute", async () => {
		const failures = [silence, refusal(500), silence, silence, refusal(502), silence, silence];
		expect(await ask(failures, { retriesSilence: () => true })).toEqual({
			outcome: "an answer",
			pauses: [1, 2, 4, 8, 16, 30, 30],
			why: ["no answer", "http_500", "no answer", "no answer", "http_502", "no answer", "no answer"],
		});
	});

	it("and refuses for good is not asked again", async () => {
		const error = refusal(404);
		expect(await ask([error], { retriesSilence: () => true })).toMatchObject({ outcome: error, pauses: [] });
	});
});

it("ends at once when the signal is given, with its reason", async () => {
	const reason = new Error("interrupted");
	expect(await ask([], { signal: AbortSignal.abort(reason) })).toMatchObject({ outcome: reason });
	const controller = new AbortController();
	const onWait = () => controller.abort(reason);
	expect(await ask([refusal(429, 1)], { signal: controller.signal, onWait })).toMatchObject({ outcome: reason });
});
