// An HA group in an explanation, as lines for people.
import { expect, it } from "vitest";
import { describeHaState, type HaStateAnswer } from "../../../../../cli/commands/ha/ha-lines.ts";

const member = (device: string, more: Partial<HaStateAnswer["devices"][number]> = {}) => ({
	...{
		device,
		status: "active",
		serial: "FW-1",
		model: "PA-440",
		role: null,
		priority: null,
		versions: {},
		reported_at: null,
	},
	...more,
});
const SPOKEN = {
	role: "active",
	priority: 200,
	versions: { crs: "4.27.0", url: null },
	reported_at: "2026-11-21T00:00:00Z",
};
const WELL: HaStateAnswer = {
	active: "dev-a",
	split_brain_since: null,
	devices: [member("dev-a", SPOKEN), member("dev-b")],
	skew: [],
};

it("is a table of its devices where all is well", () => {
	expect(describeHaState(WELL)).toEqual([
		"DEVICE  STATUS  MODEL   SERIAL  ROLE       PRIORITY  RUNS                    SAYS SO SINCE",
		"dev-a   active  PA-440  FW-1    active     200       crs@4.27.0,url@nothing  2026-11-21T00:00:00Z",
		"dev-b   active  PA-440  FW-1    not known  -                                 never",
	]);
});

it("says below it that the group is split, and which versions differ since when", () => {
	const versions = [
		{ device: "dev-a", version: "4.27.0" },
		{ device: "dev-b", version: null },
	];
	const skew = [
		{ product: "crs", since: "2026-11-20T00:00:00Z", told: true, versions },
		{ product: "url", since: "2026-11-21T00:00:00Z", told: false, versions },
	];
	expect(describeHaState({ ...WELL, split_brain_since: "2026-11-21T01:00:00Z", skew }).slice(3)).toEqual([
		"split brain since 2026-11-21T01:00:00Z: each of several devices says that it is the active one",
		"crs differs since 2026-11-20T00:00:00Z, longer than the group allows: 4.27.0 on dev-a, nothing on dev-b",
		"url differs since 2026-11-21T00:00:00Z: 4.27.0 on dev-a, nothing on dev-b",
	]);
});

it("says what the next device of the group waits for", () => {
	const one = { product: "crs", version: "4.28.0", device: "dev-b", since: "2026-11-21T00:00:00Z", until: null };
	const updates = [
		{ ...one, state: "under_way", until: "2026-11-22T00:10:00Z" },
		{ ...one, state: "joined", version: null, until: "2026-11-21T00:20:00Z" },
		{ ...one, state: "waiting" },
		{ ...one, state: "failed" },
		{ ...one, state: "silent" },
		{ ...one, state: "unlocked", device: null },
	];
	const held = "the others keep what they have; see `parapet ha unlock --help`";
	expect(describeHaState({ ...WELL, sync: true, updates }).slice(3)).toEqual([
		"its devices bring each other up to date: a permit of one is for all",
		"crs@4.28.0 is under way on dev-b since 2026-11-21T00:00:00Z, until 2026-11-22T00:10:00Z at most: the others wait",
		"crs may be under way on dev-b, which joined 2026-11-21T00:00:00Z and was offered it before: the others wait until it checks, or until 2026-11-21T00:20:00Z; see `parapet ha unlock --help`",
		"crs@4.28.0 waits for dev-b, which goes first and has not asked, since 2026-11-21T00:00:00Z",
		`crs@4.28.0 failed on dev-b, permitted 2026-11-21T00:00:00Z: ${held}`,
		`crs@4.28.0 went silent on dev-b, permitted 2026-11-21T00:00:00Z: ${held}`,
		"crs@4.28.0 was unlocked 2026-11-21T00:00:00Z: it comes to the devices in whatever order",
	]);
	const devices = WELL.devices.map((device) => ({ ...device, status: "suspended" }));
	expect(describeHaState({ ...WELL, devices, updates: updates.slice(0, 1) }).at(-1)).toBe(
		"crs@4.28.0 is under way on dev-b, which is suspended and may still install it: the others wait until 2026-11-22T00:10:00Z; see `parapet ha unlock --help`",
	);
});

it("says what a suspended member means for the others, whom only what it may still install holds up", () => {
	const devices = [member("dev-a", { ...SPOKEN, status: "suspended" }), member("dev-b")];
	const one = { product: "crs", version: "4.28.0", device: "dev-a", since: "2026-11-21T00:00:00Z" };
	const joined = { ...one, state: "joined", until: "2026-11-21T00:20:00Z" };
	expect(describeHaState({ ...WELL, devices, updates: [joined] }).slice(3)).toEqual([
		"dev-a is suspended: it gets nothing and keeps its part in the seat, and nobody waits for it to go first; `parapet device reinstate dev-a` takes it back",
		"crs may be under way on dev-a, which joined 2026-11-21T00:00:00Z, was offered it before and is suspended: the others wait until 2026-11-21T00:20:00Z; see `parapet ha unlock --help`",
	]);
});
