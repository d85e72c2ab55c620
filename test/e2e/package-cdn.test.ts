// Downloads from a CDN in front of the bucket, with both clients as they are: what the rule of docs/operations.md lets through and what
// not, one copy for all URLs, deltas, downloads that break off, URLs that run out, a change of the key, a release that is withdrawn.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { publishDeltas } from "../../cli/commands/publish/make-deltas.ts";
import { openPayload } from "../../cli/files/package-file.ts";
import { createOperatorApi } from "../../cli/http/operator-api.ts";
import { PROJECT_FOLDER } from "../../cli/worker/local-worker.ts";
import { createCdnUrlSigner } from "../../src/signing/download-urls/cdn-url-signer.ts";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { createCode, operate, release, upload } from "./support/fleet.ts";
import { type PackageCdn, readDocumentedRule, startPackageCdn } from "./support/package-cdn.ts";
import { describeWithPrograms } from "./support/programs.ts";
import { type RunningService, startService } from "./support/service.ts";

const PRODUCT = "rules";
const KEY = "cdn0".repeat(11);
const OTHER_KEY = "next".repeat(11);
const TTL = 300;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const rules = (from: number, to: number) =>
	Array.from({ length: to - from }, (_, n) => `rule ${from + n}: block ${sha256(String(from + n))}\n`).join("");
const contentOf = (version: number) => rules(0, 1_500) + rules(5_000, 5_000 + 5 * version);
const pathOf = (version: number) => `/packages/${sha256(contentOf(version))}`;

it("the documented rule reads what is signed: separator, flag and lifetime", () => {
	expect(readDocumentedRule()).toEqual({ key: "<DOWNLOAD_KEY>", ttlSeconds: TTL, separatorLength: 8 });
});

