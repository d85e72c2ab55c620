// `parapet rollout …`: what is asked of the service, what is asked of people first, and what is never sent. The whole of it against the
// real service: test/e2e/rollouts/rollouts.test.ts.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BUILT_IN_PLANS, STANDARD } from "../../../../../src/rollout/built-in-plans.ts";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";
import { refuse } from "../../support/scripted-server.ts";

let operator: ScriptedOperator;
let folder: string;
beforeEach(async () => {
	operator = await startScriptedOperator();
	operator.reply({ body: ROLLOUT });
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
});
afterEach(async () => {
	await operator.close();
	await rm(folder, { recursive: true });
});

const PATH = "/v1/products/crs/releases/4.28.0%2Bb1";
const OF = ["crs", "4.28.0+b1"];
const ROLLOUT = {
	...{
		product: "crs",
		version: "4.28.0+b1",
		channel: "stable",
		plan: "standard",
		phase: "waiting",
		step: "ten",
		since: "then",
	},
	...{ reason: null, publisher: "ci", fraction: 0, permits_left: 0, verdict: "pass", suspicion: "pass" },
	...{ notices: null, healthy_to_pass: 5, failures_to_abort: 2, waits_for: [], evidence: "hash-of-now", steps: [] },
};
const GIVEN = [
	"--notes",
	"n",
	"--allow-older",
	"--urgency",
	"emergency",
	"--models",
	"FW-1,FW-2",
	"--engine-min",
	"11",
];
const SENT = { notes: "n", allow_older: true, urgency: "emergency", models: ["FW-1", "FW-2"], engine: { min: "11" } };
const PROBLEM = { title: "no", status: 403, code: "insufficient_scope" };
const rollout = (what: string, ...more: string[]) => operator.run("rollout", what, ...OF, ...more);
const bodies = () => operator.asked().map(([method, path, body]) => [`${method} ${path}`, body]);

async function file(content: unknown): Promise<string> {
	const path = join(folder, "plan.json");
	await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
	return path;
}

describe("parapet rollout plan", () => {
	it("lists the built-in plans, and prints one of them in the form in which it is read", async () => {
		expect((await operator.run("rollout", "plan")).stdout).toContain("volunteers,ten,dozens,ramp,everybody");
		for (const name of Object.keys(BUILT_IN_PLANS)) {
			const { stdout } = await operator.run("rollout", "plan", name);
			expect(JSON.parse(stdout)).toEqual(BUILT_IN_PLANS[name as keyof typeof BUILT_IN_PLANS]);
		}
		expect(operator.asked()).toEqual([]);
	});

	it("knows no other", async () => {
		const run = await operator.run("rollout", "plan", "slow");
		expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("there is no plan slow") });
	});
});

describe("a plan that is given", () => {
	const own = { ...STANDARD, name: "own" };
	const ways: readonly (readonly [string, readonly string[]])[] = [
		["rollout start", ["rollout", "start", ...OF]],
		["product create", ["product", "create", "crs"]],
		["product change", ["product", "change", "crs"]],
	];

	it.each(ways)("to %s goes as a name, or as what is in its file", async (_, args) => {
		await operator.run(...args, "--plan", "rapid");
		await operator.run(...args, "--plan", await file(own));
		expect(operator.asked().map(([, , body]) => (body as { plan: unknown }).plan)).toEqual(["rapid", own]);
	});

	it.each(ways)("to %s is sent only where it is one", async (_, args) => {
		const shrinking = { ...own, steps: own.steps.toReversed() };
		expect(await operator.run(...args, "--plan", await file(shrinking))).toMatchObject({
			exitCode: 2,
			stderr: expect.stringContaining("numbers of units come before fractions"),
		});
		const faults = ["{", "[]", { ...own, steps: own.steps.slice(0, 3) }, { ...own, surprise: true }];
		for (const fault of faults) expect((await operator.run(...args, "--plan", await file(fault))).exitCode).toBe(2);
		expect((await operator.run(...args, "--plan", await file("{"))).stderr).toContain("is no plan: it is not JSON");
		expect(await operator.run(...args, "--plan", "slow")).toMatchObject({
			exitCode: 2,
			stderr: expect.stringContaining("slow is neither a plan (standard, rapid, immediate) nor a file"),
		});
		expect(operator.asked()).toEqual([]);
	});
});

