// Trust from beginning to end: an operator sets it up, publishers sign, a firewall installs what is signed and refuses what a thief
// with everything of the service's offers. Keys, files and clients are those that people use.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOperatorApi } from "../../../cli/http/operator-api.ts";
import { openKeyFile } from "../../../cli/trust/key-file.ts";
import { signRelease } from "../../../cli/trust/sign-release.ts";
import { type CliRun, runCli } from "../../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "../support/service.ts";

const PASSPHRASE = "a passphrase for tests";
let service: RunningService;
let folder: string;
let code: string;

beforeAll(async () => {
	[service, folder] = await Promise.all([startService(), mkdtemp(join(tmpdir(), "parapet-trust-test-"))]);
});
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true, force: true });
});

const file = (name: string) => join(folder, name);

async function cli(...args: string[]): Promise<CliRun> {
	const env = { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey, PARAPET_KEY_PASSPHRASE: PASSPHRASE };
	return runCli(args, env, folder);
}

/** @returns what a command that must succeed answers */
async function ok(...args: string[]): Promise<Record<string, unknown>> {
	const run = await cli(...args, "--json");
	expect(run, args.join(" ")).toMatchObject({ exitCode: 0 });
	return JSON.parse(run.stdout) as Record<string, unknown>;
}

async function writePackage(version: string, text: string): Promise<string> {
	const path = file(`crs-${version}.rules`);
	await writeFile(path, text);
	return path;
}

const update = () => cli("device", "update", "--home", file("fw"), "--json");

