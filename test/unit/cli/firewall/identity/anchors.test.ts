// What the firewall tells of what its updates rest on: the TLS root at which verification ended, by a real server and real certificates,
// and when it tells.
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { areAnchorsDue, describeAnchors, tlsRootOf } from "../../../../../cli/firewall/identity/anchors.ts";
import { openReply } from "../../../../../cli/http/exchange.ts";
import { listenLocally } from "../../../../../dev/redis/listening.ts";
import { readAnchors, type TlsRoot } from "../../../../../src/fleet/trust-anchors.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";
import { startScriptedServer } from "../../support/scripted-server.ts";

const run = promisify(execFile);
const NOW = 1_790_000_000;
const DAY = 86_400;

describe("the TLS root", () => {
	let folder: string;
	let service: ReturnType<typeof createServer>;
	let port: number;
	let pem: Readonly<Record<"old" | "young", string>>;
	const file = (name: string) => join(folder, name);

	/** A young root, which an old one has signed too; the server sends that cross-signed one with its own certificate. */
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
		const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
		const ofKey = (name: string) => ["-keyout", file(`${name}.key`), "-out", file(`${name}.pem`)];
		await writeFile(file("ca.ext"), "basicConstraints=critical,CA:TRUE\n");
		await writeFile(file("leaf.ext"), "subjectAltName=DNS:localhost\n");
		for (const name of ["old", "young"])
			await run("openssl", [
				"req",
				"-x509",
				...key,
				...ofKey(name),
				"-days",
				"2",
				"-subj",
				`/O=Test/CN=The ${name} root`,
			]);
		await run("openssl", [
			"req",
			"-new",
			"-key",
			file("young.key"),
			"-subj",
			"/O=Test/CN=The young root",
			"-out",
			file("cross.csr"),
		]);
		await run("openssl", [
			"req",
			"-new",
			...key,
			"-keyout",
			file("leaf.key"),
			"-subj",
			"/CN=localhost",
			"-out",
			file("leaf.csr"),
		]);
		const sign = (request: string, by: string, extensions: string) => [
			...["x509", "-req", "-in", file(`${request}.csr`), "-CA", file(`${by}.pem`), "-CAkey", file(`${by}.key`)],
			...["-CAcreateserial", "-days", "2", "-extfile", file(extensions), "-out", file(`${request}.pem`)],
		];
		await run("openssl", sign("cross", "old", "ca.ext"));
		await run("openssl", sign("leaf", "young", "leaf.ext"));
		const read = (name: string) => readFile(file(name), "utf8");
		const cert = (await read("leaf.pem")) + (await read("cross.pem"));
		pem = { old: await read("old.pem"), young: await read("young.pem") };
		service = createServer({ key: await read("leaf.key"), cert }, (_, response) => response.end("{}"));
		port = await listenLocally(service, 0);
	});
	afterAll(async () => {
		service.closeAllConnections();
		await once(service.close(), "close");
		await rm(folder, { recursive: true });
	});

	function seen(ca: readonly string[], trusted = ca): Promise<TlsRoot | null> {
		return new Promise((resolve, reject) => {
			const request = get({ host: "127.0.0.1", servername: "localhost", port, ca: [...ca], agent: false }, (reply) => {
				resolve(tlsRootOf(reply.socket, trusted));
				reply.resume();
			});
			request.on("error", reject);
		});
	}

	it("is the one that ends last where a root was renewed with its key and both are believed, in either order", async () => {
		const renewed = ["x509", "-in", file("young.pem"), "-signkey", file("young.key"), "-days", "9"];
		const { stdout } = await run("openssl", renewed);
		const { validTo } = new X509Certificate(stdout);
		for (const believed of [
			[pem.young, stdout],
			[stdout, pem.young],
		])
			expect((await seen(believed))?.endsAt).toBe(Date.parse(validTo) / 1_000);
	});

	it.each([
		[
			"the young one where it is believed, although the server sends the other way too",
			["old", "young"],
			"The young root",
		],
		["the young one where it alone is believed", ["young"], "The young root"],
		["the old one where the young one is not known yet", ["old"], "The old root"],
	] as const)("is %s", async (_, believed, name) => {
		const root = await seen(believed.map((one) => pem[one]));
		expect(root?.name).toBe(name);
		const ofFile = name === "The old root" ? "old.pem" : "young.pem";
		const { stdout } = await run("openssl", [
			"x509",
			"-in",
			file(ofFile),
			"-noout",
			"-fingerprint",
			"-sha256",
			"-enddate",
		]);
		const [, fingerprint = "", end = ""] = /Fingerprint=(\S+)\s+notAfter=(.+)/.exec(stdout) ?? [];
		expect(root?.sha256).toBe(fingerprint.replaceAll(":", "").toLowerCase());
		expect(root?.endsAt).toBe(Date.parse(end) / 1_000);
	});

	it("is found in a file with many", async () => {
		expect((await seen([`${pem.old}\n${pem.young}`]))?.name).toBe("The young root");
	});

	it("is none where none of this machine's has issued what was seen", async () => {
		expect(await seen([pem.old, pem.young], [])).toBeNull();
	});

	it("is none over plain HTTP", async () => {
		const plain = await startScriptedServer(() => ({ body: {} }));
		let root: TlsRoot | null | undefined;
		const onConnection = (socket: Parameters<typeof tlsRootOf>[0]) => {
			root = tlsRootOf(socket, [pem.old]);
		};
		const { body } = await openReply({ method: "GET", url: plain.url, onConnection });
		body.resume();
		await plain.close();
		expect(root).toBeNull();
	});
});

