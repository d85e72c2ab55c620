// `parapet publish`: what is uploaded of a package file.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { API_KEY, startContractServer } from "../support/contract-server.ts";
import type { ContractServer } from "../support/contract-state.ts";
import { runCli } from "../support/run-cli.ts";

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
	const file = join(folder, "crs-4.27.0.tar.gz");
	await writeFile(file, gzipSync("the rules"));
	expect(await publish(file, "--json", "--urgency", "important")).toMatchObject({ exitCode: 0, stderr: "" });
	const [upload, release] = server.seen;
	expect(upload).toMatchObject({
		path: "/v1/products/crs/releases/4.27.0/package?name=crs-4.27.0.tar",
		body: "the rules",
	});
	expect(upload?.headers["content-length"]).toBe("9");
	expect(JSON.parse(release?.body ?? "")).toEqual({ urgency: "important" });
});

it("refuses a damaged package before anything is sent", async () => {
	const file = join(folder, "crs-4.27.0.tar.zst");
	await writeFile(file, "not zstd");
	expect((await publish(file)).exitCode).toBe(1);
	expect(server.seen).toEqual([]);
});
