// The forms of a Retry-After header, in seconds from now on.
import { describe, expect, it } from "vitest";
import { readRetryAfter } from "../../src/retry-after.ts";

describe("Retry-After", () => {
	const NOW = Date.parse("2027-03-01T12:00:00Z") / 1000;
	it.each([
		[null, null],
		["120", 120],
		["0", 0],
		["Mon, 01 Mar 2027 12:02:00 GMT", 120],
		["Mon, 01 Mar 2027 11:00:00 GMT", 0],
		["-5", null],
		["1.5", null],
		["soon", null],
		["2027-03-01", null],
		["99999999999", null],
	])("%j is %j seconds", (header, seconds) => {
		expect(readRetryAfter(header, NOW)).toBe(seconds);
	});
});
