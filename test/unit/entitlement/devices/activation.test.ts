// Who may activate with which code, and who gets which seat: new keys, known keys, codes for an HA group and for a
// replacement. The laws at the end hold for every combination of facts.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ActivationFacts, decideActivation } from "../../../../src/entitlement/devices/activation.ts";
import { deviceStatus } from "../../../../src/entitlement/devices/device-record.ts";
import { licenseStatus, overagePolicy } from "../../../../src/entitlement/licenses/license.ts";

const NOW = 1_800_000_000;
const CODE = { uses: 5, used: 0, expiresAt: NOW + 100, revoked: false, serial: null, model: null, instance: null };
const LICENSE = { id: "lic-a", seats: 10, endsAt: NOW + 1_000, status: "active", overage: "refuse" } as const;
const FRESH: ActivationFacts = {
	code: CODE,
	license: LICENSE,
	serial: "FW-1",
	model: "PA-440",
	instance: null,
	deviceWithSameKey: null,
	serialHeldByOther: false,
	group: null,
	bringsSeat: false,
	takesOver: false,
	seatsTaken: 0,
	now: NOW,
};
const KNOWN = {
	status: "active",
	serial: "FW-1",
	license: "lic-a",
	haGroup: null,
	usedThisCode: true,
	isReplaced: false,
} as const;
const GROUP = { id: "hag-1", hasSeat: true, isFull: false };
const refused = (reason: string) => ({ ok: false, reason });
const accepted = (kind: string) => ({ ok: true, kind });

describe("activation with a key that is not known", () => {
	it.each<[string, Partial<ActivationFacts>, object]>([
		["takes a seat", {}, accepted("new")],
		["takes the last seat", { seatsTaken: 9 }, accepted("new")],
		["finds no seat left", { seatsTaken: 10 }, refused("no_seat_left")],
		["finds too few seats", { seatsTaken: 11 }, refused("no_seat_left")],
		["is refused without a code", { code: null, license: null }, refused("unknown_code")],
		["takes the last use", { code: { ...CODE, uses: 5, used: 4, expiresAt: NOW + 1 } }, accepted("new")],
		[
			"is refused when the code is used up",
			{ code: { ...CODE, uses: 5, used: 5, expiresAt: NOW + 1 } },
			refused("code_used_up"),
		],
		[
			"is refused when the code has expired",
			{ code: { ...CODE, uses: 5, used: 0, expiresAt: NOW } },
			refused("code_expired"),
		],
		["has until the license ends", { license: { ...LICENSE, id: "a", seats: 1, endsAt: NOW + 1 } }, accepted("new")],
		[
			"is refused when it has ended",
			{ license: { ...LICENSE, id: "a", seats: 1, endsAt: NOW } },
			refused("license_expired"),
		],
		["is refused a serial in use", { serialHeldByOther: true }, refused("serial_taken")],
		["is refused with a revoked code", { code: { ...CODE, revoked: true } }, refused("code_revoked")],
		["takes a code made for its serial", { code: { ...CODE, serial: "FW-1" } }, accepted("new")],
		["is refused a code for another serial", { code: { ...CODE, serial: "FW-2" } }, refused("code_bound")],
		["takes a code made for its model", { code: { ...CODE, model: "PA-440" } }, accepted("new")],
		["is refused a code for another model", { code: { ...CODE, model: "PA-220" } }, refused("code_bound")],
		[
			"takes a code made for the instance that it runs on",
			{ code: { ...CODE, instance: "i-1" }, instance: "i-1" },
			accepted("new"),
		],
		[
			"takes a code made for an instance of the name of its serial",
			{ code: { ...CODE, instance: "FW-1" } },
			accepted("new"),
		],
		[
			"is refused a code for another instance",
			{ code: { ...CODE, instance: "i-1" }, instance: "i-2" },
			refused("code_bound"),
		],
		[
			"is refused a code for an instance without saying its own",
			{ code: { ...CODE, instance: "i-1" } },
			refused("code_bound"),
		],
		["finds the license suspended", { license: { ...LICENSE, status: "suspended" } }, refused("license_suspended")],
		["finds the license revoked", { license: { ...LICENSE, status: "revoked" } }, refused("license_revoked")],
		[
			"goes beyond the seats where the license allows it",
			{ seatsTaken: 10, license: { ...LICENSE, overage: "allow" } },
			accepted("new"),
		],
		["takes a seat where the license would allow more", { license: { ...LICENSE, overage: "allow" } }, accepted("new")],
	])("%s", (_, change, decision) => {
		expect(decideActivation({ ...FRESH, ...change })).toEqual(decision);
	});
});

