// What becomes of a line of an import: a new device, a changed one, the same, or a refusal. Its seat is decided as in an
// activation.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decideSeat } from "../../../../src/entitlement/devices/activation.ts";
import { deviceStatus } from "../../../../src/entitlement/devices/device-record.ts";
import { decideImport, type ImportFacts } from "../../../../src/entitlement/devices/import-decision.ts";

const NOW = 1_800_000_000;
const LICENSE = { id: "lic-1", seats: 2, endsAt: NOW + 1_000, status: "active", overage: "refuse" } as const;
const KNOWN = {
	status: "active",
	serial: "FW-1",
	license: "lic-1",
	haGroup: null,
	model: "PA-440",
	labels: { site: "berlin" },
	dpopBound: true,
} as const;
const GIVEN = { model: "PA-440", labels: undefined, dpopBound: undefined, status: undefined };
const NEW: ImportFacts = {
	...{ license: LICENSE, serial: "FW-1", deviceWithSameKey: null, serialHeldByOther: false, seatsTaken: 0, now: NOW },
	...{ group: null, bringsSeat: false, takesOver: false },
	given: GIVEN,
};
const decide = (facts: Partial<ImportFacts>) => decideImport({ ...NEW, ...facts });

describe("a line of an import", () => {
	it("makes a key that nobody knows a device, as it is described, bound to its key where nothing is said", () => {
		expect(decide({})).toEqual({
			...{ ok: true, kind: "new" },
			device: { model: "PA-440", labels: {}, dpopBound: true, status: "active" },
		});
		const given = { model: "PA-445", labels: { ring: "early" }, dpopBound: false, status: "suspended" } as const;
		expect(decide({ given })).toMatchObject({ kind: "new", device: given });
	});

	it("joins the HA group that it names, and leaves none that it does not name", () => {
		const group = { id: "hag-1", hasSeat: true, isFull: false };
		expect(decide({ group, deviceWithSameKey: KNOWN, seatsTaken: 2 })).toMatchObject({ kind: "moved" });
		expect(decide({ deviceWithSameKey: { ...KNOWN, haGroup: "hag-1" } })).toMatchObject({ kind: "same" });
	});

	it.each([
		["nothing that differs", {}, "same"],
		["the same labels in another order", { labels: { site: "berlin" } }, "same"],
		["other labels", { labels: { site: "paris" } }, "changed"],
		["one label more", { labels: { site: "berlin", ring: "early" } }, "changed"],
		["no labels at all", { labels: {} }, "changed"],
		["another model", { model: "PA-445" }, "changed"],
		["tokens without a proof", { dpopBound: false }, "changed"],
		["another status", { status: "suspended" }, "same"],
	] as const)("says of a device that is there %s: %s comes to %s", (_, more, kind) => {
		const decision = decide({ deviceWithSameKey: KNOWN, given: { ...GIVEN, ...more } });
		expect(decision).toMatchObject({ kind, device: { status: "active" } });
	});

	it("leaves what it does not name as it is", () => {
		const decision = decide({ deviceWithSameKey: KNOWN, given: { ...GIVEN, model: "PA-445" } });
		expect(decision).toMatchObject({ device: { labels: { site: "berlin" }, dpopBound: true } });
	});

	it("never lifts a suspension, not even by moving the device to another license", () => {
		const known = { ...KNOWN, status: "suspended" } as const;
		const given = { ...GIVEN, status: "active" } as const;
		expect(decide({ deviceWithSameKey: known, given })).toMatchObject({
			kind: "same",
			device: { status: "suspended" },
		});
		const moved = decide({ deviceWithSameKey: { ...known, license: "lic-2" }, given });
		expect(moved).toMatchObject({ kind: "moved", device: { status: "suspended" } });
	});

	it("brings a deactivated device back with the status that it names", () => {
		const known = { ...KNOWN, status: "deactivated" } as const;
		const given = { ...GIVEN, status: "suspended" } as const;
		expect(decide({ deviceWithSameKey: known, given })).toMatchObject({
			kind: "returned",
			device: { status: "suspended" },
		});
	});
});

const description = fc.record({
	model: fc.constantFrom("PA-440", "PA-445"),
	labels: fc.dictionary(fc.constantFrom("site", "ring"), fc.constantFrom("a", "b"), { noNullPrototype: true }),
	dpopBound: fc.boolean(),
});
const anyFacts: fc.Arbitrary<ImportFacts> = fc.record({
	license: fc.record({
		id: fc.constantFrom("lic-1", "lic-2"),
		seats: fc.integer({ min: 1, max: 3 }),
		endsAt: fc.integer({ min: NOW - 1, max: NOW + 1 }),
		status: fc.constantFrom("active", "suspended", "revoked"),
		overage: fc.constantFrom("refuse", "allow"),
	}),
	group: fc.option(fc.record({ id: fc.constant("hag-1"), hasSeat: fc.boolean(), isFull: fc.boolean() })),
	bringsSeat: fc.boolean(),
	takesOver: fc.constant(false),
	serial: fc.constantFrom("FW-1", "FW-2"),
	deviceWithSameKey: fc.option(
		fc
			.tuple(
				description,
				fc.record({
					status: fc.constantFrom(...deviceStatus.options),
					serial: fc.constantFrom("FW-1", "FW-2"),
					license: fc.constantFrom("lic-1", "lic-2"),
					haGroup: fc.constantFrom(null, "hag-1", "hag-2"),
				}),
			)
			.map(([one, other]) => ({ ...one, ...other })),
	),
	serialHeldByOther: fc.boolean(),
	seatsTaken: fc.integer({ min: 0, max: 3 }),
	now: fc.constant(NOW),
	given: fc.tuple(description, fc.array(fc.constantFrom("labels", "dpopBound", "status"))).chain(([one, missing]) =>
		fc.constantFrom("active", "suspended").map((status) => ({
			model: one.model,
			labels: missing.includes("labels") ? undefined : one.labels,
			dpopBound: missing.includes("dpopBound") ? undefined : one.dpopBound,
			status: missing.includes("status") ? undefined : status,
		})),
	),
}) as fc.Arbitrary<ImportFacts>;

describe("laws of an import", () => {
	it("it gives a seat exactly where an activation would, and refuses for the same reason", () => {
		fc.assert(
			fc.property(anyFacts, (facts) => {
				const decision = decideImport(facts);
				const seat = decideSeat(facts);
				if (!seat.ok || !decision.ok) expect(decision).toEqual(seat);
				else {
					const kind = decision.kind === "changed" ? "same" : decision.kind;
					expect(kind).toBe(seat.kind);
				}
			}),
		);
	});

	it("the same line again is the same, whatever else has happened to the seats", () => {
		fc.assert(
			fc.property(anyFacts, fc.integer({ min: 0, max: 3 }), fc.boolean(), (facts, seatsTaken, serialHeldByOther) => {
				const first = decideImport(facts);
				if (!first.ok) return;
				const haGroup = facts.group?.id ?? facts.deviceWithSameKey?.haGroup ?? null;
				const device = { ...first.device, serial: facts.serial, license: facts.license.id, haGroup };
				const again = decideImport({ ...facts, seatsTaken, serialHeldByOther, deviceWithSameKey: device });
				expect(again).toMatchObject({ ok: true, kind: "same", device: first.device });
			}),
		);
	});
});
