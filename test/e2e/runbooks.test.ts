// The runbooks of docs/operations.md, line by line, against the real service: a page whose commands do not work is found here, and not in the night when
// it is needed.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "./support/service.ts";

const OPERATIONS = join(import.meta.dirname, "../../docs/operations.md");
const SERIAL = "FW-RUNBOOK-1";

let service: RunningService;
let folder: string;
/** what `acct-…` and `lic-…` of a page stand for */
let ids: Readonly<Record<"acct" | "lic", string>>;
let code: string;

async function parapet(...args: string[]) {
	const env = { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey };
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
	code = await made("code", "code", "create", acct, "--license", lic, "--uses", "2");
	await parapet("device", "activate", code, "--serial", SERIAL, "--home", join(folder, "firewall"));
	ids = { acct, lic };
}, 120_000);
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true, force: true });
});

/** @returns the lines of a page's first block, without what they say of themselves */
async function linesOf(title: string): Promise<string[]> {
	const [, page = ""] = (await readFile(OPERATIONS, "utf8")).split(`\n### ${title}\n`);
	const [, block = ""] = /```sh\n(.*?)```/s.exec(page.split(/\n##+ /)[0] ?? "") ?? [];
	return block.split("\n").flatMap((line) => {
		const command = line.replace(/\s#.*/, "").trim();
		return command === "" ? [] : [command];
	});
}

/** Runs what a page says, as whoever reads it does: ids in place of `acct-…` and `lic-…`, files where it names them. */
async function follow(title: string): Promise<number> {
	const lines = await linesOf(title);
	for (const line of lines) {
		const [command = "", file] = line.split(" > ");
		const words = command.replaceAll("acct-…", ids.acct).replaceAll("lic-…", ids.lic);
		const [program, ...args] = Array.from(words.matchAll(/"([^"]*)"|(\S+)/g), ([, text, word]) => text ?? word ?? "");
		expect(program).toBe("parapet");
		const at = args.indexOf("--out") + 1;
		if (at > 0) args[at] = join(folder, args[at] ?? "");
		const stdout = await parapet(...args);
		if (file !== undefined) await writeFile(join(folder, file), stdout);
	}
	return lines.length;
}
const kept = (file: string) => readFile(join(folder, file), "utf8");

describe("the runbook for", () => {
	it("a store that is lost writes its records again", async () => {
		expect(await follow("A store is lost")).toBe(3);
	});

	it("an account that asks for its data brings all of it, and no secret", async () => {
		expect(await follow("An account asks for its data")).toBe(8);
		expect(await kept("devices.jsonl")).toContain(SERIAL);
		expect(await kept("events.jsonl")).toContain("device.new");
		expect(await kept("licenses.json")).toContain(ids.lic);
		const others = await Promise.all(
			["codes", "groups", "policy", "states", "webhooks"].map((name) => kept(`${name}.json`)),
		);
		for (const text of others) expect(JSON.parse(text)).toBeTypeOf("object");
		expect(others.join("")).not.toContain(code);
	});

	it("an account that leaves ends its licenses and closes it", async () => {
		expect(await follow("An account leaves")).toBe(3);
		const { accounts } = JSON.parse(await parapet("account", "list", "--json"));
		expect(accounts).toMatchObject([{ account: ids.acct, closed_at: expect.any(String) }]);
		const { licenses } = JSON.parse(await parapet("license", "list", ids.acct, "--json"));
		expect(licenses).toMatchObject([{ license: ids.lic, status: "revoked" }]);
	});
});
