// `parapet history …` where the history goes to a stream: its table is asked by Basin SQL, here by a stand-in of its REST API.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { queryBasin } from "../../../../../cli/commands/history/query-basin.ts";
import { REPORT_NAMES } from "../../../../../cli/commands/history/reports.ts";
import { rowAt, writeHistory } from "../../../../support/history-folder.ts";
import { ACCOUNT, type BasinStandIn, BUCKET, startBasin, TOKEN } from "../../support/basin-stand-in.ts";
import { listen } from "../../support/contract-replies.ts";
import { type CliRun, runCli } from "../../support/run-cli.ts";
import { NOW_MS, startScriptedOperator } from "../../support/scripted-operator.ts";
import { type Reply, type ScriptedServer, startScriptedServer } from "../../support/scripted-server.ts";

const WAREHOUSE = `${ACCOUNT}_${BUCKET}`;
const CRS = { product: "crs", from_version: "4.26.0", to_version: "4.27.0" };
/** A bit of everything, two months and two devices that are in two places. */
const ROWS = [
	...Array.from({ length: 600 }, (_, at) =>
		rowAt(new Date(NOW_MS - at * 60_000).toISOString(), { kind: "check", weight: 100 }),
	),
	rowAt("2026-10-31T10:00:00.000Z", { ...CRS, kind: "permit", device: "C".repeat(16) }),
	rowAt("2026-11-18T10:00:00.000Z", { device: "S".repeat(16) }),
	rowAt("2026-11-20T10:00:00.000Z", { ...CRS, kind: "permit", step: "canary" }),
	rowAt("2026-11-20T10:05:00.000Z", { ...CRS, kind: "report", outcome: "healthy" }),
	rowAt("2026-11-20T10:06:00.000Z", { ...CRS, kind: "report", outcome: "failed", detail: "disk", country: "DE" }),
	rowAt("2026-11-20T10:07:00.000Z", {
		...CRS,
		kind: "wait",
		asked: "permit",
		status: 403,
		problem: "exposure_limited",
	}),
	rowAt("2026-11-20T10:08:00.000Z", { kind: "refusal", asked: "download", status: 403, problem: "signed_url_expired" }),
	rowAt("2026-11-20T10:09:00.000Z", { kind: "download", device: "AAAAAAAA", bytes: 5_000 }),
	rowAt("2026-11-20T10:20:00.000Z", { device: "T".repeat(16) }),
	rowAt("2026-11-20T10:30:00.000Z", { device: "T".repeat(16), country: "JP", asn: 64_501 }),
	rowAt("2026-11-20T10:40:00.000Z", { kind: "lost", weight: 3, device: null, account: null, country: null, asn: null }),
];

let folder: string;
let basin: BasinStandIn;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-basin-test-"));
	await writeHistory(folder, "a", ROWS);
	basin = await startBasin(folder, ROWS);
});
afterAll(async () => {
	await basin.close();
	await rm(folder, { recursive: true, force: true });
});

const clock = { nowMs: () => NOW_MS };
const environment = (url: string) => ({ PARAPET_BASIN_URL: url, WRANGLER_BASIN_SQL_AUTH_TOKEN: TOKEN });
const inTable = (...args: string[]) =>
	runCli(["history", ...args, "--warehouse", WAREHOUSE], environment(basin.url), "/nonexistent", clock);
const rowsOf = ({ stdout }: CliRun) => (JSON.parse(stdout) as { rows: unknown[] }).rows;

