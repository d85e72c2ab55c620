// `parapet license usage` against a server that remembers what it is asked: what it asks for, and what it shows.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runCli } from "../../support/run-cli.ts";

const ACCOUNT = "acct-0123456789abcdef";
const LICENSE = "lic-01234567";
const USAGE = {
	...{ license: LICENSE, status: "active", kind: "elastic", overage: "allow" },
	...{ seats: 10, taken: 12, free: 0, over: 2, taken_by_ha_groups: 1 },
	devices: { active: 13, suspended: 2, deactivated: 0, revoked: 0 },
	ends: [{ ends_at: "2027-01-01T00:00:00Z", days_left: 40, products: ["crs"] }],
	refused_last_day: 3,
	peaks: [
		{ day: "2026-11-19", taken: 9 },
		{ day: "2026-11-20", taken: 14 },
		{ day: "2026-11-21", taken: 12 },
	],
};

let server: Server;
let url: string;
let asked: string[];
let answer: unknown;
beforeEach(async () => {
	asked = [];
	server = createServer((request, response) => {
		asked.push(`${request.method} ${request.url}`);
		response.writeHead(200, { "content-type": "application/json" });
		response.end(JSON.stringify(answer));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
	await new Promise((resolve) => server.close(resolve));
});
const run = (...args: string[]) => runCli(["license", "usage", ...args, "--url", url, "--key", "pk_0"]);

it("shows one license as a line", async () => {
	answer = USAGE;
	const { stdout } = await run(ACCOUNT, LICENSE);
	expect(asked).toEqual([`GET /v1/accounts/${ACCOUNT}/licenses/${LICENSE}/usage`]);
	expect(stdout.trim().split("\n")).toEqual([
		"LICENSE       STATUS  KIND     SEATS  TAKEN  FREE  OVER  BY HA  DEVICES                 ENDS IN  REFUSED 24H  PEAK",
		"lic-01234567  active  elastic  10     12     0     2     1      13 active, 2 suspended  40 days  3            14 on 2026-11-20",
	]);
});

it("shows every license where none is named, and as it came with --json", async () => {
	answer = { licenses: [USAGE, { ...USAGE, license: "lic-89abcdef", devices: {}, peaks: [] }] };
	const { stdout } = await run(ACCOUNT, "--days", "90", "--json");
	expect(asked).toEqual([`GET /v1/accounts/${ACCOUNT}/usage?days=90`]);
	expect(JSON.parse(stdout)).toEqual(answer);
	expect((await run(ACCOUNT)).stdout.trim().split("\n")).toHaveLength(3);
});

it("says of a license whose end has come that it has ended", async () => {
	answer = { ...USAGE, ends: [{ ends_at: "2026-11-20T00:00:00Z", days_left: null, products: ["crs"] }] };
	expect((await run(ACCOUNT, LICENSE)).stdout).toContain("  ended  ");
});

it("says that there is no license", async () => {
	answer = { licenses: [] };
	expect((await run(ACCOUNT)).stdout.trim()).toBe("(none)");
});

it("refuses what is no license, and asks nobody", async () => {
	const { exitCode, stderr } = await run(ACCOUNT, "gold");
	expect([exitCode, asked]).toEqual([2, []]);
	expect(stderr).toContain("license");
});
