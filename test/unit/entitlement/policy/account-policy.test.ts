// What a customer's rules come to for one device, and which of them are refused.
import { describe, expect, it } from "vitest";
import {
	type PolicyRule,
	policyRules,
	resolvePolicy,
	withMinAge,
} from "../../../../src/entitlement/policy/account-policy.ts";

const DEVICE = { id: "dev-0123456789-0123456789abcdef", labels: { site: "berlin", ring: "1" } };
const DAY = 86_400;
const resolve = (...rules: PolicyRule[]) => resolvePolicy(policyRules.parse(rules), DEVICE);

describe("rules", () => {
	it("of none and of those about others nothing comes", () => {
		expect(resolve()).toBeNull();
		expect(resolve({ for: { labels: { site: "paris" } }, hold: true })).toBeNull();
		expect(resolve({ for: { device: "dev-0123456789-000000000000000f" }, hold: true })).toBeNull();
		expect(resolve({ hold: false, windows: null, minAge: 0, pins: {}, passes: ["emergency"] })).toBeNull();
	});

	it("of several that say the same the last one counts, and freezes add up", () => {
		const [first, second] = [
			{ from: 10 * DAY, until: 20 * DAY, reason: "" },
			{ from: 40 * DAY, until: 41 * DAY, reason: "" },
		];
		const policy = resolve(
			{ minAge: 5, freezes: [first], pins: { crs: { version: "1" }, threats: { version: "2" } }, zone: "UTC" },
			{ for: { labels: { site: "berlin" } }, minAge: 7, freezes: [second], pins: { crs: null }, passes: ["revert"] },
			{ for: { device: DEVICE.id }, hold: true, zone: "Europe/Berlin" },
		);
		expect(policy).toMatchObject({
			...{ minAge: 7, held: true, zone: "Europe/Berlin", passes: ["revert"], windows: null },
			pins: { threats: { version: "2", downgrade: false } },
			freezes: [{ from: 10 * DAY }, { from: 40 * DAY }],
		});
	});

	it("windows of whole days leave no gap between them", () => {
		const windows = resolve({ windows: [{ from: "00:00", until: "00:00" }] })?.windows ?? [];
		expect(windows.map(({ start, length }) => [start / DAY, length])).toEqual(
			[0, 1, 2, 3, 4, 5, 6].map((day) => [day, DAY]),
		);
	});

	it("a rule of several labels is about who has each of them", () => {
		expect(resolve({ for: { labels: { site: "berlin", ring: "1" } }, hold: true })).not.toBeNull();
		expect(resolve({ for: { labels: { site: "berlin", ring: "2" } }, hold: true })).toBeNull();
	});

	it("a device's label says its time zone where no rule does, and is passed over where it is none", () => {
		const zoneOf = (tz: string, ...rules: PolicyRule[]) =>
			resolvePolicy(rules, { ...DEVICE, labels: { tz } })?.zone ?? null;
		expect(zoneOf("Europe/Paris")).toBe("Europe/Paris");
		expect(zoneOf("Europe/Paris", { zone: "UTC" })).toBe("UTC");
		expect(zoneOf("Mars/Phobos")).toBeNull();
		expect(zoneOf("eUROPE/pARIS")).toBe("Europe/Paris");
		expect(zoneOf("UTC", { zone: "europe/PARIS" })).toBe("Europe/Paris");
	});

	it("a window begins for each device at its own time in its first quarter, an hour at most, and ends for all at once", () => {
		const rules: PolicyRule[] = [{ windows: [{ days: ["sat"], from: "22:00", until: "04:00" }] }];
		const starts = Array.from({ length: 200 }, (_, index) => {
			const id = `dev-0123456789-${String(index * 7_919).padStart(16, "0")}`;
			const [window] = resolvePolicy(rules, { id, labels: {} })?.windows ?? [];
			if (window === undefined) throw new Error("it has no window");
			expect(window.start + window.length).toBe(6 * DAY + 4 * 3_600);
			return window.start - (5 * DAY + 22 * 3_600);
		});
		expect(Math.min(...starts)).toBeGreaterThanOrEqual(0);
		expect(Math.max(...starts)).toBeLessThanOrEqual(3_600);
		expect(new Set(starts).size).toBeGreaterThan(100);
	});
});

describe("a rule is refused", () => {
	it.each<[string, unknown]>([
		["with a window shorter than a quarter of an hour", { windows: [{ from: "22:00", until: "22:14" }] }],
		["with windows that never open", { windows: [] }],
		["with a window on no day", { windows: [{ days: [], from: "22:00", until: "04:00" }] }],
		["with a time that no clock shows", { windows: [{ from: "24:00", until: "04:00" }] }],
		["with more than 14 windows in a week", { windows: Array(3).fill({ from: "22:00", until: "04:00" }) }],
		["with a time zone that there is not", { zone: "Europe/Atlantis" }],
		["with a freeze that ends before it begins", { freezes: [{ from: 20, until: 10, reason: "" }] }],
		["with a freeze of more than a year", { freezes: [{ from: 0, until: 367 * DAY, reason: "" }] }],
		["with a minimum age of more than 90 days", { minAge: 91 * DAY }],
		["with a pin to what is no version", { pins: { crs: { version: "../1" } } }],
		["for what is no device", { for: { device: "everybody" }, hold: true }],
		["for no label", { for: { labels: {} }, hold: true }],
		["with a field that is not known", { window: null }],
	])("%s", (_, rule) => {
		expect(policyRules.safeParse([rule]).success).toBe(false);
	});

	it("beside ninety-nine others at most, with twenty freezes in all", () => {
		expect(policyRules.safeParse(Array(100).fill({ hold: true })).success).toBe(true);
		expect(policyRules.safeParse(Array(101).fill({ hold: true })).success).toBe(false);
		const freezes = [{ from: 1, until: 2, reason: "" }];
		expect(policyRules.safeParse(Array(20).fill({ freezes })).success).toBe(true);
		expect(policyRules.safeParse(Array(21).fill({ freezes })).success).toBe(false);
	});
});

it.each([
	[0, [], 60, 0],
	[50, [], 60, 50],
	[100, [], 100, 100],
	[100, ["emergency"], 100, 0],
] as const)(
	"a minimum age of %d s that %j pass makes delays of %d and %d s",
	(minAge, passes, delay, emergencyDelay) => {
		const grants = { crs: { delay: 60, emergencyDelay: 0 } };
		const policy = resolve({ minAge, passes: [...passes], hold: true });
		expect(withMinAge(grants, policy)).toEqual({ crs: { delay, emergencyDelay } });
		expect(withMinAge(grants, null)).toBe(grants);
	},
);