describe("the table of a stream", () => {
	it.each(REPORT_NAMES)("answers the report %s as files of the same rows do", async (name) => {
		const files = await runCli(
			["history", "report", name, "--dir", folder, "--since", "30d", "--json"],
			{},
			"/",
			clock,
		);
		const table = await inTable("report", name, "--since", "30d", "--json");
		expect([table.exitCode, table.stderr]).toEqual([0, ""]);
		expect(rowsOf(table)).toEqual(rowsOf(files));
		expect(rowsOf(table)).not.toEqual([]);
	});

	it.each([
		["of a week where no time is given", [], "2026-11-13T12:00:00Z"],
		["back to the time that is given", ["--since", "2d"], "2026-11-18T12:00:00Z"],
	])("is read %s", async (_, since, from) => {
		await inTable("query", "SELECT count(*) AS n FROM events", ...since);
		expect(basin.asked.at(-1)).toContain(`FROM parapet.events WHERE time >= '${from}'`);
	});

	it("is read of one country where a report is asked for that", async () => {
		await inTable("report", "failures", "--country", "BR");
		expect(basin.asked.at(-1)).toContain(" AND country = 'BR')\n");
	});

	it.each([
		["a statement with its own names", "WITH many AS (SELECT kind FROM events) SELECT count(*) AS n FROM many", 1],
		["a comment before and a semicolon behind", "\n-- how many\nSELECT count(*) AS n FROM events;\n", 1],
		["more rows than are given where no LIMIT is said", "SELECT id FROM events", 610],
		["a LIMIT of its own", "SELECT id FROM events LIMIT 7 -- a few", 7],
		["a line of dashes", `SELECT id FROM events -- limit 1 ${"-".repeat(60)}\nWHERE weight > 0 LIMIT 7`, 7],
	])("takes %s", async (_, sql, rows) => {
		expect(rowsOf(await inTable("query", sql, "--json"))).toHaveLength(rows);
	});

	it("tells what was read, for it is paid for", async () => {
		const { stdout, stderr } = await inTable("query", "SELECT max(time) AS last FROM events");
		expect(stdout).toBe("last\n2026-11-20T12:00:00.000Z\n");
		expect(stderr).toContain("read 4.1 kB of 2 files");
	});

	it.each([
		["OFFSET", "SELECT id FROM events ORDER BY id LIMIT 5 OFFSET 5", "40004 unsupported feature: OFFSET"],
		[
			"a named window",
			"SELECT lag(id) OVER w FROM events WINDOW w AS (ORDER BY id)",
			"40004 unsupported feature: WINDOW",
		],
		["a column that is not there", "SELECT colour FROM events", "colour"],
		["SQL that is none", "SELECT FROM WHERE", "40003"],
	])("refuses %s in the words of the service, and says where to look", async (_, sql, words) => {
		const { exitCode, stdout, stderr } = await inTable("query", sql);
		expect([exitCode, stdout]).toEqual([1, ""]);
		expect(stderr).toContain(words);
		expect(stderr).toContain("docs/operations.md");
	});

	it.each([["SHOW TABLES IN parapet"], ["DROP TABLE parapet.events"], [""], ["how many?"]])(
		"is not asked %j",
		async (sql) => {
			const before = basin.asked.length;
			const { exitCode, stderr } = await inTable("query", sql);
			expect([exitCode, basin.asked.length]).toEqual([1, before]);
			expect(stderr).toContain("one SELECT");
		},
	);

	it("is found by the environment alone, and --dir goes before that", async () => {
		const env = {
			...environment(basin.url),
			PARAPET_HISTORY_WAREHOUSE: WAREHOUSE,
			PARAPET_HISTORY_TABLE: "parapet.events",
		};
		const sql = ["history", "query", "SELECT count(*) AS n FROM events", "--json"];
		expect((await runCli(sql, env, "/", clock)).stdout).toContain('"bytes_read":4096');
		expect((await runCli([...sql, "--dir", folder], env, "/", clock)).stdout).toContain('"files":');
		expect((await runCli([...sql, "--dir", folder], env, "/", clock)).stdout).not.toContain("bytes_read");
	});
});

describe("a warehouse that cannot be asked is a mistake of the command line", () => {
	const run = (args: string[], env: Record<string, string> = environment("http://127.0.0.1:9")) =>
		runCli(["history", "query", "SELECT 1 FROM events", ...args], env, "/", clock);

	it.each([
		["a name without a bucket", ["--warehouse", ACCOUNT], "basin catalog get"],
		["a name that leads elsewhere", ["--warehouse", `${ACCOUNT}_a/../../b`], "basin catalog get"],
		["a table that is more than a name", ["--warehouse", WAREHOUSE, "--table", "a.b WHERE 1=1"], "is no table"],
		["a table without a warehouse", ["--table", "parapet.events"], "--warehouse"],
		["two sources", ["--warehouse", WAREHOUSE, "--dir", "."], "give one"],
	])("%s", async (_, args, words) => {
		const { exitCode, stderr } = await run(args);
		expect([exitCode, stderr.includes(words)]).toEqual([2, true]);
	});

	it("no token", async () => {
		const { exitCode, stderr } = await run(["--warehouse", WAREHOUSE], {});
		expect(exitCode).toBe(2);
		expect(stderr).toContain("set WRANGLER_BASIN_SQL_AUTH_TOKEN");
	});

	it("an address that would get the token in the clear", async () => {
		const { exitCode, stderr } = await run(["--warehouse", WAREHOUSE], environment("http://basin.example"));
		expect(exitCode).toBe(2);
		expect(stderr).toContain("in the clear");
	});
});

