// How old a release must be by its classes, where a customer says so: on top of the license's delay and of the minimum age of all.
import { describe, expect, it } from "vitest";
import type { ReleaseClass } from "../../../../src/content/releases/release-facts.ts";
import { readyAt } from "../../../../src/content/releases/select-release.ts";
import { decideEntitlement } from "../../../../src/entitlement/decide.ts";
import {
	type PolicyRule,
	policyRules,
	resolvePolicy,
	withMinAge,
} from "../../../../src/entitlement/policy/account-policy.ts";
import { termsOf } from "../../../../src/entitlement/terms.ts";
import { DEVICE, GRANT, makeRelease, NOW } from "../../content/content-fixtures.ts";

const HOUR = 3_600;
const resolve = (...rules: PolicyRule[]) => resolvePolicy(policyRules.parse(rules), DEVICE);

/** Seconds that the device waits for a release of these classes. */
function waits(
	rules: PolicyRule[],
	classes: ReleaseClass[] | undefined,
	{
		delay = 0,
		urgency = "routine" as const,
		entitled = "licensed" as const as "licensed" | "registered",
	}: {
		delay?: number;
		urgency?: "routine" | "emergency";
		entitled?: "licensed" | "registered";
	} = {},
): number {
	const policy = resolve(...rules);
	const grants = entitled === "registered" ? {} : withMinAge({ crs: { ...GRANT, delay } }, policy);
	const decided = decideEntitlement({ ...DEVICE, grants }, "crs", NOW, entitled);
	if (decided.decision === "refused") throw new Error(decided.code);
	const release = makeRelease(1, { urgency, ...(classes && { classes }) });
	return readyAt(release, termsOf(decided, policy)) - release.releasedAt;
}

describe("a customer who waits a day for what changes behaviour", () => {
	const RULES = [{ minAges: { behaviour: 24 * HOUR } }];

	it.each([
		["has threats at once", ["threat"], 0],
		["waits for behaviour", ["behaviour"], 24],
		["waits for both", ["threat", "behaviour"], 24],
		["waits for what says nothing of itself", undefined, 24],
	] as const)("%s", (_, classes, hours) => {
		expect(waits(RULES, classes && [...classes])).toBe(hours * HOUR);
	});

	it("waits as long for what every registered device may have", () => {
		expect(waits(RULES, ["behaviour"], { entitled: "registered" })).toBe(24 * HOUR);
	});

	it("waits for its license's delay where that is longer", () => {
		expect(waits(RULES, ["behaviour"], { delay: 30 * HOUR })).toBe(30 * HOUR);
		expect(waits(RULES, ["threat"], { delay: 6 * HOUR })).toBe(6 * HOUR);
	});

	it("has emergencies at once only where they pass", () => {
		expect(waits(RULES, ["behaviour"], { urgency: "emergency" })).toBe(24 * HOUR);
		expect(waits([{ ...RULES[0], passes: ["emergency"] }], ["behaviour"], { urgency: "emergency" })).toBe(0);
	});
});

describe("rules about classes", () => {
	it("count class by class, the last that says one", () => {
		const policy = resolve({ minAges: { threat: 1, behaviour: 2 } }, { minAges: { behaviour: 3 } });
		expect(policy?.minAges).toEqual({ threat: 1, behaviour: 3 });
	});

	it("say nothing that the minimum age of all does not say", () => {
		expect(resolve({ minAges: { behaviour: 0 } })).toBeNull();
		expect(resolve({ minAge: 10, minAges: { threat: 5, behaviour: 10 } })).not.toHaveProperty("minAges");
	});

	it.each([{ other: 1 }, { threat: -1 }, { threat: 91 * 24 * HOUR }])("are not %j", (minAges) => {
		expect(policyRules.safeParse([{ minAges }]).success).toBe(false);
	});
});