describe("what a product says of its plan", () => {
	it.each([
		["standard", null, "releases go by plan standard: volunteers → ten → dozens → ramp → everybody"],
		["rapid", "detection", "everybody, with the word of team detection"],
		["immediate", null, "each release reaches everybody at once, without a gate (plan immediate)"],
	] as const)("%s, team %s", async (name, team, said) => {
		operator.reply({ body: { product: "crs", title: "Rules", plan: BUILT_IN_PLANS[name], team } });
		for (const args of [
			["create", "crs"],
			["show", "crs"],
			["change", "crs", "--team", "none"],
		]) {
			expect((await operator.run("product", ...args)).stdout).toContain(said);
		}
	});

	it("a team is taken away by the word none", async () => {
		operator.reply({ body: {} });
		await operator.run("product", "change", "crs", "--team", "none");
		await operator.run("product", "change", "crs", "--team", "detection");
		expect(bodies()).toEqual([
			["PATCH /v1/products/crs", { team: null }],
			["PATCH /v1/products/crs", { team: "detection" }],
		]);
	});
});

describe("parapet rollout start", () => {
	it("of one that was started says that nothing changed, and how to stop it", async () => {
		operator.reply({ body: { rollout: ROLLOUT } });
		const { exitCode, stdout } = await rollout("start", "--at", "2h");
		expect(exitCode).toBe(0);
		expect(stdout).toContain("it was started before: nothing changed, whatever options say");
		expect(stdout).toContain("`parapet rollout halt crs 4.28.0+b1 --reason TEXT` stops it");
		operator.reply({ status: 201, body: { rollout: ROLLOUT } });
		expect((await rollout("start")).stdout).not.toContain("started before");
	});

	it("of one that has not begun gives it another time, or has it begin now", async () => {
		operator.reply(
			{ body: { rollout: ROLLOUT, rescheduled: true } },
			{ body: { rollout: ROLLOUT, rescheduled: true } },
		);
		const { stdout } = await rollout("start", "--at", "2h");
		expect(stdout).toContain(
			"it begins at 2026-11-20T14:00:00Z, or as soon as its words are there: those for the other",
		);
		expect(stdout).not.toContain("nothing changed");
		await rollout("start", "--at", "now");
		expect(bodies().map(([, body]) => body)).toEqual([
			{ starts_at: "2026-11-20T14:00:00Z" },
			{ starts_at: "2026-11-20T12:00:00Z" },
		]);
	});

	it("takes models in a list and one by one", async () => {
		operator.reply({ body: { rollout: null } });
		await rollout("start", "--models", "FW-1,FW-2", "--models", "FW-3");
		expect(bodies()).toEqual([[`PUT ${PATH}`, { models: ["FW-1", "FW-2", "FW-3"] }]]);
	});

	it("sends what is given, and a time as one", async () => {
		operator.reply({ status: 201, body: { rollout: null } });
		expect((await rollout("start", "--at", "2h", ...GIVEN)).stdout).toBe("crs 4.28.0+b1\n");
		expect(bodies()).toEqual([[`PUT ${PATH}`, { starts_at: "2026-11-20T14:00:00Z", ...SENT }]]);
	});
});

it.each([
	["rollout", "start", ...OF],
	["rollout", "preview", ...OF],
	["release", "promote", ...OF, "--to", "stable"],
])("`%s %s` at a time that is over is refused", async (...args) => {
	const run = await operator.run(...args, "--at", "2020-01-01");
	expect(run).toMatchObject({
		exitCode: 2,
		stderr: expect.stringContaining("leave --at out where it may start at once"),
	});
	expect(operator.asked()).toEqual([]);
});

