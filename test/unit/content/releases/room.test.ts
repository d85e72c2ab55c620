// A release that takes more than a device says that it has is passed over for the nearest that fits; what is not said keeps nobody from
// anything.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Footprint } from "../../../../src/content/releases/release-facts.ts";
import { diskNeeded, fitsRoom, type Room } from "../../../../src/content/releases/room.ts";
import { type Candidate, selectRelease } from "../../../../src/content/releases/select-release.ts";
import type { PassedOver } from "../../../../src/content/releases/selection.ts";
import { GRANT, makeRelease, NOW, recordOf } from "../content-fixtures.ts";

const DEVICE: Candidate = {
	...{ model: "FW-100", channel: "stable", engine: null, installed: "1.1" },
	admittedAt: () => Infinity,
};
const release = (size: number, footprint?: Footprint) => ({ size, ...(footprint && { footprint }) });

describe("the disk that a release takes", () => {
	it.each([
		["is what its publisher says", { unpacked: 40, disk: 50 }, 50],
		["is else the package and what it holds", { unpacked: 40 }, 50],
		["is not known where only its memory is said", { memory: 1 }, null],
		["is not known where nothing is said", undefined, null],
	] as const)("%s", (_, footprint, needed) => {
		expect(diskNeeded(release(10, footprint))).toBe(needed);
	});
});

describe("a release", () => {
	it.each([
		["of exactly what is free", { disk: 50 }, { disk: 50, memory: null }, true],
		["of a byte more", { disk: 51 }, { disk: 50, memory: null }, false],
		["of more memory than there is", { memory: 9 }, { disk: 50, memory: 8 }, false],
		["of memory alone, for a device that says its disk alone", { memory: 9 }, { disk: 0, memory: null }, true],
		["of which nothing is said", undefined, { disk: 0, memory: 0 }, true],
		["for a device that says nothing", { disk: 2 ** 40, memory: 2 ** 40 }, { disk: null, memory: null }, true],
	] as const)("%s: fits %o", (_, footprint, room, fits) => {
		expect(fitsRoom(release(10, footprint), room)).toBe(fits);
	});
});

describe("a device with room for 100 bytes", () => {
	const room: Room = { disk: 100, memory: null };
	const small = { footprint: { disk: 60 } };
	const large = { footprint: { disk: 101 } };

	function answer(device: Partial<Candidate>, ...releases: ReturnType<typeof makeRelease>[]) {
		const verdicts: (PassedOver | "chosen")[] = [];
		const note = (_: unknown, verdict: PassedOver | "chosen") => verdicts.push(verdict);
		const selection = selectRelease(recordOf(...releases), GRANT, { ...DEVICE, room, ...device }, NOW, note);
		return { selection, verdicts };
	}

	it("is offered the nearest that fits", () => {
		const { selection, verdicts } = answer({}, makeRelease(1), makeRelease(2, small), makeRelease(3, large));
		expect(selection).toMatchObject({ status: "offered", release: { version: "1.2" } });
		expect(verdicts).toEqual(["too_large_for_device", "chosen"]);
	});

	it("stays with what it has, and is told why, where all that is newer is too large", () => {
		const { selection } = answer({}, makeRelease(1), makeRelease(2, large));
		expect(selection).toMatchObject({ status: "current", reason: "newer_too_large" });
	});

	it("stays with what it has also where that would not fit beside itself", () => {
		const { selection } = answer({ installed: "1.2" }, makeRelease(1), makeRelease(2, large));
		expect(selection).toMatchObject({ status: "current", reason: "up_to_date" });
	});

	it("is told that none is small enough", () => {
		const { selection } = answer({ installed: null }, makeRelease(1, large), makeRelease(2, large));
		expect(selection).toMatchObject({ status: "unavailable", reason: "none_small_enough" });
	});

	it("gets the newest where it says nothing", () => {
		const { selection } = answer({ room: undefined }, makeRelease(1), makeRelease(2, large));
		expect(selection).toMatchObject({ status: "offered", release: { version: "1.2" } });
	});
});

it("more room never offers an older release", () => {
	const anySize = fc.option(fc.integer({ min: 1, max: 100 }));
	fc.assert(
		fc.property(
			fc.array(anySize, { minLength: 1, maxLength: 6 }),
			fc.integer({ min: 0, max: 100 }),
			fc.nat(50),
			(sizes, disk, more) => {
				const record = recordOf(
					...sizes.map((size, at) => makeRelease(at + 1, size === null ? {} : { footprint: { disk: size } })),
				);
				const offered = (free: number) => {
					const device = { ...DEVICE, installed: null, room: { disk: free, memory: null } };
					const selection = selectRelease(record, GRANT, device, NOW);
					return selection.status === "offered" ? selection.release.sequence : 0;
				};
				expect(offered(disk + more)).toBeGreaterThanOrEqual(offered(disk));
			},
		),
	);
});
