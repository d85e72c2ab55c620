// Devices that are known by client certificates, over real TLS: clients written by others, unmodified (oauth4webapi, curl), a listener that asks for
// certificates, and the service behind it.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type RequestOptions, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Authority, type Issued, makeAuthority } from "../support/certificates.ts";
import { TEST_PROXY_SECRET } from "../support/secrets.ts";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { createCode, operate, publish } from "./support/fleet.ts";
import { type RunningService, startService } from "./support/service.ts";
import { startTlsProxy, type TlsProxy } from "./support/tls-proxy.ts";

const run = promisify(execFile);
const PRODUCT = "crs";
const insecure = { [oauth.allowInsecureRequests]: true };
const now = Math.floor(Date.now() / 1000);

let authority: Authority;
let proxy: TlsProxy;
let service: RunningService;
let certificates: Record<"own" | "renewed" | "ended" | "revoked" | "foreign" | "namesake" | "rsa", Issued>;
let folder: string;
beforeAll(async () => {
	authority = await makeAuthority([
		["O", "Example"],
		["CN", "Example Devices CA"],
	]);
	const subject = [["CN", "fw-1"]] as const;
	certificates = {
		own: await authority.issue({ subject }),
		renewed: await authority.issue({ subject }),
		ended: await authority.issue({ subject, notAfter: now - 60 }),
		revoked: await authority.issue({ subject }),
		foreign: await (await makeAuthority([["CN", "Foreign CA"]])).issue({ subject }),
		namesake: await authority.issue({ subject }),
		rsa: await authority.issue({ subject: [["CN", "fw-rsa"]], key: "RSA" }),
	};
	const server = await authority.issue({ subject: [["CN", "updates"]], address: [127, 0, 0, 1] });
	proxy = await startTlsProxy(authority, server, [certificates.revoked]);
	const settings = { MTLS_ORIGIN: proxy.url, CLIENT_CERT_SECRET: TEST_PROXY_SECRET };
	service = await startService({ variables: settings });
	proxy.target = service.url;
	proxy.secret = TEST_PROXY_SECRET;
	await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
	await publish(service, PRODUCT, "1.0.0", new Uint8Array(1_000));
	folder = await mkdtemp(join(tmpdir(), "parapet-certificates-"));
	await writeFile(join(folder, "ca.pem"), authority.pem);
});
afterAll(async () => {
	await Promise.all([service?.close(), proxy?.close(), folder && rm(folder, { recursive: true, force: true })]);
});

/** As a client's own `fetch` would be, on a connection that shows a certificate. */
function showing(certificate: Issued | null, more: Record<string, string> = {}): typeof fetch {
	return async (input, init) => {
		const sent = new Request(input, init as RequestInit);
		const body = Buffer.from(await sent.arrayBuffer());
		const options: RequestOptions = {
			method: sent.method,
			headers: {
				...Object.fromEntries(sent.headers),
				...more,
				...(body.length > 0 && { "content-length": body.length }),
			},
			ca: authority.pem,
			...(certificate !== null && { cert: certificate.pem, key: certificate.keyPem }),
		};
		return new Promise((resolve, reject) => {
			const outgoing = request(sent.url, options, async (answer) => {
				const chunks: Buffer[] = [];
				for await (const chunk of answer) chunks.push(chunk);
				const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
					value === undefined ? [] : [[name, String(value)] as [string, string]],
				);
				const status = answer.statusCode ?? 500;
				resolve(new Response(status === 304 ? null : Buffer.concat(chunks), { status, headers }));
			});
			outgoing.on("error", reject);
			outgoing.end(body);
		});
	};
}

async function discover(): Promise<oauth.AuthorizationServer> {
	const issuer = new URL(service.url);
	const answer = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
	return oauth.processDiscoveryResponse(issuer, answer);
}

interface Identity {
	readonly as: oauth.AuthorizationServer;
	readonly client: oauth.Client;
}

