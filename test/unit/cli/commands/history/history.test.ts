// `parapet history …`: reports and SQL over files, files from a server, devices behind pseudonyms.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { REPORT_NAMES } from "../../../../../cli/commands/history/reports.ts";
import { rowAt, writeHistory } from "../../../../support/history-folder.ts";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

let operator: ScriptedOperator;
let folder: string;
beforeEach(async () => {
	operator = await startScriptedOperator();
	folder = await mkdtemp(join(tmpdir(), "parapet-history-test-"));
});
afterEach(async () => {
	await operator.close();
	await rm(folder, { recursive: true, force: true });
});

interface Answer {
	readonly files: number;
	readonly columns: string[];
	readonly rows: Record<string, unknown>[];
}

const inFolder = (...args: string[]) => operator.run("history", ...args, "--dir", folder);
async function report(name: string, ...more: string[]): Promise<Record<string, unknown>[]> {
	const { stdout, stderr, exitCode } = await inFolder("report", name, "--json", ...more);
	expect([exitCode, stderr]).toEqual([0, ""]);
	return (JSON.parse(stdout) as Answer).rows;
}

const DEVICE = { device: "B".repeat(16), account: "bbbbbbbbbb" };
const CRS = { product: "crs", from_version: "4.26.0", to_version: "4.27.0" };

