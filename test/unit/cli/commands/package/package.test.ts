// `parapet package collect` against a scripted server: what it asks, page after page, and what it makes of the answers.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

const digest = (digit: string) => digit.repeat(64);
const orphan = (digit: string, outcome: string, size = 2_000_000) => {
	return { sha256: digest(digit), size, uploaded_at: "2026-11-01T00:00:00Z", outcome };
};
const page = (orphans: readonly object[], next: string | null = null, packages = 200) => {
	return { body: { packages, orphans, next } };
};

describe("parapet package collect", () => {
	it("only looks, page after page, and says how to go on", async () => {
		operator.reply(page([orphan("a", "orphaned")], digest("b")), page([orphan("c", "orphaned")], null, 7));
		const run = await operator.run("package", "collect");
		expect(operator.asked()).toEqual([
			["POST", "/v1/packages/collect", { remove: false }],
			["POST", "/v1/packages/collect", { remove: false, after: digest("b") }],
		]);
		expect(run).toMatchObject({ exitCode: 0 });
		expect(run.stdout).toContain(`${digest("a")}  2.0 MB  2026-11-01T00:00:00Z  orphaned`);
		expect(run.stdout).toContain("of 207 packages 2 are orphaned, 4.0 MB\n");
		expect(run.stderr).toContain("2 are still there: `parapet package collect --remove` removes them");
	});

	it("says so where there is nothing to remove", async () => {
		operator.reply(page([]));
		expect(await operator.run("package", "collect")).toMatchObject({
			exitCode: 0,
			stdout: "of 200 packages 0 are orphaned\n",
			stderr: "",
		});
	});

	it("removes with --remove, and tells of what is kept by a lock and of what nobody knows", async () => {
		operator.reply(page([orphan("a", "removed"), orphan("b", "locked"), orphan("c", "unknown")]));
		const run = await operator.run("package", "collect", "--remove");
		expect(operator.asked()).toEqual([["POST", "/v1/packages/collect", { remove: true }]]);
		expect(run.stdout).toContain("of 200 packages 3 are orphaned, 6.0 MB; 1 of them were removed\n");
		expect(run.stderr).toContain("1 are kept by a lock of the bucket");
		expect(run.stderr).toContain("1 may be gone or not, as the storage did not answer: look again in an hour");
	});

	it("asks first at a terminal", async () => {
		operator.reply(page([]));
		const refused = await operator.runAsked("n", "package", "collect", "--remove");
		expect(refused.questions).toEqual([
			"the bytes of every package that no version has are removed, for good. Go ahead? [y/N] ",
		]);
		expect(refused.exitCode).not.toBe(0);
		expect(operator.asked()).toEqual([]);
		expect((await operator.runAsked("n", "package", "collect")).questions).toEqual([]);
		expect((await operator.runAsked("n", "package", "collect", "--remove", "--yes")).questions).toEqual([]);
	});

	it("writes one JSON object with --json, and nothing else", async () => {
		operator.reply(page([orphan("a", "removed"), orphan("b", "removed")]));
		const { stdout, stderr } = await operator.run("package", "collect", "--remove", "--json");
		expect(JSON.parse(stdout)).toEqual({
			...{ packages: 200, orphans: 2, bytes: 4_000_000, outcomes: { removed: 2 } },
			some_orphans: [orphan("a", "removed"), orphan("b", "removed")],
		});
		expect(stderr).toBe("");
	});

	it("waits when the server asks for it, and shows no more than a screen holds", async () => {
		const many = Array.from({ length: 60 }, () => orphan("a", "orphaned"));
		operator.reply({ status: 503, headers: { "retry-after": "7" }, body: { code: "unavailable" } }, page(many));
		const run = await operator.run("package", "collect");
		expect(operator.pauses).toContain(7_000);
		expect(run.stdout.split("\n").filter((line) => line.includes(digest("a")))).toHaveLength(50);
		expect(run.stdout).toContain("… and 10 more");
	});
});
