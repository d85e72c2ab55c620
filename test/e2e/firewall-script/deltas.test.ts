// examples/firewall.sh with deltas: curl and zstd as they are make the new package from the installed one, and fetch the whole where that
// goes wrong. The publisher is the command line's, the service the real one.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { publishDeltas } from "../../../cli/commands/publish/make-deltas.ts";
import { openPayload } from "../../../cli/files/package-file.ts";
import { createOperatorApi } from "../../../cli/http/operator-api.ts";
import { createCode, operate, release, upload } from "../support/fleet.ts";
import { describeWithPrograms } from "../support/programs.ts";
import { type RunningService, startService } from "../support/service.ts";

const SCRIPT = join(import.meta.dirname, "../../../examples/firewall.sh");
const PRODUCT = "rules";
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const rules = (from: number, to: number) =>
	Array.from({ length: to - from }, (_, n) => `rule ${from + n}: block ${sha256(String(from + n))}\n`).join("");
/** Each has some rules more than the one before. */
const contentOf = (version: number) => rules(0, 1_000) + rules(5_000, 5_000 + 5 * version);

await describeWithPrograms(["curl", "openssl", "jq", "zstd"], "examples/firewall.sh with deltas", () => {
	let service: RunningService;
	let folder: string;
	let home: string;
	beforeAll(async () => {
		service = await startService();
		folder = await mkdtemp(join(tmpdir(), "parapet-script-"));
		home = join(folder, "firewall");
		await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
		await publish(1);
		const code = await createCode(service, [PRODUCT]);
		expect((await firewall(["activate", code, "SN-1", "FW-100"])).code).toBe(0);
	});
	afterAll(async () => {
		await service?.close();
		await rm(folder, { recursive: true, force: true });
	});

	/** @returns what was made, by the version that it needs */
	async function publish(version: number): Promise<Map<string | null, number>> {
		const name = `${version}.0.0`;
		const file = join(folder, `${PRODUCT}-${name}.rules`);
		await writeFile(file, contentOf(version));
		await upload(service, PRODUCT, name, new Uint8Array(Buffer.from(contentOf(version))));
		const api = createOperatorApi({ server: service.url, key: service.bootstrapKey, nowMs: Date.now });
		const clock = { nowMs: Date.now, sleep: async () => {} };
		const payload = await openPayload(file);
		const { deltas, notes } = await publishDeltas({ api, product: PRODUCT, version: name, payload, clock });
		expect(notes).toEqual([]);
		await release(service, PRODUCT, name);
		return new Map(deltas.map(({ from, size }) => [from, size]));
	}
	function firewall(args: readonly string[], path = process.env["PATH"]): Promise<{ code: number; stderr: string }> {
		const env = { ...process.env, PARAPET_URL: service.url, FIREWALL_HOME: home, PATH: path };
		return new Promise((resolve) => {
			execFile("sh", [SCRIPT, ...args], { env }, (error, _, stderr) =>
				resolve({ code: error === null ? 0 : Number(error.code), stderr }),
			);
		});
	}
	const fileOf = (version: number) =>
		join(home, "packages", PRODUCT, `${version}.0.0`, `${PRODUCT}-${version}.0.0.bin`);
	const logged = (route: string) =>
		service
			.logs()
			.map((line) => JSON.parse(line))
			.filter((line) => line.route === route);
	const downloaded = () => logged("/d/:sha256/:name").map(({ bytes }) => bytes);
	const lastReport = () => {
		const { to_version: to, outcome, detail = null } = logged("/v1/reports").at(-1) ?? {};
		return [to, outcome, detail];
	};
	async function expectInstalled(version: number): Promise<void> {
		expect(await readFile(fileOf(version), "utf8")).toBe(contentOf(version));
		expect(await readdir(join(home, "downloads"))).toEqual([]);
	}

	it("unpacks a packed copy for the first installation", async () => {
		const { code, stderr } = await firewall(["update"]);
		expect([code, stderr]).toEqual([0, "firewall: rules 1.0.0 is installed\n"]);
		expect(downloaded().at(-1)).toBeLessThan(contentOf(1).length * 0.6);
		expect(lastReport()).toEqual(["1.0.0", "healthy", null]);
		await expectInstalled(1);
	});

	it("makes the next release from what is installed, by the delta's bytes alone", async () => {
		const made = await publish(2);
		const before = downloaded().length;
		expect((await firewall(["update"])).code).toBe(0);
		expect(downloaded().slice(before)).toEqual([made.get("1.0.0")]);
		expect(made.get("1.0.0")).toBeLessThan(contentOf(2).length / 100);
		expect(lastReport()).toEqual(["2.0.0", "healthy", null]);
		await expectInstalled(2);
	});

	it("fetches the whole where what is installed was damaged and nobody has noticed yet, and reports why", async () => {
		await publish(3);
		const { size } = await stat(fileOf(2));
		await writeFile(fileOf(2), Buffer.alloc(size));
		const { code } = await firewall(["update"]);
		expect(code).toBe(0);
		expect(downloaded().at(-1)).toBe(contentOf(3).length);
		expect(lastReport()).toEqual(["3.0.0", "healthy", "delta_wrong_base"]);
		await expectInstalled(3);
	});

	it("fetches the whole where zstd fails, and reports why", async () => {
		await publish(4);
		const bin = join(folder, "bin");
		await mkdir(bin);
		await writeFile(join(bin, "zstd"), "#!/bin/sh\nyes | head -c 9000000\n");
		await chmod(join(bin, "zstd"), 0o755);
		const { code, stderr } = await firewall(["update"], bin + delimiter + process.env["PATH"]);
		expect([code, stderr]).toEqual([
			0,
			"firewall: rules 4.0.0: delta_digest_mismatch, the whole is fetched\nfirewall: rules 4.0.0 is installed\n",
		]);
		expect(lastReport()).toEqual(["4.0.0", "healthy", "delta_digest_mismatch"]);
		await expectInstalled(4);
	});
});
