// What a firewall asks of the log before it installs by a role file: a small server stands for the service.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { requireLogged } from "../../../../cli/trust/logged-role.ts";
import { signCheckpoint } from "../../../../src/signing/tlog/checkpoint.ts";
import { encodeEntry, entryOfFile } from "../../../../src/signing/tlog/entries.ts";
import { logSigners } from "../../../../src/signing/tlog/log-keys.ts";
import { formatProof } from "../../../../src/signing/tlog/proof-file.ts";
import { proveInclusion, treeHash } from "../../../../src/signing/tlog/tree.ts";
import { TestTree } from "../../../support/tlog/tree.ts";

const ORIGIN = "updates.test/tlog";
const KEY = "old:iH97sCOnGjMd93MnR6LAGZtkgcgkIsR_eCUhW9Pr4os";
const OTHER = "new:O2L2uVUqOlcLvdWFWY-gitzUWYA7uhc2LcqMN33x7aA";
const ROLE = '{"signatures":[],"signed":{"version":3}}\n';

let folder: string;
let server: Server;
let url: string;
let served: string | null;
let asked: string[];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-logged-"));
	asked = [];
	served = await proofBy(KEY);
	server = createServer((request, response) => {
		asked.push(request.url ?? "");
		response.writeHead(served === null ? 404 : 200).end(served ?? "");
	}).listen(0, "127.0.0.1");
	await new Promise((done) => server.once("listening", done));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	await writeFile(join(folder, "crs.json"), ROLE);
	await pin(KEY);
});
afterEach(async () => {
	server.close();
	await rm(folder, { recursive: true, force: true });
});

async function proofBy(macKeys: string, role = ROLE): Promise<string> {
	const tree = await TestTree.of(5);
	await tree.add(encodeEntry(await entryOfFile("crs", 3, role)));
	const root = await treeHash(6, tree.read);
	const checkpoint = await signCheckpoint({ origin: ORIGIN, size: 6, root }, await logSigners(macKeys, ORIGIN));
	return formatProof({ index: 5, hashes: await proveInclusion(5, 6, tree.read), checkpoint });
}

async function pin(macKeys: string | null): Promise<void> {
	const keys = macKeys === null ? [] : (await logSigners(macKeys, ORIGIN)).map(({ verifierKey }) => verifierKey);
	const log = macKeys === null ? {} : { "x-parapet-log": { keys } };
	await writeFile(join(folder, "root.json"), JSON.stringify({ signed: log }));
}

const check = () => requireLogged(folder, url, "crs");

it("asks once for the proof of a role file, and keeps it", async () => {
	await check();
	await check();
	expect(asked).toEqual(["/tuf/3.crs.tlog-proof"]);
	expect(await readFile(join(folder, "crs.tlog-proof"), "utf8")).toBe(served);
});

it("asks again under the next key of the log, and for the next file", async () => {
	await check();
	await pin(OTHER);
	served = await proofBy(OTHER);
	await check();
	const next = ROLE.replace("3", "4");
	await writeFile(join(folder, "crs.json"), next);
	await expect(check()).rejects.toThrow("not_included");
	expect(asked).toHaveLength(3);
});

it("asks for nothing where the root names no log", async () => {
	await pin(null);
	served = null;
	await check();
	expect(asked).toEqual([]);
});

it.each([
	["there is none", async () => null, "there is no proof"],
	["it is of another file", () => proofBy(KEY, `${ROLE} `), "not_included"],
	["another log has signed it", () => proofBy(OTHER), "unknown_keys"],
	["it is no proof", async () => "hello", "not_a_proof"],
	["a hash of it was changed", async () => (await proofBy(KEY)).replace(/\n[A-Za-z0-9]/, "\nz"), "not_"],
])("refuses the file where %s", async (_, proof, why) => {
	served = await proof();
	await expect(check()).rejects.toThrow(why);
	await expect(readFile(join(folder, "crs.tlog-proof"))).rejects.toThrow("ENOENT");
});

it("refuses the file where the service does not answer", async () => {
	server.close();
	server.closeAllConnections();
	await new Promise((done) => setImmediate(done));
	await expect(check()).rejects.toThrow("the transparency log is not shown to have");
});
