// How long it took until so many devices were protected, from samples that say only what changed.
import { describe, expect, it } from "vitest";
import { ALL_VERSIONS, protectedAfter, thin } from "../../../src/fleet/adoption.ts";

const RELEASES = [
	{ version: "1.0", sequence: 1, releasedAt: 0 },
	{ version: "2.0", sequence: 2, releasedAt: 1_000 },
	{ version: "3.0", sequence: 3, releasedAt: 2_000 },
];
const sample = (at: number, version: string, devices: number) => ({ at, version, devices });
const ROLLOUT = [
	...[sample(500, ALL_VERSIONS, 100), sample(500, "1.0", 100)],
	...[sample(1_060, "1.0", 50), sample(1_060, "2.0", 50)],
	...[sample(1_300, "1.0", 11), sample(1_300, "2.0", 89)],
	...[sample(2_100, "2.0", 80), sample(2_100, "3.0", 9), sample(2_160, "1.0", 10), sample(2_160, "3.0", 10)],
];
const protectedFor = (version: string, samples = ROLLOUT) =>
	protectedAfter(
		RELEASES.find((one) => one.version === version) ?? { version, sequence: 9, releasedAt: 0 },
		RELEASES,
		samples,
	);

describe("until devices are protected", () => {
	it("it takes until so many have the release, or a newer one", () => {
		expect(protectedFor("2.0")).toEqual({ 50: 60, 90: 1_160, 99: null });
		expect(protectedFor("3.0")).toEqual({ 50: null, 90: null, 99: null });
	});

	it("counts against the devices that there are at the time", () => {
		const shrunk = [...ROLLOUT, sample(3_000, ALL_VERSIONS, 90), sample(3_000, "1.0", 0)];
		expect(protectedFor("2.0", shrunk)[99]).toBe(2_000);
	});

	it("takes no sample from before the release, and nothing from an empty fleet", () => {
		expect(protectedFor("1.0")).toEqual({ 50: 500, 90: 500, 99: 500 });
		expect(protectedFor("2.0", [sample(1_500, ALL_VERSIONS, 0)])).toEqual({ 50: null, 90: null, 99: null });
	});
});

describe("a long curve", () => {
	it("keeps its ends and so many points", () => {
		const points = Array.from({ length: 1_000 }, (_, at) => at);
		expect(thin(points, 5)).toEqual([0, 250, 500, 749, 999]);
		expect(thin([1, 2], 5)).toEqual([1, 2]);
	});
});
