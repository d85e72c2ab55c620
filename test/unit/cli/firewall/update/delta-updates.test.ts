// A firewall makes the new package from the installed one where its permit names a delta. Whatever is wrong with that, it fetches the
// whole, installs the same bytes, and says in its report what went wrong.
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { makeDelta } from "../../../../../cli/delta/dcz.ts";
import { openHome } from "../../../../../cli/firewall/home/state.ts";
import { activateFirewall } from "../../../../../cli/firewall/identity/activation.ts";
import { createSession, type FirewallSession } from "../../../../../cli/firewall/identity/session.ts";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { AUTH_CODE, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer, OfferedRelease } from "../../support/contract-state.ts";
import { runCli } from "../../support/run-cli.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const rule = (n: number) => `rule ${n}: block ${sha256(Buffer.from(String(n)))}\n`;
const rules = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => rule(from + n)).join("");
const FIRST = { version: "4.27.0", bytes: Buffer.from(rules(0, 2_000)) };
const SECOND = { version: "4.28.0", bytes: Buffer.from(rules(0, 900) + rules(5_000, 5_010) + rules(900, 2_000)) };

let server: ContractServer;
let folder: string;
let session: FirewallSession;
/** From the first release to the second. */
let delta: Buffer;

/** The best compression takes its time: each delta is made once for all tests. */
async function deltaFromFirst(target: Uint8Array): Promise<Buffer> {
	const made = await mkdtemp(join(tmpdir(), "parapet-test-"));
	await writeFile(join(made, "old"), FIRST.bytes);
	await writeFile(join(made, "new"), target);
	await makeDelta(join(made, "old"), join(made, "new"), target.length, join(made, "delta"));
	const bytes = await readFile(join(made, "delta"));
	await rm(made, { recursive: true });
	return bytes;
}

beforeAll(async () => {
	delta = await deltaFromFirst(SECOND.bytes);
});
beforeEach(async () => {
	server = await startContractServer();
	folder = join(await mkdtemp(join(tmpdir(), "parapet-test-")), "firewall");
	session = createSession(openHome(folder), server.url, { nowMs: Date.now, sleep: async () => {} });
	await activateFirewall({ home: session.home, server: server.url, code: AUTH_CODE, nowMs: Date.now });
	server.release = FIRST;
	await updateFirewall(session, "crs");
	server.seen.length = 0;
	server.reports.length = 0;
});
afterEach(async () => {
	await server.close();
	await rm(join(folder, ".."), { recursive: true, force: true });
});

const withDelta = (bytes = delta, from: string | null = sha256(FIRST.bytes)): OfferedRelease => ({
	...SECOND,
	delta: { from_sha256: from, bytes },
});
const installedPath = async () => join(folder, (await session.home.load("installed"))?.["crs"]?.path ?? "missing");
const downloads = () => server.seen.filter(({ path }) => path.startsWith("/d/"));
async function expectSecond(): Promise<void> {
	expect(await readFile(await installedPath())).toEqual(SECOND.bytes);
	expect(await readdir(join(folder, "downloads"))).toEqual([]);
}

it("installs by the delta alone, and says so", async () => {
	server.release = withDelta();
	const run = await runCli(["device", "update", "--home", folder]);
	expect(run.stdout).toMatch(/crs: 4\.27\.0 → 4\.28\.0 installed by \d+(\.\d+)? k?B instead of 1\d\d(\.\d+)? kB/);
	expect(downloads().map(({ path }) => path)).toEqual([`/d/${sha256(delta)}/delta?s=1`]);
	expect(server.reports).toMatchObject([{ outcome: "healthy" }]);
	expect(server.reports[0]).not.toHaveProperty("detail");
	await expectSecond();
});

it("says in JSON how many bytes the delta had", async () => {
	server.release = withDelta();
	const { stdout } = await runCli(["device", "update", "--home", folder, "--json"]);
	expect(JSON.parse(stdout).updates).toMatchObject([{ ok: true, delta_size: delta.length, delta_miss: null }]);
});

it("unpacks a packed copy, with whatever is installed", async () => {
	const packed = zstdCompressSync(SECOND.bytes);
	server.release = withDelta(packed, null);
	const { updates } = await updateFirewall(session, "crs");
	expect(updates).toMatchObject([{ ok: true, deltaSize: packed.length, deltaMiss: null }]);
	await expectSecond();
});