await describeWithPrograms(["nginx", "curl", "openssl", "jq", "zstd"], "downloads from a CDN", () => {
	let cdn: PackageCdn;
	let service: RunningService;
	let folder: string;
	let released = 0;
	beforeAll(async () => {
		cdn = await startPackageCdn(KEY);
		service = await startService({
			variables: { DOWNLOAD_ORIGIN: cdn.url, DOWNLOAD_KEY: KEY, URL_TTL_SECONDS: String(TTL) },
		});
		cdn.bucketUrl = `${service.runtime()}/cdn-cgi/local/r2/public/parapet-local-packages`;
		folder = await mkdtemp(join(tmpdir(), "parapet-cdn-"));
		await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
		await publish();
		const code = await createCode(service, [PRODUCT]);
		await script("activate", code, "SN-1", "FW-100");
		await writeFile(join(folder, "code"), code);
		await command("activate", "--code-file", join(folder, "code"));
		await both();
		cdn.seen.length = 0;
	});
	afterEach(() => {
		Object.assign(cdn, {
			keys: [KEY],
			hasRule: true,
			ignoresIfRange: false,
			hasOtherBytes: false,
			breaksAfter: null,
			beforeRefusal: null,
		});
		cdn.seen.length = 0;
		cdn.late.length = 0;
	});
	afterAll(async () => {
		await service?.close();
		await cdn?.close();
		await rm(folder, { recursive: true, force: true });
	});

	/** The next release. @param withDelta else firewalls fetch the whole */
	async function publish(withDelta = false): Promise<void> {
		released += 1;
		const name = `${released}.0.0`;
		const file = join(folder, `${PRODUCT}-${name}.rules`);
		await writeFile(file, contentOf(released));
		await upload(service, PRODUCT, name, new Uint8Array(Buffer.from(contentOf(released))));
		if (withDelta) {
			const api = createOperatorApi({ server: service.url, key: service.bootstrapKey, nowMs: Date.now });
			const clock = { nowMs: Date.now, sleep: async () => {} };
			const { notes } = await publishDeltas({
				api,
				product: PRODUCT,
				version: name,
				payload: await openPayload(file),
				clock,
			});
			expect(notes).toEqual([]);
		}
		await release(service, PRODUCT, name);
	}
	function script(...args: string[]): Promise<string> {
		const env = { ...process.env, PARAPET_URL: service.url, FIREWALL_HOME: join(folder, "script") };
		return new Promise((resolve, reject) => {
			execFile("sh", [join(PROJECT_FOLDER, "examples/firewall.sh"), ...args], { env }, (error, stdout, stderr) =>
				error === null ? resolve(stdout) : reject(new Error(`${args.join(" ")}: ${stdout}${stderr}`)),
			);
		});
	}
	/** In this process, because to start one takes longer than what it does. */
	async function parapet(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
		const realTime = { sleep: (ms: number, signal?: AbortSignal) => wait(ms, undefined, { signal }) };
		const { exitCode, stdout, stderr } = await runCli(
			[...args],
			{ PARAPET_URL: service.url, ...env },
			folder,
			realTime,
		);
		if (exitCode !== 0) throw new Error(stdout + stderr);
		return stdout;
	}
	const command = (...args: string[]) => parapet(["device", ...args, "--home", join(folder, "command")]);
	/** Both firewalls update, one after the other, and have the newest release then. */
	async function both(): Promise<void> {
		await script("update");
		await command("update");
		await expectInstalled();
	}
	async function expectInstalled(): Promise<void> {
		for (const client of ["script", "command"]) {
			const version = join(folder, client, "packages", PRODUCT, `${released}.0.0`);
			const [file = ""] = await readdir(version);
			expect(await readFile(join(version, file), "utf8")).toBe(contentOf(released));
		}
	}
	const signed = async (key = KEY, issuedAgo = 0, version = released) => {
		const signer = createCdnUrlSigner({ origin: cdn.url, key, ttlSeconds: TTL });
		const now = Math.floor(Date.now() / 1000) - issuedAgo;
		const { url } = await signer.sign({
			sha256: sha256(contentOf(version)),
			name: "rules.bin",
			pseudonym: "0123456789abcdef",
			now,
		});
		return url;
	};
	const statusOf = async (url: string) => {
		const answer = await fetch(url);
		await answer.arrayBuffer();
		return answer.status;
	};

	const etagOf = async (url: string) => (await fetch(url, { method: "HEAD" })).headers.get("etag") ?? "";

	it("come past the Worker, and all URLs of a package are one copy", async () => {
		await publish();
		await both();
		expect(cdn.seen).toMatchObject([
			{ status: 200, cache: "MISS", range: undefined, path: pathOf(released) },
			{ status: 200, cache: "HIT", range: undefined, path: pathOf(released) },
		]);
		const routes = service.logs().map((line) => JSON.parse(line).route);
		expect(routes).not.toContain("/d/:sha256/:name");
		expect(routes).toContain("/v1/check");
	});

	it("are refused without a MAC, with another's, and after its time, even where the cache has the bytes", async () => {
		const url = await signed();
		expect(await statusOf(url)).toBe(200);
		const refused = [
			cdn.url + pathOf(released),
			`${cdn.url}${pathOf(released)}?verify=`,
			url.replace("?verify=", "?verifie="),
			url.replace("?verify=", "?x=1&verify="),
			`${url}&x=1`,
			url.replace(sha256(contentOf(released)), sha256(contentOf(1))),
			url.replace(/verify=\d{10}/, `verify=${Math.floor(Date.now() / 1000) + 60}`),
			await signed(KEY, TTL),
			await signed(OTHER_KEY),
		];
		for (const one of refused) expect([one, await statusOf(one)]).toEqual([one, 403]);
		expect(await statusOf(await signed(KEY, TTL - 20))).toBe(200);
	});

	it("are found well by the doctor while the rule stands, and BAD without it", async () => {
		const doctor = () => parapet(["doctor"], { PARAPET_KEY: service.bootstrapKey });
		expect(await doctor()).toMatch(/^ok +downloads +http:\S+ refuses a URL without a MAC$/m);
		cdn.hasRule = false;
		await expect(doctor()).rejects.toThrow(
			/^BAD +downloads +http:\S+ answers 404 to a URL without a MAC: the bucket is open/m,
		);
		expect(cdn.seen.map(({ status }) => status)).toEqual([403, 404]);
	});

	it("are as small as the delta", async () => {
		await publish(true);
		// The publisher has fetched the bases from there.
		cdn.seen.length = 0;
		await both();
		expect(cdn.seen.map(({ status, path }) => [status, path === pathOf(released)])).toEqual([
			[200, false],
			[200, false],
		]);
		expect(cdn.fills()).toBe(1);
	});

	it("go on where they broke off, by the bucket's own ETag", async () => {
		await publish();
		cdn.breaksAfter = 30_000;
		await script("update");
		cdn.breaksAfter = 30_000;
		await command("update");
		await expectInstalled();
		expect(cdn.seen.map(({ status }) => status)).toEqual([200, 206, 200, 206]);
		for (const rest of [cdn.seen[1], cdn.seen[3]]) {
			expect(Number(/^bytes=(\d+)-$/.exec(rest?.range ?? "")?.[1])).toBeGreaterThan(0);
			expect(rest?.ifRange).toMatch(/^"[0-9a-f]{32}"$/);
		}
	});

	it("go on in a later run, after the clients were killed", async () => {
		await publish();
		const [name, etag] = [`${sha256(contentOf(released))}.part`, await etagOf(await signed())];
		cdn.seen.length = 0;
		const part = contentOf(released).slice(0, 20_000);
		await writeFile(join(folder, "script/downloads", name), part);
		await writeFile(join(folder, "script/downloads", `${name}.head`), `HTTP/1.1 200 OK\r\nETag: ${etag}\r\n\r\n`);
		await writeFile(join(folder, "command/downloads", `${PRODUCT}@${name}`), part);
		await writeFile(join(folder, "command/downloads", `${PRODUCT}@${name}.etag`), etag);
		await both();
		expect(cdn.seen.map(({ status, range }) => [status, range])).toEqual([
			[206, "bytes=20000-"],
			[206, "bytes=20000-"],
		]);
		for (const client of ["script", "command"]) expect(await readdir(join(folder, client, "downloads"))).toEqual([]);
	});

	it.each([
		["sends the whole", false],
		["ignores If-Range and sends the rest", true],
	])("of other bytes under the same URL are never gone on with, where the CDN %s", async (_, ignoresIfRange) => {
		await publish();
		for (const client of [script, command]) {
			cdn.seen.length = 0;
			Object.assign(cdn, { ignoresIfRange, hasOtherBytes: true, breaksAfter: 30_000 });
			await client("update");
			expect(cdn.seen.slice(0, 2).map(({ status, ifRange }) => [status, ifRange])).toEqual([
				[200, cdn.seen[0]?.ifRange],
				[ignoresIfRange ? 206 : 200, '"other"'],
			]);
			expect(cdn.seen.at(-1)?.status).toBe(200);
		}
		await expectInstalled();
	});

	it("that come too late are refused, and both take another permit", async () => {
		await publish();
		cdn.late.push(TTL);
		await script("update");
		cdn.late.push(TTL);
		await command("update");
		await expectInstalled();
		expect(cdn.seen.map(({ status }) => status)).toEqual([403, 200, 403, 200]);
	});

	it.each([
		["once are gone on with by another permit", 1, [403, 200], true],
		["twice are given up on for the whole", 2, [403, 403, 200], false],
	])("of a delta whose URL is turned down %s", async (_, times, statuses, isDelta) => {
		await publish(true);
		for (const client of [script, command]) {
			cdn.seen.length = 0;
			cdn.late.push(...Array(times).fill(TTL));
			await client("update");
			expect(cdn.seen.map(({ status }) => status)).toEqual(statuses);
			expect(cdn.seen.at(-1)?.path === pathOf(released)).toBe(!isDelta);
		}
		await expectInstalled();
	});

	it("of a delta whose permit is refused by then are not gone on with, not as the whole either", async () => {
		for (const [name, client] of [
			["script", script],
			["command", command],
		] as const) {
			await publish(true);
			cdn.seen.length = 0;
			cdn.late.push(TTL);
			cdn.beforeRefusal = async () => {
				await operate(service, "POST", `/v1/products/${PRODUCT}/releases/${released}.0.0/withdraw`, { reason: "bad" });
				// What an isolate has read of the records is good for a second.
				await wait(1_500);
			};
			await expect(client("update")).rejects.toThrow("The release was withdrawn after it was offered");
			expect(cdn.seen.map(({ status }) => status)).toEqual([403]);
			const installed = JSON.parse(await readFile(join(folder, name, "installed.json"), "utf8"));
			expect(installed[PRODUCT].version).not.toBe(`${released}.0.0`);
		}
		cdn.beforeRefusal = null;
		await publish();
		await both();
	});

	it("survive a change of the key: a second one in the rule, then in the Worker, then the first is taken out", async () => {
		const before = await signed(KEY);
		const after = await signed(OTHER_KEY);
		cdn.keys = [KEY, OTHER_KEY];
		expect([await statusOf(before), await statusOf(after)]).toEqual([200, 200]);
		cdn.keys = [OTHER_KEY];
		expect([await statusOf(before), await statusOf(after)]).toEqual([403, 200]);
	});

	it("of a release that was withdrawn go on by URLs that are out until these end, and no others are made", async () => {
		await publish();
		await script("update");
		await operate(service, "POST", `/v1/products/${PRODUCT}/releases/${released}.0.0/withdraw`, { reason: "bad" });
		expect(await statusOf(await signed(KEY, TTL - 20))).toBe(200);
		expect(await statusOf(await signed(KEY, TTL))).toBe(403);
		cdn.seen.length = 0;
		await command("update");
		expect(cdn.seen.some(({ path }) => path === pathOf(released))).toBe(false);
	});
});
