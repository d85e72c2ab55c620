// examples/firewall.sh and a release that is on its way: halted before the firewall has its permit, and while its download runs.
// Neither is a failure, and what runs stays.
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Plan } from "../../../src/rollout/plan.ts";
import { createCode, operate, publish } from "../support/fleet.ts";
import { describeWithPrograms } from "../support/programs.ts";
import { type RunningService, startService } from "../support/service.ts";

const SCRIPT = join(import.meta.dirname, "../../../examples/firewall.sh");
const PRODUCT = "rules";
const VERSION = "2.0.0";
const ROLLOUT = `/v1/products/${PRODUCT}/releases/${VERSION}/rollout`;
const SOON = { timeout: 120_000, interval: 500 };

/** One person other than the uploader starts it, and lets it go on. */
const PLAN: Plan = {
	name: "seconds",
	overrides: 1,
	steps: [
		{
			...{ name: "everybody", cohort: { fraction: 1 }, bake: 3_600, fillWithin: null, expect: 3_600, lease: 3_600 },
			gate: { kind: "count", maxFailures: 0, minHealthy: 1 },
			approvals: { team: null, count: 1 },
		},
	],
};

await describeWithPrograms(["curl", "openssl", "jq"], "examples/firewall.sh and a release on its way", () => {
	const bytes = new Uint8Array(randomBytes(200_000));
	let service: RunningService;
	let folder: string;
	let home: string;
	let path: string;
	let approver: { readonly url: string; readonly bootstrapKey: string };
	beforeAll(async () => {
		service = await startService();
		folder = await mkdtemp(join(tmpdir(), "parapet-script-"));
		home = join(folder, "firewall");
		await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
		await publish(service, PRODUCT, "1.0.0", new Uint8Array(randomBytes(1_000)));
		const wanted = { subject: "olivia", scopes: [`release:${PRODUCT}`] };
		const { key } = await operate<{ key: string }>(service, "POST", "/v1/keys", wanted);
		approver = { url: service.url, bootstrapKey: key };
		await installPrograms();
		await firewall("activate", await createCode(service, [PRODUCT]), "SN-1", "FW-100");
		expect(await firewall("update")).toEqual({ code: 0, stderr: `firewall: ${PRODUCT} 1.0.0 is installed\n` });
		await operate(service, "PATCH", `/v1/products/${PRODUCT}`, { plan: PLAN });
		await publish(service, PRODUCT, VERSION, bytes);
	});
	afterAll(async () => {
		await service?.close();
		await rm(folder, { recursive: true, force: true });
	});

	/**
	 * A curl that halts the rollout before it asks for a permit or after it has downloaded, a clock that has moved after a download by
	 * as much as the file says, and a sleep that ends `run`; each where a file of that name says so.
	 */
	async function installPrograms(): Promise<void> {
		const [real, at] = [process.env["PATH"], (name: string) => join(folder, name)];
		const halt = `curl -sS -o /dev/null -H 'Authorization: Bearer ${service.bootstrapKey}' --json '{"reason":"a test"}' '${service.url}${ROLLOUT}/halt'`;
		const programs = {
			curl: `PATH='${real}'
case "$*" in */v1/permits*) [ ! -f '${at("early")}' ] || ${halt} ;; esac
curl "$@"; ended=$?
case "$*" in */d/*) [ ! -f '${at("late")}' ] || { ${halt}; cp '${at("late")}' '${at("moved")}'; } ;; esac
exit $ended`,
			date: `PATH='${real}'; [ ! -f '${at("moved")}' ] || set -- -d "$(cat '${at("moved")}')" "$@"; exec date "$@"`,
			sleep: `echo "$1" >>'${at("slept")}'; kill $PPID`,
		};
		const bin = await mkdtemp(join(folder, "bin-"));
		for (const [name, script] of Object.entries(programs)) {
			await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
			await chmod(join(bin, name), 0o755);
		}
		path = bin + delimiter + real;
	}
	function firewall(...args: string[]): Promise<{ code: number; stderr: string }> {
		const env = { ...process.env, PARAPET_URL: service.url, FIREWALL_HOME: home, PATH: path };
		return new Promise((resolve) => {
			execFile("sh", [SCRIPT, ...args], { env }, (error, _, stderr) =>
				resolve({ code: error === null ? 0 : Number(error.code), stderr }),
			);
		});
	}
	const say = async (kind: "approve" | "resume") => {
		const { evidence } = await operate<{ evidence: string }>(approver, "GET", ROLLOUT);
		await operate(approver, "POST", `${ROLLOUT}/words`, { kind, evidence });
	};
	const requests = (route: string) =>
		service
			.logs()
			.map((line) => JSON.parse(line))
			.filter((line) => line.route === route);
	const installed = async () => JSON.parse(await readFile(join(home, "installed.json"), "utf8"))[PRODUCT].version;
	const notYet = `firewall: ${PRODUCT} ${VERSION} has not come to this firewall yet (halted); what is installed stays\n`;

	it("is refused its permit: that is no failure, and it asks again no later than it would anyway", async () => {
		await writeFile(join(folder, "early"), "");
		await say("approve");
		await expect.poll(() => firewall("update"), SOON).toEqual({ code: 0, stderr: notYet });
		expect(await installed()).toBe("1.0.0");
		expect(await readFile(join(home, "later"), "utf8")).toBe("3600\n");
		await say("resume");
		// The sleep ends it.
		await expect.poll(async () => (await firewall("run")).stderr, SOON).toBe(notYet);
		const { next_check_in: interval } = JSON.parse(await readFile(join(home, "check.json"), "utf8"));
		expect(interval).toBeLessThan(3_600);
		expect((await readFile(join(folder, "slept"), "utf8")).trim().split("\n").at(-1)).toBe(String(interval));
		await rm(join(folder, "early"));
	});

	it.each([
		["for 31 seconds", "31 seconds"],
		["and its clock is set back: nobody knows how long that took", "40 seconds ago"],
	])("is halted while it is downloaded %s: the bytes stay on the disk, and nothing is reported", async (_, moved) => {
		for (const one of await readdir(join(home, "downloads"))) await rm(join(home, "downloads", one));
		await writeFile(join(folder, "late"), moved);
		await say("resume");
		const reports = requests("/v1/reports").length;
		await expect.poll(() => firewall("update"), SOON).toEqual({ code: 0, stderr: notYet });
		expect(await installed()).toBe("1.0.0");
		const part = `${createHash("sha256").update(bytes).digest("hex")}.part`;
		expect((await readdir(join(home, "downloads"))).sort()).toEqual([part, `${part}.head`]);
		expect(requests("/v1/reports")).toHaveLength(reports);
		for (const name of ["late", "moved"]) await rm(join(folder, name));
	});

	it("is installed once it goes on", async () => {
		await say("resume");
		await expect
			.poll(async () => (await firewall("update")).stderr, SOON)
			.toBe(`firewall: ${PRODUCT} ${VERSION} is installed\n`);
		expect(await installed()).toBe(VERSION);
		expect(
			requests("/v1/reports")
				.slice(-1)
				.map(({ outcome }) => outcome),
		).toEqual(["healthy"]);
	});
});