describe("a delta whose download breaks off", () => {
	/** So much that its first bytes are on the disk when the line goes down. */
	const THIRD = { version: "5.0.0", bytes: Buffer.concat([FIRST.bytes, randomBytes(2_000_000)]) };
	/** The line goes down, and stays so. */
	const breakAt = (bytes: number) => {
		server.faults.cutAt = bytes;
		server.faults.instead = ({ path }) =>
			path.startsWith("/d/") && server.faults.cutAt === undefined ? { status: 503 } : null;
	};
	let large: OfferedRelease;
	beforeAll(async () => {
		large = { ...THIRD, delta: { from_sha256: sha256(FIRST.bytes), bytes: await deltaFromFirst(THIRD.bytes) } };
	});
	beforeEach(() => {
		server.release = large;
	});
	const expectThird = async () => expect(await readFile(await installedPath())).toEqual(THIRD.bytes);

	it("goes on where it stopped", async () => {
		server.faults.cutAt = 1_500_000;
		const { updates } = await updateFirewall(session, "crs");
		expect(updates).toMatchObject([{ ok: true, deltaSize: large.delta?.bytes.length }]);
		expect(downloads().map(({ headers }) => headers.range)).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)]);
		await expectThird();
	});

	it("goes on in a later run", async () => {
		breakAt(1_500_000);
		expect((await updateFirewall(session, "crs")).updates).toMatchObject([{ ok: false, reason: "interrupted" }]);
		delete server.faults.instead;
		const [update] = (await updateFirewall(session, "crs")).updates;
		expect(update).toMatchObject({ ok: true, deltaSize: large.delta?.bytes.length });
		expect(update?.ok === true && update.resumedFrom).toBeGreaterThan(0);
		await expectThird();
	});

	it("is not begun where less is left of the whole", async () => {
		server.release = THIRD;
		breakAt(1_500_000);
		await updateFirewall(session, "crs");
		delete server.faults.instead;
		server.release = large;
		expect((await updateFirewall(session, "crs")).updates).toMatchObject([
			{ ok: true, deltaSize: null, deltaMiss: null },
		]);
		await expectThird();
	});
});

describe("fetches the whole, and reports why, where", () => {
	const head = () => Buffer.from(delta.subarray(0, 40));
	const random = () => Buffer.from(rules(9_000, 9_020));

	it.each<[string, string, () => OfferedRelease]>([
		["it has another base", "delta_wrong_base", () => withDelta(delta, sha256(SECOND.bytes))],
		[
			"the delta is for another base",
			"delta_wrong_base",
			() => withDelta(Buffer.concat([head().fill(7, 8), delta.subarray(40)])),
		],
		["the delta is garbage", "delta_garbage", () => withDelta(random())],
		["the delta ends too soon", "delta_garbage", () => withDelta(delta.subarray(0, -20))],
		[
			"the delta is a bomb",
			"delta_too_long",
			() => withDelta(Buffer.concat([head(), zstdCompressSync(Buffer.alloc(9_000_000))])),
		],
		[
			"the delta makes too little",
			"delta_too_short",
			() => withDelta(Buffer.concat([head(), zstdCompressSync(Buffer.alloc(9))])),
		],
		[
			"the delta makes other bytes",
			"delta_digest_mismatch",
			() => withDelta(Buffer.concat([head(), zstdCompressSync(Buffer.alloc(SECOND.bytes.length))])),
		],
	])("%s", async (_, detail, release) => {
		server.release = release();
		const { updates } = await updateFirewall(session, "crs");
		expect(updates).toMatchObject([{ ok: true, version: "4.28.0", deltaSize: null, deltaMiss: detail }]);
		expect(server.reports).toMatchObject([{ outcome: "healthy", detail }]);
		await expectSecond();
	});

	it("what is installed was damaged, and nobody has noticed yet", async () => {
		server.release = withDelta();
		const path = await installedPath();
		const { size } = await stat(path);
		await writeFile(path, Buffer.alloc(size));
		const { stdout } = await runCli(["device", "update", "--home", folder]);
		expect(stdout).toContain("fetched whole, since its delta did not make it: delta_damaged_base");
		expect(server.reports).toMatchObject([{ outcome: "healthy", detail: "delta_damaged_base" }]);
		await expectSecond();
	});

	it.each([
		["is not there", "delta_refused", { status: 404 }],
		["is refused", "delta_refused", { status: 403 }],
	])("the delta %s", async (_, detail, reply) => {
		server.release = withDelta();
		server.faults.instead = ({ path }) => (path.startsWith(`/d/${sha256(delta)}`) ? reply : null);
		expect((await updateFirewall(session, "crs")).updates).toMatchObject([{ ok: true, deltaMiss: detail }]);
		await expectSecond();
	});

	it("the delta arrives with other bytes than the permit names", async () => {
		server.release = withDelta();
		let asked = 0;
		server.faults.instead = ({ path }) => {
			if (path.startsWith("/d/")) server.faults.corrupt = asked++ === 0;
			return null;
		};
		expect((await updateFirewall(session, "crs")).updates).toMatchObject([
			{ ok: true, deltaMiss: "delta_digest_mismatch" },
		]);
		await expectSecond();
	});
});
