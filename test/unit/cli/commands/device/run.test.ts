// `parapet device run`: a firewall that updates, waits for news and updates again, until Ctrl-C.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openHome } from "../../../../../cli/firewall/home/state.ts";
import { activateFirewall } from "../../../../../cli/firewall/identity/activation.ts";
import { AUTH_CODE, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer } from "../../support/contract-state.ts";
import { runCli } from "../../support/run-cli.ts";
import { refuse } from "../../support/scripted-server.ts";

interface Line {
	readonly event: string;
	readonly version?: string;
	readonly code?: string;
	readonly woken_by?: string;
	readonly retry_in?: number;
}

let server: ContractServer;
let folder: string;
beforeEach(async () => {
	server = await startContractServer();
	folder = join(await mkdtemp(join(tmpdir(), "parapet-test-")), "firewall");
	const home = openHome(folder);
	await activateFirewall({ home, server: server.url, code: AUTH_CODE, algorithm: "ES256", nowMs: Date.now });
});
afterEach(async () => {
	await server.close();
	await rm(join(folder, ".."), { recursive: true, force: true });
});

/** Runs until it has waited so often, each time with what the test does meanwhile; then as at Ctrl-C. */
async function runFor(
	meanwhile: readonly (() => void | Promise<void>)[],
	nowMs: () => number = Date.now,
): Promise<{ exitCode: number; lines: Line[]; waits: number[] }> {
	const waits: number[] = [];
	const sleep = async (ms: number, signal?: AbortSignal) => {
		waits.push(ms / 1000);
		const next = meanwhile[waits.length - 1];
		if (next !== undefined) return next();
		process.emit("SIGTERM");
		await new Promise((resolve) => setImmediate(resolve));
		signal?.throwIfAborted();
	};
	const { exitCode, stdout } = await runCli(["device", "run", "--json", "--home", folder], {}, folder, {
		sleep,
		nowMs,
	});
	return {
		exitCode,
		lines: stdout
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => JSON.parse(line)),
		waits,
	};
}

const checks = () => server.seen.filter(({ path }) => path.startsWith("/v1/check")).length;

it("installs what is offered, asks again at once, then waits; what comes out meanwhile it installs too", async () => {
	server.release = { version: "4.27.0", bytes: Buffer.from("first") };
	const { exitCode, lines } = await runFor([
		() => {
			server.release = { version: "4.28.0", bytes: Buffer.from("second") };
		},
	]);
	expect(exitCode).toBe(0);
	expect(lines.map(({ event, version }) => [event, version])).toEqual([
		["update", "4.27.0"],
		["waiting", undefined],
		["update", "4.28.0"],
		["waiting", undefined],
	]);
	expect(server.reports.map(({ outcome }) => outcome)).toEqual(["healthy", "healthy"]);
});

it("goes on when the server fails, when it says so for how long, and when the device is refused", async () => {
	server.release = { version: "4.27.0", bytes: Buffer.from("first") };
	const answers = [
		refuse(500, "internal_error"),
		refuse(503, "unavailable", { "retry-after": "17" }),
		refuse(403, "device_refused"),
	];
	const fail = () => {
		const reply = answers.shift() ?? null;
		server.faults.instead = ({ path }) => (path.startsWith("/v1/check") ? reply : null);
	};
	fail();
	const { exitCode, lines, waits } = await runFor([fail, fail, fail]);
	expect(exitCode).toBe(0);
	expect(lines.map(({ event, code }) => code ?? event)).toEqual([
		"internal_error",
		"unavailable",
		"device_refused",
		"update",
		"waiting",
	]);
	const [first = 0, second = 0, third] = waits;
	expect([first >= 30 && first <= 60, second >= 60 && second <= 120, third]).toEqual([true, true, 300]);
});

it("outlasts login pages, proxies that refuse, a clock that is not set yet, and a disk that is full", async () => {
	server.release = { version: "4.27.0", bytes: Buffer.from("first") };
	const page = { headers: { "content-type": "text/html" }, body: "<h1>Please log in</h1>" };
	const steps: readonly (() => void | Promise<void>)[] = [
		() => {
			server.faults.instead = () => ({ ...page, status: 302 });
		},
		() => {
			server.faults.instead = () => ({ ...page, status: 407 });
		},
		() => {
			server.faults = { serverTime: 1 };
		},
		async () => {
			server.faults = {};
			await mkdir(join(folder, `token.json.${process.pid}.new`));
		},
		() => rm(join(folder, `token.json.${process.pid}.new`), { recursive: true }),
	];
	server.faults.instead = () => page;
	const { exitCode, lines, waits } = await runFor(steps);
	expect(exitCode).toBe(0);
	expect(lines.map(({ event, code }) => code ?? event)).toEqual([
		"unexpected_answer",
		"unexpected_answer",
		"http_407",
		"invalid_client",
		"disk",
		"update",
		"waiting",
	]);
	const [first = 0, second = 0, ...others] = waits.slice(0, 5);
	expect([first >= 30 && first <= 60, second >= 60 && second <= 120, others]).toEqual([true, true, [300, 300, 300]]);
});

it("looks at all that is installed when it starts, and asks for what is damaged", async () => {
	server.release = { version: "4.27.0", bytes: Buffer.from("first") };
	await runFor([]);
	const path = join(folder, "packages", "crs", "4.27.0", "crs-4.27.0.tar");
	await writeFile(path, "FIRST");
	const { lines } = await runFor([]);
	expect(lines.map(({ event }) => event)).toEqual(["damaged", "update", "waiting"]);
	expect(await readFile(path, "utf8")).toBe("first");
});

