// What the classes of a release call for: words of persons where the product asks for them, and what its changes propose.
import { describe, expect, it } from "vitest";
import { mostOf } from "../../../src/content/releases/release-facts.ts";
import { missingApprovals } from "../../../src/rollout/approvals.ts";
import { STANDARD } from "../../../src/rollout/built-in-plans.ts";
import { classApprovals, leastApproversOf } from "../../../src/rollout/class-approvals.ts";
import { proposeClasses } from "../../../src/rollout/proposed-classes.ts";
import { createRollout } from "../../../src/rollout/rollout.ts";

describe("a number by class", () => {
	it.each([
		[{ behaviour: 2 }, ["threat"], 0],
		[{ behaviour: 2 }, ["behaviour"], 2],
		[{ threat: 1, behaviour: 2 }, ["threat", "behaviour"], 2],
		[{ threat: 1, behaviour: 2 }, undefined, 2],
		[{}, undefined, 0],
		[undefined, ["behaviour"], 0],
	] as const)("of %j for %j is %i", (numbers, classes, most) => {
		expect(mostOf(numbers, classes)).toBe(most);
	});
});

describe("words by class", () => {
	it.each([
		[null, ["behaviour"], 0],
		[{ behaviour: 2 }, ["behaviour"], 2],
		[{ behaviour: 2 }, undefined, 2],
		[{ behaviour: 2 }, ["threat"], 0],
	] as const)("%j asks of %j for %i", (asked, classes, count) => {
		expect(leastApproversOf(asked, classes)).toBe(count);
	});

	it.each([{ other: 1 }, { threat: -1 }, { threat: 11 }, { threat: 1.5 }])("are not %j", (asked) => {
		expect(classApprovals.safeParse(asked).success).toBe(false);
	});

	it("are asked for before the first step alone, and never fewer than the plan's", () => {
		const rollout = (leastApprovers: number, step = 0) => ({
			...createRollout({
				plan: STANDARD,
				salt: "salt",
				publisher: "ci",
				team: null,
				startsAt: 0,
				leastApprovers,
				now: 0,
			}),
			step,
		});
		const missing = (leastApprovers: number, step?: number) =>
			missingApprovals(rollout(leastApprovers, step), "approve", []).persons;
		const [first, second] = STANDARD.steps.map(({ approvals }) => approvals.count);
		expect(missing(0)).toBe(first);
		expect(missing(3)).toBe(3);
		expect(missing(3, 1)).toBe(second);
		expect(rollout(0)).not.toHaveProperty("leastApprovers");
	});
});

describe("classes are proposed", () => {
	it.each([
		[{ before: 10, newlyBlocking: 0, unsaid: 0 }, ["threat"]],
		[{ before: 10, newlyBlocking: 1, unsaid: 0 }, ["threat", "behaviour"]],
		[{ before: 10, newlyBlocking: 0, unsaid: 1 }, ["threat", "behaviour"]],
		[{ before: null, newlyBlocking: 0, unsaid: 0 }, ["threat", "behaviour"]],
	])("of %j: %j", (changes, classes) => {
		expect(proposeClasses(changes)).toEqual(classes);
	});
});
