// `parapet/client` of the package, installed into an empty folder: the program of its README, looked at by the compiler, brings a firewall
// up to date at the real service, under the oldest Node and under this one.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCode, operate, publish } from "../support/fleet.ts";
import { type RunningService, startService } from "../support/service.ts";

const PROJECT = join(import.meta.dirname, "../../..");
const PRODUCT = "crs";
const BYTES = new Uint8Array(Buffer.from("SecRule 1\n".repeat(2_000)));

/** Where the packages lie in files: one call for the whole update. */
const WITH_HOME = `
import { activateFirewall, CliError, createSession, openHome, updateFirewall, type UpdateResult } from "parapet/client";
const [server = "", code = "", folder = ""] = process.argv.slice(2);
const home = openHome(folder);
await activateFirewall({ home, server, code, nowMs: Date.now });
const update: Promise<UpdateResult> = updateFirewall(createSession(home, server), undefined);
const told = await update.then(
	({ updates }) => updates.map((one) => (one.ok ? one.version : one.reason)),
	(error: unknown) => (error instanceof CliError ? error.code : String(error)),
);
console.log(JSON.stringify(told));
`;

/** What the compiler must refuse. */
const MISUSED = `
import { createSession, keepInMemory, updateFirewall } from "parapet/client";
await updateFirewall(createSession(keepInMemory(), "http://127.0.0.1:1"), undefined);
`;

const run = promisify(execFile);
/** The Node that runs npm: 20 where the gate has nothing newer. */
const oldest = process.env["npm_node_execpath"] ?? process.execPath;

let service: RunningService;
let folder: string;
let isOld: boolean;
beforeAll(async () => {
	service = await startService();
	await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
	await publish(service, PRODUCT, "1.0.0", BYTES);
	folder = await mkdtemp(join(tmpdir(), "parapet-client-"));
	const pack = join(PROJECT, "scripts/pack/main.ts");
	const { stdout } = await run(process.execPath, [pack, "--out", folder], { cwd: PROJECT });
	const [, file = ""] = /^(\S+\.tgz): \d+ KiB\n$/.exec(stdout) ?? [];
	await writeFile(join(folder, "package.json"), '{ "name": "mine", "private": true, "type": "module" }');
	await run("npm", ["install", "--offline", "--no-audit", "--no-fund", file], { cwd: folder });
	const readme = await readFile(join(folder, "node_modules/parapet/README.md"), "utf8");
	const [, program = ""] = /```ts\n(.*?)```/s.exec(readme) ?? [];
	await writeFile(join(folder, "update.ts"), program);
	await writeFile(join(folder, "home.ts"), WITH_HOME);
	await mkdir(join(folder, "misused"));
	await writeFile(join(folder, "misused/misused.ts"), MISUSED);
	const [major = 0, minor = 0] = (await run(oldest, ["-p", "process.versions.node"])).stdout.split(".").map(Number);
	isOld = major + minor / 100 < 22.13;
});
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true, force: true });
});

/** With the compiler and the types of Node, and nothing else. */
function compile(...files: string[]) {
	const options = ["--strict", "--exactOptionalPropertyTypes", "--module", "nodenext", "--target", "es2022"];
	const types = ["--types", "node", "--typeRoots", join(PROJECT, "node_modules/@types")];
	const compiler = join(PROJECT, "node_modules/typescript/bin/tsc");
	return run(process.execPath, [compiler, ...options, ...types, ...files], { cwd: folder });
}

describe("a program with the package alone", () => {
	it("has types that hold without any library, and that tell what needs a home folder", async () => {
		await expect(compile("update.ts", "home.ts")).resolves.toMatchObject({ stdout: "" });
		await expect(compile("misused/misused.ts")).rejects.toMatchObject({
			stdout: expect.stringMatching(/misused\.ts\(3,.*TS2345/),
		});
	});

	it.each([
		["the oldest Node", oldest],
		["this Node", process.execPath],
	])("brings a firewall up to date in steps, its state and packages in memory, under %s", async (_, node) => {
		const code = await createCode(service, [PRODUCT]);
		const { stdout } = await run(node, ["update.js", service.url, code], { cwd: folder });
		expect(stdout.split("\n")).toEqual([`${PRODUCT} 1.0.0: ${BYTES.length} bytes`, `${PRODUCT} current`, ""]);
	});

	it.each([
		["the oldest Node", () => oldest],
		["this Node", () => process.execPath],
	])("does all of it in one call where files are kept, or is told which Node can, under %s", async (name, nodeOf) => {
		const code = await createCode(service, [PRODUCT]);
		const { stdout } = await run(nodeOf(), ["home.js", service.url, code, join(folder, name)], { cwd: folder });
		expect(JSON.parse(stdout)).toEqual(isOld && nodeOf() === oldest ? "old_node" : ["1.0.0"]);
	});
});
