// The runbooks of docs/operations.md, line by line, against the real service: a page whose commands do not work is found here, and not in the night when
// it is needed.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAuthority } from "../support/certificates.ts";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "./support/service.ts";

const OPERATIONS = join(import.meta.dirname, "../../docs/operations.md");
const SERIAL = "FW-RUNBOOK-1";
/** of an appliance that the account has claimed */
const EXPECTED = "FW-RUNBOOK-2";

let service: RunningService;
let folder: string;
/** what `acct-…`, `lic-…`, `key-…` and `code-…` of a page stand for */
let ids: Readonly<Record<"acct" | "lic" | "key" | "code", string>>;
let code: string;
/** that were put in place of the first ones */
let secrets: Readonly<Record<string, string>> = {};

async function parapet(...args: string[]) {
	const env = { PARAPET_URL: service.url, PARAPET_KEY: secrets["BOOTSTRAP_KEY"] ?? service.bootstrapKey };
	const { exitCode, stdout, stderr } = await runCli(args, env, folder);
	expect({ args, exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ args, exitCode: 0, stderr: "" });
	return stdout;
}
const made = async (key: string, ...args: string[]) => String(JSON.parse(await parapet(...args, "--json"))[key]);

beforeAll(async () => {
	[service, folder] = await Promise.all([startService(), mkdtemp(join(tmpdir(), "parapet-runbooks-"))]);
	await parapet("product", "create", "crs", "--plan", "immediate");
	const acct = await made("account", "account", "create", "Runbook");
	const lic = await made("license", "license", "create", acct, "--products", "crs", "--seats", "2", "--ends", "30d");
	const another = JSON.parse(await parapet("code", "create", acct, "--license", lic, "--uses", "2", "--json"));
	code = another.code;
	const key = await made("id", "key", "create", "ci", "--scopes", "publish:crs");
	await parapet("device", "activate", code, "--serial", SERIAL, "--home", join(folder, "firewall"));
	const { pem } = await makeAuthority([["CN", "Device CA"]]);
	await writeFile(join(folder, "device-ca.pem"), pem);
	await parapet("manufacturer", "add", "Maker", "--certificate", join(folder, "device-ca.pem"));
	await parapet("device", "claim", EXPECTED, "--account", acct, "--license", lic);
	ids = { acct, lic, key, code: another.id };
}, 120_000);
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true, force: true });
});

const fetchAs = (key: string) => fetch(`${service.url}/v1/keys`, { headers: { authorization: `Bearer ${key}` } });

/** @returns the lines of a page's blocks, without what they say of themselves */
async function linesOf(title: string): Promise<string[]> {
	const [, page = ""] = (await readFile(OPERATIONS, "utf8")).split(`\n### ${title}\n`);
	const blocks = (page.split(/\n##+ /)[0] ?? "").matchAll(/```sh\n(.*?)```/gs);
	return Array.from(blocks, ([, block = ""]) => block)
		.join("")
		.split("\n")
		.flatMap((line) => {
			const command = line.replace(/\s#.*/, "").trim();
			return command === "" ? [] : [command];
		});
}

/** Runs what a page says, as whoever reads it does: ids in place of `acct-…` and `lic-…`, files where it names them. */
async function follow(title: string): Promise<number> {
	const lines = await linesOf(title);
	for (const line of lines) {
		const [command = "", file] = line.split(" > ");
		const words = command.replaceAll(/\b(acct|lic|key|code)-…/g, (_, kind: keyof typeof ids) => ids[kind]);
		const [program, ...args] = Array.from(words.matchAll(/"([^"]*)"|(\S+)/g), ([, text, word]) => text ?? word ?? "");
		if (program === "npx") {
			await putSecret(args);
			continue;
		}
		expect(program).toBe("parapet");
		const at = args.indexOf("--out") + 1;
		if (at > 0) args[at] = join(folder, args[at] ?? "");
		const stdout = await parapet(...args);
		if (file !== undefined) await writeFile(join(folder, file), stdout);
	}
	return lines.length;
}
/** What `npx wrangler secret put` does, with the value that a line before has made. */
async function putSecret([program, group, verb, name = ""]: readonly string[]): Promise<void> {
	expect([program, group, verb]).toEqual(["wrangler", "secret", "put"]);
	const value = String(JSON.parse(await kept("fresh.json"))[name]);
	secrets = { ...secrets, [name]: value };
	await service.putSecrets(secrets);
}
const kept = (file: string) => readFile(join(folder, file), "utf8");

describe("the runbook for", () => {
	it("a secret that leaked ends what was made with it, and firewalls go on", async () => {
		const home = join(folder, "firewall");
		const tokenOf = async () => JSON.parse(await readFile(join(home, "token.json"), "utf8")).accessToken;
		await parapet("device", "check", "--home", home);
		const token = await tokenOf();
		expect(await follow("A secret leaked")).toBe(13);
		expect((await fetchAs(service.bootstrapKey)).status, "the old bootstrap key").toBe(401);
		await parapet("device", "check", "--home", home);
		expect(await tokenOf(), "one under the old MAC_KEYS is good no more").not.toBe(token);
		const { keys } = JSON.parse(await parapet("key", "list", "--json"));
		expect(keys).toMatchObject([{ id: ids.key, revoked: true }]);
		const { codes } = JSON.parse(await parapet("code", "list", ids.acct, "--json"));
		expect(codes).toMatchObject([{ id: ids.code, revoked: true }]);
	});

	it("an object that is overloaded, and for an authority that is replaced, asks what there is to ask", async () => {
		expect(await follow("An object is overloaded")).toBe(4);
		expect(await follow("A certificate authority is replaced")).toBe(2);
	});

	it("a store that is lost writes its records again", async () => {
		expect(await follow("A store is lost")).toBe(3);
	});

	it("an account that asks for its data brings all of it, and no secret", async () => {
		expect(await follow("An account asks for its data")).toBe(9);
		expect(await kept("devices.jsonl")).toContain(SERIAL);
		expect(await kept("events.jsonl")).toContain("device.new");
		expect(await kept("licenses.json")).toContain(ids.lic);
		expect(await kept("claims.json")).toContain(EXPECTED);
		const others = await Promise.all(
			["claims", "codes", "groups", "policy", "states", "webhooks"].map((name) => kept(`${name}.json`)),
		);
		for (const text of others) expect(JSON.parse(text)).toBeTypeOf("object");
		expect(others.join("")).not.toContain(code);
	});

	it("an account that leaves ends its licenses, gives its claims back and is closed", async () => {
		expect(await follow("An account leaves")).toBe(4);
		const { accounts } = JSON.parse(await parapet("account", "list", "--json"));
		expect(accounts).toMatchObject([{ account: ids.acct, closed_at: expect.any(String) }]);
		const { licenses } = JSON.parse(await parapet("license", "list", ids.acct, "--json"));
		expect(licenses).toMatchObject([{ license: ids.lic, status: "revoked" }]);
		expect(JSON.parse(await parapet("device", "claims", ids.acct, "--json"))).toMatchObject({ claims: [] });
	});
});