describe("activation with a key that is known", () => {
	const withDevice = (device: Partial<NonNullable<ActivationFacts["deviceWithSameKey"]>>, change = {}) =>
		decideActivation({ ...FRESH, ...change, deviceWithSameKey: { ...KNOWN, ...device } });
	const spent = { code: { ...CODE, uses: 1, used: 1, expiresAt: NOW - 1 }, seatsTaken: 10 };

	it("is the same device again after a lost answer, whatever became of the code and the seats", () => {
		expect(withDevice({}, spent)).toEqual(accepted("same"));
		expect(withDevice({}, { license: { ...LICENSE, id: "lic-a", seats: 1, endsAt: NOW - 1 } })).toEqual(
			accepted("same"),
		);
	});

	it("stays suspended, but is answered", () => {
		expect(withDevice({ status: "suspended" }, spent)).toEqual(accepted("same"));
	});

	it("is refused for good once revoked", () => {
		expect(withDevice({ status: "revoked" })).toEqual(refused("key_revoked"));
	});

	it("is refused under another serial", () => {
		expect(withDevice({ serial: "FW-2" })).toEqual(refused("serial_changed"));
	});

	it("changes nothing with another code of the same license", () => {
		expect(withDevice({ usedThisCode: false }, { seatsTaken: 10 })).toEqual(accepted("same"));
	});

	it("moves to the license of another code, if that has a seat", () => {
		const device = { usedThisCode: false, license: "lic-old" };
		expect(withDevice(device)).toEqual(accepted("moved"));
		expect(withDevice(device, { seatsTaken: 10 })).toEqual(refused("no_seat_left"));
	});

	it("comes back after it was deactivated, without a second use, if there is a seat", () => {
		expect(withDevice({ status: "deactivated" }, { code: { ...CODE, uses: 1, used: 1, expiresAt: NOW + 1 } })).toEqual(
			accepted("returned"),
		);
		expect(withDevice({ status: "deactivated" }, { seatsTaken: 10 })).toEqual(refused("no_seat_left"));
		expect(withDevice({ status: "deactivated" }, { code: { ...CODE, uses: 1, used: 1, expiresAt: NOW } })).toEqual(
			refused("code_expired"),
		);
	});
});

