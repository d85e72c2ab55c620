// What `parapet publish` makes of deltas: only what is worth it and proved is uploaded, and nothing that goes wrong stops a release.
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { describeDeltas, publishDeltas } from "../../../../../cli/commands/publish/make-deltas.ts";
import { openPayload, type Payload } from "../../../../../cli/files/package-file.ts";
import { createOperatorApi } from "../../../../../cli/http/operator-api.ts";
import { type Reply, refuse, type ScriptedServer, startScriptedServer } from "../../support/scripted-server.ts";

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex");
const rules = (from: number, to: number) =>
	Array.from({ length: to - from }, (_, n) => `rule ${from + n}: block ${digestOf(String(from + n))}\n`).join("");
const OLDER = rules(0, 300);
const NEW = rules(0, 305);

let server: ScriptedServer;
let folder: string;
let payload: Payload;
/** What is said to each request but the question for bases. */
let answer: (path: string) => Reply;
let bases: object[];
const baseOf = (version: string, content: string) => ({
	...{ version, sha256: digestOf(content), size: content.length, devices: 0 },
	...{ url: `/d/${version}`, expires_at: "2026-11-20T12:00:00Z" },
});

beforeEach(async () => {
	bases = [baseOf("1.0.0", OLDER)];
	answer = (path) =>
		path === "/d/1.0.0" ? { body: OLDER, headers: { "content-length": String(OLDER.length) } } : { status: 201 };
	server = await startScriptedServer(({ path }) =>
		path.endsWith("/bases") ? { body: { released: false, bases } } : answer(path),
	);
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	await writeFile(join(folder, "crs-1.1.0.rules"), NEW);
	payload = await openPayload(join(folder, "crs-1.1.0.rules"));
	vi.stubEnv("TMPDIR", folder);
});
afterEach(async () => {
	vi.unstubAllEnvs();
	await server.close();
	await rm(folder, { recursive: true });
});

const make = () => {
	const clock = { nowMs: Date.now, sleep: async () => {} };
	const api = createOperatorApi({ server: server.url, key: "pk_0", nowMs: Date.now });
	return publishDeltas({ api, product: "crs", version: "1.1.0", payload, clock });
};
const uploads = () => server.seen.filter(({ method }) => method === "PUT");

it("uploads a packed copy and a delta from each base, by the digests of all of them, and leaves no file behind", async () => {
	const { deltas, notes } = await make();
	expect([deltas.map(({ from }) => from), notes]).toEqual([[null, "1.0.0"], []]);
	expect(uploads().map(({ path }) => path)).toEqual([
		`/v1/products/crs/releases/1.1.0/delta?sha256=${payload.sha256}`,
		`/v1/products/crs/releases/1.1.0/delta?sha256=${payload.sha256}&from=1.0.0&from_sha256=${digestOf(OLDER)}`,
	]);
	const [packed, delta] = uploads();
	expect(
		Buffer.from(packed?.body ?? "", "latin1")
			.subarray(0, 4)
			.toString("hex"),
	).toBe("28b52ffd");
	expect(
		Buffer.from(delta?.body ?? "", "latin1")
			.subarray(8, 40)
			.toString("hex"),
	).toBe(digestOf(OLDER));
	expect(await readdir(folder)).toEqual(["crs-1.1.0.rules"]);
});

it("uploads nothing that has more than 60 % of the package", async () => {
	const [random, other] = [randomBytes(20_000), randomBytes(20_000)];
	await writeFile(join(folder, "crs-1.1.0.rules"), random);
	payload = await openPayload(join(folder, "crs-1.1.0.rules"));
	bases = [{ ...baseOf("1.0.0", ""), sha256: createHash("sha256").update(other).digest("hex"), size: other.length }];
	answer = () => ({ body: other, headers: { "content-length": String(other.length) } });
	expect(await make()).toEqual({ deltas: [], notes: [] });
	expect(server.seen.map(({ path }) => path)).toEqual(["/v1/products/crs/releases/1.1.0/bases", "/d/1.0.0"]);
});

it("makes none for what is released", async () => {
	server.answer = () => ({ body: { released: true, bases: [] } });
	expect(await make()).toEqual({ deltas: [], notes: [] });
	expect(server.seen).toHaveLength(1);
});

it.each<[string, () => void, readonly (string | null)[], string]>([
	["bases are refused", () => (server.answer = () => refuse(403, "insufficient_scope")), [], "insufficient_scope"],
	["nobody answers", () => (server.answer = () => "hang up"), [], ""],
	[
		"a base has other bytes",
		() => {
			const others = OLDER.replaceAll("rule", "RULE");
			const reply = { body: others, headers: { "content-length": String(others.length) } };
			answer = (path) => (path === "/d/1.0.0" ? reply : { status: 201 });
		},
		[null],
		"from 1.0.0: its package cannot be had",
	],
	[
		"the upload of one is refused",
		() => {
			const before = answer;
			answer = (path) => (path.includes("from=") ? refuse(409, "conflict") : before(path));
		},
		[null],
		"from 1.0.0: could not upload a delta of crs 1.1.0",
	],
])("goes on and says why there is less where %s", async (_, spoil, made, note) => {
	spoil();
	const { deltas, notes } = await make();
	expect(deltas.map(({ from }) => from)).toEqual(made);
	expect(notes).toHaveLength(1);
	expect(notes[0]).toContain(note);
	expect(await readdir(folder)).toEqual(["crs-1.1.0.rules"]);
});

it("tells people what each has against the whole, and what is missing", () => {
	const deltas = [{ from: "4.27.0", sha256: "0", size: 4_603 }];
	expect(describeDeltas({ deltas, notes: [] }, 962_560)).toEqual(["  deltas: from 4.27.0 4.6 kB (0.5 %)"]);
	expect(describeDeltas({ deltas: [], notes: ["why"] }, 1)).toEqual(["  no deltas: why"]);
});
