// `npm run deploy` and `npx wrangler deploy`, as far as they go without an account: in a copy of the tree, with wrangler.toml as it is
// in the repository and as its owner fills it in.
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateSecrets } from "../../../cli/worker/secrets.ts";
import { createSmoke } from "../../../scripts/deploy/smoke.ts";

const ROOT = join(import.meta.dirname, "../../..");
const PLACEHOLDERS = ["[vars] ISSUER", "[[routes]] pattern", "[[kv_namespaces]] id of RECORDS"];
/** wrangler.toml of the repository has the placeholders; the README fills them in by this substitution. */
const UNTOUCHED = { id: "00000000000000000000000000000000", host: "updates.example.com" };

let copy: string;

beforeAll(async () => {
	copy = await mkdtemp(join(tmpdir(), "parapet-deploy-"));
	for (const part of ["cli", "src", "scripts", "package.json", "tsconfig.json"]) {
		await cp(join(ROOT, part), join(copy, part), { recursive: true });
	}
	await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
	const secrets = generateSecrets(["MAC_KEYS"], "production");
	await writeFile(join(copy, "good.json"), JSON.stringify(Object.fromEntries(secrets)));
	// As npm does after each installation.
	await run("node", ["scripts/console-files.mjs"]);
});
afterAll(() => rm(copy, { recursive: true, force: true }));

async function fillIn(id: string, host: string): Promise<void> {
	const text = await readFile(join(ROOT, "wrangler.toml"), "utf8");
	await writeFile(join(copy, "wrangler.toml"), text.replaceAll(UNTOUCHED.id, id).replaceAll(UNTOUCHED.host, host));
}

async function run(command: string, args: readonly string[]): Promise<{ code: number; output: string }> {
	const env: NodeJS.ProcessEnv = {
		...process.env,
		NO_COLOR: "1",
		FORCE_COLOR: undefined,
		WRANGLER_SEND_METRICS: "false",
		WRANGLER_HIDE_BANNER: "true",
	};
	return promisify(execFile)(command, args, { cwd: copy, env }).then(
		({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
		(error) => ({ code: error.code, output: error.stdout + error.stderr }),
	);
}

/** `npm run deploy -- --dry-run`, but for npm, which takes as long to start as what it starts. */
const deploy = (...args: string[]) => run(process.execPath, ["scripts/deploy/main.ts", "--dry-run", ...args]);

describe.each([
	["npm run deploy", "npm", ["run", "--silent", "deploy", "--", "--dry-run", "--secrets-file", "good.json"]],
	["npx wrangler deploy", "npx", ["wrangler", "deploy", "--env=", "--dry-run"]],
])("%s", (name, command, args) => {
	it("refuses while the placeholders are untouched, and names each", async () => {
		await fillIn(UNTOUCHED.id, UNTOUCHED.host);
		const { code, output } = await run(command, args);
		expect(code).toBe(1);
		for (const value of PLACEHOLDERS) expect(output).toContain(value);
		expect(output).toContain("npx wrangler kv namespace create parapet-records");
		expect(output).not.toContain("Total Upload");
	});

	it("builds what is filled in, without a warning; secrets that are left out are noted", async () => {
		await fillIn("0f2ac74b498b48028cb68387c421e279", "updates.acme.test");
		const { code, output } = await run(command, args);
		expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("Total Upload") });
		expect(output).not.toMatch(/warning|error/i);
		if (name === "npm run deploy") expect(output).toContain("LOOKUP_KEY is not in it");
	});
});

describe("npm run deploy -- --env", () => {
	it("looks at staging's own values, and not at those of production", async () => {
		await fillIn("0f2ac74b498b48028cb68387c421e279", "updates.acme.test");
		const { code, output } = await deploy("--env", "staging");
		expect(code).toBe(1);
		expect(output).toContain("https://updates-staging.example.com");
		expect(output).toContain("1".repeat(32));
	});

	it("builds staging once they are filled in, with nothing of production's", async () => {
		await fillIn(UNTOUCHED.id, UNTOUCHED.host);
		const text = await readFile(join(copy, "wrangler.toml"), "utf8");
		const filled = text.replaceAll("1".repeat(32), "0f2ac74b498b48028cb68387c421e279");
		await writeFile(join(copy, "wrangler.toml"), filled.replaceAll("updates-staging.example.com", "staging.acme.test"));
		const { code, output } = await deploy("--env", "staging");
		expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining("(parapet-staging-packages)") });
		for (const other of ["(parapet-packages)", "(parapet_requests)"]) expect(output).not.toContain(other);
		expect(output).not.toMatch(/warning|error/i);
	});

	it("names the environments that there are where it is none of them", async () => {
		const { code, output } = await deploy("--env", "stagging");
		expect(code).toBe(1);
		expect(output).toContain('wrangler.toml has no environment "stagging"');
		expect(output).toContain("fix: --env staging");
	});
});

describe("npm run deploy -- --secrets-file", () => {
	it("names what is malformed and what is missing, and builds nothing", async () => {
		await fillIn("0f2ac74b498b48028cb68387c421e279", "updates.acme.test");
		await writeFile(join(copy, "s.json"), JSON.stringify({ MAC_KEYS: "x" }));
		const { code, output } = await deploy("--secrets-file", "s.json");
		expect(code).toBe(1);
		for (const name of ["MAC_KEYS", "LOOKUP_KEY", "BOOTSTRAP_KEY"]) expect(output).toContain(name);
		expect(output).not.toContain("Total Upload");
		await writeFile(join(copy, "s.json"), "MAC_KEYS=x");
		expect(await deploy("--secrets-file=s.json")).toMatchObject({
			code: 1,
			output: expect.stringContaining("no JSON"),
		});
		const missing = await deploy("--secrets-file", "none.json");
		expect(missing).toMatchObject({ code: 1, output: expect.stringContaining("error: cannot read none.json") });
	});
});

describe("npm run deploy", () => {
	it("shows its options where the command line is wrong, and asks the platform nothing", async () => {
		await fillIn("0f2ac74b498b48028cb68387c421e279", "updates.acme.test");
		const { code, output } = await run("npm", ["run", "--silent", "deploy", "--", "--stages", "10,5,100"]);
		expect({ code, output }).toEqual({
			code: 2,
			output: expect.stringContaining("--stages 10,5,100: whole percents, ascending"),
		});
		expect(output).toContain("usage: npm run deploy");
	});
});

it("the smoke test of a deployment asks for the one version with every request, and names the step that fails", async () => {
	const overrides: unknown[] = [];
	const server = createServer((request, response) => {
		overrides.push(request.headers["cloudflare-workers-version-overrides"]);
		response
			.writeHead(503, { "content-type": "application/problem+json" })
			.end(JSON.stringify({ code: "unavailable" }));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const smoke = createSmoke(ROOT, "parapet", url, {
		...process.env,
		PARAPET_KEY: "pk_none",
		PARAPET_URL: "http://127.0.0.1:1",
	});
	await expect(smoke("version-1")).rejects.toThrow(/^the smoke test failed: \S/);
	expect(new Set(overrides)).toEqual(new Set(['parapet="version-1"']));
	await new Promise((resolve) => server.close(resolve));
});
