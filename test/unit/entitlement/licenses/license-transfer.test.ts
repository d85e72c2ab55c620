// What may begin while the seats of a license go over to another, and who may take a seat of either meanwhile.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	decideTransfer,
	type TransferFacts,
	termsWhileMoving,
} from "../../../../src/entitlement/licenses/license-transfer.ts";

const FACTS: TransferFacts = {
	running: null,
	from: { id: "lic-a" },
	to: { id: "lic-b", seats: 10, overage: "refuse", status: "active" },
	moving: 4,
	taken: 6,
};
const OF_THESE = { from: "lic-a", to: "lic-b" };

describe("a transfer", () => {
	it.each<[string, Partial<TransferFacts>, string]>([
		["begins where the seats just suffice", {}, "begun"],
		["is refused where one is missing", { taken: 7 }, "no_seat_left"],
		["begins without seats where overage is allowed", { taken: 70, to: { ...FACTS.to, overage: "allow" } }, "begun"],
		["has nothing to do where no seat is taken", { moving: 0, taken: 11 }, "nothing"],
		["has nothing to do from a license to itself", { from: { id: "lic-b" } }, "nothing"],
		["does not go to a revoked license", { to: { ...FACTS.to, status: "revoked" } }, "license_revoked"],
		["does not even find nothing there", { moving: 0, to: { ...FACTS.to, status: "revoked" } }, "license_revoked"],
		["goes to a suspended license", { to: { ...FACTS.to, status: "suspended" } }, "begun"],
		["joins the same one", { running: OF_THESE, taken: 7 }, "joined"],
		["waits for one to another license", { running: { ...OF_THESE, to: "lic-c" } }, "transfer_running"],
		["waits for one from another license", { running: { ...OF_THESE, from: "lic-c" } }, "transfer_running"],
		["waits for the one back", { running: { from: "lic-b", to: "lic-a" } }, "transfer_running"],
		["waits for one of others", { running: { from: "lic-c", to: "lic-d" }, moving: 0 }, "transfer_running"],
	])("%s", (_, facts, expected) => {
		const decision = decideTransfer({ ...FACTS, ...facts });
		expect(decision.ok ? decision.kind : decision.reason).toBe(expected);
	});
});

describe("the terms while seats go over", () => {
	const overage = fc.constantFrom("refuse" as const, "allow" as const);
	const terms = fc.record({ seats: fc.integer({ min: 1, max: 6 }), overage });
	const count = fc.nat(8);

	it("let a seat be taken exactly where both licenses have one for it", () => {
		fc.assert(
			fc.property(terms, terms, count, count, (from, to, taken, takenOfTo) => {
				const both = termsWhileMoving(from, to, takenOfTo);
				const mayHave = both.overage === "allow" || taken < both.seats;
				const inFrom = from.overage === "allow" || taken < from.seats;
				// All that are taken of the license that is left are promised by the other one.
				const inTo = to.overage === "allow" || takenOfTo + taken < to.seats;
				expect(mayHave).toBe(inFrom && inTo);
			}),
		);
	});
});
