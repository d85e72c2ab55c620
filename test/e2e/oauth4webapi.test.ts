// Clients written by others, unmodified, against the real service over HTTP: oauth4webapi from discovery to a check, curl for
// the download that comes of it.
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, truncate } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCode, operate, publish } from "./support/fleet.ts";
import { type RunningService, startService } from "./support/service.ts";

const run = promisify(execFile);
const PRODUCT = "crs";
/** oauth4webapi wants to be told that this server, on this machine, speaks plain http. */
const insecure = { [oauth.allowInsecureRequests]: true };
/** More than one chunk of any stream on the way. */
const bytes = new Uint8Array(randomBytes(3_000_000));

let service: RunningService;
let sha256: string;
beforeAll(async () => {
	service = await startService();
	await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
	sha256 = await publish(service, PRODUCT, "1.0.0", bytes);
});
afterAll(() => service?.close());

async function discover(): Promise<oauth.AuthorizationServer> {
	const issuer = new URL(service.url);
	const answer = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
	return oauth.processDiscoveryResponse(issuer, answer);
}

interface Identity {
	readonly as: oauth.AuthorizationServer;
	readonly client: oauth.Client;
	readonly keys: oauth.CryptoKeyPair;
}

/** RFC 7591 with the auth code as initial access token, bound by DPoP to the key that is registered. */
async function activate(algorithm: string): Promise<Identity> {
	const as = await discover();
	const keys = await oauth.generateKeyPair(algorithm, { extractable: true });
	const jwk = await crypto.subtle.exportKey("jwk", keys.publicKey);
	const metadata = {
		jwks: { keys: [jwk as oauth.JWK] },
		token_endpoint_auth_method: "private_key_jwt",
		grant_types: ["client_credentials"],
		device_serial: `SN-${algorithm}`,
		device_model: "FW-100",
	};
	const answer = await oauth.dynamicClientRegistrationRequest(as, metadata, {
		initialAccessToken: await createCode(service, [PRODUCT]),
		DPoP: oauth.DPoP({}, keys),
		...insecure,
	});
	return { as, client: await oauth.processDynamicClientRegistrationResponse(answer), keys };
}

async function getToken({ as, client, keys }: Identity, dpop?: oauth.DPoPHandle): Promise<oauth.TokenEndpointResponse> {
	const options = { ...(dpop === undefined ? {} : { DPoP: dpop }), ...insecure };
	const auth = oauth.PrivateKeyJwt(keys.privateKey);
	const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, {}, options);
	return oauth.processClientCredentialsResponse(as, client, answer);
}

describe("oauth4webapi", () => {
	it("discovers the service", async () => {
		expect(await discover()).toMatchObject({
			issuer: service.url,
			token_endpoint: `${service.url}/oauth2/token`,
			registration_endpoint: `${service.url}/oauth2/register`,
		});
	});

	it.each(["ES256", "Ed25519"])(
		"registers a %s key, gets a token bound to it and asks what to run",
		async (algorithm) => {
			const identity = await activate(algorithm);
			const dpop = oauth.DPoP({}, identity.keys);
			const token = await getToken(identity, dpop);
			expect(token).toMatchObject({ token_type: "dpop", scope: "device" });
			const url = new URL(`/v1/check?installed=${PRODUCT}`, service.url);
			const answer = await oauth.protectedResourceRequest(token.access_token, "GET", url, undefined, undefined, {
				DPoP: dpop,
				...insecure,
			});
			expect(answer.status).toBe(200);
			expect(await answer.json()).toMatchObject({
				device: identity.client.client_id,
				products: [{ product: PRODUCT, status: "offered", offer: { version: "1.0.0", sha256 } }],
			});
		},
	);

	it("gets a bearer token without DPoP and asks with it", async () => {
		const token = await getToken(await activate("ES256"));
		expect(token.token_type).toBe("bearer");
		const url = new URL("/v1/entitlements", service.url);
		const answer = await oauth.protectedResourceRequest(token.access_token, "GET", url, undefined, undefined, insecure);
		expect(answer.status).toBe(200);
	});

	it("names no keys in its metadata, and nobody else takes its tokens for JWTs", async () => {
		const identity = await activate("ES256");
		expect(identity.as.jwks_uri).toBeUndefined();
		const { access_token } = await getToken(identity);
		const call = new Request(service.url, { headers: { authorization: `Bearer ${access_token}` } });
		const as = { ...identity.as, jwks_uri: `${service.url}/.well-known/jwks.json` };
		await expect(oauth.validateJwtAccessToken(as, call, service.url, insecure)).rejects.toThrow();
	});

	it("reads the challenge when a bound token is used without its key", async () => {
		const identity = await activate("ES256");
		const token = await getToken(identity, oauth.DPoP({}, identity.keys));
		const url = new URL("/v1/check", service.url);
		const thief = oauth.DPoP({}, await oauth.generateKeyPair("ES256"));
		const asking = oauth.protectedResourceRequest(token.access_token, "GET", url, undefined, undefined, {
			DPoP: thief,
			...insecure,
		});
		const error = await asking.catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
		expect((error as oauth.WWWAuthenticateChallengeError).cause.map(({ scheme }) => scheme)).toContain("dpop");
	});

	it("reads the error when a code is not good", async () => {
		const as = await discover();
		const keys = await oauth.generateKeyPair("ES256", { extractable: true });
		const jwk = await crypto.subtle.exportKey("jwk", keys.publicKey);
		const metadata = { jwks: { keys: [jwk as oauth.JWK] }, device_serial: "SN", device_model: "M" };
		const answer = await oauth.dynamicClientRegistrationRequest(as, metadata, {
			initialAccessToken: "0000-0000",
			DPoP: oauth.DPoP({}, keys),
			...insecure,
		});
		const error = await oauth.processDynamicClientRegistrationResponse(answer).catch((reason: unknown) => reason);
		expect(error).toBeInstanceOf(Error);
		expect(answer.status).toBe(401);
	});
});

