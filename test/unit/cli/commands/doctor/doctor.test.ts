// `parapet doctor`: what it looks at without a key and with one, and when it ends with 1.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../support/run-cli.ts";
import { NOW_MS, type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";
import { type Reply, refuse, type ScriptedServer, startScriptedServer } from "../../support/scripted-server.ts";

let operator: ScriptedOperator;
let replies: Record<string, Reply>;
beforeEach(async () => {
	operator = await startScriptedOperator();
	const reach = { state: "reachable", latency_ms: 3 };
	replies = {
		"/.well-known/parapet": {
			body: {
				...{ issuer: operator.server.url, time: "2026-11-20T12:00:00Z" },
				revocation: {
					...{ bound_seconds: 75, isolate_seconds: 10, location_seconds: 5 },
					stores: [{ store: "kv", propagation_seconds: 60, bound_seconds: 75 }],
				},
				...{ token_ttl_seconds: 3600, url_ttl_seconds: 300, check_interval_seconds: 300, last_good_seconds: 3600 },
				max_package_bytes: 104_857_600,
				max_body_bytes: 104_857_600,
			},
		},
		"/p/name": { body: { value: "v1", spread: 600, emergency: false } },
		"/v1/status": {
			body: {
				stores: [{ store: "kv", heads: 7, state: "current", latency_ms: 3, broken: [] }],
				directory: { heads: 7, settled: true, owners_behind: 0, some_behind: [], ...reach },
				packages: reach,
				keys: { bootstrap: "off", operate: 1 },
				pulse: { url: `${operator.server.url}/p/name`, value: "v1" },
				downloads: null,
			},
		},
	};
	operator.server.answer = ({ path }) => replies[path] ?? refuse(404, "not_found");
});
afterEach(() => operator.close());

/** Without a key. */
const doctor = (...options: string[]) =>
	runCli(["doctor", "--url", operator.server.url, ...options], {}, "/nonexistent", { nowMs: () => NOW_MS });

describe("a service that is well", () => {
	it("is found so from outside, and the inside is not looked at without a key", async () => {
		const run = await doctor();
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(run.stdout).toMatch(/^note {2}inside +not looked at$/m);
		expect(run.stdout).toContain(
			'75 s after the answer "published", or more, since no store has an upper bound: kv 60 + 15 = 75 s',
		);
		expect(operator.asked().map(([, path]) => path)).not.toContain("/v1/status");
	});

	it("is found so from inside with a key", async () => {
		const run = await operator.run("doctor", "--json");
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(JSON.parse(run.stdout)).toMatchObject({ well: true, promises: { revocation: { bound_seconds: 75 } } });
		expect(operator.server.seen.find(({ path }) => path === "/v1/status")?.headers.authorization).toBe("Bearer pk_0");
	});
});

describe("a service that is not well", () => {
	it("has no pulse where it sends devices for one", async () => {
		replies["/p/name"] = refuse(404, "not_found");
		const run = await operator.run("doctor");
		expect(run.exitCode).toBe(1);
		expect(run.stdout).toMatch(/^BAD {2}pulses +none at http:.*: every device checks at its interval$/m);
	});

	it("ends the command with 1, after everything that was found", async () => {
		replies["/v1/status"] = {
			body: { ...(replies["/v1/status"] as { body: object }).body, packages: { state: "down", latency_ms: 0 } },
		};
		const run = await operator.run("doctor");
		expect(run.exitCode).toBe(1);
		expect(run.stdout).toMatch(/^BAD {2}packages +the object storage does not answer$/m);
		expect(run.stderr).toContain("error: the service is not well");
	});

	it.each([
		["has no promises", "/.well-known/parapet", refuse(404, "not_found"), "not_found"],
		["promises something else", "/.well-known/parapet", { body: {} }, "unexpected_answer"],
		["answers neither yes nor no", "/.well-known/parapet", { status: 304 }, "http_304"],
		["answers what is no status", "/v1/status", { body: {} }, "unexpected_answer"],
	] as const)("that %s is said to be so", async (_, path, reply, code) => {
		replies[path] = reply;
		const run = await operator.run("doctor", "--json");
		expect(run).toMatchObject({ exitCode: 1, stdout: "" });
		expect(JSON.parse(run.stderr)).toMatchObject({ error: { code } });
	});
});

describe("downloads from a CDN", () => {
	let cdn: ScriptedServer;
	beforeEach(async () => {
		cdn = await startScriptedServer(() => ({ status: 403, body: "<title>Attention Required!</title>" }));
		const { body } = replies["/v1/status"] as { body: object };
		replies["/v1/status"] = { body: { ...body, downloads: { origin: cdn.url } } };
	});
	afterEach(() => cdn.close());

	it("are tried with the digest of no package, without a MAC and without the key, another at each run", async () => {
		const run = await operator.run("doctor");
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(run.stdout).toMatch(/^ok +downloads +http:\S+ refuses a URL without a MAC$/m);
		await operator.run("doctor");
		expect(cdn.seen.map(({ method }) => method)).toEqual(["GET", "GET"]);
		for (const { path } of cdn.seen) expect(path).toMatch(/^\/packages\/[0-9a-f]{64}$/);
		expect(cdn.seen[0]?.path).not.toBe(cdn.seen[1]?.path);
		expect(cdn.seen[0]?.headers.authorization).toBeUndefined();
	});

	it.each<[string, Reply, string, number]>([
		["that look into the bucket", { status: 404 }, "BAD", 1],
		["that are longer than an answer may be", { body: Buffer.alloc(17 * 1024 * 1024) }, "BAD", 1],
		["that lead elsewhere", { status: 301, headers: { location: "https://a.test/" } }, "note", 0],
		["that nobody answers", "hang up", "note", 0],
	])("%s are marked", async (_, reply, mark, exitCode) => {
		cdn.answer = () => reply;
		const run = await operator.run("doctor");
		expect(run.exitCode).toBe(exitCode);
		expect(run.stdout).toMatch(new RegExp(`^${mark} +downloads +\\S`, "m"));
		expect(run.stdout).toMatch(/^ {2}downloads: .*docs\/operations\.md, Downloads from a CDN$/m);
	});

	it("are unknown where an earlier version of the service answers, and that is no fault", async () => {
		const { body } = replies["/v1/status"] as { body: object };
		replies["/v1/status"] = { body: { ...body, downloads: undefined } };
		const run = await operator.run("doctor");
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(run.stdout).toMatch(/^note +downloads +unknown: this version of the service does not say/m);
	});

	it("are not tried where there is no CDN", async () => {
		const { body } = replies["/v1/status"] as { body: object };
		replies["/v1/status"] = { body: { ...body, downloads: null } };
		expect((await operator.run("doctor")).stdout).not.toContain("downloads");
		expect(cdn.seen).toEqual([]);
	});
});

describe("a key that opens no inside", () => {
	it.each([
		["of too small a scope is a note", refuse(403, "insufficient_scope"), "note", 0],
		["that the service does not know is BAD", refuse(401, "unauthenticated"), "BAD", 1],
		["while the service cannot read keys is BAD", refuse(503, "unavailable"), "BAD", 1],
	] as const)("%s, beside all that is seen from outside", async (_, reply, mark, exitCode) => {
		replies["/v1/status"] = reply;
		const run = await operator.run("doctor");
		expect(run.exitCode).toBe(exitCode);
		expect(run.stdout).toMatch(new RegExp(`^${mark} +inside +not looked at: \\S`, "m"));
		expect(run.stdout).toMatch(/^ {2}inside: \S/m);
		expect(run.stdout).toMatch(/^ok +issuer .*\nok +clock /m);
		expect(run.stdout).toContain("75 s after");
	});
});

it("a key that was meant and cannot be read is an error, not a look from outside", async () => {
	const run = await doctor("--key-file", "/nonexistent/key");
	expect(run).toMatchObject({ exitCode: 2, stdout: "" });
	expect(run.stderr).toContain("cannot read /nonexistent/key");
	expect((await doctor("--key", "two words")).exitCode).toBe(2);
});