it.each([
	["never", undefined, true],
	["less than a day ago", NOW - DAY + 1, false],
	["a day ago", NOW - DAY, true],
	["in a time that a clock which was set back has yet to come to", NOW + 1, true],
])("having told %s", (_, toldAt, isDue) => {
	expect(areAnchorsDue(toldAt, NOW)).toBe(isDue);
});

describe("a firewall", () => {
	let firewall: ContractFirewall;
	beforeEach(async () => {
		firewall = await startContractFirewall();
		await firewall.activate();
	});
	afterEach(() => firewall.close());
	const told = () =>
		firewall.server.seen
			.filter(({ path }) => path === "/oauth2/token")
			.map(({ body }) => new URLSearchParams(body).get("anchors"));

	it("tells with its first token, and not again that day", async () => {
		await firewall.session.obtainToken("bound");
		await firewall.session.obtainToken("bearer");
		await firewall.session.obtainToken("bound");
		expect(told()).toEqual(['{"tls_root":null,"tuf_root":null}', null, null]);
	});

	it("tells again a day later", async () => {
		await firewall.session.obtainToken("bound");
		const saved = await firewall.session.home.load("token");
		if (saved === null) throw new Error("no token is kept");
		await firewall.session.home.save("token", { ...saved, anchorsToldAt: Math.floor(firewall.nowMs / 1_000) - DAY });
		await firewall.session.obtainToken("bound");
		expect(told()).toHaveLength(2);
		expect(told()[1]).not.toBeNull();
	});

	it("tells the TUF root that it keeps, and what it says is understood", async () => {
		const { home } = firewall.session;
		await mkdir(join(home.folder, "tuf"), { recursive: true });
		const root = { signed: { version: 7, expires: "2027-11-01T00:00:00Z" }, signatures: [] };
		await writeFile(join(home.folder, "tuf", "root.json"), JSON.stringify(root));
		const said = await describeAnchors(home, { sha256: "ab".repeat(32), name: "A Root", endsAt: NOW });
		expect(readAnchors(said)).toEqual({
			tlsRoot: { sha256: "ab".repeat(32), name: "A Root", endsAt: NOW },
			tufRoot: { version: 7, endsAt: Date.parse("2027-11-01T00:00:00Z") / 1_000 },
			certificateEndsAt: null,
		});
		await writeFile(join(home.folder, "tuf", "root.json"), "{");
		expect(await describeAnchors(home, null)).toBe('{"tls_root":null,"tuf_root":null}');
	});
});
