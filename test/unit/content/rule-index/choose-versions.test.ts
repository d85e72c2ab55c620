import { expect, it } from "vitest";
import { findVersion } from "../../../../src/content/rule-index/choose-versions.ts";

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
