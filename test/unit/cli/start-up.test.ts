// What a command waits for before it begins: its own modules, and none of the others'. Held by what is loaded, not by a clock.
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { COMMAND_GROUPS } from "../../../cli/command-groups.ts";
import { loadedModules, modulesOfHelps } from "./support/loaded-modules.ts";

const PARAPET = join(import.meta.dirname, "../../../bin/parapet.mjs");
/** Whatever is asked for. */
const CORE = [
	"bin/parapet.mjs",
	"cli/command-groups.ts",
	"cli/errors.ts",
	"cli/parapet.ts",
	"cli/process.ts",
	"cli/terminal/output.ts",
] as const;

describe("modules", () => {
	it.each([["--help"], ["--version"]])("%s loads no command", (...args) => {
		expect(loadedModules(args)).toMatchObject({ own: CORE, packages: ["commander"] });
	});

	it.each([["help"], ["devcie"], ["--frobnicate"]])(
		"%s loads what finds the word that was meant, and no command",
		(...args) => {
			const own = [
				...CORE,
				"cli/command-line/did-you-mean.ts",
				"cli/command-line/usage-faults.ts",
				"src/nearest-name.ts",
			].sort();
			expect(loadedModules(args)).toMatchObject({ own, packages: ["commander"] });
		},
	);

	// Accounts and products have the verb `events` too, and the demo publishes and makes a link to sign in by.
	const guests: Readonly<Record<string, readonly string[]>> = {
		account: ["events"],
		product: ["events"],
		demo: ["console", "publish"],
	};
	let helps: ReturnType<typeof modulesOfHelps>;
	beforeAll(() => {
		helps = modulesOfHelps(COMMAND_GROUPS.map(({ name }) => name));
	});
	it.each(COMMAND_GROUPS)("the help of $name loads no other command", ({ name }) => {
		const { exitCode, own = [] } = helps[name] ?? {};
		const commands = own.flatMap((path) => /^cli\/commands\/([^/.]+)/.exec(path)?.[1] ?? []);
		expect([...new Set(commands)].sort()).toEqual([name, ...(guests[name] ?? [])].sort());
		expect(exitCode).toBe(0);
	});

	it("one call of the API loads no key, no progress bar, no firewall, no TLS and no WebSocket", () => {
		const { exitCode, own, foreign, packages, builtin } = loadedModules([
			"account",
			"list",
			"--key",
			"k",
			"--url",
			"http://127.0.0.1:1",
		]);
		expect(exitCode).toBe(1);
		expect(own).toContain("cli/http/exchange.ts");
		expect(own.filter((path) => path.startsWith("cli/firewall/") || path.startsWith("cli/worker/"))).toEqual([]);
		expect(packages).toEqual(["commander", "zod"]);
		// Of the languages of zod's messages it loads the one that we write.
		expect(foreign.filter((path) => path.includes("/locales/"))).toEqual(["node_modules/zod/v4/locales/en.js"]);
		expect(builtin).toContain("http");
		for (const heavy of ["https", "_tls_wrap", "internal/deps/undici/undici"]) expect(builtin).not.toContain(heavy);
	});

	it("the help of what a firewall does loads no firewall", () => {
		const { own, packages } = loadedModules(["device", "check", "--help"]);
		expect(own.filter((path) => path.startsWith("cli/firewall/"))).toEqual([]);
		expect(packages).toEqual(["commander", "zod"]);
	});

	it("what a firewall asks loads the part of jose that signs, and nothing that verifies or encrypts", () => {
		const { own, foreign } = loadedModules(["device", "check", "--home", "/nonexistent/firewall"]);
		expect(own).toContain("cli/firewall/identity/device-key.ts");
		const jose = foreign.filter((path) => path.startsWith("node_modules/jose/"));
		expect(jose).toContainEqual(expect.stringMatching(/\/jwt\/sign\.js$/));
		expect(jose).not.toContainEqual(expect.stringMatching(/verify\.js$|\/jwe\/|\/jwks\//));
	});
});

describe("what Node has compiled", () => {
	let home: string;
	beforeEach(async () => {
		home = await mkdtemp(join(tmpdir(), "parapet-test-"));
	});
	afterEach(() => rm(home, { recursive: true }));

	/** In an environment that knows no other cache. */
	const help = (env: Readonly<Record<string, string>>) => {
		const { PATH = "" } = process.env;
		const run = { env: { PATH, ...env } as unknown as NodeJS.ProcessEnv, encoding: "utf8" } as const;
		const { status, stderr } = spawnSync(process.execPath, [PARAPET, "--help"], run);
		return { status, stderr };
	};

	it.runIf(process.platform === "linux")("is kept among the caches of the user, for the next command", async () => {
		expect(help({ HOME: home })).toEqual({ status: 0, stderr: "" });
		expect(await readdir(join(home, ".cache/parapet"))).toHaveLength(1);
		expect(help({ HOME: home, XDG_CACHE_HOME: join(home, "caches") })).toEqual({ status: 0, stderr: "" });
		expect(await readdir(join(home, "caches/parapet"))).toHaveLength(1);
	});

	it("is not kept where there is no home, or none that can be written, and every command works", async () => {
		expect(help({})).toEqual({ status: 0, stderr: "" });
		await writeFile(join(home, ".cache"), "a file where the folder would be");
		expect(help({ HOME: home })).toEqual({ status: 0, stderr: "" });
	});
});