describe("a report", () => {
	it("traffic adds up weights by the hour, and says what was lost", async () => {
		await writeHistory(folder, "a", [
			rowAt("2026-11-20T10:59:59.000Z", { duration_ms: 10 }),
			rowAt("2026-11-20T11:00:00.000Z", { kind: "check", weight: 100, duration_ms: 2 }),
			rowAt("2026-11-20T11:10:00.000Z", { kind: "refusal", asked: "token", status: 401, duration_ms: 4 }),
			rowAt("2026-11-20T11:11:00.000Z", { kind: "wait", asked: "permit", status: 403, problem: "exposure_limited" }),
			rowAt("2026-11-20T11:20:00.000Z", { kind: "download", bytes: 5_000, duration_ms: 6 }),
			rowAt("2026-11-20T11:30:00.000Z", { kind: "lost", weight: 12, device: null, account: null, status: 0 }),
		]);
		expect(await report("traffic")).toMatchObject([
			{ hour: "2026-11-20T10:00:00.000Z", events: 1, tokens: 1, checks: 0, mean_ms: 10, longest_ms: 10 },
			{
				hour: "2026-11-20T11:00:00.000Z",
				events: 103,
				checks: 100,
				refusals: 1,
				waits: 1,
				downloads: 1,
				lost: 12,
				bytes: 5_000,
				// 100 checks of 2 ms, one refusal of 4, one download of 6, one wait of 0: of events, not of rows.
				mean_ms: 2,
			},
		]);
	});

	it("versions counts each device once, by its last word of this month", async () => {
		await writeHistory(folder, "a", [
			rowAt("2026-10-31T10:00:00.000Z", { ...DEVICE, ...CRS, kind: "permit", device: "C".repeat(16) }),
			rowAt("2026-11-20T10:00:00.000Z", { ...CRS, kind: "permit" }),
			rowAt("2026-11-20T10:05:00.000Z", { ...CRS, kind: "report", outcome: "healthy" }),
			rowAt("2026-11-20T10:00:00.000Z", { ...DEVICE, ...CRS, kind: "permit" }),
			rowAt("2026-11-20T10:06:00.000Z", { ...DEVICE, ...CRS, kind: "report", outcome: "failed" }),
		]);
		expect(await report("versions")).toMatchObject([
			{ product: "crs", version: "4.26.0", devices: 1, last_seen: "2026-11-20T10:06:00.000Z" },
			{ product: "crs", version: "4.27.0", devices: 1, last_seen: "2026-11-20T10:05:00.000Z" },
		]);
	});

	it("failures says how many downloads failed in Brazil, and with what code", async () => {
		const failed = {
			kind: "refusal",
			asked: "download",
			status: 403,
			problem: "signed_url_expired",
			device: null,
			account: null,
		};
		await writeHistory(folder, "a", [
			rowAt("2026-11-20T10:00:00.000Z", failed),
			rowAt("2026-11-20T10:01:00.000Z", failed),
			rowAt("2026-11-20T10:02:00.000Z", { ...failed, country: "DE" }),
			rowAt("2026-11-20T10:03:00.000Z", {
				...CRS,
				kind: "report",
				outcome: "failed",
				detail: "digest_mismatch",
				status: 202,
			}),
			rowAt("2026-11-20T10:04:00.000Z", { ...CRS, kind: "report", outcome: "healthy" }),
			rowAt("2026-11-20T10:05:00.000Z", { ...CRS, kind: "wait", asked: "permit", problem: "exposure_limited" }),
		]);
		const found = await report("failures");
		expect(found).toHaveLength(3);
		expect(found[0]).toMatchObject({
			failed: "download",
			country: "BR",
			code: "signed_url_expired",
			status: 403,
			events: 2,
		});
		expect(found.find((one) => one["failed"] === "installation")).toMatchObject({
			version: "4.27.0",
			code: "digest_mismatch",
			devices: 1,
		});
		const brazil = await report("failures", "--country", "BR");
		expect(brazil).toEqual(found.filter((one) => one["country"] === "BR"));
		expect(brazil).toHaveLength(2);
		expect(await report("failures", "--country", "BR", "--since", "30d")).toEqual(brazil);
	});

	it("of a country needs its code, and one that compares places none", async () => {
		for (const [name, code] of [
			["failures", "Brazil"],
			["failures", "B' OR 1=1"],
			["tripwire", "BR"],
		] as const) {
			const { exitCode, stderr } = await inFolder("report", name, "--country", code);
			expect([exitCode, stderr.includes("--country")]).toEqual([2, true]);
		}
	});

	it("countries counts devices by their whole pseudonyms", async () => {
		await writeHistory(folder, "a", [
			rowAt("2026-11-20T10:00:00.000Z"),
			rowAt("2026-11-20T10:01:00.000Z", { kind: "download", device: "AAAAAAAA", bytes: 7 }),
			rowAt("2026-11-20T10:02:00.000Z", { ...DEVICE, country: "DE" }),
			rowAt("2026-11-20T10:03:00.000Z", { ...CRS, ...DEVICE, country: "DE", kind: "report", outcome: "failed" }),
		]);
		expect(await report("countries")).toMatchObject([
			{ country: "BR", devices: 1, events: 2, downloads: 1, bytes: 7, failed: 0 },
			{ country: "DE", devices: 1, events: 2, failed: 1 },
		]);
	});

	it("silent names who came this month and not in the last day", async () => {
		await writeHistory(folder, "a", [
			rowAt("2026-10-20T10:00:00.000Z", { device: "C".repeat(16) }),
			rowAt("2026-11-18T10:00:00.000Z", DEVICE),
			rowAt("2026-11-19T11:00:00.000Z", { device: "D".repeat(16) }),
			rowAt("2026-11-20T10:00:00.000Z"),
		]);
		expect(await report("silent")).toMatchObject([{ ...DEVICE, last_seen: "2026-11-18T10:00:00.000Z" }]);
	});

	it("tripwire finds a key in two countries within the hour, or back and forth between networks, and no move", async () => {
		const traveller = { device: "T".repeat(16) };
		const twin = { device: "W".repeat(16) };
		const mover = { device: "M".repeat(16) };
		await writeHistory(folder, "a", [
			rowAt("2026-11-20T10:00:00.000Z", traveller),
			rowAt("2026-11-20T10:30:00.000Z", { ...traveller, country: "JP", asn: 64_501 }),
			rowAt("2026-11-20T10:00:00.000Z", twin),
			rowAt("2026-11-20T10:10:00.000Z", { ...twin, asn: 64_502 }),
			rowAt("2026-11-20T10:20:00.000Z", twin),
			rowAt("2026-11-20T10:00:00.000Z", mover),
			rowAt("2026-11-20T10:10:00.000Z", { ...mover, asn: 64_502 }),
			rowAt("2026-11-20T14:10:00.000Z", { ...mover, country: "JP", asn: 64_503 }),
		]);
		const found = await report("tripwire");
		expect(found.map(({ device, finding, times }) => ({ device, finding, times }))).toEqual(
			expect.arrayContaining([
				{ ...traveller, finding: "impossible travel", times: 1 },
				{ ...twin, finding: "two networks at once", times: 1 },
			]),
		);
		expect(found).toHaveLength(2);
		expect(found[0]?.["suggestion"]).toContain("parapet device suspend");
		expect(found.find((one) => one["device"] === traveller.device)).toMatchObject({
			from_place: "BR AS64500",
			to_place: "JP AS64501",
		});
	});

	it.each(REPORT_NAMES)("%s of nothing is nothing, and the hint says where to look", async (name) => {
		const { stdout, stderr, exitCode } = await inFolder("report", name);
		expect([exitCode, stdout]).toEqual([0, "(none)\n"]);
		expect(stderr).toContain("HISTORY_SINK");
	});

	it.each(REPORT_NAMES)("%s has what the platform's SQL has not: no OFFSET, no named windows", async (name) => {
		const sql = await readFile(
			join(import.meta.dirname, `../../../../../cli/commands/history/reports/${name}.sql`),
			"utf8",
		);
		expect(sql).not.toMatch(/\bOFFSET\b|\bWINDOW\b|;/i);
		// Words before a parenthesis that are functions in the documentation of both (developers.cloudflare.com/basin-sql/sql-reference).
		const both = /^(sum|count|avg|min|max|round|coalesce|concat|cast|nullif|date_trunc|lag|row_number)$/i;
		const grammar = /^(from|join|and|or|over|in|as)$/i;
		const called = [...sql.replaceAll(/--.*/g, "").matchAll(/(\w+)\s*\(/g)].map(([, word = ""]) => word);
		expect(called.filter((word) => !grammar.test(word) && !both.test(word))).toEqual([]);
		expect(sql).toMatch(/^-- \S[^\n]+\.\n|^(-- [^\n]+\n){2}/);
	});

	it("of another name is refused with those that there are", async () => {
		const { exitCode, stderr } = await inFolder("report", "weather");
		expect(exitCode).toBe(2);
		expect(stderr).toContain("tripwire");
	});
});

describe("a query", () => {
	beforeEach(() =>
		writeHistory(folder, "a", [rowAt("2026-11-20T10:00:00.000Z"), rowAt("2026-11-20T11:30:00.000Z", DEVICE)]),
	);

	it("is answered as a table", async () => {
		const { stdout } = await inFolder(
			"query",
			"SELECT country, sum(weight) AS events, max(time) AS last FROM events GROUP BY country",
		);
		expect(stdout).toBe("country  events  last\nBR       2       2026-11-20T11:30:00.000Z\n");
	});

	it("sees what is younger than --since alone", async () => {
		const { stdout } = await inFolder("query", "SELECT device FROM events", "--since", "1h", "--json");
		expect(JSON.parse(stdout)).toEqual({ files: 1, columns: ["device"], rows: [{ device: DEVICE.device }] });
	});

	it.each([
		["a change", "CREATE TABLE x (a INTEGER)", "one SELECT"],
		["a copy out of it", "COPY events TO '/tmp/parapet-stolen.csv'", "disabled by configuration"],
		["two statements", "SELECT 1; SELECT 2", "one SELECT"],
		["nothing", "", "one SELECT"],
		["another file of this machine", "SELECT * FROM read_text('/etc/hostname')", "disabled by configuration"],
		["a column that is not there", "SELECT colour FROM events", "docs/history.md"],
		["no SQL", "how many?", "query was refused"],
	])("that is %s is refused, with what to do", async (_, sql, words) => {
		const { exitCode, stdout, stderr } = await inFolder("query", sql);
		expect([exitCode, stdout]).toEqual([1, ""]);
		expect(stderr).toContain(words);
		expect(stderr).toContain("fix: ");
	});

	it("of a file that is damaged says which", async () => {
		await writeFile(join(folder, "events/dt=2026-11-20/hour=10/a.ndjson.gz"), "not gzip");
		const { exitCode, stderr } = await inFolder("query", "SELECT count(*) FROM events");
		expect(exitCode).toBe(1);
		expect(stderr).toContain("a.ndjson.gz");
	});
});

describe("from the service", () => {
	const FILE = "events/dt=2026-11-20/hour=10/a.ndjson.gz";
	let bytes: Buffer;
	beforeEach(async () => {
		await writeHistory(folder, "a", [rowAt("2026-11-20T10:00:00.000Z")]);
		bytes = await readFile(join(folder, FILE));
		await rm(folder, { recursive: true });
		const page = (next: string | null) => ({ body: { sink: "r2", files: [{ name: FILE, size: bytes.length }], next } });
		operator.server.answer = ({ path }) => (path.startsWith("/v1/history/files?") ? page(null) : { body: bytes });
	});
	const asked = () => operator.asked().map(([method, path]) => `${method} ${path}`);

	it("a report fetches the files of a week, and leaves none behind", async () => {
		const { stdout, exitCode } = await operator.run("history", "report", "countries", "--json");
		expect(exitCode).toBe(0);
		expect(JSON.parse(stdout)).toMatchObject({ report: "countries", files: 1, rows: [{ country: "BR", devices: 1 }] });
		expect(asked()).toEqual([
			"GET /v1/history/files?from=2026-11-13T12",
			"GET /v1/history/files/2026-11-20/10/a.ndjson.gz",
		]);
		expect((await readdir(tmpdir())).filter((name) => name === folder)).toEqual([]);
	});

	it("fetch keeps them, and does not fetch a file twice", async () => {
		expect((await operator.run("history", "fetch", "--dir", folder)).stdout).toContain("1 files, 1 of them new");
		expect((await operator.run("history", "fetch", "--dir", folder, "--json")).stdout).toContain('"fetched":0');
		expect(await readFile(join(folder, FILE))).toEqual(bytes);
	});

	it("a file name that leads elsewhere is not written", async () => {
		operator.server.answer = () => ({
			body: { sink: "r2", files: [{ name: "events/../../x.ndjson.gz", size: 1 }], next: null },
		});
		const { exitCode, stderr } = await operator.run("history", "fetch", "--dir", folder);
		expect(exitCode).not.toBe(0);
		expect(stderr).toContain("is no file of the history");
	});

	it("a file that is refused is an error, and leaves nothing under its name", async () => {
		const answer = operator.server.answer;
		operator.server.answer = (request) =>
			request.path.startsWith("/v1/history/files?")
				? answer(request)
				: { status: 404, body: { title: "gone", code: "not_found" } };
		const { exitCode } = await operator.run("history", "fetch", "--dir", folder);
		expect(exitCode).not.toBe(0);
		expect(await readdir(join(folder, "events/dt=2026-11-20/hour=10"))).toEqual([]);
	});
});

describe("who", () => {
	const ACCOUNT = "acct-bbbbbbbbbb012345";
	const ID = "dev-bbbbbbbbbb-0123456789-012345";

	it("looks page by page, this month and the one before, in the account of the row", async () => {
		operator.server.answer = ({ path }) => {
			if (path === "/v1/accounts")
				return { body: { accounts: [{ account: "acct-aaaaaaaaaa012345" }, { account: ACCOUNT }], next: null } };
			if (path.includes("2026-11")) return { body: { device: null, next: path.includes("after") ? null : ID } };
			return { body: { device: ID, next: null } };
		};
		const { stdout } = await operator.run("history", "who", DEVICE.device, "--account", "bbbbbbbbbb", "--json");
		expect(JSON.parse(stdout)).toEqual({ pseudonym: DEVICE.device, month: "2026-10", account: ACCOUNT, device: ID });
		const base = `GET /v1/accounts/${ACCOUNT}/pseudonyms/${DEVICE.device}`;
		expect(operator.asked().map(([method, path]) => `${method} ${path}`)).toEqual([
			"GET /v1/accounts",
			`${base}?month=2026-11`,
			`${base}?month=2026-11&after=${ID}`,
			`${base}?month=2026-10`,
		]);
	});

	it("nobody is an error that says where else to look", async () => {
		operator.reply({ body: { device: null, next: null } });
		const { exitCode, stderr } = await operator.run(
			"history",
			"who",
			"BBBBBBBB",
			"--account",
			ACCOUNT,
			"--month",
			"2026-09",
		);
		expect(exitCode).toBe(1);
		expect(stderr).toContain("in 2026-09");
		expect(stderr).toContain("--account of the same row");
	});

	it.each([["short"], ["B".repeat(17)], ["../../accounts"]])("%j is no pseudonym", async (text) => {
		expect((await operator.run("history", "who", text, "--account", ACCOUNT)).exitCode).toBe(2);
		expect(operator.asked()).toEqual([]);
	});
});
