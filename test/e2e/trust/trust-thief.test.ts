// A thief with everything that the service has: its secrets (MAC_KEYS among them), its stores and an operator's API key, but no key of
// a publisher or an operator. The firewall is `parapet device update`; whatever the thief serves, what is installed stays as it is.
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOperatorApi } from "../../../cli/http/operator-api.ts";
import { readRole } from "../../../cli/trust/api.ts";
import type { TufSigner } from "../../../src/signing/tuf/keys.ts";
import { makeSnapshot, makeTimestamp, onlineSigners } from "../../../src/signing/tuf/online.ts";
import { signAll } from "../../../src/signing/tuf/sign.ts";
import { TEST_SECRETS } from "../../support/secrets.ts";
import { roleFileOf, rootOf, targetsOf } from "../../support/tuf/files.ts";
import { newSigner } from "../../support/tuf/keys.ts";
import { type CliRun, runCli } from "../../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "../support/service.ts";

let service: RunningService;
let folder: string;
const file = (name: string) => join(folder, name);
const update = (...more: string[]) => cli("device", "update", "--home", file("fw"), ...more, "--json");

async function cli(...args: string[]): Promise<CliRun> {
	const secrets = { PARAPET_KEY: service.bootstrapKey, PARAPET_KEY_PASSPHRASE: "a passphrase for tests" };
	return runCli(args, { PARAPET_URL: service.url, ...secrets }, folder);
}

async function ok(...args: string[]): Promise<Record<string, unknown>> {
	const run = await cli(...args, "--json");
	expect(run, args.join(" ")).toMatchObject({ exitCode: 0 });
	return JSON.parse(run.stdout) as Record<string, unknown>;
}

async function publish(version: string, ...options: string[]): Promise<void> {
	await writeFile(file(`crs-${version}.rules`), `rules of ${version}`);
	await ok("publish", file(`crs-${version}.rules`), ...options);
}

async function installed(): Promise<{ version: string; content: string }> {
	const { crs } = JSON.parse(await readFile(file("fw/installed.json"), "utf8"));
	return { version: crs.version, content: await readFile(file(`fw/${crs.path}`), "utf8") };
}

beforeAll(async () => {
	[service, folder] = await Promise.all([startService(), mkdtemp(join(tmpdir(), "parapet-thief-test-"))]);
	await ok("product", "create", "crs", "--plan", "immediate");
	await ok("trust", "init", "--dir", file("trust"));
	await ok("trust", "key", file("alice.key"));
	await ok("trust", "delegate", "crs", "--signer", file("alice.key"), "--dir", file("trust"));
	const { account } = await ok("account", "create", "Somebody");
	const terms = ["--products", "crs", "--seats", "5", "--ends", "365d"];
	const { license } = await ok("license", "create", String(account), ...terms);
	const { code } = await ok("code", "create", String(account), "--license", String(license));
	await publish("1.0.0", "--sign-key", file("alice.key"));
	await publish("1.1.0", "--sign-key", file("alice.key"));
	await ok("device", "activate", String(code), "--home", file("fw"), "--root", file("trust/root.json"));
	expect(await update()).toMatchObject({ exitCode: 0 });
});
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true, force: true });
});

describe("a release that is older than the installed one, and still signed", () => {
	it("is refused when the service alone takes the newer one back", async () => {
		const withdrawn = await ok("release", "withdraw", "crs", "1.1.0", "--reason", "says the thief");
		expect(withdrawn).toMatchObject({ still_signed: true });
		const run = await update();
		expect(run.exitCode).toBe(1);
		expect(run.stderr).toContain("its publisher signed it before what is installed");
		expect(await installed()).toEqual({ version: "1.1.0", content: "rules of 1.1.0" });
	});

	it("is installed once the publisher has taken the newer one out of the role file", async () => {
		const unsign = ["release", "unsign", "crs", "1.1.0", "--sign-key", file("alice.key"), "--yes"];
		expect(await ok(...unsign)).toMatchObject({ changed: true, missing: 0, role_version: 3 });
		expect(await ok(...unsign)).toMatchObject({ changed: false });
		expect(await update()).toMatchObject({ exitCode: 0 });
		expect(await installed()).toEqual({ version: "1.0.0", content: "rules of 1.0.0" });
	});

	it("is installed when whoever sits at the firewall wants it", async () => {
		await publish("1.2.0", "--sign-key", file("alice.key"));
		expect(await update()).toMatchObject({ exitCode: 0 });
		await ok("release", "withdraw", "crs", "1.2.0", "--reason", "a try");
		expect(await update()).toMatchObject({ exitCode: 1 });
		expect(await update("--allow-older")).toMatchObject({ exitCode: 0 });
		expect(await installed()).toEqual({ version: "1.0.0", content: "rules of 1.0.0" });
	});

	it("is withdrawn and taken out of the role file by one command", async () => {
		await publish("1.3.0", "--sign-key", file("alice.key"));
		expect(await update()).toMatchObject({ exitCode: 0 });
		const revert = ["rollout", "revert", "crs", "1.3.0", "--reason", "bad", "--sign-key", file("alice.key"), "--yes"];
		expect(await ok(...revert)).toMatchObject({ role: { changed: true, missing: 0 } });
		expect(await update()).toMatchObject({ exitCode: 0 });
		expect(await installed()).toEqual({ version: "1.0.0", content: "rules of 1.0.0" });
	});
});