describe("activation with a code for an HA group", () => {
	const full = { seatsTaken: 10, group: GROUP };
	it.each<[string, Partial<ActivationFacts>, object]>([
		["needs no seat where the group has its own", full, accepted("new")],
		["needs one where the group has none", { ...full, group: { ...GROUP, hasSeat: false } }, refused("no_seat_left")],
		["takes the last seat for the group", { seatsTaken: 9, group: { ...GROUP, hasSeat: false } }, accepted("new")],
		["is refused where the group is full", { group: { ...GROUP, isFull: true } }, refused("ha_group_full")],
		["is refused like any other otherwise", { ...full, serialHeldByOther: true }, refused("serial_taken")],
		["is refused after the license", { ...full, license: { ...LICENSE, endsAt: NOW } }, refused("license_expired")],
	])("%s", (_, change, decision) => {
		expect(decideActivation({ ...FRESH, ...change })).toEqual(decision);
	});

	const live = { ...KNOWN, usedThisCode: false };
	it.each<[string, object, Partial<ActivationFacts>, object]>([
		["changes nothing for a device that is in it", { haGroup: "hag-1" }, full, accepted("same")],
		["moves a device of the same license into it", {}, full, accepted("moved")],
		["moves a device from another group", { haGroup: "hag-2" }, full, accepted("moved")],
		["moves a device from another license", { license: "lic-b" }, full, accepted("moved")],
		[
			"lets a device bring its seat where the group has none",
			{},
			{ ...full, group: { ...GROUP, hasSeat: false }, bringsSeat: true },
			accepted("moved"),
		],
		["takes a deactivated device back", { status: "deactivated", haGroup: "hag-1" }, full, accepted("returned")],
	])("%s", (_, device, change, decision) => {
		expect(decideActivation({ ...FRESH, ...change, deviceWithSameKey: { ...live, ...device } })).toEqual(decision);
	});

	it("is not needed by a device of a group that shows a plain code of the same license: it stays in its group", () => {
		const device = { ...live, haGroup: "hag-1" };
		expect(decideActivation({ ...FRESH, seatsTaken: 10, deviceWithSameKey: device })).toEqual(accepted("same"));
	});
});

describe("activation in the place of a device that is replaced", () => {
	const over = { takesOver: true, bringsSeat: true, seatsTaken: 10 };
	const ended = { ...LICENSE, endsAt: NOW };
	it.each<[string, Partial<ActivationFacts>, object]>([
		["takes its seat over, however many are taken", over, accepted("new")],
		["does so under a license that has ended, or is held", { ...over, license: ended }, accepted("new")],
		["does so in an HA group that has its seat", { ...over, bringsSeat: false, group: GROUP }, accepted("new")],
		["needs a free seat where there was none", { ...over, bringsSeat: false }, refused("no_seat_left")],
		["and then a license in force", { ...over, bringsSeat: false, license: ended }, refused("license_expired")],
		["is refused a serial that somebody else has", { ...over, serialHeldByOther: true }, refused("serial_taken")],
		[
			"is no use to the device itself that is replaced",
			{ ...over, deviceWithSameKey: { ...KNOWN, status: "suspended", usedThisCode: false, isReplaced: true } },
			refused("code_bound"),
		],
		[
			"moves a device of the same license that is there already",
			{ ...over, deviceWithSameKey: { ...KNOWN, usedThisCode: false } },
			accepted("moved"),
		],
		["is the same after a lost answer", { ...over, deviceWithSameKey: KNOWN }, accepted("same")],
	])("%s", (_, change, decision) => {
		expect(decideActivation({ ...FRESH, ...change })).toEqual(decision);
	});
});

const facts = fc.record<ActivationFacts>({
	code: fc.option(
		fc.record({
			uses: fc.nat(3),
			used: fc.nat(3),
			expiresAt: fc.integer({ min: NOW - 2, max: NOW + 2 }),
			revoked: fc.boolean(),
			serial: fc.constantFrom(null, "FW-1"),
			model: fc.constantFrom(null, "PA-440"),
			instance: fc.constantFrom(null, "i-1", "FW-1"),
		}),
	),
	license: fc.option(
		fc.record({
			id: fc.constantFrom("lic-a", "lic-b"),
			seats: fc.integer({ min: 1, max: 3 }),
			endsAt: fc.integer({ min: NOW - 2, max: NOW + 2 }),
			status: fc.constantFrom(...licenseStatus.options),
			overage: fc.constantFrom(...overagePolicy.options),
		}),
	),
	model: fc.constantFrom("PA-440", "PA-220"),
	serial: fc.constantFrom("FW-1", "FW-2"),
	instance: fc.constantFrom(null, "i-1", "i-2"),
	deviceWithSameKey: fc.option(
		fc.record({
			status: fc.constantFrom(...deviceStatus.options),
			serial: fc.constantFrom("FW-1", "FW-2"),
			license: fc.constantFrom("lic-a", "lic-b"),
			haGroup: fc.constantFrom(null, "hag-1", "hag-2"),
			usedThisCode: fc.boolean(),
			isReplaced: fc.boolean(),
		}),
	),
	serialHeldByOther: fc.boolean(),
	group: fc.option(fc.record({ id: fc.constantFrom("hag-1", "hag-2"), hasSeat: fc.boolean(), isFull: fc.boolean() })),
	bringsSeat: fc.boolean(),
	takesOver: fc.boolean(),
	seatsTaken: fc.nat(4),
	now: fc.constant(NOW),
});
const needsSeat = (given: ActivationFacts) => !given.bringsSeat && given.group?.hasSeat !== true;
const takesSeat = (decision: ReturnType<typeof decideActivation>) => decision.ok && decision.kind !== "same";