let count = 0;
async function activate(certificate: Issued, more: Partial<oauth.Client> = {}): Promise<Identity> {
	const as = await discover();
	const keys = await oauth.generateKeyPair("ES256", { extractable: true });
	const jwk = await crypto.subtle.exportKey("jwk", keys.publicKey);
	const metadata = {
		jwks: { keys: [jwk as oauth.JWK] },
		token_endpoint_auth_method: "tls_client_auth",
		tls_client_certificate_bound_access_tokens: true,
		use_mtls_endpoint_aliases: true,
		device_serial: `SN-TLS-${++count}`,
		device_model: "FW-100",
		...more,
	};
	const answer = await oauth.dynamicClientRegistrationRequest(as, metadata, {
		initialAccessToken: await createCode(service, [PRODUCT]),
		DPoP: oauth.DPoP({}, keys),
		[oauth.customFetch]: showing(certificate),
		...insecure,
	});
	const client = await oauth.processDynamicClientRegistrationResponse(answer);
	return { as, client: { ...client, use_mtls_endpoint_aliases: true } };
}

async function tokenAnswer(
	{ as, client }: Identity,
	certificate: Issued | null,
	more?: Record<string, string>,
): Promise<Response> {
	return oauth.clientCredentialsGrantRequest(
		as,
		client,
		oauth.TlsClientAuth(),
		{},
		{
			[oauth.customFetch]: showing(certificate, more),
			...insecure,
		},
	);
}

async function getToken(identity: Identity, certificate: Issued): Promise<oauth.TokenEndpointResponse> {
	const answer = await tokenAnswer(identity, certificate);
	return oauth.processClientCredentialsResponse(identity.as, identity.client, answer);
}

const check = (token: string, certificate: Issued | null) =>
	oauth.protectedResourceRequest(
		token,
		"GET",
		new URL(`${proxy.url}/v1/check?installed=${PRODUCT}`),
		undefined,
		undefined,
		{
			[oauth.customFetch]: showing(certificate),
		},
	);

describe("oauth4webapi", () => {
	it.each(["own", "rsa"] as const)(
		"registers a certificate (%s), gets a token by it and asks what to run",
		async (name) => {
			const certificate = certificates[name];
			const identity = await activate(certificate);
			expect(identity.client).toMatchObject({
				token_endpoint_auth_method: "tls_client_auth",
				tls_client_certificate_bound_access_tokens: true,
			});
			const token = await getToken(identity, certificate);
			expect(token.token_type).toBe("bearer");
			const answer = await check(token.access_token, certificate);
			expect(await answer.json()).toMatchObject({ products: [{ product: PRODUCT, status: "offered" }] });
		},
	);

	it("registers a name, and gets a token by another certificate to it", async () => {
		const identity = await activate(certificates.own, {
			tls_client_auth_subject_dn: "CN=fw-1",
		} as Partial<oauth.Client>);
		const token = await getToken(identity, certificates.renewed);
		expect((await check(token.access_token, certificates.renewed)).status).toBe(200);
		await expect(check(token.access_token, certificates.own)).rejects.toThrow(oauth.WWWAuthenticateChallengeError);
	});
});

describe("nobody else", () => {
	let identity: Identity;
	beforeAll(async () => {
		identity = await activate(certificates.own);
	});

	it.each(["ended", "revoked", "foreign", "namesake", "rsa"] as const)(
		"gets a token by a certificate that is %s",
		async (name) => {
			expect((await tokenAnswer(identity, certificates[name])).status).toBe(401);
		},
	);

	it("gets a token without a certificate, nor by a header of his own", async () => {
		expect((await tokenAnswer(identity, null)).status).toBe(401);
		const forged = { "client-cert": certificates.own.header };
		expect((await tokenAnswer(identity, null, forged)).status).toBe(401);
		const guessed = { ...forged, "parapet-proxy-secret": "guess" };
		expect((await tokenAnswer(identity, null, guessed)).status).toBe(401);
		expect((await tokenAnswer(identity, certificates.foreign, guessed)).status).toBe(401);
	});

	it("gets one past the proxy, where the service has a door of its own", async () => {
		const form = new URLSearchParams({ grant_type: "client_credentials", client_id: identity.client.client_id });
		for (const secret of ["", "guess", certificates.own.x5t]) {
			const headers = { "client-cert": certificates.own.header, "parapet-proxy-secret": secret };
			const answer = await fetch(`${service.url}/oauth2/token`, { method: "POST", headers, body: form });
			expect(answer.status).toBe(401);
		}
	});

	it("gets one through a proxy that lets headers pass, without its secret", async () => {
		proxy.isCareless = true;
		const answer = await tokenAnswer(identity, certificates.foreign, { "client-cert": certificates.own.header });
		proxy.isCareless = false;
		expect(answer.status).toBe(401);
	});

	it("does anything with a token that was stolen", async () => {
		const { access_token: token } = await getToken(identity, certificates.own);
		for (const certificate of [null, certificates.namesake, certificates.revoked]) {
			await expect(check(token, certificate)).rejects.toThrow(oauth.WWWAuthenticateChallengeError);
		}
	});
});

