// `parapet policy replace` with a file that is not taken, as the service's own rules refuse it; and what is said of pins to versions that
// there are not.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { knownRule } from "../../../../../cli/commands/policy/rules-file.ts";
import { ProblemError } from "../../../../../src/problem.ts";
import { PROBLEMS } from "../../../../../src/problem-catalogue.ts";
import { invalidRequest } from "../../../../../src/routes/http/openapi.ts";
import { newPolicy, readRules } from "../../../../../src/routes/operator/accounts/policy-body.ts";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

const ACCOUNT = "acct-0123456789abcdef";

/** What the service has against a body; undefined = nothing. */
function refusalOf(body: unknown): ProblemError | undefined {
	try {
		const read = newPolicy.safeParse(body);
		if (!read.success) return invalidRequest(read.error);
		readRules(read.data.rules);
		return undefined;
	} catch (error) {
		if (error instanceof ProblemError) return error;
		throw error;
	}
}

function problem(code: keyof typeof PROBLEMS, extras: object = {}) {
	const { status, title, fix } = PROBLEMS[code];
	return { status, body: { title, status, code, fix, request_id: "req-1", ...extras } };
}

let operator: ScriptedOperator;
let folder: string;
let releases: (product: string) => { status?: number; body: unknown };
beforeEach(async () => {
	operator = await startScriptedOperator();
	folder = await mkdtemp(join(tmpdir(), "rules-file-"));
	releases = () => ({ body: { releases: [{ version: "4.27.0" }] } });
	let rules: unknown = [];
	operator.server.answer = ({ method, path, body }) => {
		const product = /^\/v1\/products\/(\w+)\/releases$/.exec(path)?.[1];
		if (product !== undefined) return releases(product);
		if (method === "PUT") {
			const request = JSON.parse(body);
			const refused = refusalOf(request);
			if (refused !== undefined) return problem(refused.code, refused.extras);
			rules = request.rules;
		}
		return { body: { version: 1, changed_at: null, rules, published: true, changed: true } };
	};
});
afterEach(async () => {
	await operator.close();
	await rm(folder, { recursive: true });
});

async function replace(content: unknown, ...args: string[]) {
	const file = join(folder, "rules.json");
	await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
	const run = await operator.run("policy", "replace", ACCOUNT, file, ...args);
	return { ...run, file };
}

