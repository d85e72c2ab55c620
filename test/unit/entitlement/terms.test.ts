// By which terms releases are chosen: the license's, or of a product for every registered device those of the account alone.
import { describe, expect, it } from "vitest";
import { decideEntitlement } from "../../../src/entitlement/decide.ts";
import type { DevicePolicy, Passing } from "../../../src/entitlement/policy/device-policy.ts";
import { termsOf } from "../../../src/entitlement/terms.ts";
import { DEVICE, GRANT, NOW } from "../content/content-fixtures.ts";

const policyWith = (minAge: number, passes: Passing[] = []): DevicePolicy => ({
	...{ zone: null, windows: null, freezes: [], pins: {}, held: false },
	...{ minAge, passes },
});

function terms(grants: typeof DEVICE.grants, entitled: "licensed" | "registered", policy: DevicePolicy | null = null) {
	const decided = decideEntitlement({ ...DEVICE, grants }, "crs", NOW, entitled);
	if (decided.decision === "refused") throw new Error(decided.code);
	return termsOf(decided, policy);
}

describe("the terms of a product for every registered device", () => {
	it("are those of the license while it runs", () => {
		expect(terms({ crs: { ...GRANT, delay: 5 } }, "registered")).toEqual({ ...GRANT, delay: 5 });
	});

	it("end never without a license", () => {
		expect(terms({}, "registered")).toEqual({ until: Infinity, grace: 0, delay: 0, emergencyDelay: 0 });
	});

	it.each([
		["its minimum age", policyWith(60), { delay: 60, emergencyDelay: 60 }],
		["its minimum age, emergencies passing", policyWith(60, ["emergency"]), { delay: 60, emergencyDelay: 0 }],
	])("without a license are what the account says: %s", (_, policy, ages) => {
		expect(terms({}, "registered", policy)).toMatchObject(ages);
	});

	it("keep the delay of a license that has ended, in which the account's minimum age is already", () => {
		const ended = { ...GRANT, until: NOW - 600, grace: 0, delay: 90, emergencyDelay: 30 };
		expect(terms({ crs: ended }, "registered", policyWith(60))).toMatchObject({
			...{ until: Infinity, grace: 0 },
			...{ delay: 90, emergencyDelay: 30 },
		});
	});
});

it("are those of the license of any other product", () => {
	expect(terms({ crs: GRANT }, "licensed", policyWith(60))).toEqual(GRANT);
});
