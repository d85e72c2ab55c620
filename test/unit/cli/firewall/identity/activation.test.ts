// Activation and deactivation: whose key, whose serial number, and what is left when either fails.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";
import { AUTH_CODE } from "../../support/contract-server.ts";
import { runCli } from "../../support/run-cli.ts";
import { refuse } from "../../support/scripted-server.ts";

const FIRST = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release ") };

let firewall: ContractFirewall;
beforeEach(async () => {
	firewall = await startContractFirewall();
	firewall.server.release = FIRST;
});
afterEach(() => firewall.close());

const load = () => firewall.session.home.load("identity");

describe("activation", () => {
	it.each(["ES256", "Ed25519"] as const)("registers an %s key that it proves to hold", async (algorithm) => {
		const { device } = await firewall.activate({ algorithm });
		expect(device.id).toMatch(/^dev-/);
		expect(await firewall.session.obtainToken("bound")).toMatchObject({ type: "DPoP" });
	});

	it("keeps keys and tokens from everybody else", async () => {
		const { folder, session } = firewall;
		await firewall.activate();
		await session.obtainToken("bound");
		for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
	});

	it("tries again with the same key, serial and all that was said before when the reply was lost", async () => {
		const { home } = firewall.session;
		const said = { model: "fw-9", labels: { site: "x" }, engine: "11.1.0" };
		await expect(firewall.activate({ code: "WRONG-CODE", ...said })).rejects.toMatchObject({ code: "invalid_token" });
		const key = await home.load("key");
		const serial = (await load())?.serial;
		const made = await firewall.activate();
		expect(await home.load("key")).toEqual(key);
		expect(made).toMatchObject({ serial, ...said });
	});

	it("makes another key when the next try is to be with another algorithm", async () => {
		await expect(firewall.activate({ code: "WRONG-CODE" })).rejects.toMatchObject({ code: "invalid_token" });
		expect(await firewall.session.home.load("key")).toMatchObject({ kty: "EC" });
		await firewall.activate({ algorithm: "Ed25519" });
		expect(await firewall.session.home.load("key")).toMatchObject({ kty: "OKP" });
		expect(await firewall.session.obtainToken("bound")).toMatchObject({ type: "DPoP" });
	});

	it("refuses to activate twice", async () => {
		await firewall.activate();
		await expect(firewall.activate()).rejects.toMatchObject({ code: "already_activated" });
	});

	it("that is answered with something else is no activation", async () => {
		firewall.server.faults.instead = ({ path }) => (path === "/oauth2/register" ? { status: 201, body: {} } : null);
		await expect(firewall.activate()).rejects.toMatchObject({ code: "unexpected_answer" });
		expect(await load()).toMatchObject({ device: null });
		const run = await firewall.run("check");
		expect(run.exitCode).toBe(1);
		expect(run.stderr).toContain("is not activated");
	});
});

describe("parapet device activate", () => {
	it("takes the code that is its argument, blanks and all, before the one in PARAPET_CODE", async () => {
		const spaced = ` ${AUTH_CODE.replaceAll("-", "- ")}\n`;
		const args = ["device", "activate", spaced, "--url", firewall.server.url, "--home", firewall.folder];
		const run = await runCli(args, { PARAPET_CODE: "another-code" });
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(run.stdout).toMatch(/^activated as dev-\S+ \(serial FW-[0-9A-F]{10}, ES256 key in /);
	});

	it("registers every label, given in a list or one by one", async () => {
		const labels = ["--label", "ring=volunteer,rack=4", "--label", "site=berlin"];
		expect(await firewall.run("activate", AUTH_CODE, "--url", firewall.server.url, ...labels)).toMatchObject({
			exitCode: 0,
		});
		const sent = firewall.server.seen.find(({ path }) => path === "/oauth2/register");
		expect(JSON.parse(sent?.body ?? "")).toMatchObject({
			device_labels: { ring: "volunteer", rack: "4", site: "berlin" },
		});
	});

	it.each([
		[[], "no auth code"],
		[["short"], '"short" is not an auth code'],
		[["lic-0123456789abcdef"], '"lic-0123456789abcdef" is not an auth code'],
		[["not a code!"], '"not a code!" is not an auth code'],
	])("needs a code: %j is none", async (operands, said) => {
		const run = await firewall.run("activate", ...operands, "--url", firewall.server.url);
		expect(run.exitCode).toBe(2);
		expect(run.stderr).toContain(said);
		expect(firewall.server.seen).toEqual([]);
	});
});

it("a code that was not typed is not repeated", async () => {
	const run = await runCli(["device", "activate", "--home", firewall.folder], { PARAPET_CODE: "half-a-secret" });
	expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("PARAPET_CODE is not an auth code") });
	expect(run.stderr).not.toContain("half-a-secret");
});

describe("deactivation", () => {
	it("is asked about at a terminal, and leaves everything as it is at any answer but y", async () => {
		await firewall.activate();
		const args = ["device", "deactivate", "--home", firewall.folder, "--url", firewall.server.url];
		const before = await load();
		expect((await runCli(args, {}, undefined, { ask: async () => "" })).exitCode).toBe(1);
		expect(await load()).toEqual(before);
		expect((await runCli(args, {}, undefined, { ask: async () => "yes" })).exitCode).toBe(0);
		expect(await load()).toBeNull();
	});

	it("keeps what is installed, and forgets everything that was the device's", async () => {
		await firewall.activate();
		firewall.server.faults.dropReports = true;
		await updateFirewall(firewall.session, undefined);
		await firewall.run("messages");
		await firewall.run("check", "--ha-role", "active");
		expect(await firewall.run("deactivate")).toMatchObject({ exitCode: 0 });
		expect(await load()).toBeNull();
		expect(await firewall.installedBytes()).toEqual(FIRST.bytes);
		expect((await firewall.files()).filter((name) => name.endsWith(".json"))).toEqual([
			"installed.json",
			"verified.json",
		]);
	});

	it.each([
		["is refused", refuse(401, "invalid_token"), "invalid_token"],
		["is not answered", "hang up", "unreachable"],
	] as const)("that %s leaves the firewall as it was", async (_, reply, code) => {
		const { device } = await firewall.activate();
		firewall.server.faults.instead = ({ method }) => (method === "DELETE" ? reply : null);
		const run = await firewall.run("deactivate", "--json");
		expect(run).toMatchObject({ exitCode: 1, stdout: "" });
		expect(JSON.parse(run.stderr)).toMatchObject({ error: { code } });
		expect(await load()).toMatchObject({ device });
		expect(await firewall.session.obtainToken("bound")).toMatchObject({ type: "DPoP" });
	});
});
