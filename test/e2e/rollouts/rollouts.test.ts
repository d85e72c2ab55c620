// A rollout as people drive it: the real command line against the real service, one firewall, a publisher and two persons of the
// team that owns the product. The tests go on from one another.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Plan, PlanStep } from "../../../src/rollout/plan.ts";
import { type CliRun, runCli } from "../../unit/cli/support/run-cli.ts";
import { createCode } from "../support/fleet.ts";
import { type RunningService, startService } from "../support/service.ts";

const [PRODUCT, VERSION] = ["rules", "2.0.0"];
const SOON = { timeout: 120_000, interval: 500 };

const step = (name: string, units: number, bake: number): PlanStep => ({
	...{ name, cohort: { units }, bake, fillWithin: null, expect: 3_600, lease: 3_600 },
	gate: { kind: "count", maxFailures: 0, minHealthy: 1 },
	approvals: { team: null, count: 1 },
});
const PLAN: Plan = {
	name: "seconds",
	overrides: 2,
	steps: [step("one", 1, 1), step("ten", 10, 3_600), { ...step("everybody", 11, 0), cohort: { fraction: 1 } }],
};

let service: RunningService;
let folder: string;
const keys: Record<string, string> = {};
beforeAll(async () => {
	service = await startService();
	folder = await mkdtemp(join(tmpdir(), "parapet-rollouts-"));
	keys["operator"] = service.bootstrapKey;
	await writeFile(join(folder, "seconds.json"), JSON.stringify(PLAN));
	for (const version of ["1.0.0", VERSION]) await writeFile(join(folder, `${PRODUCT}-${version}.rules`), version);
});
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true });
});

/** `parapet …` of this person */
function parapet(who: string, ...args: string[]): Promise<CliRun> {
	return runCli(args, { PARAPET_URL: service.url, PARAPET_KEY: keys[who] ?? "" }, folder);
}
async function done(who: string, ...args: string[]): Promise<string> {
	const { exitCode, stdout, stderr } = await parapet(who, ...args);
	expect({ exitCode, args, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, args, stderr: "" });
	return stdout;
}
const refused = async (who: string, ...args: string[]) => {
	const { exitCode, stderr } = await parapet(who, ...args);
	expect(exitCode).toBe(1);
	return stderr;
};
const rollout = (who: string, what: string, ...more: string[]) => done(who, "rollout", what, PRODUCT, VERSION, ...more);
const status = async () => JSON.parse(await rollout("ci", "status", "--json"));
const at = async () => {
	const { phase, step: name } = await status();
	return `${phase} ${name}`;
};
/** Why the firewall is offered the release, or not. */
async function explained(): Promise<string> {
	const { device } = JSON.parse(await readFile(join(folder, "firewall", "identity.json"), "utf8"));
	return rollout("operator", "explain", "--device", device.id);
}
async function runs(): Promise<string> {
	await done("operator", "device", "update", "--home", join(folder, "firewall"));
	const state = JSON.parse(await readFile(join(folder, "firewall", "installed.json"), "utf8"));
	return state[PRODUCT].version;
}

it("a product is made with a plan from a file and a team; keys speak for it", async () => {
	const made = await done(
		"operator",
		"product",
		"create",
		PRODUCT,
		"--plan",
		join(folder, "seconds.json"),
		"--team",
		"detection",
	);
	expect(made).toContain("releases go by plan seconds: one → ten → everybody, with the word of team detection");
	expect(await done("operator", "product", "show", PRODUCT)).toContain("plan seconds");
	const key = async (name: string, scopes: string, ...more: string[]) => {
		const output = await done("operator", "key", "create", name, "--scopes", scopes, "--expires", "1d", ...more);
		keys[name] = output.trim();
	};
	await key("ci", `publish:${PRODUCT},release:${PRODUCT}`);
	for (const person of ["olivia", "paul"]) await key(person, `release:${PRODUCT}`, "--team", "detection");
	await done("operator", "publish", join(folder, `${PRODUCT}-1.0.0.rules`), "--plan", "immediate");
	const code = await createCode(service, [PRODUCT]);
	await writeFile(join(folder, "code"), code);
	await done("operator", "device", "activate", "--code-file", join(folder, "code"), "--home", join(folder, "firewall"));
	await expect.poll(runs, SOON).toBe("1.0.0");
});

it("a draft is uploaded and offered to nobody; `rollout start` sends it on its way, where it waits for the team", async () => {
	const draft = await done("ci", "publish", join(folder, `${PRODUCT}-${VERSION}.rules`), "--draft");
	expect(draft).toContain(`\`parapet rollout start ${PRODUCT} ${VERSION}\` sends it on its way`);
	expect(await refused("ci", "rollout", "status", PRODUCT, VERSION)).toContain("it was never sent on its way");
	const preview = () => rollout("operator", "preview");
	await expect.poll(preview, SOON).toContain("by plan seconds: not started; 1 device has said something of rules");
	expect(await preview()).toContain("! ten: nobody can take part, and the rollout stays here");
	expect(await rollout("ci", "start")).toContain("waiting one");
	expect(JSON.parse(await rollout("operator", "preview", "--json"))).toMatchObject({
		phase: "waiting",
		steps: [{ name: "one", units: 1, wanted: 1, bytes: VERSION.length, likely: [{}] }, { units: 0 }, { units: 0 }],
	});
	expect(await refused("ci", "rollout", "preview", PRODUCT, VERSION)).toContain("with the scope read");
	expect(await rollout("ci", "status")).toContain(
		"waits for 1 person of team detection, not only the one who uploaded it",
	);
	expect(await refused("ci", "rollout", "approve", PRODUCT, VERSION, "--yes")).toContain(
		"the word of team detection is needed",
	);
	expect(await explained()).toMatch(
		/^rules 2\.0\.0 is not offered to dev-\S+: its rollout waits for its time, or for words \(waiting\)\nstep {9}one, waiting\n/,
	);
	expect(await runs()).toBe("1.0.0");
	expect(JSON.parse(await done("ci", "rollout", "list", PRODUCT, "--json")).rollouts).toMatchObject([
		{ version: VERSION },
	]);
});

