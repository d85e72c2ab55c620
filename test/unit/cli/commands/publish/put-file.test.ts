// A file that somebody writes to while it is sent: nothing of it is taken for what it was, and it is said at once.
import { createHash } from "node:crypto";
import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { putFile } from "../../../../../cli/commands/publish/put-file.ts";
import { createOperatorApi } from "../../../../../cli/http/operator-api.ts";
import { API_KEY, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer } from "../../support/contract-state.ts";

const NOW = 1_790_000_000_000;
/** More than one read of it. */
const BYTES = Buffer.alloc(300_000, "a");

let server: ContractServer;
let folder: string;
let file: string;
beforeEach(async () => {
	server = await startContractServer();
	server.faults.instead = () => ({ status: 200, body: {} });
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	file = join(folder, "crs.rules");
	await writeFile(file, BYTES);
});
afterEach(async () => {
	await server.close();
	await rm(folder, { recursive: true });
});

/** @param start null = all of the file */
async function put(start: number | null = null) {
	const api = createOperatorApi({ server: server.url, key: API_KEY, nowMs: () => NOW, sleep: async () => {} });
	const sent = start === null ? BYTES : BYTES.subarray(start, start + 1_000);
	const sha256 = createHash("sha256").update(sent).digest("hex");
	const part = start === null ? {} : { start };
	return putFile(api, "/v1/x", { path: file, ...part, size: sent.length, sha256 }, "could not upload", () => NOW);
}

it("one that stays as it is arrives, whole or in part", async () => {
	await put();
	await put(299_000);
	expect(server.seen.map(({ body }) => body.length)).toEqual([300_000, 1_000]);
});

it.each<[string, () => Promise<void>]>([
	["is written anew", () => writeFile(file, Buffer.alloc(BYTES.length, "b"))],
	["is cut", () => truncate(file, 100)],
	["is emptied", () => truncate(file, 0)],
])("one that %s is told, whatever the server says to it", async (_what, change) => {
	await change();
	for (const start of [null, 200_000])
		await expect(put(start)).rejects.toMatchObject({ code: "package_changed", message: expect.stringContaining(file) });
});

it("of one that grows, what it was is sent and no byte more", async () => {
	await appendFile(file, "more");
	await put();
	expect(server.seen.map(({ body }) => body.length)).toEqual([BYTES.length]);
});

it("one that is gone is said to be", async () => {
	await rm(file);
	await expect(put()).rejects.toMatchObject({
		code: "unreadable_package",
		message: `cannot read ${file}: there is no such file or folder`,
	});
});