const hasCurl = await run("curl", ["--version"]).then(
	() => true,
	() => false,
);

describe.skipIf(!hasCurl)("curl (skipped where there is none)", () => {
	let folder: string;
	let file: string;
	let url: string;
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "parapet-curl-"));
		file = join(folder, "package.bin");
		const identity = await activate("ES256");
		const { access_token } = await getToken(identity);
		const headers = { authorization: `Bearer ${access_token}`, "content-type": "application/json" };
		const check = await fetch(`${service.url}/v1/check?installed=${PRODUCT}`, { headers });
		const { products } = (await check.json()) as { products: [{ offer: { capability: string } }] };
		const body = JSON.stringify({ offer: products[0].offer.capability });
		const permit = await fetch(`${service.url}/v1/permits`, { method: "POST", headers, body });
		url = ((await permit.json()) as { url: string }).url;
	});
	afterAll(() => rm(folder, { recursive: true, force: true }));

	const curl = async (...args: string[]) =>
		(await run("curl", ["-sS", "-w", "%{http_code} %{size_download}", ...args, url])).stdout;
	const hashOf = async (path: string) =>
		createHash("sha256")
			.update(await readFile(path))
			.digest("hex");

	it("downloads the package, byte for byte", async () => {
		expect(await curl("--compressed", "-o", file)).toBe("200 3000000");
		expect(await hashOf(file)).toBe(sha256);
	});

	it("resumes where it was interrupted, and sends for the rest only", async () => {
		await truncate(file, 1_234_567);
		expect(await curl("-C", "-", "-o", file)).toBe(`206 ${3_000_000 - 1_234_567}`);
		expect(await hashOf(file)).toBe(sha256);
	});

	it("gets a range, and is told the size by HEAD", async () => {
		const part = join(folder, "part.bin");
		expect(await curl("-r", "1000-1999", "-o", part)).toBe("206 1000");
		expect(await readFile(part)).toEqual(Buffer.from(bytes.slice(1000, 2000)));
		const head = await curl("-I");
		expect(head).toMatch(/^content-length: 3000000\r$/im);
		expect(head).toMatch(/^accept-ranges: bytes\r$/im);
	});

	it("downloads nothing again that it has", async () => {
		expect(await curl("-H", `If-None-Match: "${sha256}"`, "-o", join(folder, "none"))).toBe("304 0");
	});

	it("is refused with a changed URL, and ends with an error under --fail", async () => {
		const failing = run("curl", ["-sS", "--fail", url.replace("v=1", "v=2")]);
		await expect(failing).rejects.toMatchObject({ code: 22 });
	});
});

/** A request as only a hand-written client sends it. */
async function sendRaw(
	method: string,
	path: string,
	headers: Record<string, string | string[]>,
	body: readonly Uint8Array[] = [],
): Promise<{ status: number; text: string }> {
	return new Promise((resolve, reject) => {
		const outgoing = request(service.url + path, { method, headers }, (answer) => {
			const parts: Buffer[] = [];
			answer.on("data", (part: Buffer) => parts.push(part));
			answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
		});
		outgoing.on("error", reject);
		for (const part of body) outgoing.write(part);
		outgoing.end();
	});
}

describe("over a real connection", () => {
	it("an upload in chunks, without a length, is refused", async () => {
		const headers = { authorization: `Bearer ${service.bootstrapKey}`, "transfer-encoding": "chunked" };
		const path = `/v1/products/${PRODUCT}/releases/2.0.0/package`;
		const answer = await sendRaw("PUT", path, headers, [bytes.slice(0, 1000), bytes.slice(1000, 2000)]);
		expect([answer.status, JSON.parse(answer.text).code]).toEqual([411, "length_required"]);
	});

	it("two DPoP headers are refused", async () => {
		const identity = await activate("ES256");
		const { access_token } = await getToken(identity, oauth.DPoP({}, identity.keys));
		const headers = { authorization: `DPoP ${access_token}`, dpop: ["e30.e30.AAAA", "e30.e30.AAAA"] };
		expect((await sendRaw("GET", "/v1/check", headers)).status).toBe(401);
	});

	it("each request has left a line that holds no query", () => {
		const lines = service.logs().map((line) => JSON.parse(line) as { route: string });
		expect(lines.map(({ route }) => route)).toContain("/oauth2/token");
		expect(service.logs().join("\n")).not.toMatch(/[?&](s|installed|name)=/);
	});
});
