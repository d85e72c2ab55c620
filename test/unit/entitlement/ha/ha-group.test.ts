// Who may join and leave an HA group, and what becomes of the seats.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deviceStatus } from "../../../../src/entitlement/devices/device-record.ts";
import {
	decideJoin,
	decideLeave,
	type JoinFacts,
	type LeaveFacts,
	MAX_HA_MEMBERS,
} from "../../../../src/entitlement/ha/ha-group.ts";
import { holdsSeat, overagePolicy } from "../../../../src/entitlement/licenses/license.ts";

const GROUP = { id: "hag-1", license: "lic-a" };
const DEVICE = { status: "active", license: "lic-a", haGroup: null } as const;
const refused = (reason: string) => ({ ok: false, reason });

describe("a device that joins an HA group", () => {
	it.each<[string, Partial<JoinFacts["device"]>, number, object]>([
		["may, as its first", {}, 0, { ok: true, changed: true }],
		["may, as its last", {}, MAX_HA_MEMBERS - 1, { ok: true, changed: true }],
		["finds it full", {}, MAX_HA_MEMBERS, refused("ha_group_full")],
		["may while it is suspended", { status: "suspended" }, 0, { ok: true, changed: true }],
		["is in it already", { haGroup: "hag-1" }, MAX_HA_MEMBERS, { ok: true, changed: false }],
		["is in it already, deactivated", { haGroup: "hag-1", status: "deactivated" }, 1, { ok: true, changed: false }],
		["has to leave another one first", { haGroup: "hag-2" }, 0, refused("other_group")],
		["has to be under its license", { license: "lic-b" }, 0, refused("other_license")],
		["must not be deactivated", { status: "deactivated" }, 0, refused("device_deactivated")],
		["must not be revoked", { status: "revoked" }, 0, refused("device_revoked")],
	])("%s", (_, device, members, decision) => {
		expect(decideJoin({ device: { ...DEVICE, ...device }, group: GROUP, members })).toEqual(decision);
	});
});

describe("a device that leaves an HA group", () => {
	const LAST_SEAT: LeaveFacts = {
		leaving: ["active"],
		staying: ["active"],
		hasSeat: true,
		license: { seats: 10, overage: "refuse" },
		seatsTaken: 9,
	};
	const FULL = { ...LAST_SEAT, seatsTaken: 10 };
	const free = { ok: true };
	it.each<[string, LeaveFacts, object]>([
		["takes the last seat of the license", LAST_SEAT, free],
		["finds no seat left", FULL, refused("no_seat_left")],
		["goes beyond the seats where the license allows it", { ...FULL, license: { seats: 10, overage: "allow" } }, free],
		["keeps the group's seat as the last one", { ...FULL, staying: [] }, free],
		["keeps it though those that stay are listed only", { ...FULL, staying: ["revoked", "deactivated"] }, free],
		["shares it with one that is suspended", { ...FULL, staying: ["suspended"] }, refused("no_seat_left")],
		["needs none when it had no part in one", { ...FULL, leaving: ["deactivated"] }, free],
		["needs none when the lease is over", { ...FULL, hasSeat: false }, free],
	])("%s", (_, facts, decision) => {
		expect(decideLeave(facts)).toEqual(decision);
	});

	it("goes with all others or none goes", () => {
		const three = { ...LAST_SEAT, leaving: ["active", "suspended", "active"], staying: [] } as const;
		expect(decideLeave({ ...three, seatsTaken: 8 })).toEqual(free);
		expect(decideLeave({ ...three, seatsTaken: 9 })).toEqual(refused("no_seat_left"));
	});

	it("never ends with more seats taken than there are, unless there were more before or the license allows it", () => {
		const statuses = fc.array(fc.constantFrom(...deviceStatus.options), { maxLength: 5 });
		const facts = fc.record({
			...{ leaving: statuses, staying: statuses, hasSeat: fc.boolean(), seatsTaken: fc.integer({ min: 1, max: 12 }) },
			license: fc.record({
				seats: fc.integer({ min: 1, max: 10 }),
				overage: fc.constantFrom(...overagePolicy.options),
			}),
		});
		fc.assert(
			fc.property(facts, (given) => {
				const { leaving, staying, hasSeat, license, seatsTaken } = given;
				const decision = decideLeave(given);
				const keepsGroupSeat = hasSeat && staying.some(holdsSeat) ? 1 : 0;
				const wasTaken = hasSeat && [...leaving, ...staying].some(holdsSeat) ? 1 : 0;
				const own = hasSeat ? leaving.filter(holdsSeat).length : 0;
				const after = seatsTaken - wasTaken + keepsGroupSeat + own;
				const fits = after <= license.seats || after <= seatsTaken;
				expect(decision).toEqual(fits || license.overage === "allow" ? { ok: true } : refused("no_seat_left"));
			}),
		);
	});
});
