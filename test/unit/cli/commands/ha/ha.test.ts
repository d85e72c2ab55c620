// `parapet ha …` against a server that remembers what it is asked: which request each command makes, and what it shows.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../support/run-cli.ts";

const ACCOUNT = "acct-0123456789abcdef";
const GROUP = "hag-0123456789-01234567";
const DEVICE = "dev-0123456789-0123456789abcdef";
const TOLD = {
	...{ ha_group: GROUP, name: "Berlin edge", mode: "active-passive", license: "lic-01234567", holds_seat: true },
	devices: [
		{
			...{ device: DEVICE, status: "active", serial: "FW-1", model: "PA-440" },
			...{ role: "active", priority: 200, versions: { crs: "4.27.0" }, reported_at: "2026-11-21T00:00:00Z" },
		},
	],
	...{ active: DEVICE, split_brain_since: null },
	skew: [
		{ product: "crs", since: "2026-11-21T00:00:00Z", told: false, versions: [{ device: DEVICE, version: "4.27.0" }] },
	],
};
const SHOWN = `HA group ${GROUP} (Berlin edge): active-passive, 1 device, one seat of lic-01234567`;

let server: Server;
let url: string;
let asked: { method: string; path: string; body: unknown }[];
let answers: { status: number; body: unknown }[];
beforeEach(async () => {
	asked = [];
	answers = [];
	server = createServer((request, response) => {
		const parts: Buffer[] = [];
		request.on("data", (part: Buffer) => parts.push(part));
		request.on("end", () => {
			const text = Buffer.concat(parts).toString();
			asked.push({
				method: request.method ?? "",
				path: request.url ?? "",
				body: text === "" ? null : JSON.parse(text),
			});
			const { status, body } = answers.shift() ?? { status: 200, body: TOLD };
			response.writeHead(status, { "content-type": "application/json" });
			response.end(status === 204 ? undefined : JSON.stringify(body));
		});
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
	await new Promise((resolve) => server.close(resolve));
});
const run = (...args: string[]) => runCli([...args, "--url", url, "--key", "pk_0"]);
const path = `/v1/accounts/${ACCOUNT}/ha-groups`;

describe("parapet ha", () => {
	it("unlock says that there is nothing to unlock", async () => {
		answers = [{ status: 200, body: { ...TOLD, changed: false } }];
		const told = await run("ha", "unlock", ACCOUNT, GROUP, "--product", "crs", "--reason", "a test", "--yes");
		expect(told).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("nothing of crs is held up there") });
	});

	it.each<[string, string[], object]>([
		[
			"create",
			[ACCOUNT, "Berlin edge", "--license", "lic-01234567", "--mode", "active-passive", "--devices", DEVICE],
			{
				method: "POST",
				path,
				body: { name: "Berlin edge", mode: "active-passive", license: "lic-01234567", devices: [DEVICE] },
			},
		],
		[
			"change",
			[ACCOUNT, GROUP, "--skew-limit-hours", "48"],
			{ method: "PATCH", path: `${path}/${GROUP}`, body: { skew_limit_hours: 48 } },
		],
		["change", [ACCOUNT, GROUP, "--no-sync"], { method: "PATCH", path: `${path}/${GROUP}`, body: { sync: false } }],
		[
			"unlock",
			[ACCOUNT, GROUP, "--product", "crs", "--reason", "disk replaced", "--yes"],
			{ method: "POST", path: `${path}/${GROUP}/unlock`, body: { product: "crs", reason: "disk replaced" } },
		],
		["add", [ACCOUNT, GROUP, DEVICE], { method: "PUT", path: `${path}/${GROUP}/devices/${DEVICE}`, body: null }],
		["remove", [ACCOUNT, GROUP, DEVICE], { method: "DELETE", path: `${path}/${GROUP}/devices/${DEVICE}`, body: null }],
	])("%s makes one request and says what the group is now", async (verb, operands, request) => {
		expect(await run("ha", verb, ...operands)).toEqual({ exitCode: 0, stderr: "", stdout: `${SHOWN}\n` });
		expect(asked).toEqual([request]);
	});

	it("show lists the devices with what they say of themselves, and where they differ", async () => {
		const { stdout } = await run("ha", "show", ACCOUNT, GROUP);
		expect(stdout).toBe(`${SHOWN}
DEVICE                           STATUS  MODEL   SERIAL  ROLE    PRIORITY  RUNS        SAYS SO SINCE
${DEVICE}  active  PA-440  FW-1    active  200       crs@4.27.0  2026-11-21T00:00:00Z
crs differs since 2026-11-21T00:00:00Z: 4.27.0 on ${DEVICE}
`);
	});

	it("list reads every page", async () => {
		answers = [
			{ status: 200, body: { ha_groups: [TOLD], next: GROUP } },
			{ status: 200, body: { ha_groups: [{ ...TOLD, name: "two" }], next: null } },
		];
		const { stdout } = await run("ha", "list", ACCOUNT);
		expect(stdout.trim().split("\n")).toHaveLength(3);
		expect(asked.map((one) => one.path)).toEqual([path, `${path}?after=${GROUP}`]);
	});

	it("delete says that it is gone, and a refusal what stands in the way", async () => {
		answers = [
			{ status: 204, body: null },
			{ status: 409, body: { code: "conflict", title: "no", status: 409, detail: "too few seats", fix: "add seats" } },
		];
		expect(await run("ha", "delete", ACCOUNT, GROUP)).toMatchObject({
			exitCode: 0,
			stdout: `HA group ${GROUP} is removed\n`,
		});
		const refused = await run("ha", "delete", ACCOUNT, GROUP);
		expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("too few seats") });
	});

	it("remove of a device that is not in the group fails, and add of one that is in it does not", async () => {
		answers = [{ status: 200, body: { ...TOLD, changed: false } }];
		const removed = await run("ha", "remove", ACCOUNT, GROUP, DEVICE);
		expect(removed).toMatchObject({ exitCode: 1, stdout: "" });
		expect(removed.stderr).toContain(`could not remove ${DEVICE}: it is not in ${GROUP}`);
		answers = [{ status: 200, body: { ...TOLD, changed: false } }];
		expect(await run("ha", "add", ACCOUNT, GROUP, DEVICE)).toMatchObject({ exitCode: 0 });
	});

	it("asks nothing when there is nothing to change, or what is named is no group", async () => {
		expect(await run("ha", "change", ACCOUNT, GROUP)).toMatchObject({ exitCode: 2 });
		expect(await run("ha", "show", ACCOUNT, "lic-01234567")).toMatchObject({ exitCode: 2 });
		expect(asked).toEqual([]);
	});
});

