// The service asks itself as a firewall does: a token, a check, a download, and that a stranger gets none. Within the Worker, so that the
// service's own code, stores and objects are what is tried; DNS, TLS and what stands before it are for a probe from outside (`parapet smoke`).
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { z } from "zod";
import { sha256Hex } from "../names.ts";
import { encodeBase64url } from "../signing/formats/base64url.ts";
import { encodeHex } from "../signing/formats/hex.ts";
import type { ProbeDevice } from "./probe-device.ts";

/** RFC 7523 §2.2 */
const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_SECONDS = 60;
const STEP_LIMIT_MS = 10_000;

export type ProbeStep = "token" | "stranger" | "check" | "download";

export interface ProbeResult {
	/** the step that failed; null = all went well */
	readonly failed: ProbeStep | null;
	/** why, in a word: a problem's code, an OAuth error, or one of `ProbeFault` */
	readonly code: string | null;
	/** ms of all steps; the platform's clock stands still while code computes */
	readonly ms: number;
}

export interface ProbeParts {
	readonly device: ProbeDevice;
	/** origin of the service */
	readonly issuer: string;
	/** how the service answers a request of its own */
	readonly ask: (request: Request) => Promise<Response>;
	/** a download that is at another origin */
	readonly fetch: (url: string) => Promise<Response>;
	/** unix ms */
	readonly nowMs: () => number;
}

/** no_offer: the device is offered nothing to install; wrong_bytes: a package of another digest; stranger_let_in: it was given a token */
type ProbeFault = "too_slow" | "no_answer" | "unexpected_answer" | "no_offer" | "wrong_bytes" | "stranger_let_in";

class StepFailed extends Error {
	readonly code: string;

	constructor(code: ProbeFault | string) {
		super(code);
		this.code = code;
	}
}

const tokenAnswer = z.object({ access_token: z.string() });
const checkAnswer = z.object({
	products: z.array(
		z.object({
			product: z.string(),
			offer: z
				.object({ capability: z.string(), sha256: sha256Hex, download: z.object({ url: z.string() }).nullish() })
				.nullish(),
		}),
	),
});
const permitAnswer = z.object({ url: z.string() });

/** Never rejects. */
export async function runProbe(parts: ProbeParts): Promise<ProbeResult> {
	const { device, nowMs } = parts;
	const startedMs = nowMs();
	let step: ProbeStep = "token";
	try {
		const key = await ownKey(device);
		const { access_token: token } = await inTime(askToken(parts, key).then((answer) => readAs(tokenAnswer, answer)));
		step = "stranger";
		await inTime(expectStranger(parts));
		step = "check";
		const offer = await inTime(findOffer(parts, key, token));
		step = "download";
		await inTime(download(parts, key, token, offer));
		return { failed: null, code: null, ms: nowMs() - startedMs };
	} catch (error) {
		const code = error instanceof StepFailed ? error.code : "no_answer";
		return { failed: step, code, ms: nowMs() - startedMs };
	}
}

/** A key pair, as the device's requests are signed. */
interface ProbeKey {
	readonly privateKey: CryptoKey;
	readonly publicJwk: JWK;
}

async function ownKey({ jwk: { d, ...publicJwk } }: ProbeDevice): Promise<ProbeKey> {
	const privateKey = (await importJWK({ ...publicJwk, d }, "Ed25519")) as CryptoKey;
	return { privateKey, publicJwk };
}

async function strangersKey(): Promise<ProbeKey> {
	const { privateKey, publicKey } = await generateKeyPair("Ed25519");
	return { privateKey, publicJwk: await exportJWK(publicKey) };
}

/** A DPoP proof (RFC 9449 §4.2). @param token what the request carries; not given = none yet */
async function prove(
	{ nowMs }: ProbeParts,
	key: ProbeKey,
	method: string,
	url: string,
	token?: string,
): Promise<string> {
	const ath = token === undefined ? {} : { ath: encodeBase64url(await sha256(new TextEncoder().encode(token))) };
	return new SignJWT({ htm: method, htu: url.split("?", 1)[0], jti: crypto.randomUUID(), ...ath })
		.setProtectedHeader({ alg: "Ed25519", typ: "dpop+jwt", jwk: key.publicJwk })
		.setIssuedAt(Math.floor(nowMs() / 1_000))
		.sign(key.privateKey);
}

