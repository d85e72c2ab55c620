// Questions of checks are remembered, so that a fleet's few are read once; what a device makes up must not fill an isolate.
import { expect, it } from "vitest";
import { knownQuestion, readQuestion } from "../../../../../src/routes/device/check/check-question.ts";

it("the questions of a fleet are remembered, and only so much of made-up ones", () => {
	const usual = Array.from({ length: 2_000 }, (_, number) => `?installed=crs@4.${number}.0&engine=11.1.4&seen=3`);
	for (const query of usual) readQuestion(query);
	expect(usual.filter((query) => knownQuestion(query) === undefined)).toEqual([]);

	const long = Array.from({ length: 1_000 }, (_, number) => `?installed=crs&x=${number}${"x".repeat(15_000)}`);
	for (const query of long) readQuestion(query);
	const characters = long.filter((query) => knownQuestion(query) !== undefined).join("").length;
	expect(characters).toBeGreaterThan(0);
	expect(characters).toBeLessThan(4_000_000);
});
