// The command line of `npm run deploy`.
import { describe, expect, it } from "vitest";
import { missingFor, readOptions, USAGE } from "../../../scripts/deploy/options.ts";

it.each(["--help", "-h"])("%s asks for the usage, whatever else is there", (flag) => {
	expect(readOptions(["--stages", "x", flag])).toEqual({ help: true });
});

it("has stages of 1, 10, 50 and 100 %, ten minutes each, unless it says otherwise", () => {
	expect(readOptions([])).toMatchObject({ percents: [1, 10, 50, 100], bakeSeconds: 600, atOnce: false, yes: false });
	expect(readOptions(["--stages", "5,100", "--bake=60"])).toMatchObject({ percents: [5, 100], bakeSeconds: 60 });
});

it("reads each option that it names", () => {
	const flags = ["--plan", "--dry-run", "--rollback", "--without-smoke", "--unwatched", "--yes"];
	expect(readOptions([...flags, "--env", "staging", "--secrets-file", "s.json"])).toMatchObject({
		...{ isPlanOnly: true, isDryRun: true, rollback: true, withoutSmoke: true, unwatched: true, yes: true },
		...{ environment: "staging", secretsFile: "s.json" },
	});
	expect(readOptions(["--at-once"])).toMatchObject({ atOnce: true });
	expect(readOptions(["--resume"])).toMatchObject({ resume: true });
	const named = new Set(USAGE.match(/--[a-z-]+/g));
	expect([...named].toSorted()).toEqual(
		[...flags, "--at-once", "--bake", "--env", "--help", "--resume", "--secrets-file", "--stages"].toSorted(),
	);
});

describe("is refused", () => {
	it.each([
		["an option that there is not", ["--strages", "1,100"], /strages/],
		["a word of its own", ["production"], /production/],
		["stages that shrink", ["--stages", "10,5,100"], /ascending/],
		["a stage twice", ["--stages", "10,10,100"], /ascending/],
		["stages that do not reach everybody", ["--stages", "1,10"], /the last one 100/],
		["a stage of nobody", ["--stages", "0,100"], /ascending/],
		["a stage of more than everybody", ["--stages", "100,101"], /the last one 100/],
		["half a percent", ["--stages", "0.5,100"], /whole/],
		["no stage", ["--stages", ""], /whole/],
		["a bake time that is none", ["--bake", "soon"], /whole seconds/],
		["a bake time before now", ["--bake=-1"], /whole seconds/],
		["a bake time of more than a day", ["--bake", "86401"], /at most 86400/],
		["two wishes at once", ["--resume", "--rollback"], /one of them/],
	])("%s", (_, args, problem) => {
		expect(readOptions(args)).toEqual({ problem: expect.stringMatching(problem) });
	});
});

it("names what stages need, unless they are to go on without it", () => {
	const access = { key: "k", account: "a", token: "t" };
	const need = { withoutSmoke: false, unwatched: false };
	expect(missingFor(need, access)).toBeNull();
	expect(missingFor(need, { ...access, key: undefined })?.fix).toContain("PARAPET_KEY");
	expect(missingFor({ ...need, withoutSmoke: true }, { ...access, key: undefined })).toBeNull();
	for (const lacking of [{ account: undefined }, { token: undefined }]) {
		expect(missingFor(need, { ...access, ...lacking })?.fix).toContain("CLOUDFLARE_API_TOKEN");
		expect(missingFor({ ...need, unwatched: true }, { ...access, ...lacking })).toBeNull();
	}
});