describe("a file with rules that are not taken", () => {
	it.each<[string, string, string, object]>([
		[
			"windows[1].until",
			'"25:00": a time of day is HH:MM',
			'write it as "22:00"',
			{ windows: [window("22:00"), window("25:00")] },
		],
		["windows[0].until", '"01:05": a window is open', "15 minutes after it begins", { windows: [window("01:05")] }],
		[
			"windows[0].days[0]",
			'"saturday": not one of mon, tue',
			'write "mon" or "tue"',
			{ windows: [{ ...window("22:00"), days: ["saturday"] }] },
		],
		[
			"windows[0].untill",
			"there is no such field",
			"call it until",
			{ windows: [{ ...window("22:00"), untill: "22:00" }] },
		],
		[
			"windows",
			"a list is expected",
			"write a list, each of it an object with from, until",
			{ windows: window("22:00") },
		],
		[
			"freezes[0].reason",
			"missing",
			"add it: a text",
			{ freezes: [{ from: "2026-12-20T00:00:00Z", until: "2026-12-24T00:00:00Z" }] },
		],
		[
			"freezes[0].until",
			'"2028-12-24T00:00:00Z": a freeze ends after it begins',
			'for good: "hold": true',
			{ freezes: [{ from: "2026-12-20T00:00:00Z", until: "2028-12-24T00:00:00Z", reason: "" }] },
		],
		[
			"freezes[0].from",
			'"tomorrow": not an RFC 3339 time',
			"write it so",
			{ freezes: [{ from: "tomorrow", until: "2026-12-24T00:00:00Z", reason: "" }] },
		],
		["time_zone", '"Mars": a time zone has its IANA name', 'write it as "Europe/Zurich"', { time_zone: "Mars" }],
		["min_age_hours", "-1: at least 0", "write a number, at least 0 and at most 2160", { min_age_hours: -1 }],
		["minAgeHours", "there is no such field", "call it min_age_hours", { minAgeHours: 1 }],
		["pins.crs.version", "missing", "add it: a text", { pins: { crs: {} } }],
		['pins["web-app"].version', "7: a text is expected", "write a text", { pins: { "web-app": { version: 7 } } }],
		["for.device", '"x": a device looks like', "copy its id from `parapet device list`", { for: { device: "x" } }],
		["for", "not of a form that is taken", "write an object with device, or an object with labels", { for: {} }],
		["hold", '"yes": true or false is expected', "write true or false", { hold: "yes" }],
	])("names %s: %s; and what to do: %s", async (path, reason, fix, rule) => {
		for (const [content, prefix] of [
			[[{ hold: false }, rule], "[1]"],
			[{ version: 4, rules: [{ hold: false }, rule] }, "rules[1]"],
		] as const) {
			const { exitCode, stderr, file } = await replace(content);
			expect(exitCode).toBe(1);
			const lines = stderr.split("\n");
			expect(lines[0]).toBe(`error: ${file} is not taken`);
			const at = lines.findIndex((line) => line.startsWith(`  ${prefix}${path.startsWith("[") ? "" : "."}${path}: `));
			expect(lines[at], stderr).toContain(reason);
			expect(lines[at + 1]).toMatch(/^ {4}fix: /);
			expect(lines[at + 1]).toContain(fix);
			expect(stderr).toContain(`  fix: correct ${file} and give it again: the policy is as it was\n  request: req-1`);
		}
	});

	it("has each fault named, with --json as data", async () => {
		const { stderr } = await replace([{ hold: 1, passes: ["all"] }], "--json");
		expect(JSON.parse(stderr).error).toMatchObject({
			code: "invalid_request",
			status: PROBLEMS.invalid_request.status,
			request_id: "req-1",
			faults: [{ path: "[0].passes[0]" }, { path: "[0].hold" }],
		});
	});

	it.each([
		["{", "it is not JSON: "],
		['{"rule": []}', "there is no list"],
		["7", "there is no list"],
		["null", "there is no list"],
	])("%s is not even sent", async (text, said) => {
		const { exitCode, stderr } = await replace(text);
		expect(exitCode).toBe(2);
		expect(stderr).toContain(`holds no rules: ${said}`);
		expect(stderr).toContain("  fix: write a list of rules, or what `parapet policy show --json` prints");
		expect(operator.asked()).toEqual([]);
	});

	it("leaves other refusals as they are", async () => {
		operator.reply(problem("insufficient_scope", { required_scope: "operate" }));
		expect((await replace([])).stderr).toContain("use a key with the scope operate");
	});
});

it("the fields whose form is known here are those that the service takes", () => {
	const taken = newPolicy.shape.rules.element;
	expect(Object.keys(knownRule.shape)).toEqual(Object.keys(taken.shape));
	expect(z.toJSONSchema(knownRule)).toHaveProperty("properties.windows");
});

describe("a pin", () => {
	const pin = (...args: string[]) => operator.run("policy", "pin", ACCOUNT, ...args);

	it("to a version that there is needs no note", async () => {
		expect(await pin("crs", "4.27.0")).toMatchObject({ exitCode: 0, stderr: "of every device:\n" });
	});

	it("to one that there is not is taken, and noted", async () => {
		const run = await pin("crs", "4.72.0");
		expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("crs is pinned to 4.72.0") });
		expect(run.stderr).toContain(
			"note: crs has no version 4.72.0: pinned devices keep what they have until it comes; `parapet release list crs`",
		);
		expect(await pin("crs", "4.72.0", "--json")).toMatchObject({ exitCode: 0, stderr: "" });
	});

	it("of a product that there is not is noted", async () => {
		releases = () => problem("not_found");
		expect(await pin("csr", "4.27.0")).toMatchObject({
			exitCode: 0,
			stderr: expect.stringContaining("note: there is no product csr"),
		});
	});

	it.each([
		["may not read releases", problem("insufficient_scope", { required_scope: "publish" })],
		["is not understood", { body: { surprise: true } }],
	])("has no note where the key %s", async (_, reply) => {
		releases = () => reply;
		expect(await pin("crs", "4.72.0")).toMatchObject({ exitCode: 0, stderr: "of every device:\n" });
	});

	it("in a file is noted too, each product asked about once", async () => {
		const pins = (version: string) => ({ pins: { crs: { version }, geo: null } });
		const { exitCode, stderr } = await replace([
			pins("1"),
			{ for: { labels: { site: "b" } }, ...pins("2") },
			{ hold: true },
		]);
		expect(exitCode).toBe(0);
		expect(stderr.match(/note: crs has no version [12]:/g)).toHaveLength(2);
		expect(operator.asked().map(([method]) => method)).toEqual(["PUT", "GET"]);
	});
});

function window(until: string) {
	return { from: "01:00", until };
}
