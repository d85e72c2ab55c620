// Who of an HA group is kept from a release, so that nobody waits for it.
import { expect, it, test } from "vitest";
import { couldHave, type WantedRelease, wantedRelease } from "../../../../src/content/releases/could-have.ts";
import type { DeviceProfile } from "../../../../src/entitlement/devices/device-record.ts";
import type { DevicePolicy } from "../../../../src/entitlement/policy/device-policy.ts";
import { HOUR, makeRelease, NOW, recordOf } from "../content-fixtures.ts";

const DAY = 24 * HOUR;
const GRANT = { from: NOW - DAY, until: NOW + 90 * DAY, grace: 0, critical: 0, delay: 0, emergencyDelay: 0 };
const PROFILE: DeviceProfile = {
	...{ id: "dev-1", account: "acct-1", status: "active", model: "FW-A", labels: {}, haGroup: "hag-1", hold: null },
	...{ licenseEpoch: 0, lease: null, grants: { crs: GRANT }, policy: null },
};
const POLICY: DevicePolicy = {
	...{ zone: null, windows: null, freezes: [], passes: [], minAge: 0, pins: {}, held: false },
};
const WANTED: WantedRelease = {
	...{
		version: "2",
		channel: "stable",
		models: null,
		engine: {},
		releasedAt: NOW - HOUR,
		urgency: "routine",
		newer: ["3"],
	},
};
interface Case {
	readonly profile?: Partial<DeviceProfile>;
	readonly policy?: Partial<DevicePolicy>;
	readonly release?: Partial<WantedRelease>;
	readonly engine?: string | null;
	readonly installed?: string | null;
}
const could = ({ profile, policy, release, engine = null, installed = "1" }: Case) =>
	couldHave(
		{ ...WANTED, ...release },
		"crs",
		{
			profile: { ...PROFILE, ...(policy && { policy: { ...POLICY, ...policy } }), ...profile },
			...{ engine, installed },
		},
		DAY,
		NOW,
	);
const pins = (version: string, downgrade = false) => ({ pins: { crs: { version, downgrade } } });
const freeze = (seconds: number) => ({ freezes: [{ from: NOW - HOUR, until: NOW + seconds }] });

test.each<[string, Case, boolean]>([
	["a device that nothing keeps from it", {}, true],
	["one that is suspended", { profile: { status: "suspended" } }, false],
	["one whose license is suspended", { profile: { hold: "license_suspended" } }, false],
	["one whose license lacks the product", { profile: { grants: {} } }, false],
	[
		"one whose license ends its delay within a day",
		{ profile: { grants: { crs: { ...GRANT, delay: 20 * HOUR } } } },
		true,
	],
	["one whose license delays it for longer", { profile: { grants: { crs: { ...GRANT, delay: 26 * HOUR } } } }, false],
	["one that is held", { policy: { held: true } }, false],
	["one that is pinned to another version", { policy: pins("1") }, false],
	["one that is pinned to this version", { policy: pins("2") }, true],
	["one in a freeze that ends within a day", { policy: freeze(DAY) }, true],
	["one in a freeze that ends later", { policy: freeze(DAY + 1) }, false],
	[
		"one in a freeze that emergencies pass",
		{ policy: { ...freeze(2 * DAY), passes: ["emergency"] }, release: { urgency: "emergency" } },
		true,
	],
	["one that has nothing yet, held or not", { policy: { held: true }, installed: null }, true],
	["one that is not on its channel", { release: { channel: "beta" } }, false],
	["one on beta", { release: { channel: "beta" }, profile: { labels: { "channel.crs": "beta" } } }, true],
	["one of another model", { release: { models: ["FW-B"] } }, false],
	["one whose engine it does not fit", { release: { engine: { min: "11" } }, engine: "10" }, false],
	["one whose engine is not known", { release: { engine: { min: "11" } } }, true],
	["one that runs a newer one, and keeps it", { installed: "3" }, false],
	["one that runs a newer one, and is told to go back", { installed: "3", policy: pins("2", true) }, true],
	["one that runs something that nobody knows", { installed: "4-local" }, true],
])("%s: %#", (_, given, expected) => {
	expect(could(given)).toBe(expected);
});

it("knows as newer what is offered before it and is not withdrawn", () => {
	const releases = ["4", "3", "2", "1"].map((version, index) => ({
		...makeRelease(4 - index, { withdrawn: version === "4" }),
		version,
	}));
	const [, , second] = releases;
	if (second === undefined) throw new Error("no release");
	expect(wantedRelease(second, recordOf(...releases), "licensed")).toMatchObject({ version: "2", newer: ["3"] });
	expect(wantedRelease(second, null, "licensed").newer).toEqual([]);
});
