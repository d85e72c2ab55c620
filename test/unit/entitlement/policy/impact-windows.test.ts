// Which releases wait for a window: by what their installation interrupts, where the account says from what on.
import { describe, expect, it } from "vitest";
import { IMPACTS } from "../../../../src/content/releases/release-facts.ts";
import { policyRules, resolvePolicy } from "../../../../src/entitlement/policy/account-policy.ts";
import { type DevicePolicy, mayUntil, putOff } from "../../../../src/entitlement/policy/device-policy.ts";

const NOW = Date.parse("2026-07-15T12:00:00Z") / 1_000;
const DEVICE = { id: "dev-0123456789-0123456789abcdef", labels: {} };
const WINDOWS = [{ from: "22:00", until: "04:00" }];
const INSTALL = { isEmergency: false, isRevert: false, isFirst: false };

function policy(windowFrom: DevicePolicy["windowFrom"] | null, freezes: { from: number; until: number }[] = []) {
	const rules = policyRules.parse([
		{ windows: WINDOWS, windowFrom, freezes: freezes.map((freeze) => ({ ...freeze, reason: "" })) },
	]);
	const resolved = resolvePolicy(rules, DEVICE);
	if (resolved === null) throw new Error("says nothing");
	return resolved;
}

describe("outside of windows from restart on", () => {
	const restart = policy("restart");

	it.each([
		["none", true],
		["reload", true],
		["restart", false],
		["reboot", false],
		[undefined, false],
	] as const)("a release that interrupts as %s may be installed: %s", (impact, may) => {
		expect(putOff(restart, { ...INSTALL, impact }, NOW)?.reason ?? null).toBe(may ? null : "outside_window");
		expect(mayUntil(restart, { ...INSTALL, impact }, NOW) === Infinity).toBe(may);
	});

	it("a freeze holds up what waits for no window, and it comes at the freeze's end", () => {
		const frozen = policy("restart", [{ from: NOW - 60, until: NOW + 60 }]);
		const [freeze] = frozen.freezes;
		expect(putOff(frozen, { ...INSTALL, impact: "none" }, NOW)).toEqual({ reason: "frozen", until: freeze?.until });
		expect(mayUntil(frozen, { ...INSTALL, impact: "none" }, NOW - 120)).toBe(NOW - 60);
	});
});

it("everything waits where the account says so, or nothing of it", () => {
	for (const impact of [...IMPACTS, undefined])
		expect(putOff(policy(null), { ...INSTALL, impact }, NOW)).toMatchObject({ reason: "outside_window" });
	expect(policy(null)).not.toHaveProperty("windowFrom");
});

it("is no policy without windows, and the last rule that says it counts", () => {
	expect(resolvePolicy([{ windowFrom: "restart" }], DEVICE)).toBeNull();
	const rules = policyRules.parse([{ windows: WINDOWS, windowFrom: "reboot" }, { windowFrom: "reload" }]);
	expect(resolvePolicy(rules, DEVICE)?.windowFrom).toBe("reload");
	expect(resolvePolicy([...rules, { windowFrom: null }], DEVICE)).not.toHaveProperty("windowFrom");
});
