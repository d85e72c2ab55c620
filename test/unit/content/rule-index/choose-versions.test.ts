import { expect, it } from "vitest";
import { baseOf, findVersion } from "../../../../src/content/rule-index/choose-versions.ts";

const released = (version: string, sequence: number | null) => ({
	version,
	sequence,
	status: "older",
	channel: "stable",
});
const VERSIONS = [
	released("4.30.0", null),
	released("4.3.10", 4),
	released("4.3.9", 3),
	released("4.3", 2),
	released("4.2.1", 1),
];

it.each([
	["4.3.9", "4.3.9"],
	["4.3", "4.3"],
	["4.2", "4.2.1"],
	["4", "4.3.10"],
	["4.30.0", "4.30.0"],
	["4.30", null],
	["4.", null],
	["5", null],
])("by %s is meant %s: that version, or the newest released one that begins so", (wanted, version) => {
	expect(findVersion(VERSIONS, wanted)?.version ?? null).toBe(version);
});

it.each([
	["of a version that is not released yet, the newest that everybody may have", "4.4.0", null, "stable", "4.3.9"],
	["of one on beta, whatever is newest on either channel", "4.4.0", null, "beta", "4.3.10"],
	["of an older one, what came before it", "4.3.9", 4, "stable", "4.3"],
	["of the first, nothing", "4.2.1", 1, "stable", null],
])("changes are told against what everybody had: %s", (_what, version, sequence, channel, base) => {
	const versions = [
		{ ...released("4.3.12", 7), status: "withdrawn" },
		{ ...released("4.3.11", 6), status: "rolling_out" },
		{ ...released("4.3.10", 5), channel: "beta" },
		{ ...released("4.3.9", 4), status: "current" },
		{ ...released("4.3", 3), status: "older" },
		{ ...released("4.2.2", 2), status: "withdrawn" },
		released("4.2.1", 1),
	];
	const target = { ...released(version, sequence), channel };
	expect(baseOf([target, ...versions.filter((one) => one.version !== version)], target)?.version ?? null).toBe(base);
});