it("approved, it reaches one firewall, is watched for a second and waits for the next word", async () => {
	await rollout("olivia", "approve", "--yes");
	await expect.poll(runs, SOON).toBe(VERSION);
	expect(await explained()).toContain("it has it installed (installed)\n");
	await expect.poll(at, SOON).toBe("waiting ten");
	expect((await status()).steps[0]).toMatchObject({ name: "one", permits: 1, healthy: 1, failed: 0, verdict: "pass" });
	expect(await refused("olivia", "rollout", "override", PRODUCT, VERSION, "--yes")).toContain(
		"the word to give is approve",
	);
	await rollout("olivia", "approve", "--yes");
	expect(await at()).toBe("running ten");
});

it("halted by one person, it goes on by the word of two", async () => {
	expect(await rollout("ci", "halt", "--reason", "a customer called")).toContain("halted ten");
	expect(await rollout("ci", "halt", "--reason", "again")).toBe("nothing to halt: it is halted\n");
	expect(await rollout("ci", "status")).toContain(": a customer called\n");
	expect(await refused("ci", "rollout", "status", PRODUCT, VERSION, "--watch")).toContain("is halted");
	const first = await rollout("olivia", "resume", "--yes");
	expect(first).toContain("waits for 1 person of team detection");
	expect(first).toContain("olivia of team detection has spoken");
	expect(first).toContain("your word is taken; 1 more is needed");
	expect(await refused("olivia", "rollout", "resume", PRODUCT, VERSION, "--yes")).toContain("you have said so already");
	expect(await rollout("paul", "resume", "--yes")).toContain("running ten");
});

it("a word on evidence that has changed is not taken", async () => {
	await rollout("ci", "halt", "--reason", "again");
	const stale = await refused("paul", "rollout", "resume", PRODUCT, VERSION, "--yes", "--evidence", "of-yesterday");
	expect(stale).toContain("look at it again with `parapet rollout status`");
});

it("reverted, the firewall that has it goes back to the release before", async () => {
	expect(await rollout("ci", "revert", "--reason", "it reboots", "--yes")).toBe(`${PRODUCT} ${VERSION} is withdrawn\n`);
	await expect.poll(runs, SOON).toBe("1.0.0");
	expect(await at()).toBe("ended ten");
	expect(await rollout("ci", "revert", "--reason", "it reboots", "--yes")).toContain("was withdrawn before");
});

it("reverted to a chosen earlier release, the firewall that has it goes there and stays there", async () => {
	const release = async (version: string) => {
		const file = join(folder, `${PRODUCT}-${version}.rules`);
		await writeFile(file, version);
		await done("operator", "publish", file, "--plan", "immediate");
	};
	for (const version of ["2.1.0", "2.2.0"]) await release(version);
	await expect.poll(runs, SOON).toBe("2.2.0");
	const revert = (to: string) => ["rollout", "revert", PRODUCT, "2.2.0", "--to", to, "--reason", "bad", "--yes"];
	expect(await refused("ci", ...revert("2.0.0"))).toContain("cannot be sent back to 2.0.0: it was withdrawn itself");
	expect(await done("ci", ...revert("1.0.0"))).toBe(
		`${PRODUCT} 2.2.0 is withdrawn: devices that have it go back to 1.0.0\n`,
	);
	await expect.poll(runs, SOON).toBe("1.0.0");
	// It stays there, also with its next answer in full: 2.1.0 lies between.
	expect(await runs()).toBe("1.0.0");
});

it("its log leads to the same end, replayed without the service; with one byte changed, or cut in the middle, it does not", async () => {
	const text = await rollout("ci", "log");
	const file = join(folder, "log.jsonl");
	const verify = async (changed: string) => {
		await writeFile(file, changed);
		return runCli(["rollout", "verify-log", file], {}, folder);
	};
	const entries = text.trimEnd().split("\n");
	const last = JSON.parse(entries.at(-1) ?? "").hash;
	expect(await verify(text)).toEqual({
		exitCode: 0,
		stdout: `${entries.length} entries lead to ended ten; the last one is ${last}\n`,
		stderr: "",
	});
	expect(text).toContain('"a customer called"');
	const changed = await verify(text.replace("a customer called", "a customer cabled"));
	expect(changed).toMatchObject({ exitCode: 1, stdout: "" });
	expect(changed.stderr).toMatch(/the log is wrong at entry \d+: hash/);
	const cut = await verify(entries.filter((_, index) => index !== 2).join("\n"));
	expect(cut.stderr).toContain("the log is wrong at entry 4: order");
	expect((await verify(text.slice(0, -20))).stderr).toContain("the log is wrong");
	expect((await verify("")).stderr).toContain("the log is wrong at entry 0: empty");
});
