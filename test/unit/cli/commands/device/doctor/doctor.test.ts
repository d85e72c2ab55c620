// `parapet device doctor` against the service's own routes, with a network in between that does to them what networks do.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { listenLocally } from "../../../../../../dev/redis/listening.ts";
import { createApp } from "../../../../../../src/app.ts";
import { openScope } from "../../../../../../src/request-scope.ts";
import type { Services } from "../../../../../../src/services.ts";
import { runCli } from "../../../support/run-cli.ts";

const context = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} } as unknown as ExecutionContext;
const app = createApp();
let folder: string;
let home: string;
let server: Server;
let origin: string;
let issuer: string;
let pulses: string | null;
/** header fields of requests that do not arrive */
let lost: string[];
let mangle: (answer: Response, request: IncomingMessage) => Response | Promise<Response>;

/** The service as far as it needs no object: routes, and the settings that discovery reads. */
const respond: RequestListener = async (incoming, outgoing) => {
	const url = `${origin}${incoming.url ?? "/"}`;
	const given = Object.entries(incoming.headers).filter(([name]) => !lost.includes(name));
	const headers = new Headers(given.map(([name, value]) => [name, String(value)]));
	const request = new Request(url, { method: incoming.method ?? "GET", headers });
	const config = {
		mutualTls: null,
		...{
			issuer,
			isLocal: true,
			pulseOrigin: pulses,
			downloadCdn: null,
			s3: null,
			recordStores: ["kv"],
			headsFreshSeconds: 5,
		},
		...{
			tokenTtlSeconds: 60,
			urlTtlSeconds: 60,
			checkIntervalSeconds: 60,
			lastGoodSeconds: 60,
			maxPackageBytes: 1_000,
		},
	};
	const scope = openScope({ config } as unknown as Services, request as never, context, Date.now());
	const answer = await mangle(await app.fetch(request, scope, context), incoming);
	outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
	outgoing.end(Buffer.from(await answer.arrayBuffer()));
};