describe.each(["approve", "override", "resume"])("parapet rollout %s", (kind) => {
	it("names the evidence that there is, after a question that says what the word is on", async () => {
		const run = await operator.runAsked("yes", "rollout", kind, ...OF);
		expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("by plan standard: waiting ten") });
		expect(run.questions.join()).toContain(`your word goes on record: ${kind} ten of crs 4.28.0+b1`);
		expect(bodies()).toEqual([
			[`GET ${PATH}/rollout`, undefined],
			[`POST ${PATH}/rollout/words`, { kind, evidence: "hash-of-now" }],
		]);
	});

	it.each([
		[{ not_only_publisher: true, count: 1 }, "1 more is needed, of somebody else than ci, who uploaded it"],
		[{ not_only_publisher: false, count: 1 }, "1 more is needed"],
		[{ not_only_publisher: false, count: 2 }, "2 more are needed"],
	])("says that a word is taken and does not suffice: %j", async (missing, said) => {
		const wait = { kind: "words", of: kind, at: null, team: "detection", ...missing };
		const word = { kind, step: "ten", by: "ci", team: "detection", at: "then" };
		operator.reply({ body: ROLLOUT }, { body: { ...ROLLOUT, waits_for: [wait], words: [word] } });
		const { stdout } = await rollout(kind, "--yes");
		expect(stdout).toContain(`your word is taken; ${said}\n`);
		expect(stdout).toContain("ci of team detection has spoken, at then");
	});

	it("says that a word is taken and suffices, and what is waited for where the rollout does not move yet", async () => {
		const wait = {
			kind: "start",
			of: null,
			at: "2026-12-01T02:00:00Z",
			count: null,
			team: null,
			not_only_publisher: false,
		};
		operator.reply({ body: ROLLOUT }, { body: { ...ROLLOUT, waits_for: [wait] } });
		expect((await rollout(kind, "--yes")).stdout).toContain(
			"your word is taken, and no other is needed for step ten: it waits until 2026-12-01T02:00:00Z\n",
		);
		operator.reply({ body: ROLLOUT }, { body: { ...ROLLOUT, phase: "running" } });
		expect((await rollout(kind, "--yes")).stdout).toContain(
			"your word is taken, and no other is needed: the rollout is running ten now\n",
		);
	});

	it("names the evidence that was looked at, where that is given", async () => {
		await rollout(kind, "--yes", "--evidence", "hash-of-then");
		expect(bodies().at(-1)?.[1]).toEqual({ kind, evidence: "hash-of-then" });
	});

	it.each([
		["that the rollout has", [], "a".repeat(64)],
		["that was looked at, where that is given", ["--sha256", "b".repeat(64)], "b".repeat(64)],
	])("names the package %s", async (_, options, sha256) => {
		const waits_for = [{ kind: "words", of: kind, at: null, count: 2, team: null, not_only_publisher: true }];
		const two = { ...ROLLOUT, two_people: true, sha256: "a".repeat(64), waits_for };
		operator.reply({ body: two }, { body: two });
		const { stdout } = await rollout(kind, "--yes", ...options);
		expect(bodies().at(-1)?.[1]).toEqual({ kind, evidence: "hash-of-now", sha256 });
		expect(stdout).toContain("two people: the word of ci, who uploaded it, is not taken");
	});

	it("sends nothing where somebody is asked and does not say yes", async () => {
		expect((await operator.runAsked("no", "rollout", kind, ...OF)).exitCode).not.toBe(0);
		expect(operator.asked().map(([method]) => method)).not.toContain("POST");
	});
});

describe("parapet rollout halt", () => {
	it("is one request, at once and without a question", async () => {
		operator.reply({ body: { ...ROLLOUT, phase: "halted", changed: true } });
		expect((await operator.runAsked("no", "rollout", "halt", ...OF, "--reason", "boxes reboot")).questions).toEqual([]);
		expect(bodies()).toEqual([[`POST ${PATH}/rollout/halt`, { reason: "boxes reboot" }]]);
	});

	it.each([[[]], [["--reason", ""]]])("needs a reason (%j)", async (more) => {
		expect((await rollout("halt", ...more)).exitCode).toBe(2);
		expect(operator.asked()).toEqual([]);
	});
});