describe("laws of activation", () => {
	it("no seat is taken beyond those of the license, unless it allows that", () => {
		fc.assert(
			fc.property(facts, (given) => {
				const decision = decideActivation(given);
				if (!decision.ok || decision.kind === "same") return;
				const isBeyond = needsSeat(given) && given.seatsTaken >= (given.license?.seats ?? 0);
				if (isBeyond) expect(given.license?.overage).toBe("allow");
			}),
		);
	});

	it("nothing is taken with a revoked code, one for another appliance, or a license that is not in force but for who takes over what it gave", () => {
		fc.assert(
			fc.property(facts, (given) => {
				if (!takesSeat(decideActivation(given))) return;
				expect(given.code?.revoked).toBe(false);
				expect([null, given.serial]).toContain(given.code?.serial);
				expect([null, given.serial, given.instance]).toContain(given.code?.instance);
				expect([null, given.model]).toContain(given.code?.model);
				if (needsSeat(given) || !given.takesOver) expect(given.license?.status).toBe("active");
			}),
		);
	});

	it("no code brings more devices than it has uses", () => {
		fc.assert(
			fc.property(facts, (given) => {
				if (!takesSeat(decideActivation(given)) || given.deviceWithSameKey?.usedThisCode) return;
				expect(given.code?.used).toBeLessThan(given.code?.uses ?? 0);
			}),
		);
	});

	it("nothing is taken with a code or a license whose time is over", () => {
		fc.assert(
			fc.property(facts, (given) => {
				if (!takesSeat(decideActivation(given))) return;
				expect(given.code?.expiresAt).toBeGreaterThan(NOW);
				if (needsSeat(given) || !given.takesOver) expect(given.license?.endsAt).toBeGreaterThan(NOW);
			}),
		);
	});

	it("a revoked key never activates", () => {
		fc.assert(
			fc.property(facts, (given) => {
				if (given.deviceWithSameKey?.status === "revoked") expect(decideActivation(given).ok).toBe(false);
			}),
		);
	});

	it("without a code nothing is learnt: every refusal is the same", () => {
		fc.assert(
			fc.property(facts, (given) => {
				expect(decideActivation({ ...given, code: null })).toEqual(refused("unknown_code"));
			}),
		);
	});

	it("more seats never turn an acceptance into a refusal", () => {
		fc.assert(
			fc.property(facts, (given) => {
				if (given.license === null || !decideActivation(given).ok) return;
				const license = { ...given.license, seats: given.license.seats + 1 };
				expect(decideActivation({ ...given, license })).toEqual(decideActivation(given));
			}),
		);
	});

	it("asking again right after an activation changes nothing", () => {
		fc.assert(
			fc.property(facts, (given) => {
				const decision = decideActivation(given);
				if (!takesSeat(decision) || given.license === null || given.code === null) return;
				const again = decideActivation({
					...given,
					code: { ...given.code, used: given.code.used + 1 },
					seatsTaken: given.seatsTaken + 1,
					deviceWithSameKey: {
						status: "active",
						serial: given.serial,
						license: given.license.id,
						haGroup: given.group?.id ?? null,
						usedThisCode: true,
						isReplaced: false,
					},
				});
				expect(again).toEqual(accepted("same"));
			}),
		);
	});
});
