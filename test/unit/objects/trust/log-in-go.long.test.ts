// The files that the Trust object writes, read by somebody else's code: Go's own log libraries. Go compiles for seconds,
// so `npm test` leaves it out (vitest.config.ts). Needs golang-go and golang-golang-x-mod-dev of Debian; skipped aloud without them, and REQUIRE_PROGRAMS=1 makes that a failure.
import { execFile } from "node:child_process";
import { existsSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it, vi } from "vitest";
import { logSigners } from "../../../../src/signing/tlog/log-keys.ts";
import { FIRST_KEY, START, World } from "./trust-world.ts";

const STDERR = 2;
const GOPATH = "/usr/share/gocode";
const run = promisify(execFile);
const hasGo =
	existsSync(join(GOPATH, "src/golang.org/x/mod/sumdb/tlog")) &&
	(process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, "go")));
const mustRun = process.env["REQUIRE_PROGRAMS"] === "1";
if (!hasGo && !mustRun) writeSync(STDERR, "skipped: the log in Go needs golang-go, golang-golang-x-mod-dev\n");

it.skipIf(!hasGo && !mustRun)(
	"the log's files verify with golang.org/x/mod/sumdb, and a log with another entry does not",
	async () => {
		if (!hasGo) throw new Error("golang-go or golang-golang-x-mod-dev is missing");
		vi.useFakeTimers({ toFake: ["Date"], now: START * 1_000 });
		const folder = await mkdtemp(join(tmpdir(), "parapet-go-"));
		try {
			const world = new World();
			const before: string[] = [];
			for (let number = 1; number <= 300; number++) {
				await world.call(async (trust) => {
					await trust.logWithdrawal({ product: "crs", version: String(number), at: START });
					return true;
				}, null);
				const [, size, root] = String(world.bucket.get("tlog/checkpoint")).split("\n");
				before.push(`${size}=${root}`);
			}
			const files = join(folder, "files");
			for (const [key, content] of world.bucket) {
				const path = join(files, key.replace("tlog/", ""));
				await mkdir(dirname(path), { recursive: true });
				await writeFile(path, content);
			}
			const env = { ...process.env, GOPATH, GO111MODULE: "off", GOFLAGS: "", GOCACHE: join(folder, "cache") };
			const program = join(folder, "verify-log");
			await run("go", ["build", "-o", program, join(import.meta.dirname, "verify-log.go")], { env });
			const [signer] = await logSigners(FIRST_KEY, "updates.test/tlog");
			const verify = (...sizes: string[]) => run(program, [files, signer?.verifierKey ?? "", ...sizes]);
			expect((await verify(...before)).stdout).toBe("updates.test/tlog 300\n");
			await expect(verify(`299=${before[297]?.split("=").slice(1).join("=")}`)).rejects.toThrow("invalid");
			const bundle = join(files, "tile/entries/001.p/44");
			const altered = Buffer.from(world.bucket.get("tlog/tile/entries/001.p/44") ?? "");
			altered[10] = 0;
			await writeFile(bundle, altered);
			await expect(verify()).rejects.toThrow("invalid");
		} finally {
			vi.useRealTimers();
			await rm(folder, { recursive: true, force: true });
		}
	},
);