const hasCurl = await run("curl", ["--version"]).then(
	() => true,
	() => false,
);

/** With what the command line answers last, as JSON. */
async function runParapet(words: string[]): Promise<{ code: number; out: Record<string, unknown> }> {
	const { PARAPET_CA_FILE: before } = process.env;
	process.env["PARAPET_CA_FILE"] = join(folder, "ca.pem");
	try {
		const all = [...words, "--url", service.url, "--json"];
		const { exitCode, stdout, stderr } = await runCli(all, { PARAPET_KEY: service.bootstrapKey }, folder);
		const text = stdout.trim() === "" ? stderr : stdout;
		return { code: exitCode, out: JSON.parse(text.trim().split("\n").at(-1) ?? "{}") };
	} finally {
		if (before === undefined) delete process.env["PARAPET_CA_FILE"];
		else process.env["PARAPET_CA_FILE"] = before;
	}
}

describe("parapet device", () => {
	let home: string;
	beforeAll(() => {
		home = join(folder, "home");
	});
	async function write(name: keyof typeof certificates): Promise<void> {
		await writeFile(join(folder, "device.pem"), certificates[name].pem);
		await writeFile(join(folder, "device.key"), certificates[name].keyPem, { mode: 0o600 });
	}
	const parapet = (...words: string[]) => runParapet(["device", ...words, "--home", home]);
	const files = () => ["--client-cert", join(folder, "device.pem"), "--client-key", join(folder, "device.key")];

	it("activates, updates and renews with nothing but its certificate", async () => {
		await write("own");
		const activated = await parapet("activate", await createCode(service, [PRODUCT]), "--serial", "SN-CLI", ...files());
		expect(activated).toMatchObject({ code: 0, out: { certificate: certificates.own.x5t } });
		expect(await parapet("token")).toMatchObject({ code: 0, out: { token_type: "Bearer" } });
		expect(await parapet("update")).toMatchObject({ code: 0 });
		expect(await parapet("check")).toMatchObject({
			code: 0,
			out: { products: [{ installed: "1.0.0", status: "current" }] },
		});

		// Whoever renews it does no more than write the files.
		await write("renewed");
		expect(await parapet("check")).toMatchObject({ code: 0 });
		expect(await parapet("token")).toMatchObject({ code: 0, out: { token_type: "Bearer" } });

		await write("foreign");
		expect(await parapet("token")).toMatchObject({ code: 1, out: { error: expect.anything() } });
		expect(await parapet("certificate", "--none")).toMatchObject({ code: 0, out: { certificate: null } });
		expect(await parapet("token")).toMatchObject({ code: 0, out: { token_type: "DPoP" } });
		await write("own");
		expect(await parapet("certificate", ...files())).toMatchObject({
			code: 0,
			out: { certificate: certificates.own.x5t },
		});
		expect(await parapet("check")).toMatchObject({ code: 0 });
		expect(await parapet("deactivate", "--yes")).toMatchObject({ code: 0 });
	});

	it.each([
		[["--client-cert", "device.pem"], "two files"],
		[["--client-cert", "no.pem", "--client-key", "device.key"], "no.pem"],
		[["--client-cert", "device.key", "--client-key", "device.key"], "no certificate"],
	])("says what is wrong with %j", async (words, said) => {
		const places = words.map((word) => (word.startsWith("--") ? word : join(folder, word)));
		const { code, out } = await parapet("activate", await createCode(service, [PRODUCT]), ...places);
		expect(code).toBe(2);
		expect(JSON.stringify(out)).toContain(said);
	});
});