describe("a firewall to which the service offers a forged release", () => {
	const now = Math.floor(Date.now() / 1_000);
	let thief: TufSigner;
	let online: readonly TufSigner[];
	/** as served, to be altered */
	let served: { root: string; targets: string; role: string };
	let forgedRole: ReturnType<typeof roleFileOf>;
	let round = 1_000;

	beforeAll(async () => {
		await publish("1.4.0", "--sign-key", file("alice.key"));
		expect(await update()).toMatchObject({ exitCode: 0 });
		await cp(file("fw/tuf"), file("seen"), { recursive: true });
		await writeFile(file("crs-6.6.6.rules"), "forged");
		await ok("publish", file("crs-6.6.6.rules"));
		[thief, online] = await Promise.all([newSigner(), onlineSigners(TEST_SECRETS.MAC_KEYS)]);
		const { releases } = (await ok("release", "list", "crs")) as { releases: Record<string, string>[] };
		const sha256 = releases.find(({ version }) => version === "6.6.6")?.["sha256"] ?? "";
		const get = async (name: string) => (await fetch(`${service.url}/tuf/${name}`)).text();
		const { file: text } = await readRole(
			createOperatorApi({ server: service.url, key: service.bootstrapKey, nowMs: Date.now }),
			"crs",
		);
		const role = JSON.parse(text ?? "");
		served = { root: await get("1.root.json"), targets: await get("2.targets.json"), role: text ?? "" };
		const custom = { version: "6.6.6", sequence: 99 };
		const targets = { ...role.signed.targets, "crs/6.6.6": { length: 6, hashes: { sha256 }, custom } };
		forgedRole = roleFileOf(role.signed.version + 1, targets, now);
	});

	// Each attack meets a firewall that has seen the honest repository and none of the other attacks.
	beforeEach(async () => {
		await rm(file("fw/tuf"), { recursive: true });
		await cp(file("seen"), file("fw/tuf"), { recursive: true });
	});

	/** Has the thief serve these, under a snapshot and a timestamp that the service's own key has signed. */
	async function serve(files: Readonly<Record<string, string>>, versions: Readonly<Record<string, number>>) {
		round += 1;
		const [by] = online;
		if (by === undefined) throw new Error("no key in MAC_KEYS");
		const body = await makeSnapshot(round, new Map(Object.entries(versions)), by, now);
		const timestamp = await makeTimestamp(round, { version: round, body }, by, now);
		const all: Record<string, string> = { ...files, [`${round}.snapshot.json`]: body, "timestamp.json": timestamp };
		service.forge((path) => all[/^\/tuf\/([^?]+)/.exec(path)?.[1] ?? ""]);
	}

	async function expectRefused(why: string): Promise<void> {
		const run = await update();
		service.forge(undefined);
		expect(run.exitCode).toBe(1);
		expect(run.stderr).toContain(why);
		expect(await installed()).toEqual({ version: "1.4.0", content: "rules of 1.4.0" });
	}

	it("refuses it with the role file as it is", () => expectRefused("its publisher has not signed it"), 60_000);

	it("refuses a role file that the service's own keys have signed", async () => {
		const { version } = forgedRole;
		const text = await signAll(forgedRole, [thief, ...online]);
		await serve({ [`${version}.crs.json`]: text }, { targets: 2, crs: version });
		await expectRefused("crs was signed by 0/1 keys");
	});

	it("refuses a role file that was altered under the publisher's signature", async () => {
		const { version } = forgedRole;
		const altered = JSON.stringify({ ...JSON.parse(served.role), signed: forgedRole });
		await serve({ [`${version}.crs.json`]: altered }, { targets: 2, crs: version });
		await expectRefused("crs was signed by 0/1 keys");
	});

	it("refuses targets that delegate the product to the thief", async () => {
		const { version } = forgedRole;
		const targets = await signAll(targetsOf(3, [{ product: "crs", signers: [thief] }], now), [thief, ...online]);
		const role = await signAll(forgedRole, [thief]);
		await serve({ "3.targets.json": targets, [`${version}.crs.json`]: role }, { targets: 3, crs: version });
		await expectRefused("targets was signed by 0/1 keys");
	});

	it("refuses a root that names the thief's keys", async () => {
		const parts = { root: [thief], targets: [thief], online };
		const root = await signAll(rootOf(2, parts, now), [thief, ...online]);
		await serve({ "2.root.json": root }, { targets: 2, crs: forgedRole.version - 1 });
		await expectRefused("root was signed by 0/1 keys");
	});

	it("refuses an earlier role file under the newest snapshot", async () => {
		await serve({}, { targets: 2, crs: 1 });
		await expectRefused("New version 1 of crs.json is less than current version");
	});

	it("refuses a snapshot that knows no role file of the product", async () => {
		await serve({}, { targets: 2 });
		await expectRefused("Missing file crs.json in new snapshot");
	});

	it("refuses everything where the repository is gone", async () => {
		service.forge((path) => (path.startsWith("/tuf/") ? null : undefined));
		await expectRefused("cannot be verified");
	});
});
