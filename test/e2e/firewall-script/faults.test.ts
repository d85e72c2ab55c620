// examples/firewall.sh where things go wrong: proxies and login pages on the way, a disk that is full, files that a power failure
// has emptied. It mends itself, keeps what is installed, and blames no release for any of it.
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkForUpdates } from "../../../cli/firewall/check/check.ts";
import { openHome } from "../../../cli/firewall/home/state.ts";
import { activateFirewall } from "../../../cli/firewall/identity/activation.ts";
import { createSession, type FirewallSession } from "../../../cli/firewall/identity/session.ts";
import { runs } from "../../support/runs.ts";
import { fillWith, findSmallDisks, mountSmallDisk } from "../../support/small-disk.ts";
import { createCode, operate, publish } from "../support/fleet.ts";
import { describeWithPrograms } from "../support/programs.ts";
import { startProxy, type Trick, type TrickyProxy } from "../support/proxy.ts";
import { type RunningService, startService } from "../support/service.ts";

const SCRIPT = join(import.meta.dirname, "../../../examples/firewall.sh");
const SIZE = 200_000;
const PRODUCT = "rules";

interface Run {
	readonly code: number;
	readonly stderr: string;
}

/** What a power failure leaves of a file: nothing, or zeros. In `npm test` one of the two for each file. */
const damagesOf = (name: string) => {
	const both = ["", "\0".repeat(512)];
	return runs([both[name.length % 2] ?? ""], both);
};

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const describeOnSmallDisk = await findSmallDisks();