describe("an answer that is none", () => {
	let server: ScriptedServer;
	const pauses: number[] = [];
	beforeEach(async () => {
		server = await startScriptedServer(() => ({}));
		pauses.length = 0;
	});
	afterEach(() => server.close());
	const sleep = async (ms: number) => void pauses.push(ms);
	const ask = (...replies: Reply[]) => {
		server.answer = () => (replies.length > 1 ? replies.shift() : replies[0]) ?? {};
		const args = ["history", "query", "SELECT 1 AS one FROM events", "--warehouse", WAREHOUSE];
		return runCli(args, environment(server.url), "/", { ...clock, sleep });
	};
	const failed = (code: number, message: string) => ({
		success: false,
		errors: [{ code, message }],
		messages: [],
		result: null,
	});
	const one = { success: true, errors: [], messages: [], result: { schema: [{ name: "one" }], rows: [{ one: 1 }] } };

	it.each<[string, Reply, string, string]>([
		[
			"a token that is not known",
			{ status: 401, body: failed(10_001, "Unable to authenticate") },
			"10001",
			"is no API token",
		],
		[
			"a token that may not",
			{ status: 403, body: failed(10_000, "Authentication error") },
			"10000",
			"needs to read Basin SQL",
		],
		[
			"a warehouse that is not there",
			{ status: 404, body: failed(40_400, "no catalog") },
			"no catalog",
			"basin catalog get",
		],
		["a refusal with status 200", { body: failed(40_004, "unknown column") }, "unknown column", "docs/history.md"],
		["a query that is too much", { status: 502, body: "<html>Bad Gateway</html>" }, "status 502", "--since 1d"],
		["an outage", { status: 500, body: failed(80_001, "edge service connection failure") }, "80001", "try again later"],
		["a page of somebody else", { body: "<html>Sign in</html>" }, "not understood", "fix: "],
		["an answer that breaks off in its middle", { body: JSON.stringify(one).slice(0, 60) }, "not understood", "fix: "],
		["a connection that ends", "hang up", "no answer from", "PARAPET_BASIN_URL"],
		[
			"an answer shorter than it says",
			{ headers: { "content-length": "999" }, body: "{" },
			"no answer from",
			"try again",
		],
	])("%s is an error that says what to do, and nothing is asked again", async (_, reply, words, fix) => {
		const { exitCode, stdout, stderr } = await ask(reply);
		expect([exitCode, stdout, server.seen.length]).toEqual([1, "", 1]);
		expect(stderr).toContain(words);
		expect(stderr).toContain(fix);
		expect(stderr).not.toContain(TOKEN);
	});

	it("that asks to wait is waited for", async () => {
		const { exitCode, stdout } = await ask(
			{ status: 429, headers: { "retry-after": "7" }, body: failed(971, "rate limited") },
			{ body: one },
		);
		expect([exitCode, stdout]).toEqual([0, "one\n1\n"]);
		expect(pauses).toContain(7_000);
	});

	it("that asks to wait again and again is given up, with the time", async () => {
		const { exitCode, stderr } = await ask({
			status: 429,
			headers: { "retry-after": "7" },
			body: failed(971, "rate limited"),
		});
		expect([exitCode, server.seen.length]).toEqual([1, 3]);
		expect(stderr).toContain("try again in 7 s");
	});

	it("that does not come is given up", async () => {
		const silent = createServer(() => {});
		await listen(silent);
		const origin = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
		const warehouse = { origin, account: ACCOUNT, bucket: BUCKET, table: "parapet.events", token: TOKEN };
		const query = { sql: "SELECT 1 FROM events", since: "2026-11-13T12:00:00Z" };
		const surroundings = { ...clock, sleep, env: {}, cwd: "/", stdout: { write() {} }, stderr: { write() {} } };
		await expect(queryBasin(warehouse, query, surroundings, 50)).rejects.toMatchObject({
			message: expect.stringContaining("no answer in time"),
			fix: expect.stringContaining("--since 1d"),
		});
		silent.closeAllConnections();
		silent.close();
	});

	it("goes to no other host than the one that is named: a redirect is an answer", async () => {
		const other = await startScriptedServer(() => ({ body: one }));
		const { exitCode } = await ask({ status: 307, headers: { location: `${other.url}/` } });
		expect([exitCode, other.seen]).toEqual([1, []]);
		await other.close();
	});

	it("of as many rows as there can be says that there may be more", async () => {
		const rows = Array.from({ length: 10_000 }, (_, at) => ({ one: at }));
		const { stderr } = await ask({ body: { ...one, result: { ...one.result, rows } } });
		expect(stderr).toContain("10,000 rows are the most that Basin SQL gives: there may be more");
	});
});

describe("a service whose history goes to a stream", () => {
	it("has no files, and the command says where the table is asked", async () => {
		const operator = await startScriptedOperator();
		operator.reply({ body: { sink: "pipelines", files: [], next: null } });
		const { exitCode, stderr } = await operator.run("history", "report", "traffic");
		expect(exitCode).toBe(1);
		expect(stderr).toContain("--warehouse <account>_<bucket>");
		await operator.close();
	});
});