describe("a refusal", () => {
	it("is shown with every field that is wrong", async () => {
		const problem = { title: "Not the form", status: 422, code: "invalid_request", fix: "Correct the fields" };
		const errors = [
			{ field: "skew_limit_hours", message: "too small" },
			{ field: "", message: "unrecognized key" },
		];
		answers = [{ status: 422, body: { ...problem, errors } }];
		const { exitCode, stderr } = await run("ha", "change", ACCOUNT, GROUP, "--skew-limit-hours", "0");
		expect(exitCode).toBe(1);
		expect(stderr).toContain('change hag-0123456789-01234567: --skew-limit-hours "0": too small; unrecognized key\n');
		answers = [{ status: 422, body: { ...problem, errors: "of another form" } }];
		expect((await run("ha", "show", ACCOUNT, GROUP)).stderr).toContain("Not the form\n");
	});
});

describe("parapet device replace", () => {
	const body = { status: "suspended", replaced_by: null, code: "AAAA-BBBB" };

	it("asks for the replacement, and shows the code for the new appliance", async () => {
		answers = [{ status: 201, body }];
		const run1 = await run("device", "replace", DEVICE, "--serial", "FW-2", "--model", "PA-440");
		expect(run1).toMatchObject({
			exitCode: 0,
			stdout: "AAAA-BBBB\n",
			stderr: expect.stringContaining("FW-2 takes its place"),
		});
		const request = { method: "POST", path: `/v1/devices/${DEVICE}/replacement` };
		expect(asked).toEqual([{ ...request, body: { serial: "FW-2", model: "PA-440" } }]);
	});

	it("says who has its place already", async () => {
		answers = [{ status: 200, body: { ...body, status: "revoked", code: null, replaced_by: "dev-2" } }];
		const done = await run("device", "replace", DEVICE, "--serial", "FW-2");
		expect(done).toMatchObject({ exitCode: 0, stdout: `${DEVICE} is replaced by dev-2\n`, stderr: "" });
	});

	it("and account events --device asks for the history of the place", async () => {
		answers = [{ status: 200, body: { events: [], next: "evt-1", more: false } }];
		await run("account", "events", ACCOUNT, "--device", DEVICE);
		expect(asked[0]?.path).toBe(`/v1/accounts/${ACCOUNT}/events?limit=500&device=${DEVICE}`);
	});
});

describe("parapet code create", () => {
	it("takes an HA group instead of a license, and one of the two", async () => {
		answers = [{ status: 201, body: { code: "AAAA" } }];
		expect(await run("code", "create", ACCOUNT, "--ha-group", GROUP)).toMatchObject({ exitCode: 0, stdout: "AAAA\n" });
		expect(asked[0]?.body).toEqual({ ha_group: GROUP });
		const neither = await run("code", "create", ACCOUNT);
		expect(neither).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--ha-group") });
	});
});
