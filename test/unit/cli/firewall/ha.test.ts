// What a firewall of an HA group says of itself: kept in its home, said with every check, changed and forgotten at its word.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openHome } from "../../../../cli/firewall/home/state.ts";
import { activateFirewall } from "../../../../cli/firewall/identity/activation.ts";
import { AUTH_CODE, startContractServer } from "../support/contract-server.ts";
import type { ContractServer } from "../support/contract-state.ts";
import { runCli } from "../support/run-cli.ts";

let server: ContractServer;
let folder: string;

beforeEach(async () => {
	server = await startContractServer();
	folder = join(await mkdtemp(join(tmpdir(), "parapet-test-")), "firewall");
	server.release = { version: "4.27.0", bytes: Buffer.from("rules") };
	await activateFirewall({ home: openHome(folder), server: server.url, code: AUTH_CODE, nowMs: Date.now });
});
afterEach(async () => {
	await server.close();
	await rm(join(folder, ".."), { recursive: true, force: true });
});

const run = (...args: string[]) => runCli(["device", ...args, "--home", folder]);
const asked = () =>
	server.seen.filter(({ path }) => path.startsWith("/v1/check")).map(({ path }) => path.split("?")[1] ?? "");

it("says its role, its priority and what its peer runs with the check at which they are given, and with all that follow", async () => {
	await run("check", "--ha-role", "active", "--ha-priority", "200", "--ha-peer", "crs@4.26.0,threats");
	const words = "ha_role=active&ha_priority=200&ha_peer=crs@4.26.0,threats";
	expect(asked()).toEqual([words]);
	await run("update");
	await run("check");
	expect(asked().slice(1)).toEqual([words, `installed=crs@4.27.0&${words}`]);
});

it("changes what is given and keeps the rest; the same again is answered 304", async () => {
	await run("check", "--ha-role", "active", "--ha-priority", "7");
	await run("check", "--ha-role", "passive");
	expect((await run("check", "--ha-role", "passive")).stdout).toContain("304");
	expect(asked()).toEqual(["ha_role=active&ha_priority=7", ...Array(2).fill("ha_role=passive&ha_priority=7")]);
});

it("says nothing once it is told to forget, or is deactivated", async () => {
	await run("check", "--ha-role", "active");
	await run("check", "--no-ha");
	await run("check", "--ha-role", "passive");
	await run("deactivate");
	expect(await openHome(folder).load("ha")).toBeNull();
	expect(asked()).toEqual(["ha_role=active", "", "ha_role=passive"]);
});

it.each([
	["--ha-role", "master"],
	["--ha-priority", "256"],
	["--ha-priority", "low"],
	["--ha-peer", "crs@"],
])("%s %s is refused before anything is asked or kept", async (option, value) => {
	const refused = await run("check", option, value);
	expect(refused.exitCode).toBe(2);
	expect(refused.stderr).toContain(option);
	expect([asked(), await openHome(folder).load("ha")]).toEqual([[], null]);
});
