// `parapet record …` against a server that has records, on a clock that moves only while the command sleeps.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RecordsServer, startRecordsServer } from "../../support/records-server.ts";
import { runCli } from "../../support/run-cli.ts";

let server: RecordsServer;
let clockMs: number;
let slept: number[];

beforeEach(async () => {
	server = await startRecordsServer();
	clockMs = 1_800_000_000_000;
	slept = [];
});
afterEach(() => server.close());

function records(...args: string[]) {
	return runCli(["record", ...args, "--url", server.url, "--key", "a-key"], {}, undefined, {
		nowMs: () => clockMs,
		sleep: async (ms, signal) => {
			signal?.throwIfAborted();
			slept.push(ms);
			clockMs += ms;
		},
	});
}

function tokenIn(text: string): string {
	return /--from (\S+)/.exec(text)?.[1] ?? expect.fail(`no token in ${text}`);
}

const EVERYTHING = ["product:crs", "product:threats", "account:acct-a", "account:acct-b", "directory"];

describe("parapet record rebuild", () => {
	it("goes through products, accounts and what is shared, and says what it did", async () => {
		const run = await records("rebuild");
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(run.stdout).toBe("rebuilt 14 records: 2 products, 2 accounts, and what all devices share\n");
		expect(server.answered).toEqual(EVERYTHING);
		expect(server.asked.every(({ verb, limit, store }) => verb === "rebuild" && limit === 200 && !store)).toBe(true);
	});

	it("writes one JSON object with --json, and nothing else", async () => {
		const { stdout, stderr } = await records("rebuild", "--json", "--store", "redis");
		expect(JSON.parse(stdout)).toEqual({ records: 14, products: 2, accounts: 2, published: true });
		expect(stderr).toBe("");
		expect(server.asked.every(({ store }) => store === "redis")).toBe(true);
	});

	it.each([
		["1", 1, 14_000],
		["2", 2, 7_000],
		["200", 200, 0],
	])("keeps to %s records a second", async (rate, limit, leastMs) => {
		const startMs = clockMs;
		await records("rebuild", "--rate", rate);
		expect(server.asked.every((page) => page.limit === limit)).toBe(true);
		// Nobody waits after the last page.
		const lastMs = (4 % limit || limit) * (1_000 / Number(rate));
		expect(clockMs - startMs).toBeGreaterThanOrEqual(leastMs - lastMs);
		expect(Math.max(...slept)).toBeLessThanOrEqual(1_000);
	});

	it("leaves calls to others, however few records a page has", async () => {
		for (let index = 0; index < 100; index++) server.owners[`account:acct-${index}`] = 0;
		const startMs = clockMs;
		await records("rebuild", "--rate", "100000");
		// 600 a minute is what the server takes from one address.
		expect(((server.asked.length - 1) * 60_000) / (clockMs - startMs)).toBeLessThanOrEqual(500);
	});

	it.each([429, 503])("waits when the server answers %i, as long as it says, and goes on", async (status) => {
		let refusals = 3;
		server.refuse = ({ owner }) => (owner === "account:acct-a" && refusals-- > 0 ? { status, retryAfter: 7 } : null);
		expect(await records("rebuild")).toMatchObject({ exitCode: 0 });
		expect(slept.filter((ms) => ms === 7_000)).toHaveLength(3);
		expect(server.answered).toEqual(EVERYTHING);
	});

	it("does not wait for ever: it stops after some tries, and goes on from there when told to", async () => {
		server.refuse = ({ after }) => (after === "4" ? { status: 503, retryAfter: 9 } : null);
		const first = await records("rebuild", "--rate", "2", "--store", "kv");
		expect(first).toMatchObject({ exitCode: 1, stdout: "" });
		expect(first.stderr).toContain("the rebuild stopped after 6 records: could not rebuild records");
		expect(first.stderr).toMatch(/parapet record rebuild --from \S+ --store kv --rate 2\n/);
		expect(slept.filter((ms) => ms === 9_000)).toHaveLength(11);
		server.refuse = () => null;
		const second = await records("rebuild", "--rate", "2", "--from", tokenIn(first.stderr));
		expect(second).toMatchObject({ exitCode: 0 });
		const pages = ["account:acct-a", "account:acct-a 2", "account:acct-a 4", "account:acct-b", "account:acct-b 2"];
		expect(server.answered).toEqual(["product:crs", "product:threats", ...pages, "directory", "directory 2"]);
	});

	it.each([
		["asks for too much patience", { status: 429, retryAfter: 3_600 }],
		["fails", { status: 500 }],
		["is gone for an unknown time", { status: 503 }],
		["refuses the key", { status: 401 }],
	])("stops at once, with the way to go on, when the server %s", async (_, refusal) => {
		server.refuse = ({ owner }) => (owner === "account:acct-b" ? refusal : null);
		const { exitCode, stderr } = await records("rebuild", "--json");
		expect(exitCode).toBe(1);
		const { error } = JSON.parse(stderr);
		expect(error).toMatchObject({ code: "unavailable", status: refusal.status });
		expect(error.fix).toContain(`--from ${error.resume_from}`);
		server.refuse = () => null;
		await records("rebuild", "--from", error.resume_from);
		expect(server.answered).toEqual(EVERYTHING);
	});

	it("goes on at every page at which it can be stopped, leaving none out and doing none twice", async () => {
		await records("rebuild", "--rate", "2");
		const whole = [...server.answered];
		for (let count = 0; count < whole.length; count++) {
			server.answered.length = 0;
			server.refuse = () => (server.answered.length === count ? { status: 500 } : null);
			const { stderr } = await records("rebuild", "--rate", "2");
			server.refuse = () => null;
			await records("rebuild", "--rate", "2", "--from", tokenIn(stderr));
			expect(server.answered).toEqual(whole);
		}
	});

	it("ends with Ctrl-C, and says how to go on", async () => {
		server.refuse = ({ owner }) => {
			if (owner === "account:acct-b") process.emit("SIGINT");
			return null;
		};
		const { exitCode, stderr } = await records("rebuild");
		expect(exitCode).toBe(1);
		expect(stderr).toContain("the rebuild stopped after 7 records: interrupted");
		server.refuse = () => null;
		await records("rebuild", "--from", tokenIn(stderr));
		expect(new Set(server.answered)).toEqual(new Set(EVERYTHING));
		expect(process.listenerCount("SIGINT")).toBe(0);
	});

	it("says when records are still on their way, by the last that each owner's object said", async () => {
		server.published = ({ owner, after }) => owner !== "account:acct-a" || after !== undefined;
		expect((await records("rebuild", "--rate", "4")).stderr).toBe("");
		server.published = ({ owner }) => owner !== "directory";
		const run = await records("rebuild");
		expect(run.exitCode).toBe(0);
		expect(run.stderr).toContain("still on their way");
	});

	it("tells where it is every few seconds where there is no terminal", async () => {
		server.owners["account:acct-a"] = 60;
		const { stderr } = await records("rebuild", "--rate", "2");
		const lines = stderr.trim().split("\n");
		expect(lines[0]).toBe("rebuilding: 2 of 5, 12 records");
		expect(lines.length).toBeLessThanOrEqual(69 / 2 / 5 + 1);
	});

	it.each([
		["--store", "d1"],
		["--rate", "0"],
		["--rate", "fast"],
		["--from", "nowhere"],
		["--from", Buffer.from('{"owner":{"account":"acct-of-another"},"after":null}').toString("base64url")],
	])("refuses %s %s", async (option, value) => {
		const { exitCode, stderr } = await records("rebuild", option, value);
		expect(exitCode).toBe(2);
		expect(stderr).toContain(option);
		expect(server.answered).toEqual([]);
	});
});

