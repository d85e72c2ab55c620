// `parapet release diff`: from the bytes of two versions, by a server that serves nothing else.
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findBase } from "../../../../../cli/commands/release/diff.ts";
import { readContents } from "../../../../../cli/contents/fetch-contents.ts";
import { createSha256 } from "../../../../../cli/files/file-digest.ts";
import { writeRuleIndex } from "../../../../../src/content/rule-index/write-index.ts";
import { makeTar } from "../../../../support/archives/tar.ts";
import { API_KEY } from "../../support/contract-server.ts";
import { runCli } from "../../support/run-cli.ts";
import { type ScriptedServer, startScriptedServer } from "../../support/scripted-server.ts";

const rule = (id: number, more: string) => `SecRule ARGS "@rx a" "id:${id},${more},msg:'about ${id}',ver:'CRS/1'"\n`;
const tarOf = (rules: string) =>
	Buffer.from(makeTar({ path: "crs/LICENSE", content: "free\n" }, { path: "crs/a.conf", content: rules }));
const PACKAGES: Readonly<Record<string, Buffer>> = {
	"1.0.0": tarOf(rule(1, "pass") + rule(2, "block") + rule(3, "pass")),
	"1.1.0": tarOf(rule(1, "deny") + rule(3, "pass").replace("CRS/1", "CRS/2") + rule(4, "block,tag:'CVE-2021-44228'")),
};
const RELEASES = [
	{ version: "1.1.0", status: "uploaded", channel: null, sequence: null },
	{ version: "1.0.0", status: "current", channel: "stable", sequence: 1 },
];
let served: Record<string, Buffer>;
/** that the service has of the newest version; null = none */
let index: string | null;
let server: ScriptedServer;
beforeEach(async () => {
	served = { ...PACKAGES };
	index = null;
	server = await startScriptedServer(({ path }) => {
		const version = /releases\/(.+)\/package-link$/.exec(path)?.[1] ?? "";
		const made = PACKAGES[version];
		if (path.endsWith("/rule-index")) return index === null ? { status: 404, body: {} } : { body: index };
		if (path.endsWith("/releases")) return { body: { version_order: "vendor", releases: RELEASES } };
		const bytes = served[path.slice(3)] ?? Buffer.from("");
		if (made === undefined)
			return { headers: { etag: `"${path}"`, "content-length": String(bytes.length) }, body: bytes };
		const sha256 = createHash("sha256").update(made).digest("hex");
		return { body: { sha256, size: made.length, name: "crs.tar", url: `/d/${version}` } };
	});
});
afterEach(() => server.close());
const diff = (...args: string[]) => runCli(["release", "diff", "crs", ...args, "--url", server.url, "--key", API_KEY]);

it("says what the newest version changes against what everybody has", async () => {
	const run = await diff("--json");
	expect(run).toMatchObject({ exitCode: 0, stderr: "" });
	const found = JSON.parse(run.stdout);
	const ids = (rules: { id: string }[]) => rules.map(({ id }) => id);
	expect(found).toMatchObject({
		product: "crs",
		from: { version: "1.0.0" },
		to: { version: "1.1.0", size: PACKAGES["1.1.0"]?.length },
		files: [{ path: "crs/a.conf", lines_added: 3, lines_removed: 3 }],
		cves: { added: ["CVE-2021-44228"], removed: [] },
		findings: [],
		proposed_plan: {
			plan: "standard",
			reasons: ["2 rules can stop traffic that passed before", ...Array(2).fill(expect.any(String))],
		},
	});
	expect([ids(found.rules.added), ids(found.rules.removed), ids(found.rules.changed)]).toEqual([["4"], ["2"], ["1"]]);
	expect([ids(found.rules.newly_blocking), ids(found.rules.blocking_no_more)]).toEqual([["4", "1"], ["2"]]);
});

it("says it to people, what blocks first", async () => {
	const { stdout } = await diff("1.1.0", "--against", "1.0.0");
	expect(stdout).toContain("rules     3 before, 3 after: 1 added, 1 removed, 1 changed\n");
	expect(stdout).toContain("blocking  2 newly, 1 no more\n");
	expect(stdout).toMatch(/newly blocking:\nRULE +MESSAGE +FILE\n4 +about 4 +crs\/a\.conf\n1 +about 1/);
});

it("compares a first version with nothing", async () => {
	const { stdout } = await diff("1.0.0", "--json");
	expect(JSON.parse(stdout)).toMatchObject({ from: null, rules: { before: 0, after: 3 } });
});

it("believes no other bytes than those of the digest", async () => {
	served["1.1.0"] = tarOf(rule(9, "pass"));
	expect(await diff()).toMatchObject({
		exitCode: 1,
		stdout: "",
		stderr: expect.stringContaining("could not read crs 1.1.0"),
	});
});

describe("the rule index that the service has of the version", () => {
	const judged = async () => JSON.parse((await diff("--json")).stdout).rule_index;

	it("is missing, where the service has none", async () => {
		expect(await judged()).toBe("missing");
		expect((await diff()).stdout).toContain("service side: it has no rule index of 1.1.0");
	});

	it("is compared with what the bytes give", async () => {
		const folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
		const file = join(folder, "crs.tar");
		await writeFile(file, PACKAGES["1.1.0"] ?? "");
		const sha256 = createHash("sha256")
			.update(PACKAGES["1.1.0"] ?? "")
			.digest("hex");
		const made = writeRuleIndex(sha256, await readContents(file, "crs.tar"), createSha256);
		await rm(folder, { recursive: true });
		index = made.ok ? made.text : "";
		expect(await judged()).toBe("matches");
		// It says that a rule which blocks does not.
		index = index.replace(',1,"about 4"', ',0,"about 4"');
		expect(await judged()).toBe("differs");
		expect((await diff()).stdout).toContain("BAD  the service's rule index of 1.1.0");
	});
});

describe("the version to compare with", () => {
	const released = (version: string, sequence: number, status = "older", channel = "stable") => ({
		version,
		sequence,
		status,
		channel,
	});
	const releases = [
		{ version: "new", sequence: null, status: "uploaded", channel: null },
		released("5-rolling", 5, "rolling_out"),
		released("4-beta", 4, "current", "beta"),
		released("3", 3, "current"),
		released("2-bad", 2, "withdrawn"),
		released("1", 1),
	];

	it.each([
		["new", "3"],
		["5-rolling", "3"],
		["4-beta", "3"],
		["3", "1"],
		["2-bad", "1"],
		["1", null],
	])("for %s is %s: what everybody had before, on its channel", (version, base) => {
		expect(findBase(releases, version)).toBe(base);
	});
});
