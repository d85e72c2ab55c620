// What follows from an attempt to deliver an event: when it is tried again, and when the endpoint is given up.
import { describe, expect, it } from "vitest";
import { type DeliveryAttempt, decideAttempt, RETRY_DELAYS } from "../../../src/events/webhook-attempt.ts";

const failed = (change: Partial<DeliveryAttempt & { ok: false }> = {}): DeliveryAttempt => ({
	ok: false,
	reason: "status",
	status: 500,
	retryAfterSeconds: null,
	...change,
});
const MIDDLE = 0.5;

describe("after an attempt", () => {
	it.each([
		[0, 5],
		[1, 300],
		[2, 1_800],
		[3, 7_200],
		[4, 18_000],
		[5, 36_000],
		[6, 50_400],
		[7, 72_000],
		[8, 86_400],
	])("that failed after %i failures, the next one is %i s later", (failures, seconds) => {
		expect(decideAttempt(failed(), failures, MIDDLE)).toEqual({ kind: "retry", afterMs: seconds * 1000 });
	});

	it("that failed for the tenth time, the endpoint is given up, three days after the first", () => {
		expect(decideAttempt(failed(), 9, MIDDLE)).toEqual({ kind: "disable", reason: "retries_exhausted" });
		expect(RETRY_DELAYS.reduce((sum, delay) => sum + delay, 0) / 3600).toBeCloseTo(75.6, 1);
	});

	it.each([
		[0, 4_500],
		[0.999999, 5_500],
	])("the delay is a tenth shorter or longer at most (random %d)", (random, ms) => {
		expect(decideAttempt(failed(), 0, random)).toEqual({ kind: "retry", afterMs: ms });
	});

	it.each(["timeout", "unreachable", "not_configured", "key_missing", "status"] as const)(
		"that ended with %s, it is tried again",
		(reason) => {
			expect(decideAttempt(failed({ reason, status: null }), 0, MIDDLE).kind).toBe("retry");
		},
	);

	it.each(["gone", "url_refused"] as const)("that ended with %s, the endpoint is disabled at once", (reason) => {
		expect(decideAttempt(failed({ reason }), 0, MIDDLE)).toEqual({ kind: "disable", reason });
	});

	it("that was answered with 2xx, it is delivered, whatever went before", () => {
		expect(decideAttempt({ ok: true, status: 204 }, 9, MIDDLE)).toEqual({ kind: "delivered" });
	});

	it.each([
		["longer than the delay: waits for it", 0, 120, 120],
		["shorter than the delay: the delay stays", 1, 10, 300],
		["longer than a day: a day", 0, 999_999, 86_400],
	])("that asked to wait %s", (_, failures, retryAfterSeconds, seconds) => {
		expect(decideAttempt(failed({ retryAfterSeconds }), failures, MIDDLE)).toEqual({
			kind: "retry",
			afterMs: seconds * 1000,
		});
	});
});
