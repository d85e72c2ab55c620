// By which way the CLI reaches a server: with a real CONNECT proxy and a private CA on loopback, and the command as it is started.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Duplex, pipeline } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { proxyFor } from "../../../../cli/http/route.ts";
import { listenLocally } from "../../../../dev/redis/listening.ts";

const run = promisify(execFile);
const PARAPET = join(import.meta.dirname, "../../../../bin/parapet.mjs");
const URL_ASKED = "https://updates.test";

describe("the proxy for https://updates.acme.test", () => {
	const proxy = "http://proxy.acme.test:3128";
	it.each<[string, Record<string, string>, string | null]>([
		["is none where none is named", {}, null],
		["is that of HTTPS_PROXY", { HTTPS_PROXY: proxy }, `${proxy}/`],
		["is not that of HTTP_PROXY", { HTTP_PROXY: proxy }, null],
		["is that of small letters first", { https_proxy: proxy, HTTPS_PROXY: "http://other.test" }, `${proxy}/`],
		["may be named without a scheme", { HTTPS_PROXY: "proxy.acme.test:3128" }, `${proxy}/`],
		["is none where the value is empty", { HTTPS_PROXY: "" }, null],
		["is none for a host in NO_PROXY", { HTTPS_PROXY: proxy, NO_PROXY: "a.test, updates.acme.test" }, null],
		["is none below a domain in NO_PROXY", { HTTPS_PROXY: proxy, NO_PROXY: ".acme.test" }, null],
		["is none below a bare domain in NO_PROXY", { HTTPS_PROXY: proxy, no_proxy: "ACME.test" }, null],
		["is none for that port in NO_PROXY", { HTTPS_PROXY: proxy, NO_PROXY: "updates.acme.test:443" }, null],
		["is used where NO_PROXY has another port", { HTTPS_PROXY: proxy, NO_PROXY: "acme.test:8443" }, `${proxy}/`],
		["is used where a name in NO_PROXY only ends alike", { HTTPS_PROXY: proxy, NO_PROXY: "me.test" }, `${proxy}/`],
		["is none where NO_PROXY is a star", { HTTPS_PROXY: proxy, NO_PROXY: "*" }, null],
	])("%s", (_, env, expected) => {
		expect(proxyFor(new URL("https://updates.acme.test/v1/check"), env)?.href ?? null).toBe(expected);
	});

	it.each(["socks5://user:hunter2@proxy.test:1080", "http://"])("is refused as %s, without its password", (value) => {
		const refused = () => proxyFor(new URL("https://updates.acme.test"), { HTTPS_PROXY: value });
		expect(refused).toThrow("HTTPS_PROXY is not the URL of an HTTP proxy");
		expect(refused).not.toThrow("hunter2");
	});

	it("is never between this machine and itself", () => {
		for (const host of ["127.0.0.1:8787", "localhost", "[::1]:80"]) {
			expect(proxyFor(new URL(`http://${host}`), { HTTP_PROXY: proxy })).toBeNull();
		}
	});
});