describe("parapet rollout status --watch", () => {
	it.each(["done", "ended", "halted"])("shows each change once, and ends when it is %s", async (phase) => {
		const running = { body: { ...ROLLOUT, phase: "running" } };
		operator.reply({ body: ROLLOUT }, running, running, { body: { ...ROLLOUT, phase } }, { body: { releases: [] } });
		const { exitCode, stdout } = await rollout("status", "--watch", "--every", "7");
		expect(exitCode).toBe(phase === "done" ? 0 : 1);
		expect(stdout.match(/standard: \w+/g)).toEqual(["waiting", "running", phase].map((one) => `standard: ${one}`));
		expect(operator.pauses).toEqual([7_000, 7_000, 7_000]);
	});

	it.each([
		[["--every", "7"], "--every goes with --watch"],
		[["--watch", "--every", "0"], '--every "0": at least 1'],
		[["--watch", "--every", "86401"], '--every "86401": at most 86400'],
	])("%j is refused", async (options, said) => {
		expect(await rollout("status", ...options)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) });
		expect(operator.asked()).toEqual([]);
	});

	it.each([
		["withdrawn", true],
		["current", false],
	])("says of a release that is done whether it was withdrawn since: %s", async (state, withdrawn) => {
		const release = { version: "4.28.0+b1", status: state };
		operator.reply({ body: { ...ROLLOUT, phase: "done" } }, { body: { releases: [release] } });
		const { stdout } = await rollout("status");
		expect(stdout.includes("crs 4.28.0+b1 is withdrawn: nobody is offered it any more")).toBe(withdrawn);
	});

	it("ends with 1 where the release was withdrawn after it was done", async () => {
		const release = { version: "4.28.0+b1", status: "withdrawn" };
		operator.reply({ body: { ...ROLLOUT, phase: "done" } }, { body: { releases: [release] } });
		const { exitCode, stderr } = await rollout("status", "--watch");
		expect(exitCode).toBe(1);
		expect(stderr).toContain("crs 4.28.0+b1 is withdrawn");
	});

	it("looks once without it", async () => {
		await rollout("status");
		expect(operator.asked()).toHaveLength(1);
	});
});

it("`rollout revert` withdraws, and only after a yes", async () => {
	expect((await operator.runAsked("no", "rollout", "revert", ...OF, "--reason", "bad")).exitCode).not.toBe(0);
	expect(operator.asked()).toEqual([]);
	await rollout("revert", "--reason", "bad", "--yes");
	expect(bodies()).toContainEqual([`POST ${PATH}/withdraw`, { reason: "bad" }]);
});

it("`rollout revert --to` names the release to go back to, in its question and in its answer", async () => {
	const asked = await operator.runAsked("no", "rollout", "revert", ...OF, "--reason", "bad", "--to", "4.26.0");
	expect(asked.questions[0]).toContain("devices that have it go back to 4.26.0");
	operator.reply({ body: { changed: true, revert_to: "4.26.0" } });
	const { stdout } = await rollout("revert", "--reason", "bad", "--to", "4.26.0", "--yes");
	expect(stdout).toBe("crs 4.28.0+b1 is withdrawn: devices that have it go back to 4.26.0\n");
	expect(bodies()[0]).toEqual([`POST ${PATH}/withdraw`, { reason: "bad", revert_to: "4.26.0" }]);
	expect((await rollout("revert", "--reason", "bad", "--to", "..", "--yes")).exitCode).toBe(2);
});

it("`rollout log` reads page after page", async () => {
	const page = (...seqs: number[]) => ({ body: { entries: seqs.map((seq) => ({ seq })) } });
	operator.reply(page(1, 2), page(3), page());
	expect((await rollout("log")).stdout).toBe('{"seq":1}\n{"seq":2}\n{"seq":3}\n');
	expect(operator.asked().map(([, path]) => path.split("?")[1])).toEqual(["after=0", "after=2", "after=3"]);
});

it.each([["not JSON"], ["{}"], ["null"], ['{"seq":1,"hash":"x"}']])(
	"`rollout verify-log` takes no %s for a log",
	async (text) => {
		const run = await operator.run("rollout", "verify-log", await file(text));
		expect(run).toMatchObject({ exitCode: 1, stdout: "", stderr: expect.stringContaining("the log is wrong") });
	},
);

it("`rollout verify-log` says so where there is no such file", async () => {
	const run = await operator.run("rollout", "verify-log", join(folder, "missing"));
	expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("there is no such file or folder") });
});

it("what the service refuses is said, and what to do about it", async () => {
	operator.reply(refuse(409, "evidence_changed"));
	expect(await rollout("approve", "--yes")).toMatchObject({
		exitCode: 1,
		stderr: expect.stringContaining("look at it again with `parapet rollout status`"),
	});
});

it.each(["approve", "override", "resume"])(
	"`rollout %s` with a key that may not release asks for one that may",
	async (kind) => {
		operator.reply({ status: 403, body: { ...PROBLEM, required_scope: "publish:crs" } });
		expect((await rollout(kind, "--yes")).stderr).toContain("use a key with the scope release:crs;");
	},
);

it("`rollout status` of a draft says how to send it on its way", async () => {
	operator.reply(refuse(404, "not_found"));
	expect((await rollout("status")).stderr).toContain("`parapet rollout start crs 4.28.0+b1` sends a draft on its way");
});
