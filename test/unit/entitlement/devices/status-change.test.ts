// Which status of a device may follow which, as one table, and what each change does to the seat.
import { describe, expect, it } from "vitest";
import { type DeviceStatus, deviceStatus } from "../../../../src/entitlement/devices/device-record.ts";
import { decideStatusChange } from "../../../../src/entitlement/devices/status-change.ts";
import { holdsSeat } from "../../../../src/entitlement/licenses/license.ts";

describe("status changes", () => {
	const table: Record<DeviceStatus, Record<DeviceStatus, string>> = {
		active: { active: "same", suspended: "change", revoked: "change", deactivated: "change" },
		suspended: { active: "change", suspended: "same", revoked: "change", deactivated: "device_suspended" },
		revoked: { active: "device_revoked", suspended: "device_revoked", revoked: "same", deactivated: "same" },
		deactivated: {
			active: "device_deactivated",
			suspended: "device_deactivated",
			revoked: "change",
			deactivated: "same",
		},
	};
	const statuses = deviceStatus.options;

	it.each(statuses.flatMap((from) => statuses.map((to) => [from, to, table[from][to]] as const)))(
		"%s to %s: %s",
		(from, to, expected) => {
			const decision = decideStatusChange(from, to);
			expect(decision.ok ? (decision.changed ? "change" : "same") : decision.reason).toBe(expected);
		},
	);

	it("never give a seat back to a device that holds none", () => {
		for (const from of statuses.filter((status) => !holdsSeat(status)))
			for (const to of statuses.filter(holdsSeat)) expect(decideStatusChange(from, to).ok).toBe(false);
	});
});
