// What is said of a plan in a file that is none: each field by its path in the file, why, and what to write.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPlan } from "../../../../cli/rollout/plan-option.ts";
import { writeFailure } from "../../../../cli/terminal/output.ts";
import { BUILT_IN_PLANS } from "../../../../src/rollout/built-in-plans.ts";

let file: string;
beforeAll(async () => {
	file = join(await mkdtemp(join(tmpdir(), "plan-file-")), "own.json");
});
afterAll(() => rm(join(file, ".."), { recursive: true }));

/** @returns what is written of a file with this text */
async function toldOf(text: string, isJson = false): Promise<string> {
	await writeFile(file, text);
	const error = await readPlan(file).then(
		() => undefined,
		(reason: unknown) => reason,
	);
	let written = "";
	writeFailure({ write: (more) => (written += more) }, error, isJson);
	return written;
}

const [volunteers, ten, dozens, ...later] = BUILT_IN_PLANS.standard.steps;
const own = { ...BUILT_IN_PLANS.standard, name: "own" };
const withFirst = (change: object) => ({ ...own, steps: [{ ...volunteers, ...change }, ten, dozens, ...later] });
const withGate = (change: object) => ({ ...own, steps: [volunteers, ten, { ...dozens, gate: change }, ...later] });

describe("a plan's file", () => {
	it.each<[string, string, string, object]>([
		[
			"steps[2].gate.maxFailures",
			"-3: at least 0",
			"write a whole number, at least 0 and at most 100 (units that may fail",
			withGate({ kind: "count", maxFailures: -3, minHealthy: 1 }),
		],
		[
			"steps[2].gate.max_failures",
			"there is no such field",
			"call it maxFailures, if that is meant; else take it out",
			withGate({ kind: "count", maxFailures: 3, max_failures: 3, minHealthy: 1 }),
		],
		[
			"steps[2].gate.surprise",
			"there is no such field",
			"take it out; there are kind, maxFailures, minHealthy, p0",
			withGate({ kind: "count", maxFailures: 3, minHealthy: 1, surprise: 1 }),
		],
		[
			"steps[2].gate.kind",
			'"luck": not one of count, sequential',
			'write "count", or "sequential"',
			withGate({ kind: "luck" }),
		],
		[
			"steps[2].gate",
			"the gate can never pass: it needs 61 healthy units",
			"give the step more units, or have its gate ask for less",
			withGate({ kind: "count", maxFailures: 3, minHealthy: 61 }),
		],
		[
			"steps[0].gate",
			"missing",
			"add it: an object with kind, maxFailures, minHealthy, or",
			withFirst({ gate: undefined }),
		],
		["steps[0].bake", '"1h": a number is expected', "write a whole number, at least 0", withFirst({ bake: "1h" })],
		["steps[0].bake", "1.5: a whole number is expected", "write a whole number, at least 0", withFirst({ bake: 1.5 })],
		["steps[0].name", '"A B": a step\'s name is up to', "write it so", withFirst({ name: "A B" })],
		["steps[1].name", '"ten": two steps are called ten', "give one of them another name", withFirst({ name: "ten" })],
		[
			"steps[0].cohort.units",
			'"x": a number is expected',
			"write a whole number, at least 1",
			withFirst({ cohort: { units: "x" } }),
		],
		["steps[0].cohort.fration", "there is no such field", "call it fraction", withFirst({ cohort: { fration: 1 } })],
		[
			"steps[0].cohort",
			"not of a form that is taken",
			"write an object with units, or an object with fraction",
			withFirst({ cohort: {} }),
		],
		[
			"steps[1].cohort",
			"numbers of units come before",
			"put this step before",
			withFirst({ cohort: { fraction: 0.1 } }),
		],
		["steps", "the last step is for everybody", 'cohort is {"fraction": 1}', { ...own, steps: [volunteers] }],
		["name", '"standard": this is a built-in plan', "give your plan another name", BUILT_IN_PLANS.standard],
		["the whole", "an object is expected", "write an object with name, overrides, steps", []],
	])("names %s: %s; and what to do: %s", async (path, reason, fix, plan) => {
		const lines = (await toldOf(JSON.stringify(plan))).split("\n");
		expect(lines[0]).toBe(`error: ${file} is no plan`);
		const at = lines.findIndex((line) => line.startsWith(`  ${path}: `) && line.includes(reason));
		expect(lines[at], lines.join("\n")).toContain(reason);
		expect(lines[at + 1]).toMatch(/^ {4}fix: /);
		expect(lines[at + 1]).toContain(fix);
		expect(lines.at(-2)).toBe("  fix: `parapet rollout plan standard` prints one to begin with");
	});

	it("has each of its faults named, with --json as data", async () => {
		const plan = { ...withFirst({ bake: -1, lease: 1 }), overrides: 0 };
		const { error } = JSON.parse(await toldOf(JSON.stringify(plan), true));
		expect(error).toMatchObject({ message: `${file} is no plan`, code: "usage" });
		expect(error.faults.map(({ path }: { path: string }) => path)).toEqual([
			"overrides",
			"steps[0].bake",
			"steps[0].lease",
		]);
		for (const { reason, fix } of error.faults) expect(`${reason} ${fix}`).toMatch(/at least \d+ write a whole number/);
	});

	it("that is not JSON is refused with the place", async () => {
		expect(await toldOf('{"name": }')).toMatch(/is no plan: it is not JSON: Unexpected token/);
	});
});
