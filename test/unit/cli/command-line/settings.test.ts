// Where a command gets its server and its API key from, and which of both it does not take.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveKey, resolveServer } from "../../../../cli/command-line/settings.ts";

const LOCAL = "http://127.0.0.1:8787";
const REMOTE = "https://updates.example.com";

let cwd: string;
beforeEach(async () => {
	cwd = await mkdtemp(join(tmpdir(), "parapet-test-"));
});
afterEach(() => rm(cwd, { recursive: true }));

const sink = { write: () => {} };
const surroundings = (env: Readonly<Record<string, string>> = {}) => ({
	...{ stdout: sink, stderr: sink, env, cwd },
	...{ nowMs: () => 0, sleep: async () => {} },
});

describe("the server", () => {
	const env = { PARAPET_URL: "https://env.example.com" };

	it("is the option's, else the environment's, else that of the activation, else the local one", () => {
		expect(resolveServer("https://option.example.com", surroundings(env), REMOTE)).toBe("https://option.example.com");
		expect(resolveServer(undefined, surroundings(env), REMOTE)).toBe("https://env.example.com");
		expect(resolveServer(undefined, surroundings(), REMOTE)).toBe(REMOTE);
		expect(resolveServer(undefined, surroundings())).toBe(LOCAL);
	});

	it("is an origin: what follows the host is left out", () => {
		expect(resolveServer(`${REMOTE}/v1/?x#y`, surroundings())).toBe(REMOTE);
	});

	it.each(["http://updates.example.com", "http://127.0.0.1.example.com", "http://10.0.0.1"])(
		"%s would be sent keys in the clear",
		(url) => expect(() => resolveServer(url, surroundings())).toThrow("in the clear"),
	);

	it.each(["http://localhost:1", "http://[::1]:1", "http://127.0.0.1"])("%s is this machine", (url) => {
		expect(resolveServer(url, surroundings())).toBe(url);
	});

	it.each(["updates.example.com", "ftp://updates.example.com", "", "https://"])("%j is none", (url) => {
		expect(() => resolveServer(url, surroundings())).toThrow("is not the URL of a server");
	});
});

describe("the API key", () => {
	const env = { PARAPET_KEY: "from-env" };

	it("is the file's, else the option's, else the environment's", async () => {
		const keyFile = join(cwd, "key");
		await writeFile(keyFile, "\n from-file \r\n");
		expect(resolveKey({ keyFile, key: "from-option" }, REMOTE, surroundings(env))).toBe("from-file");
		expect(resolveKey({ key: "from-option" }, REMOTE, surroundings(env))).toBe("from-option");
		expect(resolveKey({}, REMOTE, surroundings(env))).toBe("from-env");
	});

	it("is the one of ./.dev.vars for a server on this machine, and never for another", async () => {
		await writeFile(join(cwd, ".dev.vars"), "BOOTSTRAP_KEY='local-secret'\n");
		expect(resolveKey({}, LOCAL, surroundings())).toBe("local-secret");
		expect(resolveKey({}, LOCAL, surroundings(env))).toBe("from-env");
		expect(() => resolveKey({}, REMOTE, surroundings())).toThrow(`no API key for ${REMOTE}`);
		await writeFile(join(cwd, ".dev.vars"), "BOOTSTRAP_KEY='off'\n");
		expect(() => resolveKey({}, LOCAL, surroundings())).toThrow(`no API key for ${LOCAL}`);
	});

	it("is missing where nothing, or nothing but blanks, is given", async () => {
		const keyFile = join(cwd, "key");
		await writeFile(keyFile, " \n");
		expect(() => resolveKey({}, LOCAL, surroundings())).toThrow("no API key");
		expect(() => resolveKey({ keyFile }, LOCAL, surroundings(env))).toThrow("no API key");
		expect(() => resolveKey({}, LOCAL, surroundings({ PARAPET_KEY: "" }))).toThrow("no API key");
	});

	it("is not a key with blanks or line ends in it, which a header cannot carry", () => {
		for (const key of ["two words", "a\r\nx-forged: 1", "schlüssel"]) {
			expect(() => resolveKey({ key }, LOCAL, surroundings())).toThrow("characters that no key has");
		}
	});

	it("cannot come from a file that is not there", () => {
		const keyFile = join(cwd, "missing");
		expect(() => resolveKey({ keyFile }, LOCAL, surroundings(env))).toThrow(`cannot read ${keyFile}`);
	});
});
