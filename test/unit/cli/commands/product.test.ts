// `parapet product create|change`: what bounds its releases, as it is typed, sent and said. Plans and teams: rollout.test.ts.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { STANDARD } from "../../../../src/rollout/built-in-plans.ts";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

const sent = () => operator.asked().map(([, , body]) => body);
const DETAILS = { product: "crs", title: "Rules", plan: STANDARD, team: null };

describe("bounds of sizes", () => {
	it("are sent as numbers, and taken away by the word none", async () => {
		for (const range of ["0.5..2", "0.8..1.5,5000000", "none"])
			await operator.run("product", "change", "crs", "--size-bounds", range);
		expect(sent()).toEqual([
			{ size_bounds: { shrink: 0.5, grow: 2, above: 100_000 } },
			{ size_bounds: { shrink: 0.8, grow: 1.5, above: 5_000_000 } },
			{ size_bounds: null },
		]);
	});

	it.each(["2", "2..0.5", "0.5..", "..2", "0..2", "0.5..1", "1..2", "a..b", "0.5..2,", "0.5..2,-1", "1.2.3..2"])(
		"%s is refused before anything is sent",
		async (range) => {
			const run = await operator.run("product", "create", "crs", "--size-bounds", range);
			expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("give it as 0.5..2") });
			expect(operator.asked()).toEqual([]);
		},
	);

	it("are said by show", async () => {
		operator.reply({ body: { ...DETAILS, size_bounds: { grow: 2, shrink: 0.5, above: 100_000 } } });
		expect((await operator.run("product", "show", "crs")).stdout).toContain(
			"a release of more than 100.0 kB has 0.5 to 2 times the size of the current one",
		);
		operator.reply({ body: { ...DETAILS, size_bounds: null } });
		expect((await operator.run("product", "show", "crs")).stdout).toContain("a release may have any size");
	});
});

it("a size that is meant, and the number of entries, go with the release", async () => {
	await operator.run("rollout", "start", "crs", "4.28.0", "--entries", "41500", "--allow-size");
	expect(sent()[0]).toMatchObject({ entries: 41_500, allow_size: true });
	expect((await operator.run("rollout", "start", "crs", "4.28.0", "--entries", "many")).exitCode).toBe(2);
});
