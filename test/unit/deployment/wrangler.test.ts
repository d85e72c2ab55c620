// What is asked of wrangler as a child process, and what is read from it: a script stands in for it, which keeps how it was called and
// answers as told.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWrangler, runScript } from "../../../scripts/deploy/wrangler.ts";

const VERSION = "22222222-bbbb-4bbb-8bbb-000000000002";
const OLD = "11111111-aaaa-4aaa-8aaa-000000000001";
const LABELS = { tag: "abcdef012345-0123abcd", message: "parapet abcdef" };
const SCRIPT = `
const { readFileSync, writeFileSync, appendFileSync } = require("node:fs");
const { status = 0, stdout = "", stderr = "", entries = [] } = JSON.parse(readFileSync(__dirname + "/answer.json", "utf8"));
writeFileSync(__dirname + "/called.json", JSON.stringify(process.argv.slice(2)));
for (const one of entries) appendFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, JSON.stringify(one) + "\\n");
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = status;
`;

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-played-wrangler-"));
	await writeFile(join(folder, "wrangler.js"), SCRIPT);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Answer {
	readonly status?: number;
	readonly stdout?: string;
	readonly stderr?: string;
	readonly entries?: readonly unknown[];
}

async function answering(answer: Answer, environment: string | null = null) {
	await writeFile(join(folder, "answer.json"), JSON.stringify(answer));
	return createWrangler(runScript(join(folder, "wrangler.js")), environment);
}
const called = async () => JSON.parse(await readFile(join(folder, "called.json"), "utf8")) as string[];

describe("the deployment in force", () => {
	it("is read with its shares and its message", async () => {
		const stdout = JSON.stringify({
			id: "d1",
			annotations: { "workers/message": "parapet 22222222 over 11111111, 10 %", "workers/triggered_by": "deployment" },
			versions: [
				{ version_id: VERSION, percentage: 10 },
				{ version_id: OLD, percentage: 90 },
			],
		});
		const wrangler = await answering({ stdout, stderr: "a warning beside it\n" });
		expect(await wrangler.deployment()).toEqual({
			...{ id: "d1", message: "parapet 22222222 over 11111111, 10 %" },
			shares: [
				{ version: VERSION, percent: 10 },
				{ version: OLD, percent: 90 },
			],
		});
		expect(await called()).toEqual(["deployments", "status", "--json", "--env="]);
	});

	it.each(["This Worker does not exist on your account. [code: 10007]", "The Worker parapet has no deployments."])(
		"is none where wrangler says: %s",
		async (stderr) => expect(await (await answering({ status: 1, stderr })).deployment()).toBeNull(),
	);

	it.each<[string, Answer]>([
		["wrangler fails otherwise", { status: 1, stderr: "Authentication error [code: 10000]" }],
		["the answer is no JSON", { stdout: "Created: today" }],
		["the answer is of another form", { stdout: "{}" }],
		["the answer names no version", { stdout: JSON.stringify({ id: "d1", versions: [] }) }],
	])("is unknown, which is an error, where %s", async (_, answer) => {
		await expect((await answering(answer)).deployment()).rejects.toThrow(/wrangler deployments status failed/);
	});
});

it("says why wrangler failed, by the last that it wrote", async () => {
	const stderr = `${Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n")}\nAuthentication error [code: 10000]\n`;
	const wrangler = await answering({ status: 1, stderr });
	const error = await wrangler.tagOf(VERSION).catch((cause: Error) => cause.message);
	expect(error).toMatch(/^wrangler versions view failed:[\s\S]*Authentication error \[code: 10000\]$/);
	expect(error).not.toContain("line 3\n");
});

it("says what wrangler calls the error, and leaves out what it wrote before", async () => {
	const stderr = "a banner\n\n✘ [ERROR] Authentication error\n\n  log in first\n";
	const error = await (await answering({ status: 1, stderr })).tagOf(VERSION).catch((cause: Error) => cause.message);
	expect(error).toBe("wrangler versions view failed:\n  ✘ [ERROR] Authentication error\n    log in first");
});

it("a version's tag is read; it may have none", async () => {
	expect(
		await (await answering({ stdout: JSON.stringify({ annotations: { "workers/tag": LABELS.tag } }) })).tagOf(VERSION),
	).toBe(LABELS.tag);
	expect(await called()).toEqual(["versions", "view", VERSION, "--json", "--env="]);
	for (const stdout of [
		"{}",
		JSON.stringify({ annotations: {} }),
		JSON.stringify({ annotations: { "workers/tag": "" } }),
	])
		expect(await (await answering({ stdout })).tagOf(VERSION)).toBeNull();
});

it("an upload gives the version's id, and takes the secrets with it", async () => {
	const entries = [{ type: "wrangler-session" }, { type: "version-upload", version_id: VERSION }];
	expect(await (await answering({ entries })).upload(LABELS, "secrets.json")).toBe(VERSION);
	const labels = ["--tag", LABELS.tag, "--message", LABELS.message];
	expect(await called()).toEqual(["versions", "upload", ...labels, "--secrets-file", "secrets.json", "--env="]);
	expect(await (await answering({ entries }, "staging")).deployAtOnce(LABELS, null)).toBe(VERSION);
	expect(await called()).toEqual(["deploy", ...labels, "--env=staging"]);
});

it("an upload that did not say its version has failed", async () => {
	await expect((await answering({ entries: [{ type: "wrangler-session" }] })).upload(LABELS, null)).rejects.toThrow(
		/version_id/,
	);
	await expect((await answering({})).upload(LABELS, null)).rejects.toThrow(/version_id/);
});

it("requests are split among versions in the order given, without a question", async () => {
	const wrangler = await answering({ entries: [{ type: "version-deploy", deployment_id: "d2" }] });
	const shares = [
		{ version: VERSION, percent: 1 },
		{ version: OLD, percent: 99 },
	];
	expect(await wrangler.split(shares, "parapet")).toBe("d2");
	expect(await called()).toEqual([
		"versions",
		"deploy",
		`${VERSION}@1%`,
		`${OLD}@99%`,
		"--message",
		"parapet",
		"--yes",
		"--env=",
	]);
	await (await answering({})).deployTriggers();
	expect(await called()).toEqual(["triggers", "deploy", "--env="]);
});