describe("parapet account list, with HTTPS_PROXY", () => {
	let folder: string;
	let service: ReturnType<typeof createTlsServer>;
	let proxy: Server;
	let proxyPort: number;
	const proxied = new Set<Duplex>();
	const tunnels: { to: string | undefined; credentials: string | undefined }[] = [];
	let answers: "tunnel" | "407" = "tunnel";

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
		const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "ca.pem")];
		const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
		const names = ["-subj", "/CN=updates.test", "-addext", "subjectAltName=DNS:updates.test"];
		await run("openssl", ["req", "-x509", ...kind, ...files, ...names]);
		const [key, cert] = await Promise.all([readFile(join(folder, "key.pem")), readFile(join(folder, "ca.pem"))]);
		service = createTlsServer({ key, cert }, (_, response) => {
			response.writeHead(200, { "content-type": "application/json" }).end('{"accounts":[],"next":null}');
		});
		const servicePort = await listenLocally(service, 0);
		proxy = createHttpServer();
		proxy.on("connect", ({ url, headers }, socket) => {
			socket.on("error", () => {});
			proxied.add(socket);
			tunnels.push({ to: url, credentials: headers["proxy-authorization"] });
			if (answers === "407") {
				socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
				return;
			}
			const onward = connect(servicePort, "127.0.0.1", () => {
				socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
				pipeline(socket, onward, socket, () => {});
			});
		});
		proxyPort = await listenLocally(proxy, 0);
	});
	beforeEach(() => {
		tunnels.length = 0;
		answers = "tunnel";
	});
	afterAll(async () => {
		for (const socket of proxied) socket.destroy();
		service.closeAllConnections();
		await Promise.all([once(service.close(), "close"), once(proxy.close(), "close")]);
		await rm(folder, { recursive: true });
	});

	const list = (more: Record<string, string> = {}) => {
		const named = {
			HTTPS_PROXY: `http://user:hunter2@127.0.0.1:${proxyPort}`,
			PARAPET_CA_FILE: join(folder, "ca.pem"),
		};
		const env: NodeJS.ProcessEnv = { ...process.env, PARAPET_KEY: "k".repeat(43), ...named, ...more };
		return run(process.execPath, [PARAPET, "account", "list", "--url", URL_ASKED, "--json"], { env }).then(
			({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
			(error) => ({ code: error.code, output: error.stdout + error.stderr }),
		);
	};

	it("goes through the proxy, with its credentials, to a server of a private CA", async () => {
		expect(await list()).toMatchObject({ code: 0, output: expect.stringContaining("[]") });
		const credentials = `Basic ${Buffer.from("user:hunter2").toString("base64")}`;
		expect(tunnels).toEqual([{ to: "updates.test:443", credentials }]);
	});

	it("says that a proxy refused, and which, without its password", async () => {
		answers = "407";
		const { code, output } = await list();
		expect(code).not.toBe(0);
		expect(output).toContain(`through the proxy http://127.0.0.1:${proxyPort}`);
		expect(output).toContain("407");
		expect(output).not.toContain("hunter2");
	});

	it("says that a proxy is not there, without its password", async () => {
		const { code, output } = await list({ HTTPS_PROXY: "http://user:hunter2@127.0.0.1:1" });
		expect(code).not.toBe(0);
		expect(output).toContain("through the proxy http://127.0.0.1:1: connection refused");
		expect(output).not.toContain("hunter2");
	});

	it("believes no private CA that is not named, and says how to name it", async () => {
		const { code, output } = await list({ PARAPET_CA_FILE: "" });
		expect(code).not.toBe(0);
		expect(output).toContain("PARAPET_CA_FILE");
	});

	it("takes Node's own NODE_EXTRA_CA_CERTS too", async () => {
		const { code } = await list({ PARAPET_CA_FILE: "", NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") });
		expect(code).toBe(0);
	});

	it("says what time it has where a certificate is good at another", async () => {
		const file = (name: string) => join(folder, name);
		await writeFile(
			file("ca.cnf"),
			`[ca]\ndefault_ca=x\n[x]\ndatabase=${file("index")}\nserial=${file("serial")}\nnew_certs_dir=${folder}\n` +
				"default_md=sha256\npolicy=p\nrand_serial=yes\n[p]\ncommonName=supplied\n[req]\ndistinguished_name=n\n[n]\n",
		);
		await writeFile(file("index"), "");
		await run("openssl", [
			"req",
			"-new",
			"-key",
			file("key.pem"),
			"-subj",
			"/CN=updates.test",
			"-out",
			file("csr.pem"),
		]);
		const good = { key: await readFile(file("key.pem")), cert: await readFile(file("ca.pem")) };
		for (const [from, to] of [
			["20010101000000Z", "20020101000000Z"],
			["21010101000000Z", "21020101000000Z"],
		] as const) {
			const keys = ["-keyfile", file("key.pem"), "-in", file("csr.pem"), "-out", file("other.pem")];
			const dates = ["-startdate", from, "-enddate", to];
			await run("openssl", ["ca", "-batch", "-selfsign", "-config", file("ca.cnf"), ...keys, ...dates]);
			await writeFile(file("index"), "");
			service.setSecureContext({ ...good, cert: await readFile(file("other.pem")) });
			const { code, output } = await list({ PARAPET_CA_FILE: file("other.pem") });
			expect(code).not.toBe(0);
			expect(output).toMatch(/this machine's clock says \d{4}-.*: if that is wrong, set it \(NTP\)/);
		}
		service.setSecureContext(good);
	});

	it.each([
		["is not there", "nosuch.pem", "there is no such file"],
		["holds no certificate", "key.pem", "has no certificate"],
	])("refuses a file of certificates that %s", async (_, file, why) => {
		const { code, output } = await list({ PARAPET_CA_FILE: join(folder, file) });
		expect(code).not.toBe(0);
		expect(output).toContain(why);
		expect(tunnels).toEqual([]);
	});

	it("goes without the proxy to a host in NO_PROXY", async () => {
		const { output } = await list({ NO_PROXY: ".test" });
		expect(output).not.toContain("through the proxy");
		expect(tunnels).toEqual([]);
	});
});