async function sha256(bytes: BufferSource): Promise<Uint8Array> {
	return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

async function askToken(parts: ProbeParts, key: ProbeKey): Promise<Response> {
	const { device, issuer, ask, nowMs } = parts;
	const now = Math.floor(nowMs() / 1_000);
	const assertion = await new SignJWT({ iss: device.device, sub: device.device, aud: issuer, jti: crypto.randomUUID() })
		.setProtectedHeader({ alg: "Ed25519" })
		.setIssuedAt(now)
		.setExpirationTime(now + ASSERTION_SECONDS)
		.sign(key.privateKey);
	const form = new URLSearchParams({
		grant_type: "client_credentials",
		client_id: device.device,
		client_assertion_type: ASSERTION_TYPE,
		client_assertion: assertion,
	}).toString();
	const url = `${issuer}/oauth2/token`;
	const headers = {
		"content-type": "application/x-www-form-urlencoded",
		"content-length": String(form.length),
		dpop: await prove(parts, key, "POST", url),
	};
	return ask(new Request(url, { method: "POST", headers, body: form }));
}

async function expectStranger(parts: ProbeParts): Promise<void> {
	const answer = await askToken(parts, await strangersKey());
	await answer.body?.cancel();
	if (answer.ok) throw new StepFailed("stranger_let_in");
	if (answer.status >= 500) throw new StepFailed("no_answer");
}

async function findOffer(parts: ProbeParts, key: ProbeKey, token: string) {
	const { device, issuer, ask } = parts;
	const url = `${issuer}/v1/check?installed=${device.product}`;
	const headers = { authorization: `DPoP ${token}`, dpop: await prove(parts, key, "GET", url, token) };
	const { products } = await readAs(checkAnswer, await ask(new Request(url, { headers })));
	const offer = products.find(({ product }) => product === device.product)?.offer;
	if (offer == null) throw new StepFailed("no_offer");
	return offer;
}

async function download(
	parts: ProbeParts,
	key: ProbeKey,
	token: string,
	offer: Awaited<ReturnType<typeof findOffer>>,
): Promise<void> {
	const { issuer, ask } = parts;
	const url = offer.download?.url ?? (await askPermit(parts, key, token, offer.capability));
	const answer = url.startsWith(`${issuer}/`) ? await ask(new Request(url)) : await parts.fetch(url);
	if (!answer.ok) throw await failureOf(answer);
	// The package of a synthetic product is some bytes long.
	const digest = await sha256(await answer.arrayBuffer());
	if (encodeHex(digest) !== offer.sha256) throw new StepFailed("wrong_bytes");
}

async function askPermit(parts: ProbeParts, key: ProbeKey, token: string, capability: string): Promise<string> {
	const url = `${parts.issuer}/v1/permits`;
	const body = JSON.stringify({ offer: capability });
	const headers = {
		authorization: `DPoP ${token}`,
		dpop: await prove(parts, key, "POST", url, token),
		"content-type": "application/json",
		"content-length": String(body.length),
	};
	return (await readAs(permitAnswer, await parts.ask(new Request(url, { method: "POST", headers, body })))).url;
}

async function readAs<T>(schema: z.ZodType<T>, answer: Response): Promise<T> {
	if (!answer.ok) throw await failureOf(answer);
	const read = schema.safeParse(await answer.json().catch(() => null));
	if (!read.success) throw new StepFailed("unexpected_answer");
	return read.data;
}

/** @returns the code of a problem, or the error of RFC 6749 */
async function failureOf(answer: Response): Promise<StepFailed> {
	const body = (await answer.json().catch(() => null)) as { code?: unknown; error?: unknown } | null;
	const code = [body?.code, body?.error].find((one) => typeof one === "string" && /^[a-z_]{1,64}$/.test(one));
	return new StepFailed(typeof code === "string" ? code : "unexpected_answer");
}

async function inTime<T>(work: Promise<T>): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const over = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new StepFailed("too_slow")), STEP_LIMIT_MS);
	});
	try {
		return await Promise.race([work, over]);
	} finally {
		clearTimeout(timer);
	}
}
