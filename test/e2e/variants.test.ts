// Variants of a release from the publisher's command line to firewalls that verify: each model installs the bytes that were signed for it,
// and refuses another's, whatever the service offers.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CliRun, runCli } from "../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "./support/service.ts";

const MODELS = ["FW-100", "FW-300"] as const;
const [ARM_BOX, OTHER_BOX] = MODELS;
let service: RunningService;
let folder: string;

beforeAll(async () => {
	[service, folder] = await Promise.all([startService(), mkdtemp(join(tmpdir(), "parapet-variants-"))]);
	await ok("product", "create", "crs", "--plan", "immediate");
	await ok("trust", "init", "--dir", file("trust"));
	await ok("trust", "key", file("alice.key"));
	await ok("trust", "delegate", "crs", "--signer", file("alice.key"), "--dir", file("trust"));
	const { account } = await ok("account", "create", "Somebody");
	const terms = ["--products", "crs", "--seats", "5", "--ends", "365d"];
	const { license } = await ok("license", "create", String(account), ...terms);
	for (const model of MODELS) {
		const { code } = await ok("code", "create", String(account), "--license", String(license));
		const box = ["--serial", `SN-${model}`, "--model", model, "--root", file("trust/root.json")];
		await ok("device", "activate", String(code), "--home", file(model), ...box);
	}
});
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true, force: true });
});

const file = (name: string) => join(folder, name);
async function cli(...args: string[]): Promise<CliRun> {
	const env = { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey, PARAPET_KEY_PASSPHRASE: "for tests only" };
	return runCli(args, env, folder);
}
/** @returns what a command that must succeed answers */
async function ok(...args: string[]): Promise<Record<string, unknown>> {
	const run = await cli(...args, "--json");
	expect(run, args.join(" ")).toMatchObject({ exitCode: 0 });
	return JSON.parse(run.stdout) as Record<string, unknown>;
}
async function write(name: string, text: string): Promise<string> {
	await writeFile(file(name), text);
	return file(name);
}
const publish = async (version: string, ...more: string[]) =>
	cli(
		...["publish", await write(`crs-${version}.rules`, `${version} for all others`), "--no-deltas"],
		...["--variant", `arm=${await write(`crs-${version}-arm.rules`, `${version} for arm`)}:FW-100,FW-200`],
		...["--sign-key", file("alice.key"), ...more],
	);
const update = (model: string) => cli("device", "update", "--home", file(model));
const installed = async (model: string) => {
	const { crs } = JSON.parse(await readFile(join(file(model), "installed.json"), "utf8"));
	return { ...crs, content: await readFile(join(file(model), crs.path), "utf8") };
};

it("installs on each model what was signed for it", async () => {
	const published = await publish("1.0.0");
	expect(published).toMatchObject({ exitCode: 0 });
	expect(published.stdout).toContain("variant arm for FW-100, FW-200: crs-1.0.0-arm.rules");
	for (const model of MODELS) expect(await update(model), model).toMatchObject({ exitCode: 0 });
	const arm = { version: "1.0.0", variant: "arm", content: "1.0.0 for arm", name: "crs-1.0.0-arm.rules" };
	expect(await installed(ARM_BOX)).toMatchObject(arm);
	const other = await installed(OTHER_BOX);
	expect(other).toMatchObject({ version: "1.0.0", content: "1.0.0 for all others" });
	expect(other).not.toHaveProperty("variant");
	// And then there is nothing to do, also by what is signed of that which is installed.
	for (const model of MODELS) expect((await update(model)).stdout, model).toContain("current at 1.0.0");
	const verified = await ok("trust", "verify", service.url, "--root", file("trust/root.json"));
	expect(verified["releases"]).toMatchObject([{ version: "1.0.0" }, { version: "1.0.0@arm" }]);
});

it("shows the publisher and the operator which variants there are", async () => {
	expect((await cli("release", "list", "crs")).stdout).toMatch(/VARIANTS\n1\.0\.0 .* arm/);
	expect((await cli("release", "show", "crs", "1.0.0")).stdout).toContain("variant arm for FW-100, FW-200: 13 B");
	expect(await cli("device", "explain", "--home", file(ARM_BOX), "--product", "crs")).toMatchObject({
		stdout: expect.stringContaining("1.0.0@arm"),
	});
});

it("says nothing new where the same is published again, and refuses other bytes", async () => {
	expect((await publish("1.0.0")).stdout).toContain("was released so before");
	await writeFile(file("crs-1.0.0-other.rules"), "other bytes for arm");
	const run = await cli(
		...[
			"publish",
			file("crs-1.0.0.rules"),
			"--no-deltas",
			"--variant",
			`arm=${file("crs-1.0.0-other.rules")}:FW-100,FW-200`,
		],
	);
	expect(run.exitCode).toBe(1);
	expect(run.stderr).toContain("the version has this variant with other bytes");
});

it("lets no firewall install another model's bytes, although its publisher has signed them", async () => {
	expect(await publish("1.1.0")).toMatchObject({ exitCode: 0 });
	// A thief of the service chooses among what is signed.
	for (const [model, other] of [
		[ARM_BOX, OTHER_BOX],
		[OTHER_BOX, ARM_BOX],
	] as const) {
		const offered = JSON.stringify(await ok("device", "check", "--home", file(other)));
		service.forge((path) => (path.startsWith("/v1/check") ? offered : undefined));
		const run = await update(model);
		service.forge(undefined);
		expect(run.exitCode, model).toBe(1);
		expect(run.stderr, model).toContain(`its publisher has signed it for other models than ${model}`);
		expect(await installed(model), model).toMatchObject({ version: "1.0.0" });
	}
});

it("takes every model back with one withdrawal, and the role file names none of it any more", async () => {
	for (const model of MODELS) expect(await update(model), model).toMatchObject({ exitCode: 0 });
	expect(await installed(ARM_BOX)).toMatchObject({ version: "1.1.0", content: "1.1.0 for arm" });
	const taken = ["release", "withdraw", "crs", "1.1.0", "--reason", "a test", "--yes", "--sign-key", file("alice.key")];
	expect(await cli(...taken)).toMatchObject({ exitCode: 0 });
	for (const model of MODELS) expect(await update(model), model).toMatchObject({ exitCode: 0 });
	expect(await installed(ARM_BOX)).toMatchObject({ version: "1.0.0", content: "1.0.0 for arm" });
	expect(await installed(OTHER_BOX)).toMatchObject({ version: "1.0.0", content: "1.0.0 for all others" });
	const verified = await ok("trust", "verify", service.url, "--root", file("trust/root.json"));
	expect(verified["releases"]).toMatchObject([{ version: "1.0.0" }, { version: "1.0.0@arm" }]);
});

it.each([
	[["arm=nothing"], "NAME=FILE:MODEL,MODEL"],
	[["arm=a.rules:FW-100", "mips=b.rules:FW-100"], "a model is in one variant"],
	[["arm=a.rules:FW-100", "arm=b.rules:FW-200"], "a variant is named twice"],
	[["ARM=a.rules:FW-100"], "a variant is up to 24 lower-case letters"],
])("is not taken as %s", async (given, why) => {
	const variants = given.flatMap((one) => ["--variant", one]);
	const run = await cli("publish", await write("crs-2.0.0.rules", "x"), ...variants);
	expect([run.exitCode, run.stderr]).toEqual([2, expect.stringContaining(why)]);
});
