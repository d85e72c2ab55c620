// examples/firewall.sh, the firewall in POSIX sh, against the real service with the machine's own sh, curl, openssl and jq.
// One firewall goes through the tests in their order: starting all these programs is what takes the time.
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCode, operate, publish } from "../support/fleet.ts";
import { describeWithPrograms } from "../support/programs.ts";
import { type RunningService, startService } from "../support/service.ts";

const SCRIPT = join(import.meta.dirname, "../../../examples/firewall.sh");
const SIZE = 200_000;
const PRODUCT = "rules";

interface Run {
	readonly code: number;
	readonly stderr: string;
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Run> {
	return new Promise((resolve) => {
		execFile("sh", [SCRIPT, ...args], { env: { ...process.env, ...env } }, (error, _, stderr) =>
			resolve({ code: error === null ? 0 : Number(error.code), stderr }),
		);
	});
}

const newPackage = () => new Uint8Array(randomBytes(SIZE));
const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

await describeWithPrograms(["curl", "openssl", "jq"], "examples/firewall.sh", () => {
	const packages = { "1.0.0": newPackage(), "2.0.0": newPackage(), "3.0.0": newPackage() };
	type Version = keyof typeof packages;
	let service: RunningService;
	let folder: string;
	let home: string;
	let code: string;
	beforeAll(async () => {
		service = await startService();
		folder = await mkdtemp(join(tmpdir(), "parapet-script-"));
		home = join(folder, "firewall");
		await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
		await release("1.0.0");
		code = await createCode(service, [PRODUCT]);
	});
	afterAll(async () => {
		await service?.close();
		await rm(folder, { recursive: true, force: true });
	});

	const release = (version: Version) => publish(service, PRODUCT, version, packages[version]);
	function firewall(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
		return run(args, { PARAPET_URL: service.url, FIREWALL_HOME: home, ...env });
	}
	const readJson = async (name: string) => JSON.parse(await readFile(join(home, name), "utf8"));
	const fileOf = (version: string) => join(home, "packages", PRODUCT, version, `${PRODUCT}-${version}.bin`);
	const partOf = (version: Version) => join(home, "downloads", `${hashOf(packages[version])}.part`);
	async function expectInstalled(version: Version): Promise<void> {
		const file = `packages/${PRODUCT}/${version}/${PRODUCT}-${version}.bin`;
		const sha256 = hashOf(packages[version]);
		expect(await readJson("installed.json")).toEqual({ [PRODUCT]: { version, file, size: SIZE, sha256 } });
		expect(hashOf(await readFile(fileOf(version)))).toBe(hashOf(packages[version]));
	}
	/** What the service has written about requests to a route, oldest first. */
	const requests = (route: string) =>
		service
			.logs()
			.map((line) => JSON.parse(line))
			.filter((line) => line.route === route);
	const reports = () =>
		requests("/v1/reports").map(({ to_version: to, outcome, detail }) => [to, outcome, detail ?? ""].join(" "));
	const downloads = () => requests("/d/:sha256/:name").map(({ status, bytes }) => `${status}: ${bytes} bytes`);

	/** A PATH on which a program of this name comes before the real one. */
	async function pathWith(name: string, script: string): Promise<string> {
		const path = await mkdtemp(join(folder, `bin-${name}-`));
		await writeFile(join(path, name), `#!/bin/sh\n${script}\n`);
		await chmod(join(path, name), 0o755);
		return path + delimiter + process.env["PATH"];
	}

	it("activates; the same code and key are the same device when the answer was lost", async () => {
		for (const command of ["update", "run"]) {
			expect(await firewall([command])).toEqual({ code: 1, stderr: "firewall: activate first\n" });
		}
		const activate = ["activate", code, "SN-1", "FW-100"];
		expect((await firewall(activate)).code).toBe(0);
		const { client_id } = await readJson("device.json");
		expect(await firewall(activate)).toEqual({ code: 0, stderr: `firewall: activated already, as ${client_id}\n` });
		await rm(join(home, "device.json"));
		expect(await firewall(activate)).toEqual({ code: 0, stderr: `firewall: activated as ${client_id}\n` });
	});

	it("is told the issuer where its URL is another name of the service", async () => {
		const env = { PARAPET_URL: service.url.replace("127.0.0.1", "localhost"), FIREWALL_HOME: join(folder, "alias") };
		const refused = await firewall(["activate", code, "SN-2", "FW-100"], env);
		expect(refused).toEqual({ code: 1, stderr: `firewall: PARAPET_URL must be the issuer, ${service.url}\n` });
	});

	it("installs what is offered without asking for a permit, and reports it; only its owner can read its files", async () => {
		expect(await firewall(["update"])).toEqual({ code: 0, stderr: `firewall: ${PRODUCT} 1.0.0 is installed\n` });
		await expectInstalled("1.0.0");
		expect(reports()).toEqual(["1.0.0 healthy "]);
		expect(requests("/v1/permits")).toEqual([]);
		expect((await stat(join(home, "key.pem"))).mode & 0o777).toBe(0o600);
		expect((await readdir(home)).filter((name) => name.startsWith("tmp."))).toEqual([]);
	});

	it("asks with its ETag once nothing is new, and takes 304 for an answer", async () => {
		await firewall(["update"]);
		expect(await firewall(["update"])).toEqual({ code: 0, stderr: "" });
		expect(requests("/v1/check").map(({ status }) => status)).toEqual([200, 200, 304]);
	});

	it("does not ask again after an update, but waits as long as the answer with the offer said", async () => {
		await rm(join(home, "installed.json"));
		const slept = join(folder, "slept-after-update");
		const checks = requests("/v1/check").length;
		await firewall(["run"], { PATH: await pathWith("sleep", `echo "$1" >>'${slept}'; kill $PPID`) });
		expect((await readFile(slept, "utf8")).trim()).toBe("45");
		expect(requests("/v1/check").length - checks).toBe(1);
		await expectInstalled("1.0.0");
	});

	it("waits for pulses where nothing is new, and checks at its own place once one changes", async () => {
		const [slept, pulse] = [join(folder, "pulse-slept"), join(folder, "pulse")];
		// The first reading finds what the service says, later ones a change; the fifth wait ends the firewall.
		const sleep = `echo "$1" >>'${slept}'; case $(wc -l <'${slept}') in 2) echo '{"value":"news","spread":600}' >'${pulse}' ;; 5) kill $PPID ;; esac`;
		const curl = `PATH='${process.env["PATH"]}'; case "$*" in */p/*) [ ! -f '${pulse}' ] || exec cat '${pulse}' ;; esac; exec curl "$@"`;
		const path = await pathWith("sleep", sleep);
		const checks = requests("/v1/check").length;
		await firewall(["run"], { PATH: (await pathWith("curl", curl)).split(delimiter)[0] + delimiter + path });
		const [first, second, delay, ...after] = (await readFile(slept, "utf8")).trim().split("\n").map(Number);
		expect([first, second, ...after]).toEqual([45, 45, 45, 45]);
		// Thirty seconds for the news to reach every edge, and its share of the rest.
		expect(delay).toBeGreaterThanOrEqual(30);
		expect(delay).toBeLessThan(600);
		expect(requests("/v1/check").length - checks).toBe(2);
	});

	it("throws a bad part of a download away and says nothing against the release", async () => {
		await release("2.0.0");
		await writeFile(partOf("2.0.0"), newPackage());
		const failed = await firewall(["update"]);
		expect(failed).toEqual({ code: 1, stderr: `firewall: ${PRODUCT} 2.0.0 is not what was promised\n` });
		await expectInstalled("1.0.0");
		await expect(stat(partOf("2.0.0"))).rejects.toThrow("ENOENT");
		expect(reports()).toHaveLength(2);
	});

	it("goes on with a download that broke off, and fetches the rest only; the old package goes", async () => {
		await writeFile(partOf("2.0.0"), packages["2.0.0"].slice(0, 150_000));
		expect((await firewall(["update"])).code).toBe(0);
		expect(downloads()).toEqual(["200: 200000 bytes", "206: 50000 bytes"]);
		await expectInstalled("2.0.0");
		await expect(stat(fileOf("1.0.0"))).rejects.toThrow("ENOENT");
	});

	it("reports a package that does not load, keeps the old one, and tries it again after a day", async () => {
		await release("3.0.0");
		expect((await firewall(["update"], { FIREWALL_LOAD: "false" })).code).toBe(1);
		await expectInstalled("2.0.0");
		expect(reports().at(-1)).toBe("3.0.0 failed load_failed");
		const loaded = join(folder, "loaded");
		const env = { FIREWALL_LOAD: "load", PATH: await pathWith("load", `echo "$@" >'${loaded}'`) };
		// For a day it is not tried again.
		expect(await firewall(["update"], env)).toEqual({ code: 0, stderr: "" });
		await expectInstalled("2.0.0");
		const word = join(home, "failed", PRODUCT);
		expect(await readFile(word, "utf8")).toBe("3.0.0\n");
		await utimes(word, 1, 1);
		expect((await firewall(["update"], env)).code).toBe(0);
		await expect(stat(word)).rejects.toThrow("ENOENT");
		await expectInstalled("3.0.0");
		expect(await readFile(loaded, "utf8")).toBe(`${PRODUCT} 3.0.0 ${fileOf("3.0.0")}\n`);
		expect(downloads()).toHaveLength(4);
	});

	it("goes back when its release is withdrawn; a whole download with another digest is reported, and left alone a while", async () => {
		await operate(service, "POST", `/v1/products/${PRODUCT}/releases/3.0.0/withdraw`, { reason: "only a try" });
		// Wherever curl has written a part, its first byte is another afterwards.
		const spoil = `for part in downloads/*.part; do [ ! -f "$part" ] || printf '\\0' | dd of="$part" conv=notrunc 2>/dev/null; done`;
		const curl = `PATH='${process.env["PATH"]}'; curl "$@"; code=$?; ${spoil}; exit $code`;
		expect((await firewall(["update"], { PATH: await pathWith("curl", curl) })).code).toBe(1);
		await expectInstalled("3.0.0");
		expect(reports().at(-1)).toBe("2.0.0 failed digest_mismatch");
		const before = downloads().length;
		const putOff = await firewall(["update"]);
		expect(putOff).toMatchObject({ code: 0, stderr: expect.stringContaining("fetched again 10 minutes after that") });
		expect(downloads()).toHaveLength(before);
		await expectInstalled("3.0.0");
		await utimes(join(home, "bad", PRODUCT), 1, 1);
		expect((await firewall(["update"])).code).toBe(0);
		await expectInstalled("2.0.0");
		await expect(stat(join(home, "bad", PRODUCT))).rejects.toThrow("ENOENT");
	});

	it("gets another token where the service refuses the one at hand, and sends the report that waited", async () => {
		const { ends } = await readJson("token.json");
		await writeFile(join(home, "token.json"), JSON.stringify({ token: "of.another.time", ends }));
		const { permit } = await readJson("permit.json");
		await writeFile(join(home, "reports"), `${JSON.stringify({ permit, outcome: "rolled_back" })}\n`);
		expect(await firewall(["update"])).toEqual({ code: 0, stderr: "" });
		expect((await readJson("token.json")).token).not.toBe("of.another.time");
		expect(reports().at(-1)).toBe("2.0.0 rolled_back ");
		expect(await readFile(join(home, "reports"), "utf8")).toBe("");
	});

	it("one product that fails holds up no other", async () => {
		await operate(service, "POST", "/v1/products", { product: "other", plan: "immediate" });
		await publish(service, "other", "1.0.0", newPackage());
		const env = { FIREWALL_HOME: join(folder, "both") };
		await firewall(["activate", await createCode(service, ["other", PRODUCT]), "SN-3", "FW-100"], env);
		// Its own product's package cannot be put in place: a file is where the folder should be.
		await mkdir(join(folder, "both", "packages"));
		await writeFile(join(folder, "both", "packages", "other"), "");
		expect((await firewall(["update"], env)).code).toBe(1);
		const installed = JSON.parse(await readFile(join(folder, "both", "installed.json"), "utf8"));
		expect(Object.keys(installed)).toEqual([PRODUCT]);
	});

	it("says why it is refused, and keeps what is installed", async () => {
		const { client_id } = await readJson("device.json");
		await operate(service, "POST", `/v1/devices/${client_id}/suspend`, { reason: "lost" });
		const refused = await firewall(["update"]);
		expect(refused.code).toBe(1);
		expect(refused.stderr).toMatch(/^firewall: cannot check: status 403 device_refused: The device is suspended/);
		await expectInstalled("2.0.0");
	});

	it("loads what is installed without the rules that are disabled, until that has worked, and with them again", async () => {
		const rules = join(home, "disabled-rules", PRODUCT);
		const set = (what: string) =>
			operate(service, "POST", `/v1/products/${PRODUCT}/disabled-rules/${what}`, {
				rules: ["1:51", "7"],
				reason: "harm",
			});
		const load = join(folder, "load");
		const loads = join(folder, "loads");
		await writeFile(
			load,
			`#!/bin/sh\necho "$1 $2: $(tr '\\n' ' ' <'${rules}')" >>'${loads}'; [ -e '${folder}/sound' ]\n`,
		);
		await chmod(load, 0o755);
		await operate(service, "POST", `/v1/devices/${(await readJson("device.json")).client_id}/reinstate`, {
			reason: "back",
		});
		await set("disable");
		expect((await firewall(["update"], { FIREWALL_LOAD: load })).stderr).toContain("disabled rules: 1:51 7");
		expect(await readFile(rules, "utf8")).toBe("1:51\n7\n");
		await writeFile(join(folder, "sound"), "");
		await firewall(["update"], { FIREWALL_LOAD: load });
		await firewall(["update"], { FIREWALL_LOAD: load });
		await set("enable");
		await firewall(["update"], { FIREWALL_LOAD: load });
		const without = `${PRODUCT} 2.0.0: 1:51 7 `;
		expect((await readFile(loads, "utf8")).split("\n")).toEqual([without, without, `${PRODUCT} 2.0.0: `, ""]);
		await expectInstalled("2.0.0");
	});

	it("waits as long as a service that is down asks for, and gives up after five times", async () => {
		const server = createServer((_, answer) => answer.writeHead(503, { "retry-after": "37" }).end());
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		const address = server.address();
		const port = typeof address === "object" ? address?.port : undefined;
		const slept = join(folder, "slept");
		const env = {
			PARAPET_URL: `http://127.0.0.1:${port}`,
			FIREWALL_HOME: join(folder, "down"),
			PATH: await pathWith("sleep", `echo "$1" >>'${slept}'`),
		};
		const failed = await firewall(["activate", code, "SN-4", "FW-100"], env);
		server.close();
		expect(failed.code).toBe(1);
		expect(failed.stderr).toContain("cannot find the service: status 503");
		expect(await readFile(slept, "utf8")).toBe("37\n".repeat(4));
	});
});

describe("the text of examples/firewall.sh", () => {
	it("has under 340 lines", async () => {
		expect((await readFile(SCRIPT, "utf8")).split("\n").length - 1).toBeLessThan(340);
	});
});

await describeWithPrograms(["dash", "shellcheck"], "linters of examples/firewall.sh", () => {
	it.each([
		["dash", ["-n", SCRIPT]],
		["shellcheck", [SCRIPT]],
	] as const)("%s finds nothing", async (program, args) => {
		const output = await new Promise<string>((resolve) =>
			execFile(program, args, (_, stdout, stderr) => resolve(stdout + stderr)),
		);
		expect(output).toBe("");
	});
});