describe("an appliance out of the box", () => {
	it("is activated with its manufacturer's certificate once it is claimed, and updates", async () => {
		const home = join(folder, "box");
		const serial = "FDO2119A1B2";
		const made = await authority.issue({
			subject: [
				["CN", "FW-440"],
				["serialNumber", `PID:FW-440 SN:${serial}`],
			],
			key: "RSA",
		});
		await writeFile(join(folder, "factory.pem"), made.pem);
		await writeFile(join(folder, "factory.key"), made.keyPem, { mode: 0o600 });
		const certificate = join(folder, "ca.pem");
		const added = await runParapet(["manufacturer", "add", "Example", "--certificate", certificate]);
		expect(added).toMatchObject({ code: 0, out: { subject: "CN=Example Devices CA,O=Example" } });
		const out = ["--factory-cert", join(folder, "factory.pem"), "--factory-key", join(folder, "factory.key")];
		const come = () => runParapet(["device", "activate", ...out, "--home", home]);
		expect(await come()).toMatchObject({ code: 1 });

		const { account } = await operate<{ account: string }>(service, "POST", "/v1/accounts", { name: "Box" });
		const terms = { products: [PRODUCT], seats: 1, ends_at: new Date(Date.now() + 86_400_000).toISOString() };
		const { license } = await operate<{ license: string }>(service, "POST", `/v1/accounts/${account}/licenses`, terms);
		const claim = ["device", "claim", serial, "--account", account, "--license", license];
		expect(await runParapet(claim)).toMatchObject({ code: 0, out: { claims: [{ serial }], taken: [] } });
		expect(await come()).toMatchObject({ code: 0, out: { account, serial } });
		expect(await runParapet(["device", "update", "--home", home])).toMatchObject({ code: 0 });
		expect(await runParapet(["device", "claims", account])).toMatchObject({
			out: { claims: [{ serial, spent: false }] },
		});
		const unclaim = ["device", "unclaim", serial, "--account", account];
		expect(await runParapet(unclaim)).toMatchObject({ code: 0 });
		expect(await runParapet(["manufacturer", "list"])).toMatchObject({ out: { manufacturers: [{ name: "Example" }] } });
	});
});

describe.skipIf(!hasCurl)("curl", () => {
	async function curl(name: keyof typeof certificates | null, ...words: string[]): Promise<string> {
		const shown = name === null ? [] : ["--cert", join(folder, `${name}.pem`), "--key", join(folder, `${name}.key`)];
		if (name !== null) {
			await writeFile(join(folder, `${name}.pem`), certificates[name].pem);
			await writeFile(join(folder, `${name}.key`), certificates[name].keyPem, { mode: 0o600 });
		}
		const { stdout } = await run("curl", ["-s", "--cacert", join(folder, "ca.pem"), ...shown, ...words]);
		return stdout;
	}
	const asks = ({ client }: Identity) => [
		`${proxy.url}/oauth2/token`,
		...["-d", "grant_type=client_credentials", "-d", `client_id=${client.client_id}`],
	];

	it("gets a token and checks with nothing but its certificate", async () => {
		const identity = await activate(certificates.own);
		const { access_token: token } = JSON.parse(await curl("own", ...asks(identity)));
		const answer = await curl(
			"own",
			`${proxy.url}/v1/check?installed=${PRODUCT}`,
			"-H",
			`Authorization: Bearer ${token}`,
		);
		expect(JSON.parse(answer)).toMatchObject({ products: [{ status: "offered" }] });
		const stolen = await curl(null, `${proxy.url}/v1/check`, "-H", `Authorization: Bearer ${token}`);
		expect(JSON.parse(stolen)).toMatchObject({ code: "unauthenticated" });
	});

	it.each(["ended", "revoked", "foreign"] as const)("is refused by a certificate that is %s", async (name) => {
		const identity = await activate(certificates.own);
		expect(JSON.parse(await curl(name, ...asks(identity)))).toMatchObject({ error: "invalid_client" });
	});
});
