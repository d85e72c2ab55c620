// `parapet publish`: what is uploaded of a package file.
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeTar } from "../../../../support/archives/tar.ts";
import { API_KEY, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer } from "../../support/contract-state.ts";
import { runCli } from "../../support/run-cli.ts";
import { type Reply, refuse } from "../../support/scripted-server.ts";

let server: ContractServer;
let folder: string;
beforeEach(async () => {
	server = await startContractServer();
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
});
afterEach(async () => {
	await server.close();
	await rm(folder, { recursive: true });
});

const publish = (...args: string[]) => runCli(["publish", ...args, "--url", server.url, "--key", API_KEY]);

it("uploads the unpacked payload of a gzipped package under its own name", async () => {
	const file = join(folder, "crs-4.27.0.rules.gz");
	await writeFile(file, gzipSync("the rules"));
	expect(await publish(file, "--json", "--urgency", "important")).toMatchObject({ exitCode: 0, stderr: "" });
	const [upload, bases, release] = server.seen;
	expect(bases).toMatchObject({ method: "POST", path: "/v1/products/crs/releases/4.27.0/bases" });
	expect(upload).toMatchObject({
		path: "/v1/products/crs/releases/4.27.0/package?name=crs-4.27.0.rules",
		body: "the rules",
	});
	expect(upload?.headers["content-length"]).toBe("9");
	expect(JSON.parse(release?.body ?? "")).toEqual({ urgency: "important" });
});

it("refuses a damaged package before anything is sent", async () => {
	const file = join(folder, "crs-4.27.0.rules.zst");
	await writeFile(file, "not zstd");
	expect((await publish(file)).exitCode).toBe(1);
	expect(server.seen).toEqual([]);
});

it("says what was released, and leaves nothing of what it unpacked", async () => {
	const file = join(folder, "crs-4.27.0.rules.gz");
	await writeFile(file, gzipSync("the rules"));
	vi.stubEnv("TMPDIR", folder);
	const run = await publish(file);
	vi.unstubAllEnvs();
	expect(run).toMatchObject({
		exitCode: 0,
		stdout: expect.stringMatching(/^crs 4\.27\.0: 9 B, sha256 [0-9a-f]{64}, current/),
	});
	expect(await readdir(folder)).toEqual(["crs-4.27.0.rules.gz"]);
});

it("takes a version of its own, which is not the command line's", async () => {
	const file = join(folder, "notes.txt");
	await writeFile(file, "the rules");
	const run = await publish(file, "--product", "crs", "--version", "4.27.0");
	expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("crs 4.27.0: 9 B") });
	expect((await publish(file, "--product", "crs", "--version")).exitCode).toBe(2);
});

it("says when a version had been released so before, and when it is released now", async () => {
	const file = join(folder, "crs-4.27.0.rules");
	await writeFile(file, "the rules");
	const release = { version: "4.27.0", sequence: 7, status: "current" };
	const sha256 = createHash("sha256").update("the rules").digest("hex");
	const answerWith = (status: number) => {
		server.faults.instead = ({ path }) =>
			path.includes("/package?") || path.endsWith("/bases") ? null : { status, body: { ...release, sha256 } };
	};
	answerWith(200);
	expect(await publish(file)).toMatchObject({
		exitCode: 0,
		stdout: "crs 4.27.0 was released so before (sequence 7): nothing changed\n",
	});
	expect(JSON.parse((await publish(file, "--json")).stdout)).toMatchObject({ changed: false });
	answerWith(201);
	expect(JSON.parse((await publish(file, "--json")).stdout)).toMatchObject({ changed: true });
});

describe("several files", () => {
	const files = () => ["crs-4.27.0.rules", "geo-1.0.0.rules"].map((name) => join(folder, name));
	beforeEach(async () => {
		for (const file of files()) await writeFile(file, "the rules");
	});
	const versions = (stdout: string) => JSON.parse(stdout).map(({ version }: { version: string }) => version);

	it("are answered with one JSON value, the list of their releases", async () => {
		const run = await publish(...files(), "--json");
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(versions(run.stdout)).toEqual(["4.27.0", "1.0.0"]);
	});

	it("are answered with those that were released when a later one fails", async () => {
		server.faults.instead = ({ path }) => (path.includes("/geo/") ? refuse(409, "version_taken") : null);
		const run = await publish(...files(), "--json");
		expect(run.exitCode).toBe(1);
		expect(versions(run.stdout)).toEqual(["4.27.0"]);
		expect(JSON.parse(run.stderr)).toMatchObject({ error: { code: "version_taken" } });
	});

	it("have a line each", async () => {
		const run = await publish(...files());
		expect(run.stdout).toMatch(/^crs 4\.27\.0: .*\ngeo 1\.0\.0: .*\n$/);
	});
});