await describeWithPrograms(["curl", "openssl", "jq", "flock"], "examples/firewall.sh, where things go wrong,", () => {
	let service: RunningService;
	let proxy: TrickyProxy;
	let folder: string;
	let home: string;
	let code: string;
	let path: string;
	let current: { readonly version: string; readonly bytes: Uint8Array<ArrayBuffer> };
	let releases = 0;
	let session: FirewallSession;
	beforeAll(async () => {
		service = await startService();
		proxy = await startProxy();
		folder = await mkdtemp(join(tmpdir(), "parapet-script-"));
		home = join(folder, "firewall");
		// It waits no time here.
		await writeFile(join(folder, "sleep"), "#!/bin/sh\n");
		await chmod(join(folder, "sleep"), 0o755);
		path = folder + delimiter + process.env["PATH"];
		await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
		code = await createCode(service, [PRODUCT]);
		const seen = openHome(join(folder, "seen"));
		session = createSession(seen, service.url, { nowMs: Date.now, sleep: (ms) => wait(ms) });
		await activateFirewall({ home: seen, server: service.url, code, nowMs: Date.now });
		await release();
		await firewall("activate", code, "SN-1", "FW-100");
		expect(await firewall("update")).toEqual({ code: 0, stderr: `firewall: ${PRODUCT} 1.0.0 is installed\n` });
		proxy.seen.length = 0;
	});
	afterEach(() => {
		proxy.trick = () => undefined;
		proxy.seen.length = 0;
	});
	afterAll(async () => {
		await proxy?.close();
		await service?.close();
		await rm(folder, { recursive: true, force: true });
	});

	async function release(size = SIZE): Promise<void> {
		releases += 1;
		current = { version: `${releases}.0.0`, bytes: new Uint8Array(randomBytes(size)) };
		await publish(service, PRODUCT, current.version, current.bytes);
		// What an isolate has read of the records is good for seconds: a firewall of this process says when it sees the release.
		const isOffered = async () =>
			(await checkForUpdates(session)).answer.products.some(({ offer }) => offer?.version === current.version);
		while (!(await isOffered())) await wait(200);
	}
	const environment = () => ({ PARAPET_URL: service.url, FIREWALL_HOME: home, PATH: path, http_proxy: proxy.url });
	const firewall = (...args: string[]) => firewallWith({}, ...args);
	function firewallWith(more: Readonly<Record<string, string>>, ...args: string[]): Promise<Run> {
		return new Promise((resolve) => {
			execFile("sh", [SCRIPT, ...args], { env: { ...process.env, ...environment(), ...more } }, (error, _, stderr) =>
				resolve({ code: error === null ? 0 : Number(error.code), stderr }),
			);
		});
	}
	const fileOf = (version: string) => join(home, "packages", PRODUCT, version, `${PRODUCT}-${version}.bin`);
	const part = () => join(home, "downloads", `${hashOf(current.bytes)}.part`);
	const parts = async () => (await readdir(join(home, "downloads"))).sort();
	/** Answers to the downloads to come, one after the other. */
	function trick(...tricks: Trick[]) {
		proxy.trick = (path) => (path.startsWith("/d/") ? tricks.shift() : undefined);
	}
	const downloads = () => proxy.seen.filter((one) => one.startsWith("/d/")).map((one) => one.split(" ")[1] ?? "whole");
	const failures = () =>
		service
			.logs()
			.map((line) => JSON.parse(line))
			.filter(({ route, outcome }) => route === "/v1/reports" && outcome === "failed");
	async function expectCurrent(): Promise<void> {
		const installed = JSON.parse(await readFile(join(home, "installed.json"), "utf8"));
		expect(installed[PRODUCT].version).toBe(current.version);
		expect(hashOf(await readFile(fileOf(current.version)))).toBe(hashOf(current.bytes));
		expect(await parts()).toEqual([]);
		expect(failures()).toEqual([]);
	}

	describe("on the way", () => {
		it("a proxy that knows no ranges: it begins anew, whatever it has", async () => {
			for (const left of ["good", "bad"]) {
				await release();
				await writeFile(part(), left === "good" ? current.bytes.slice(0, 150_000) : randomBytes(150_000));
				trick("no ranges");
				expect((await firewall("update")).code).toBe(0);
				expect(downloads()).toEqual(["bytes=150000-", "whole"]);
				proxy.seen.length = 0;
				await expectCurrent();
			}
		});

		it.each([
			["0", "5"],
			["-600", "5"],
			["null", "600"],
			["1e12", "190080"],
		])("an interval that no service asks for (%s): it asks neither at once nor never", async (said, meant) => {
			const bin = await mkdtemp(join(folder, "bin-"));
			const programs = {
				curl: `PATH='${path}'; curl "$@"; ended=$?
case "$*" in */v1/check*) for one; do case $one in */body) sed -i 's/"next_check_in":[0-9]*/"next_check_in":${said}/; s/until":/":/g' "$one" ;; esac; done ;; esac
exit $ended`,
				sleep: `echo "$1" >>'${bin}/slept'; kill $PPID`,
			};
			for (const [name, script] of Object.entries(programs)) {
				await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
			}
			await rm(join(home, "check.etag"), { force: true });
			await firewallWith({ PATH: bin + delimiter + path }, "run");
			expect(await readFile(join(bin, "slept"), "utf8")).toBe(`${meant}\n`);
		});

		it.each(["no such range", "empty range"] as const)("%s of what broke off: it begins anew", async (how) => {
			await release();
			trick("half", how);
			expect((await firewall("update")).code).toBe(0);
			expect(downloads()).toEqual(["whole", "bytes=100000-", "whole"]);
			await expectCurrent();
		});

		it("a login page in the middle of a download: it is thrown away, and what has come is gone on from", async () => {
			await release();
			trick("half", "login page", "redirect");
			const { code, stderr } = await firewall("update");
			expect(code).toBe(0);
			expect(stderr).toContain("a login page or a proxy on the way gave it");
			expect(downloads()).toEqual(["whole", "bytes=100000-", "bytes=100000-", "bytes=100000-"]);
			await expectCurrent();
		});

		it("a login page in the place of a download: nothing is kept of it, and the next update brings the package", async () => {
			await release();
			const installed = await readFile(join(home, "installed.json"), "utf8");
			trick("login page", "redirect", "login page", "redirect", "login page");
			const { code, stderr } = await firewall("update");
			expect(code).toBe(1);
			expect(stderr).toContain("interrupted; the next update goes on");
			expect(await parts()).toEqual([]);
			expect(await readFile(join(home, "installed.json"), "utf8")).toBe(installed);
			expect((await firewall("update")).code).toBe(0);
			await expectCurrent();
		});

		it("a proxy that packs what passes: no byte of it is kept", async () => {
			await release();
			trick("gzip", "half", "gzip");
			expect((await firewall("update")).code).toBe(0);
			// What the packed rest has spoilt is asked for anew.
			expect(downloads()).toEqual(["whole", "whole", "bytes=100000-", "whole"]);
			await expectCurrent();
		});

		it("a login page in the place of the service: it is no answer, and nothing of it is kept", async () => {
			await release();
			await rm(join(home, "token.json"));
			proxy.trick = () => "login page";
			const { code, stderr } = await firewall("update");
			expect(code).toBe(1);
			expect(stderr).toContain("no token: status 000");
			proxy.trick = () => undefined;
			expect((await firewall("update")).code).toBe(0);
			await expectCurrent();
		});
	});

	it("settings of the user who runs it change nothing: .curlrc, CDPATH, the language", async () => {
		await release();
		await writeFile(join(folder, ".curlrc"), "include\ncompressed\n");
		const env = { CURL_HOME: folder, CDPATH: tmpdir(), LC_ALL: "tr_TR.UTF-8" };
		expect((await firewallWith(env, "update")).code).toBe(0);
		await expectCurrent();
	});

	describe("on its disk", () => {
		it("one update runs at a time", async () => {
			await release();
			const runs = await Promise.all(["first", "second", "third"].map(() => firewall("update")));
			expect(runs.map(({ code }) => code).sort()).toEqual([0, 1, 1]);
			expect(runs.filter(({ stderr }) => stderr === "firewall: another update is running\n")).toHaveLength(2);
			await expectCurrent();
		});

		it("an installed package that is missing, short or changed is fetched again", async () => {
			const file = fileOf(current.version);
			const changed = new Uint8Array(current.bytes);
			changed.set([1, 2, 3, 4]);
			for (const damage of [() => rm(file), () => truncate(file, 0), () => truncate(file, SIZE - 1)]) {
				await damage();
				expect((await firewall("update")).stderr).toContain(`${PRODUCT} is damaged: packages/${PRODUCT}/`);
				await expectCurrent();
			}
			// The same size is enough for a day.
			expect((await firewall("update")).code).toBe(0);
			await writeFile(file, changed);
			expect((await firewall("update")).stderr).toBe("");
			await rm(join(home, "verified"));
			expect((await firewall("update")).stderr).toContain("is damaged");
			await expectCurrent();
			expect(await firewall("update")).toEqual({ code: 0, stderr: "" });
		});

		it.each(["token.json", "products.json", "check.json", "installed.json", "check.query", "check.etag"])(
			"%s that a power failure has emptied, or filled with zeros, is had again",
			async (name) => {
				for (const damage of damagesOf(name)) {
					await writeFile(join(home, name), damage);
					await firewall("update");
					await expectCurrent();
					expect(await firewall("update")).toEqual({ code: 0, stderr: "" });
				}
			},
		);

		it("parts of releases that are not offered any more go, and what killed runs have left", async () => {
			await writeFile(join(home, "downloads", `${"0".repeat(64)}.part`), "of another release");
			await release();
			trick("half", "login page", "login page", "login page", "login page");
			expect((await firewall("update")).code).toBe(1);
			expect(await parts()).toEqual(["part", "part.head"].map((end) => `${hashOf(current.bytes)}.${end}`));
			await release();
			expect((await firewall("update")).code).toBe(0);
			await expectCurrent();
		});

		it("a package that was in its place when the run was cut short is not fetched again", async () => {
			await release();
			await mkdir(join(home, "packages", PRODUCT, current.version));
			await writeFile(fileOf(current.version), current.bytes);
			expect((await firewall("update")).code).toBe(0);
			expect(downloads()).toEqual([]);
			await expectCurrent();
		});
	});

	describeOnSmallDisk("on a disk of two megabytes", () => {
		it("gives up parts for an emergency, and says how many bytes are missing where that is not enough", async () => {
			const installed = /^firewall: rules \d+\.0\.0 is installed\n$/;
			const disk = await mountSmallDisk(2_000_000);
			if (disk === null) throw new Error("no small disk");
			const run = (...args: string[]) =>
				disk.run("sh", [SCRIPT, ...args], { ...environment(), FIREWALL_HOME: `${disk.inside}/firewall` });
			try {
				await run("activate", code, "SN-2", "FW-100");
				fillWith(join(disk.folder, "firewall", "downloads", `${"0".repeat(64)}.part`));
				expect(await run("update")).toEqual({ code: 0, stdout: "", stderr: expect.stringMatching(installed) });
				const before = await readFile(join(disk.folder, "firewall", "installed.json"));
				await release(3_000_000);
				const refused = await run("update");
				expect(refused.code).toBe(1);
				expect(refused.stderr).toMatch(/no room: 3185 KiB are needed in \/mnt\/firewall, \d+ are free/);
				fillWith(join(disk.folder, "logs"));
				expect((await run("update")).code).toBe(1);
				expect(await readFile(join(disk.folder, "firewall", "installed.json"))).toEqual(before);
				await rm(join(disk.folder, "logs"));
				await release();
				expect(await run("update")).toEqual({ code: 0, stdout: "", stderr: expect.stringMatching(installed) });
				expect(failures()).toEqual([]);
			} finally {
				await disk.close();
			}
		});
	});
});