describe("parapet record verify", () => {
	const drifted = (count: number, verdict = "missing") => ({
		stores: [
			{ store: "redis", same: 0, pending: 1, unanswered: 0, drifted: count },
			{ store: "kv", same: count, pending: 0, unanswered: 0, drifted: 0 },
		],
		drift: Array.from({ length: count }, (_, index) => ({
			store: "redis",
			key: `device:dev-${index}`,
			verdict,
			store_version: null,
			true_version: 3,
		})),
	});

	it("ends with 0 where nothing is wrong", async () => {
		const run = await records("verify");
		expect(run).toMatchObject({ exitCode: 0, stdout: "kv: 14 as they should be, 0 not\n", stderr: "" });
		expect(server.answered).toEqual(EVERYTHING);
		expect(server.asked.every(({ verb }) => verb === "verify")).toBe(true);
	});

	it("prints what differs as a table, sums up each store, says what to do and ends with 1", async () => {
		server.verified = ({ owner }) => drifted(owner === "account:acct-b" ? 2 : 0);
		const run = await records("verify", "--store", "redis");
		expect(run.exitCode).toBe(1);
		expect(run.stdout.split("\n")).toEqual([
			"STORE  KEY           VERDICT  STORE VERSION  TRUE VERSION",
			"redis  device:dev-0  missing  -              3",
			"redis  device:dev-1  missing  -              3",
			"",
			"redis: 0 as they should be, 2 not, 5 on their way",
			"kv: 2 as they should be, 0 not",
			"",
		]);
		expect(run.stderr).toContain("2 records in the stores are not as they should be");
		expect(run.stderr).toContain("parapet record rebuild");
		expect(run.stderr).not.toContain("ahead");
		expect(server.asked.every(({ store }) => store === "redis")).toBe(true);
	});

	it("shows the first of many and counts the rest; with --json it keeps a thousand", async () => {
		server.verified = () => drifted(300, "ahead");
		const run = await records("verify");
		expect(run.stdout).toContain("and 1,450 more");
		expect(run.stdout.split("\n").filter((line) => line.includes("device:"))).toHaveLength(50);
		expect(run.stderr).toContain("what is ahead stays");
		const json = await records("verify", "--json");
		const answer = JSON.parse(json.stdout);
		expect([answer.drifted, answer.drift.length]).toEqual([1_500, 1_000]);
		expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "drift" } });
	});

	it("ends with 1 when a store did not answer, which is not drift", async () => {
		const store = { store: "redis", same: 0, pending: 0, unanswered: 2, drifted: 0 };
		server.verified = () => ({ stores: [store], drift: [] });
		const run = await records("verify");
		expect(run.exitCode).toBe(1);
		expect(run.stdout).toBe("redis: 0 as they should be, 0 not, 10 without an answer\n");
		expect(run.stderr).toContain("redis did not answer");
	});

	it("ends with Ctrl-C, and nothing to go on with", async () => {
		server.verified = (page, same) => {
			if (page.owner === "account:acct-a") process.emit("SIGTERM");
			return { stores: [{ store: "kv", same, pending: 0, unanswered: 0, drifted: 0 }], drift: [] };
		};
		expect(await records("verify")).toEqual({ exitCode: 1, stdout: "", stderr: "error: interrupted\n" });
	});
});