describe("trust", () => {
	it("is set up by an operator, once", async () => {
		await ok("product", "create", "crs", "--plan", "immediate");
		expect((await cli("trust", "status")).stdout).toContain("not set up");
		await ok("trust", "init", "--dir", file("trust"));
		expect(await readFile(file("trust/root.key"), "utf8")).not.toContain('"d"');
		expect(await cli("trust", "init", "--dir", file("other"), "--json")).toMatchObject({ exitCode: 1 });
		await ok("trust", "key", file("alice.key"));
		await ok("trust", "key", file("bob.key"), "--kind", "ecdsa");
		expect(await cli("trust", "key", file("bob.key"))).toMatchObject({ exitCode: 1 });
		const delegated = await ok("trust", "delegate", "crs", "--signer", file("alice.key"), "--dir", file("trust"));
		expect(delegated).toMatchObject({ threshold: 1, targets_version: 2 });
		const { account } = await ok("account", "create", "Somebody");
		const bought = await ok(
			"license",
			"create",
			String(account),
			"--products",
			"crs",
			"--seats",
			"5",
			"--ends",
			"365d",
		);
		code = String((await ok("code", "create", String(account), "--license", String(bought["license"])))["code"]);
	});

	it("lets a firewall install what the publisher signed", async () => {
		await ok("publish", await writePackage("1.0.0", "first"), "--sign-key", file("alice.key"));
		await ok("device", "activate", code, "--home", file("fw"), "--root", file("trust/root.json"));
		const run = await update();
		expect(run).toMatchObject({ exitCode: 0 });
		expect(run.stdout).toContain('"version":"1.0.0"');
		const verified = await ok("trust", "verify", service.url, "--root", file("trust/root.json"));
		expect(verified["releases"]).toMatchObject([{ product: "crs", version: "1.0.0" }]);
	});

	it("has a log of it, which anybody verifies, watches and proves from", async () => {
		const watch = ["--root", file("trust/root.json"), "--state", file("watched")];
		const entries = (await ok("log", "monitor", service.url, ...watch))["entries"] as {
			role: string;
			version: number;
		}[];
		expect(entries.map(({ role, version }) => `${role} ${version}`)).toEqual([
			"root 1",
			"targets 1",
			"targets 2",
			"crs 1",
		]);
		expect(await ok("log", "monitor", service.url, ...watch)).toMatchObject({ before: 4, size: 4, entries: [] });
		expect(await ok("log", "verify", service.url, ...watch)).toMatchObject({ before: 4, size: 4 });
		const proved = await ok("log", "prove", service.url, "crs", "1.0.0", "--root", file("trust/root.json"));
		expect(proved).toMatchObject({ index: 3, role_version: 1 });
		// The firewall keeps the proof by which it installed.
		expect(await readFile(file("fw/tuf/crs.tlog-proof"), "utf8")).toContain("c2sp.org/tlog-proof@v1\nindex 3\n");
		expect(await cli("log", "prove", service.url, "crs", "9", "--root", file("trust/root.json"))).toMatchObject({
			exitCode: 1,
		});
		expect(await cli("log", "verify", service.url)).toMatchObject({ exitCode: 2 });
		// Somebody was shown a longer log, or another one of the same length.
		const note = await readFile(file("watched"), "utf8");
		const ago = note.split("\n");
		for (const [changed, word] of [
			[ago.with(1, "5"), "went back"],
			[ago.with(2, `${"A".repeat(43)}=`), "forked"],
		] as const) {
			await writeFile(file("watched"), changed.join("\n"));
			const run = await cli("log", "monitor", service.url, ...watch);
			expect(run.exitCode).toBe(1);
			expect(run.stderr).toContain(word);
		}
	});

	it("has the firewall refuse what nobody signed, although the service offers it", async () => {
		// With the operator's key, as a thief of everything in the service has it.
		await ok("publish", await writePackage("1.1.0", "forged"));
		const run = await update();
		expect(run.exitCode).toBe(1);
		expect(run.stderr).toContain("its publisher has not signed it");
		expect(JSON.parse(await readFile(file("fw/installed.json"), "utf8"))).toMatchObject({ crs: { version: "1.0.0" } });
	});

	it("has it refuse bytes that are not those which were signed", async () => {
		await ok("publish", await writePackage("1.2.0", "what the service has"), "--draft");
		const api = createOperatorApi({ server: service.url, key: service.bootstrapKey, nowMs: Date.now });
		const alice = await openKeyFile(file("alice.key"), PASSPHRASE);
		const signed = { product: "crs", version: "1.2.0", sha256: "a".repeat(64), size: 20 };
		expect(await signRelease(api, signed, [alice], Math.floor(Date.now() / 1_000))).toMatchObject({ missing: 0 });
		await ok("rollout", "start", "crs", "1.2.0");
		const run = await update();
		expect(run.exitCode).toBe(1);
		expect(run.stderr).toContain("its publisher has signed other bytes for it");
		expect(JSON.parse(await readFile(file("fw/installed.json"), "utf8"))).toMatchObject({ crs: { version: "1.0.0" } });
	});

	it("takes nothing with a key that is not there, not opened, or not the publisher's", async () => {
		const path = await writePackage("1.9.0", "whatever");
		const sign = (key: string, ...more: string[]) => cli("publish", path, "--sign-key", key, ...more, "--json");
		expect((await sign(file("nobody.key"))).stderr).toContain("no_key");
		expect((await sign(file("bob.key"))).stderr).toContain("wrong_key");
		await writeFile(file("other-passphrase"), "another passphrase\n");
		expect((await sign(file("alice.key"), "--passphrase-file", file("other-passphrase"))).stderr).toContain(
			"wrong_passphrase",
		);
		expect((await sign(file("trust/root.json"))).stderr).toContain("not_a_key");
		const waits = await cli("release", "sign", "crs", "--sign-key", file("alice.key"), "--yes", "--json");
		expect(waits.stderr).toContain("nothing_waits");
	});

	it("needs two persons where two must sign", async () => {
		const [alice, bob] = [file("alice.key"), file("bob.key")];
		const two = ["--signer", alice, "--signer", bob, "--threshold", "2", "--dir", file("trust")];
		await ok("trust", "delegate", "crs", ...two);
		const path = await writePackage("2.0.0", "by two");
		expect(await ok("publish", path, "--sign-key", alice)).toMatchObject({ signed: false, missing: 1 });
		expect(await ok("release", "sign", "crs", "--sign-key", bob, "--yes")).toMatchObject({ missing: 0 });
		await ok("publish", path, "--sign-key", alice);
		const run = await update();
		expect(run).toMatchObject({ exitCode: 0 });
		expect(run.stdout).toContain('"version":"2.0.0"');
	});

	it("goes on under a new root with other keys, which firewalls find by themselves", async () => {
		await ok("trust", "key", file("root-2.key"));
		await ok("trust", "key", file("targets-2.key"));
		const others = ["--new-root", file("root-2.key"), "--new-targets", file("targets-2.key")];
		expect(await ok("trust", "rotate", ...others, "--dir", file("trust"))).toMatchObject({ root_version: 2 });
		const path = await writePackage("2.1.0", "under the second root");
		const [alice, bob] = [file("alice.key"), file("bob.key")];
		await ok("publish", path, "--sign-key", alice, "--sign-key", bob);
		const run = await update();
		expect(run).toMatchObject({ exitCode: 0 });
		expect(run.stdout).toContain('"version":"2.1.0"');
		expect((await cli("trust", "status")).stdout).toMatch(/root\s+2 /);
	});
});
