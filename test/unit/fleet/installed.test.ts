// Who has a version, counted from what accounts say: as many as there are, however much devices make up.
import { describe, expect, it } from "vitest";
import { type FleetCell, OTHER } from "../../../src/fleet/fleet-summary.ts";
import { countInstalled, findInstalled, MAX_INSTALLED } from "../../../src/fleet/installed.ts";

const cell = (version: string | null, devices: number, more: Partial<FleetCell> = {}): FleetCell => ({
	...{ product: "crs", version, model: "m", country: null, outcome: null, devices },
	...more,
});

describe("the versions of an account", () => {
	it("are counted over models, countries and outcomes, and nothing is no version", () => {
		const cells = [cell("4.26.0", 2), cell("4.26.0", 3, { model: "n", country: "BR" }), cell(null, 7)];
		expect(countInstalled(cells)).toEqual([{ product: "crs", version: "4.26.0", devices: 5 }]);
	});

	it("are as many as may be kept, those that most devices have, and the others together by product", () => {
		const many = Array.from({ length: MAX_INSTALLED + 50 }, (_, index) => cell(`1.0.${index}`, index + 1));
		const counts = countInstalled([...many, cell("9.9.9", 1, { product: "dns" })]);
		const sum = (product: string) =>
			counts.reduce((all, one) => (one.product === product ? all + one.devices : all), 0);
		expect([sum("crs"), sum("dns")]).toEqual([(150 * 151) / 2, 1]);
		expect(counts).toHaveLength(MAX_INSTALLED + 2);
		expect(counts.find(({ product, version }) => product === "crs" && version === OTHER)?.devices).toBe((50 * 51) / 2);
		const found = findInstalled([["acct-a", counts]], {
			...{ product: "crs", wanted: { prefix: "1.0.1" }, limit: 1_000, after: null },
		});
		expect(found.other).toBe((50 * 51) / 2);
		expect(found.versions.every(({ version }) => version.startsWith("1.0.1"))).toBe(true);
	});
});