it("does not fetch a damaged release at every check, and takes another at once", async () => {
	server.release = { version: "4.27.0", bytes: Buffer.from("first") };
	server.faults.corrupt = true;
	const downloads = () => server.seen.filter(({ path }) => path.startsWith("/d/")).length;
	const fetched: number[] = [];
	let nowMs = Date.now();
	const after = (minutes: number) => () => {
		fetched.push(downloads());
		nowMs += minutes * 60_000;
	};
	const { lines } = await runFor(
		[
			after(9),
			after(1),
			after(19),
			after(1),
			() => {
				fetched.push(downloads());
				server.faults = {};
				server.release = { version: "4.27.1", bytes: Buffer.from("second") };
			},
		],
		() => nowMs,
	);
	expect(fetched).toEqual([1, 1, 2, 2, 3]);
	expect(lines.filter(({ event }) => event === "update")).toMatchObject([
		{ ok: false, reason: "digest_mismatch", retry_in: 600 },
		{ ok: false, reason: "digest_mismatch", retry_in: 1200 },
		{ ok: false, reason: "digest_mismatch", retry_in: 2400 },
		{ ok: true, version: "4.27.1" },
	]);
});

it("ends at Ctrl-C in the middle of a download, and goes on with it the next time", async () => {
	server.release = { version: "4.27.0", bytes: Buffer.alloc(1_000_000, "first") };
	server.faults.holdAt = 600_000;
	const hasPart = async () => {
		const [name] = await readdir(join(folder, "downloads")).catch(() => []);
		return name !== undefined && (await stat(join(folder, "downloads", name))).size > 0;
	};
	const interrupt = async () => {
		while (!(await hasPart())) await new Promise((resolve) => setImmediate(resolve));
		process.emit("SIGTERM");
	};
	const [ended] = await Promise.all([runFor([]), interrupt()]);
	expect(ended).toMatchObject({ exitCode: 0, lines: [], waits: [] });
	expect(await hasPart()).toBe(true);
	server.faults = {};
	const { lines } = await runFor([]);
	expect(lines[0]).toMatchObject({ event: "update", ok: true, resumed_from: expect.any(Number) });
});

it("comes back after an hour, however long something on the way asks to be left alone", async () => {
	const busy = refuse(503, "unavailable", { "retry-after": String(400 * 86_400) });
	server.faults.instead = () => busy;
	expect((await runFor([() => {}])).waits).toEqual([3600, 3600]);
});

it("comes back when the service asks for it, and later and later where it still does not work", async () => {
	const busy = refuse(503, "unavailable", { "retry-after": "17" });
	server.faults.instead = () => busy;
	const { waits } = await runFor([() => {}, () => {}, () => {}, () => {}, () => {}]);
	expect(waits[0]).toBe(17);
	for (const [index, longest] of [120, 240, 270, 270, 270].entries()) {
		expect(waits[index + 1]).toBeGreaterThanOrEqual(longest / 2);
		expect(waits[index + 1]).toBeLessThanOrEqual(longest);
	}
});

it("ends when asking again mends nothing", async () => {
	server.faults.instead = ({ path }) => (path.startsWith("/v1/check") ? refuse(422, "invalid_request") : null);
	const { exitCode, waits } = await runFor([]);
	expect([exitCode, waits]).toEqual([1, []]);
});

it("asks again for a release that has not come yet when the service says, and no later than it would anyway", async () => {
	server.release = { version: "4.27.0", bytes: Buffer.from("first") };
	const pauses = ["90", "3600"];
	server.faults.instead = ({ path }) => {
		const pause = path === "/v1/permits" ? pauses.shift() : undefined;
		return pause === undefined ? null : refuse(409, "exposure_limited", { "retry-after": pause });
	};
	const { exitCode, lines, waits } = await runFor([() => {}, () => {}]);
	expect(exitCode).toBe(0);
	expect(waits.slice(0, 2)).toEqual([90, 300]);
	expect(lines.map(({ event, retry_in: seconds }) => [event, seconds])).toEqual([
		["update", undefined],
		["waiting", 90],
		["update", undefined],
		["waiting", 300],
		["update", undefined],
		["waiting", undefined],
	]);
	expect(server.reports.map(({ outcome }) => outcome)).toEqual(["healthy"]);
});

it("does not ask again after an update whose answer said for how long there is nothing to ask", async () => {
	server.release = { version: "4.27.0", bytes: Buffer.from("first") };
	server.quietSeconds = 20_000;
	const { lines, waits } = await runFor([() => {}]);
	expect(lines.map(({ event }) => event)).toEqual(["update", "waiting"]);
	expect(checks()).toBe(1);
	// It reads pulses.
	expect(waits).toEqual([45, 45]);
});

it.each<[string, () => void, number]>([
	[
		"what was offered could not be fetched",
		() => {
			server.faults.refusePermits = true;
		},
		300,
	],
	[
		"its report still waits",
		() => {
			server.faults.dropReports = true;
		},
		300,
	],
])("keeps to its interval where %s", async (_, break_, seconds) => {
	server.release = { version: "4.27.0", bytes: Buffer.from("first") };
	server.quietSeconds = 20_000;
	break_();
	const { waits } = await runFor([]);
	expect(waits.at(-1)).toBe(seconds);
});
