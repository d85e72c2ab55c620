// The firewall as which the service asks itself, as an operator makes it.
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ProbeDevice, parseProbeDevice } from "../../../src/probe/probe-device.ts";
import { runProbe } from "../../../src/probe/run-probe.ts";
import { runCli } from "../../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "../support/service.ts";

let service: RunningService;
let folder: string;
beforeAll(async () => {
	[service, folder] = await Promise.all([startService(), mkdtemp(join(tmpdir(), "parapet-probe-test-"))]);
});
afterAll(async () => {
	await service?.close();
	await rm(folder, { recursive: true, force: true });
});

const parapet = (...args: string[]) =>
	runCli([...args, "--json"], { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey }, folder);

async function createProbe() {
	const { exitCode, stdout, stderr } = await parapet("probe", "create");
	expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
	const file = join(folder, "probe-device.json");
	expect((await stat(file)).mode & 0o777).toBe(0o600);
	expect(stdout).not.toContain(JSON.parse(await readFile(file, "utf8")).jwk.d);
	const device = parseProbeDevice(await readFile(file, "utf8"));
	if (device === "malformed") throw new Error("what was written is no probe's device");
	return device;
}
const ask = (device: ProbeDevice) => runProbe({ device, issuer: service.url, ask: fetch, fetch, nowMs: Date.now });

it("is good for a token and a download, until another takes its place", async () => {
	const first = await createProbe();
	expect(await ask(first)).toMatchObject({ failed: null, code: null });
	const second = await createProbe();
	expect(second.device).not.toBe(first.device);
	expect(await ask(second)).toMatchObject({ failed: null });
	expect(await ask(first), "the license of the first is revoked").not.toMatchObject({ failed: null });
});

it("is shown once there was a run", async () => {
	const { exitCode, stderr } = await parapet("probe", "show");
	expect({ exitCode, code: JSON.parse(stderr).error.code }).toEqual({ exitCode: 1, code: "no_probe" });
});
