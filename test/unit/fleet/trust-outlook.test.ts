// Who stops updating by when: counts of a fleet, in which no device is lost, however little room there is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TrustAnchors } from "../../../src/fleet/trust-anchors.ts";
import { foldTrust, stoppingBy, type TrustCell, trustCell, trustOutlook } from "../../../src/fleet/trust-outlook.ts";

const DAY = 86_400;
const NOTHING: TrustAnchors = { tlsRoot: null, tufRoot: null, certificateEndsAt: null };
const root = (name: string, endsAt: number) => ({ sha256: name.repeat(64), name, endsAt });
const devicesIn = (cells: readonly TrustCell[]) => cells.reduce((sum, { devices }) => sum + devices, 0);

describe("the outlook of a fleet", () => {
	const cells: TrustCell[] = [
		{ anchors: { ...NOTHING, tlsRoot: root("a", 100), certificateEndsAt: 50 }, devices: 3 },
		{ anchors: { ...NOTHING, tlsRoot: root("a", 100), tufRoot: { version: 1, endsAt: 60 } }, devices: 4 },
		{ anchors: { ...NOTHING, tlsRoot: root("b", 900) }, devices: 5 },
		{ anchors: NOTHING, devices: 6 },
		{ anchors: null, devices: 7 },
	];

	it("counts each device once among those that stop, and with each of its anchors", () => {
		expect(trustOutlook([cells], { by: 100, newest: { version: 2, endsAt: 800 }, limit: 9 })).toEqual({
			...{ devices: 25, unknown: 7, stopping: 7 },
			anchors: [
				{ anchor: "certificate", name: null, sha256: null, version: null, endsAt: 50, devices: 3 },
				{ anchor: "tls_root", name: "a", sha256: "a".repeat(64), version: null, endsAt: 100, devices: 7 },
				{ anchor: "tuf_root", name: null, sha256: null, version: 1, endsAt: 800, devices: 4 },
				{ anchor: "tls_root", name: "b", sha256: "b".repeat(64), version: null, endsAt: 900, devices: 5 },
			],
			leftOut: { anchors: 0, devices: 0 },
		});
	});

	it("lists what an account's devices rest on whatever ended roots another account's devices make up", () => {
		const madeUp = Array.from({ length: 200 }, (_, at) => ({
			anchors: { ...NOTHING, tlsRoot: { ...root("e", at), name: `made up ${at}` } },
			devices: 1_000,
		}));
		const { anchors, leftOut, devices } = trustOutlook([madeUp, cells, cells], { by: 100, newest: null, limit: 6 });
		expect(anchors.filter(({ name }) => name === "a" || name === "b").map((one) => one.devices)).toEqual([14, 10]);
		expect(anchors.map(({ endsAt }) => endsAt)).toEqual(anchors.map(({ endsAt }) => endsAt).toSorted((a, b) => a - b));
		expect(leftOut).toEqual({ anchors: 198, devices: 197 * 1_000 + 6 });
		expect(devices).toBe(200_050);
	});

	it("lists what more devices of an account rest on before what few of them say", () => {
		const few = Array.from({ length: 50 }, (_, at) => ({
			anchors: { ...NOTHING, tlsRoot: { ...root("e", at), name: `made up ${at}` } },
			devices: 1,
		}));
		const { anchors } = trustOutlook([[...few, ...cells]], { by: 100, newest: null, limit: 4 });
		expect(anchors.map(({ devices: most }) => most)).toEqual([3, 4, 7, 5]);
	});

	it("does not depend on the order of the accounts", () => {
		const one: TrustCell[] = [{ anchors: { ...NOTHING, tlsRoot: root("c", 5) }, devices: 2 }];
		const question = { by: 100, newest: null, limit: 3 };
		expect(trustOutlook([one, cells], question)).toEqual(trustOutlook([cells, one], question));
	});

	it.each([
		[49, 0],
		[50, 3],
		[60, 7],
		[899, 7],
		[900, 12],
	])("has by %i s %i devices that stop, where the service knows no newer TUF root", (by, stopping) => {
		expect(stoppingBy(cells, by, null)).toBe(stopping);
	});
});

it("a device is counted with the day on which its certificate ends", () => {
	const of = (certificateEndsAt: number) => trustCell({ ...NOTHING, certificateEndsAt });
	expect(of(10 * DAY)).toEqual(of(11 * DAY - 1));
	expect(of(10 * DAY - 1)).not.toEqual(of(10 * DAY));
});

describe("what is rare", () => {
	const anchors = fc.record({
		tlsRoot: fc.option(fc.constantFrom(root("a", 5 * DAY), root("b", 50 * DAY))),
		tufRoot: fc.option(fc.record({ version: fc.integer({ min: 1, max: 9 }), endsAt: fc.constant(9 * DAY) })),
		certificateEndsAt: fc.option(fc.integer({ min: 0, max: 400 }).map((day) => day * DAY)),
	});
	const cell = fc.record({ anchors: fc.option(anchors), devices: fc.integer({ min: 1, max: 99 }) });

	it("is folded into few counts, without losing a device, and none seems to go on for longer than it does", () => {
		fc.assert(
			fc.property(
				fc.array(cell, { maxLength: 60 }),
				fc.integer({ min: 1, max: 9 }),
				fc.integer({ min: 0, max: 400 }),
				(cells, max, day) => {
					const folded = foldTrust(cells, max);
					expect(folded.length).toBeLessThanOrEqual(2 * max + 1);
					expect(devicesIn(folded)).toBe(devicesIn(cells));
					const unknown = devicesIn(folded.filter((one) => one.anchors === null));
					expect(stoppingBy(folded, day * DAY, null) + unknown).toBeGreaterThanOrEqual(
						stoppingBy(cells, day * DAY, null),
					);
				},
			),
		);
	});

	it("stays as it is where there is room", () => {
		const cells = [trustCell(NOTHING), trustCell({ ...NOTHING, certificateEndsAt: 33 * DAY })];
		expect(foldTrust(cells)).toEqual(cells);
	});
});
