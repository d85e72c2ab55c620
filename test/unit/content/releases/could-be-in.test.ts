// Which devices a rollout can have given a lease, by what is fixed of them: only they are shown a release by their word that they had it.
import { describe, expect, it } from "vitest";
import { couldBeIn } from "../../../../src/content/releases/rollout-place.ts";
import type { Reach } from "../../../../src/rollout/reach.ts";
import { DEVICE, REACH } from "../content-fixtures.ts";

const device = { ...DEVICE, account: "acc-1", model: "FW-100", labels: { ring: "early", site: "berlin" } };
const elsewhere = { ring: null, audience: { accounts: ["acc-2"] } };

describe("a device", () => {
	it.each<[string, Partial<Reach>, boolean]>([
		["could be in a step for any", {}, true],
		["could be in a step for its ring", { ring: "early" }, true],
		["not in one for another ring", { ring: "canary" }, false],
		["could be in a step for its account", { audience: { accounts: ["acc-2", "acc-1"] } }, true],
		["not in one for another account", elsewhere, false],
		["not in one for other models", { audience: { models: ["FW-900"] } }, false],
		["not in one for other labels", { audience: { labels: { site: "paris" } } }, false],
		["not in one for its account and another ring", { ring: "canary", audience: { accounts: ["acc-1"] } }, false],
		[
			"could be in one for an engine or a country, which change",
			{ audience: { engine: { max: "2" }, countries: ["DE"] } },
			true,
		],
		["could be in an earlier step", { ...elsewhere, earlier: [{ ring: "early", audience: null }] }, true],
		["could be in an earlier step for any", { ...elsewhere, earlier: [{ ring: null, audience: null }] }, true],
		[
			"not in earlier steps for others",
			{ ...elsewhere, earlier: [elsewhere, { ring: "canary", audience: null }] },
			false,
		],
	])("%s", (_, reach, expected) => {
		expect(couldBeIn({ ...REACH, ...reach }, device)).toBe(expected);
	});
});