const close = (closing: Server) =>
	new Promise<void>((resolve) => {
		closing.close(() => resolve());
		closing.closeAllConnections();
	});

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	home = join(folder, "firewall");
	server = createServer(respond);
	await listenLocally(server, 0);
});
beforeEach(() => {
	const address = server.address();
	origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
	issuer = origin;
	pulses = null;
	lost = [];
	mangle = (answer) => answer;
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => {
	await close(server);
	await rm(folder, { recursive: true });
});

async function doctor(options: readonly string[] = [], ahead = 0) {
	const args = ["device", "doctor", "--json", "--url", origin, "--home", home, ...options];
	const run = await runCli(args, {}, "/nonexistent", { nowMs: () => Date.now() + ahead * 1000 });
	const { findings, well } = JSON.parse(run.stdout) as {
		well: boolean;
		findings: { verdict: string; what: string; finding: string; fix?: string }[];
	};
	const bad = findings.filter(({ verdict }) => verdict === "bad");
	expect(run.exitCode).toBe(well ? 0 : 1);
	// Whatever is bad comes with what to change, in a line.
	for (const { fix } of bad) expect(fix).toMatch(/^[^\n]{10,}$/);
	return {
		findings,
		well,
		bad: bad.map(({ what }) => what),
		find: (name: string) => findings.find(({ what }) => what === name),
	};
}

const changed = async (answer: Response, change: (headers: Headers) => void, status = answer.status) => {
	const headers = new Headers(answer.headers);
	change(headers);
	return new Response(answer.status === 304 ? null : await answer.arrayBuffer(), { status, headers });
};
const ofSample = (request: IncomingMessage) => request.url === "/v1/echo/sample";

describe("with nothing in between, all is well", () => {
	it("on a firewall that was never activated, and nothing is left behind", async () => {
		const { well, findings } = await doctor();
		expect(well).toBe(true);
		expect(findings.map(({ what }) => what).join(" ")).toBe(
			"proxy dns tcp service headers clock download range etag unchanged disk",
		);
		expect(await readdir(home)).toEqual([]);
	});

	it("and people read a table", async () => {
		const run = await runCli(["device", "doctor", "--url", origin, "--home", home]);
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(run.stdout).toMatch(/^ok +headers +all arrive$/m);
	});
});

describe("something in between is found where it", () => {
	it.each(["authorization", "dpop", "if-none-match", "range"])("takes the header field %s away", async (name) => {
		lost = [name];
		const { find, bad } = await doctor();
		expect(bad).toContain("headers");
		expect(find("headers")?.fix?.toLowerCase()).toContain(name);
	});

	it("takes ETag away", async () => {
		mangle = (answer, request) => (ofSample(request) ? changed(answer, (headers) => headers.delete("etag")) : answer);
		expect((await doctor()).bad).toEqual(["etag"]);
	});

	it("gives the whole where a part was asked for", async () => {
		lost = ["range"];
		expect((await doctor()).bad).toEqual(["headers", "range"]);
	});

	it("rewrites what is downloaded", async () => {
		mangle = (answer, request) => (ofSample(request) && answer.status === 200 ? new Response("<html>") : answer);
		expect((await doctor()).bad).toEqual(["download", "etag"]);
	});

	it("answers from a cache of its own", async () => {
		mangle = (answer, request) =>
			ofSample(request) && answer.status === 304 ? changed(answer, () => {}, 200) : answer;
		expect((await doctor()).bad).toEqual(["unchanged"]);
	});

	it.each([
		["a login page", () => new Response("<html>log in</html>", { headers: { "content-type": "text/html" } })],
		["a redirection", () => new Response(null, { status: 302, headers: { location: "https://login.example.com/" } })],
		["an error of a proxy", () => new Response("blocked", { status: 403 })],
	])("answers with %s", async (_, answered) => {
		mangle = answered;
		expect((await doctor()).bad).toEqual(["service"]);
	});
});

describe("what is wrong here is found where", () => {
	it.each([
		[3_600, "ahead of"],
		[-90, "behind"],
	])("the clock is off by %i s", async (ahead, words) => {
		const { find, bad } = await doctor([], ahead);
		expect(bad).toEqual(["clock"]);
		expect(find("clock")?.finding).toMatch(new RegExp(`^\\d+ s ${words} the service$`));
	});

	it("the home cannot be written", async () => {
		const file = join(folder, "file");
		await writeFile(file, "");
		const { bad } = await doctor(["--home", join(file, "home")]);
		expect(bad).toEqual(["disk"]);
	});

	it("nobody listens", async () => {
		const free = createServer();
		const port = await listenLocally(free, 0);
		await close(free);
		expect((await doctor(["--url", `http://127.0.0.1:${port}`])).bad).toEqual(["tcp"]);
	});

	it("the name leads nowhere", async () => {
		expect((await doctor(["--url", "https://nowhere.invalid"])).bad).toEqual(["dns"]);
	});

	it("the service is known by another name", async () => {
		issuer = "https://updates.example.com";
		const { find, bad } = await doctor();
		expect(bad).toEqual(["service"]);
		expect(find("service")?.finding).toContain("seen from");
	});

	it("another host that discovery names does not answer", async () => {
		const free = createServer();
		pulses = `http://127.0.0.1:${await listenLocally(free, 0)}`;
		await close(free);
		expect((await doctor()).bad).toEqual(["tcp"]);
	});
});

describe("a certificate of a private authority", () => {
	let secure: Server;
	beforeAll(async () => {
		const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "ca.pem")];
		const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
		const names = ["-subj", "/O=Acme Inspection/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
		await promisify(execFile)("openssl", ["req", "-x509", ...kind, ...files, ...names]);
		const [key, cert] = await Promise.all([readFile(join(folder, "key.pem")), readFile(join(folder, "ca.pem"))]);
		secure = createTlsServer({ key, cert }, respond);
		await listenLocally(secure, 0);
	});
	beforeEach(() => {
		const address = secure.address();
		origin = `https://localhost:${typeof address === "object" ? address?.port : ""}`;
		issuer = origin;
	});
	afterAll(() => close(secure));

	it("that nobody knows is named, and nothing is sent over such a connection", async () => {
		const asked: (string | undefined)[] = [];
		mangle = (answer, { method, url, headers }) => {
			asked.push(`${method} ${url} ${headers.authorization ?? "-"}`);
			return answer;
		};
		const { find, bad } = await doctor();
		expect(bad).toEqual(["tls"]);
		expect(find("tls")?.finding).toContain("certificate of Acme Inspection, localhost");
		expect(find("tls")?.fix).toContain("PARAPET_CA_FILE");
		expect(asked).toEqual(["HEAD / -"]);
	});

	it("that is named to the firewall is believed, and said to be inspection", async () => {
		const file = join(folder, "ca.pem");
		vi.stubEnv("PARAPET_CA_FILE", file);
		const args = ["device", "doctor", "--json", "--url", origin, "--home", home];
		const run = await runCli(args, { PARAPET_CA_FILE: file });
		expect(run.exitCode).toBe(0);
		expect(run.stdout).toContain("believed by PARAPET_CA_FILE alone");
	});
});