it.each([
	["/nonexistent.rules.gz", "cannot read /nonexistent.rules.gz: there is no such file"],
	["/", "cannot read /: it is no file"],
])("of %s says that there is nothing to publish, whatever it is called", async (path, said) => {
	const good = join(folder, "crs-4.27.0.rules");
	await writeFile(good, "the rules");
	expect(await publish(good, path)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(said) });
	expect(server.seen).toEqual([]);
});

describe("a publication that fails", () => {
	const OTHER = "0".repeat(64);
	const isUpload = (path: string) => path.includes("/package?");
	const isRelease = (path: string) => path.endsWith("/4.27.0");
	const file = () => join(folder, "crs-4.27.0.rules.gz");
	beforeEach(async () => {
		await writeFile(file(), gzipSync("the rules"));
		vi.stubEnv("TMPDIR", folder);
	});
	afterEach(() => void vi.unstubAllEnvs());

	it.each<[string, (path: string) => Reply | null, string, number]>([
		["the upload is refused", (path) => (isUpload(path) ? refuse(409, "version_taken") : null), "version_taken", 1],
		["the upload is not answered", (path) => (isUpload(path) ? "hang up" : null), "unreachable", 1],
		[
			"other bytes were stored",
			(path) => (isUpload(path) ? { status: 201, body: { sha256: OTHER, size: 9 } } : null),
			...(["digest_mismatch", 1] as const),
		],
		["the release is refused", (path) => (isRelease(path) ? refuse(409, "older_version") : null), "older_version", 3],
		[
			"the version is there with other bytes",
			(path) =>
				isRelease(path)
					? { status: 200, body: { version: "4.27.0", sequence: 1, status: "current", sha256: OTHER } }
					: null,
			...(["digest_mismatch", 3] as const),
		],
	])("because %s ends with 1, asks no more, and leaves nothing behind", async (_, answer, code, requests) => {
		server.faults.instead = ({ path }) => answer(path);
		const run = await publish(file(), "--json");
		expect(run).toMatchObject({ exitCode: 1, stdout: "" });
		expect(JSON.parse(run.stderr)).toMatchObject({ error: { code } });
		expect(server.seen).toHaveLength(requests);
		expect(await readdir(folder)).toEqual(["crs-4.27.0.rules.gz"]);
	});
});

describe("parapet publish --draft", () => {
	it("uploads, releases nothing, and says how it goes on", async () => {
		const file = join(folder, "crs-4.27.0.rules");
		await writeFile(file, "the rules");
		const run = await publish(file, "--draft");
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(run.stdout).toMatch(
			/^crs 4\.27\.0: 9 B, sha256 [0-9a-f]{64}, uploaded; `parapet rollout start crs 4\.27\.0` sends it on its way\n$/,
		);
		expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
			"PUT /v1/products/crs/releases/4.27.0/package?name=crs-4.27.0.rules",
			"POST /v1/products/crs/releases/4.27.0/bases",
		]);
	});

	it.each([
		["--notes", "n"],
		["--urgency", "emergency"],
		["--models", "FW-1"],
		["--engine-min", "11"],
		["--engine-max", "12"],
		["--plan", "rapid"],
		["--allow-older"],
	])("does not swallow what is said of a release: %s", async (...option) => {
		const file = join(folder, "crs-4.27.0.rules");
		await writeFile(file, "the rules");
		const run = await publish(file, "--draft", ...option);
		expect(run).toMatchObject({
			exitCode: 2,
			stderr: expect.stringContaining(`${option[0]} says something of a release`),
		});
		expect(run.stderr).toContain("give it to `parapet rollout start`");
		expect(server.seen).toEqual([]);
	});
});

it("sends nothing of any file where one of them no firewall should unpack, and says what and why", async () => {
	const good = join(folder, "crs-4.27.0.rules");
	const bad = join(folder, "geo-1.0.0.tar.gz");
	await writeFile(good, "the rules");
	await writeFile(bad, gzipSync(makeTar({ path: "rules/a" }, { path: "../../etc/cron.d/x" })));
	const run = await publish(good, bad);
	expect(run.exitCode).toBe(1);
	expect(run.stderr).toContain("geo-1.0.0.tar.gz is no package that firewalls should unpack:");
	expect(run.stderr).toContain("traversal: ../../etc/cron.d/x: it leads out of the folder that it is unpacked in");
	expect(run.stderr).toContain("fix: make the package anew");
	expect(server.seen).toEqual([]);
	expect(JSON.parse((await publish(bad, "--json")).stderr)).toMatchObject({ error: { code: "unsafe_package" } });
});
