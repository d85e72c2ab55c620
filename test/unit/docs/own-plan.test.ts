// What docs/operations.md says of a plan of one's own is what src/rollout/plan.ts takes: its example, and each field.
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readPlan } from "../../../cli/rollout/plan-option.ts";
import { writeFailure } from "../../../cli/terminal/output.ts";
import { planChoice } from "../../../src/rollout/built-in-plans.ts";
import { powerOf } from "../../../src/rollout/gate.ts";
import { plan } from "../../../src/rollout/plan.ts";

const [, rest = ""] = readFileSync("docs/operations.md", "utf8").split("\n### A plan of your own\n");
const [section = ""] = rest.split("\n### ");
const [, text = ""] = /```json\n(.*?)```/s.exec(section) ?? [];

type Schema = { properties?: Record<string, Schema>; description?: string };

/** @returns name and description of each field of the plan itself; those of an audience are its own */
function fieldsOf(schema: unknown): [string, string | undefined][] {
	if (typeof schema !== "object" || schema === null) return [];
	const { properties = {}, ...others } = schema as Schema;
	const own = Object.entries(properties).flatMap(([name, field]): [string, string | undefined][] => [
		[name, field.description],
		...(name === "audience" ? [] : fieldsOf(field)),
	]);
	return [...own, ...Object.values(others).flatMap((other) => fieldsOf(other))];
}
const fields = fieldsOf(z.toJSONSchema(plan));

describe("the plan in the docs", () => {
	it("is one that a product takes", () => {
		expect(planChoice.parse(JSON.parse(text))).toEqual(JSON.parse(text));
	});

	it("is read from a file by the command line", async () => {
		const folder = await mkdtemp(join(tmpdir(), "own-plan-"));
		const file = join(folder, "careful.json");
		await writeFile(file, text);
		expect(await readPlan(file)).toEqual(JSON.parse(text));
		await writeFile(file, text.replace("overrides", "override"));
		await expect(readPlan(file)).rejects.toMatchObject({ faults: [{ path: "overrides" }, { path: "override" }] });
		await rm(folder, { recursive: true });
	});

	it("has the faults that the docs show", async () => {
		const folder = await mkdtemp(join(tmpdir(), "own-plan-"));
		const file = join(folder, "careful.json");
		const [, shown = ""] = /```text\n(.*?)```/s.exec(section) ?? [];
		await writeFile(file, text.replace('"maxFailures": 100', '"max_failures": 100'));
		const fault: unknown = await readPlan(file).catch((error: unknown) => error);
		let written = "";
		writeFailure({ write: (more) => (written += more) }, fault, false);
		expect(written.replace(file, "careful.json")).toBe(shown);
		await rm(folder, { recursive: true });
	});

	it("has every field in its table, and no other", () => {
		const names = [...new Set(fields.map(([name]) => name))].filter((name) => name !== "kind");
		expect(names.length).toBeGreaterThan(20);
		const firstCells = section
			.split("\n")
			.flatMap((line) => (line.startsWith("| `") ? [line.split("|")[1] ?? ""] : []));
		const told = firstCells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
		expect(told.toSorted()).toEqual(names.toSorted());
	});

	it("describes what is not plain by its name in the API's own description", () => {
		const plain = ["name", "steps", "cohort", "units", "fraction", "kind", "gate", "approvals"];
		const silent = fields.filter(([name, said]) => said === undefined && !plain.includes(name)).map(([name]) => name);
		expect(silent).toEqual([]);
	});

	it("needs the healthy units that the docs tell of", () => {
		const sequential = plan.parse(JSON.parse(text)).steps.find(({ gate }) => gate.kind === "sequential");
		expect(section).toContain(`with the numbers above ${sequential && powerOf(sequential.gate).healthyToPass},`);
	});
});
