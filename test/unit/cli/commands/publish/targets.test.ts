// What each file of a `publish` becomes.
import { expect, it } from "vitest";
import { orderTargets, planTargets } from "../../../../../cli/commands/publish/targets.ts";

it("asks for what a name does not say", () => {
	expect(() => planTargets(["rules.tar"], {})).toThrow(/no product/);
	expect(planTargets(["rules.tar"], { product: "crs", version: "1" })).toEqual([
		{ file: "rules.tar", product: "crs", version: "1", name: "rules.tar" },
	]);
});

it("takes build metadata for a part of the version, and out of the download's name", () => {
	expect(planTargets(["x-2.0.0+build.5.rules"], {})).toEqual([
		{ file: "x-2.0.0+build.5.rules", product: "x", version: "2.0.0+build.5", name: "x-2.0.0-build.5.rules" },
	]);
});

it("publishes a product's files from the oldest version to the newest, and files without an order as they come", () => {
	const files = ["waf-4.10.0.tar", "ids-b.tar", "waf-4.9.0.tar", "waf-4.9.0-rc1.tar", "ids-a.tar"];
	const targets = files.map((file) => ({ file, product: file.slice(0, 3), version: file.slice(4, -4), name: file }));
	expect(orderTargets(targets, new Set(["waf"])).map(({ file }) => file)).toEqual([
		"waf-4.9.0-rc1.tar",
		"waf-4.9.0.tar",
		"waf-4.10.0.tar",
		"ids-b.tar",
		"ids-a.tar",
	]);
});

it.each([{ version: "1" }, { name: "rules.tar" }])(
	"%j is for one file, because two cannot be the same release",
	(choice) => {
		expect(() => planTargets(["crs-1.tar", "crs-2.tar"], choice)).toThrow("--version and --name are for one file");
		expect(planTargets(["crs-1.tar"], choice)).toHaveLength(1);
	},
);

it("says before anything is sent which of the names cannot be a download's", () => {
	expect(() => planTargets(["crs-1.tar"], { name: "../x" })).toThrow("cannot be a download's name");
});
