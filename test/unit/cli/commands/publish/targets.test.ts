// What each file of a `publish` becomes.
import { expect, it } from "vitest";
import { planTargets } from "../../../../../cli/commands/publish/targets.ts";

it("asks for what a name does not say", () => {
	expect(() => planTargets(["rules.tar"], {})).toThrow(/no product/);
	expect(planTargets(["rules.tar"], { product: "crs", version: "1" })).toEqual([
		{ file: "rules.tar", product: "crs", version: "1", name: "rules.tar" },
	]);
});
