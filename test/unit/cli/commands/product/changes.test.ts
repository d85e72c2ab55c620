// What an update brings, by a server that knows two versions; and the rule index that `parapet publish` makes.
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { API_KEY } from "../../support/contract-server.ts";
import { runCli } from "../../support/run-cli.ts";
import { type Reply, type ScriptedServer, startScriptedServer } from "../../support/scripted-server.ts";

const COUNTS = {
	before: 3,
	after: 3,
	added: 1,
	removed: 1,
	changed: 20,
	newly_blocking: 1,
	blocking_no_more: 0,
	reused: 0,
	repeated: 0,
};
const PLAN = { plan: "standard", reasons: ["1 rule can stop traffic that passed before"] };
const CHANGES = {
	...{ product: "crs", from: { version: "4.26.0" }, to: { version: "4.28.0" }, counts: COUNTS, truncated: false },
	added: [{ id: "4", message: "new\u001b[2J" }],
	removed: [{ id: "2", message: "old" }],
	changed: Array.from({ length: 20 }, (_, at) => ({ id: `9${at}`, message: "changed", what: ["text"] })),
	newly_blocking: [{ id: "4", message: "new\u001b[2J" }],
	...{ reused: [], repeated: [], cves: { added: ["CVE-2021-44228"], removed: [] }, proposed_plan: PLAN },
};

let server: ScriptedServer;
let index: (stored: { sha256: string; size: number }) => Reply;
/** of the package that was uploaded last */
let sha256: string;
beforeEach(async () => {
	index = (stored) => ({
		status: 201,
		body: { ...stored, rules: 1, against: "4.26.0", counts: COUNTS, proposed_plan: PLAN },
	});
	server = await startScriptedServer(({ method, path, body }) => {
		if (path.includes("/changes")) return { body: CHANGES };
		if (path.includes("/rule-index"))
			return index({ sha256: createHash("sha256").update(body).digest("hex"), size: body.length });
		if (path.endsWith("/bases")) return { body: { released: false, bases: [] } };
		if (method === "PUT" && path.includes("/delta")) return { status: 201, body: {} };
		if (path.includes("/package")) sha256 = createHash("sha256").update(body).digest("hex");
		if (path.includes("/package")) return { body: { sha256, size: body.length } };
		return { status: 201, body: { sha256, version: "4.28.0", status: "current", sequence: 1, published: true } };
	});
});
afterEach(() => server.close());
const run = (...args: string[]) => runCli([...args, "--url", server.url, "--key", API_KEY]);

describe("product changes", () => {
	it("asks for the two versions, and gives the answer as it is", async () => {
		const { stdout } = await run("product", "changes", "crs", "--from", "4.26", "--to", "4.28", "--json");
		expect(server.seen.map(({ path }) => path)).toEqual(["/v1/products/crs/changes?from=4.26&to=4.28"]);
		expect(JSON.parse(stdout)).toEqual(CHANGES);
	});

	it("tells people what blocks first, cuts long lists, and lets nothing drive their terminal", async () => {
		const { stdout } = await run("product", "changes", "crs");
		expect(stdout).toContain(
			"blocking  1 newly, 0 no more\nCVEs      new: CVE-2021-44228\nplan      standard, since 1 rule can stop",
		);
		expect(stdout).toMatch(/newly blocking:\nRULE {2}MESSAGE\n4 {5}new\?\[2J\n\nremoved:/);
		expect(stdout).toContain("… and 5 more");
	});
});

const RULES = `drop tcp any any -> any any (msg:"log4j"; reference:cve,2021-44228; sid:7;)\n`;

describe("publish", () => {
	let folder: string;
	let file: string;
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
		file = join(folder, "crs-4.28.0.rules");
		await writeFile(file, RULES);
	});
	afterEach(() => rm(folder, { recursive: true }));
	const sent = () =>
		server.seen.filter(({ method }) => method === "PUT").map(({ path }) => path.replace(/^.*releases\/4\.28\.0/, ""));

	it("hands in the index of the package before the release, and says the plan that its changes call for", async () => {
		const { stdout } = await run("publish", file, "--no-deltas");
		expect(sent()).toEqual(["/package?name=crs-4.28.0.rules", "/rule-index", ""]);
		const [head, rule] = server.seen.find(({ path }) => path.endsWith("/rule-index"))?.body.split("\n") ?? [];
		expect(JSON.parse(head ?? "")).toEqual({
			rule_index: 1,
			package: createHash("sha256").update(RULES).digest("hex"),
		});
		expect(JSON.parse(rule ?? "")).toEqual([
			"suricata",
			"7",
			expect.stringMatching(/^[0-9a-f]{16}$/),
			1,
			"log4j",
			["CVE-2021-44228"],
		]);
		expect(stdout).toContain("proposed plan: standard, since 1 rule can stop traffic");
	});

	it("releases nothing whose ids mean other rules, unless that is meant", async () => {
		index = () => ({
			status: 409,
			body: { title: "Rules have ids that other rules had", code: "reused_rule_ids", status: 409 },
		});
		expect(await run("publish", file, "--no-deltas")).toMatchObject({
			exitCode: 1,
			stdout: "",
			stderr: expect.stringContaining("ids that other rules had"),
		});
		expect(sent()).toHaveLength(2);
		await run("publish", file, "--no-deltas", "--allow-reused-ids");
		expect(sent()[3]).toBe("/rule-index?allow_reused=true");
	});

	it.each([{ sha256: "ab".repeat(32) }, { size: 9 }])(
		"signs and releases nothing with an index of the server: %j",
		async (other) => {
			index = (stored) => ({
				status: 201,
				body: { ...stored, ...other, rules: 1, against: null, counts: COUNTS, proposed_plan: PLAN },
			});
			expect(await run("publish", file, "--no-deltas")).toMatchObject({
				exitCode: 1,
				stdout: "",
				stderr: expect.stringContaining("the server holds another rule index for crs 4.28.0"),
			});
			expect(sent()).toEqual(["/package?name=crs-4.28.0.rules", "/rule-index"]);
		},
	);

	it("makes no index of what has no rules that it can read, or too many, and releases it", async () => {
		await writeFile(file, "nothing");
		expect((await run("publish", file, "--no-deltas")).stdout).not.toContain("index");
		const signatures = join(folder, "av-1.0.0.ndb");
		await writeFile(signatures, Array.from({ length: 120_001 }, (_, at) => `N${at}:0:*:aa`).join("\n"));
		const { stdout } = await run("publish", signatures, "--no-deltas");
		expect(stdout).toContain("no rule index: it has 120001 rules, more than 120000");
		expect(server.seen.some(({ path }) => path.includes("rule-index"))).toBe(false);
	});
});
