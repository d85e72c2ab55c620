// What `parapet device doctor` sees of the way to the service: names, connections, certificates, answers, the disk. No judgement and
// nothing secret: what is sent with credentials' names has no credential in it.
import { createHash, randomUUID, type X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { z } from "zod";
import { ECHO_SAMPLE, ECHO_SAMPLE_SHA256 } from "../../../../src/content/echo-sample.ts";
import { systemFault } from "../../../errors.ts";
import { exchange, openReply } from "../../../http/exchange.ts";
import { proxyFor, routeTo } from "../../../http/route.ts";
import { parseJson } from "../../../json.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const TIMEOUT_MS = 10_000;
const MANY_BYTES = 64 * 1024;

export interface Certificate {
	/** null = whom this machine believes vouches for it; else what TLS has against it */
	readonly fault: string | null;
	/** believed only because PARAPET_CA_FILE says so */
	readonly byOwnAuthority: boolean;
	readonly issuer: string;
	/** unix ms */
	readonly endsMs: number;
	readonly protocol: string;
}

export interface Reach {
	readonly origin: string;
	/** origin, without credentials; null = straight */
	readonly proxy: string | null;
	/** of the host, or of the proxy; or why there are none */
	readonly addresses: readonly string[] | { readonly fault: string };
	/** ms until the connection stood; or why it does not; undefined = not tried */
	readonly connected: number | { readonly fault: string } | undefined;
	/** null = no TLS; undefined = not seen */
	readonly certificate: Certificate | { readonly fault: string } | null | undefined;
}

/** @param origin of a host of the service */
export async function lookAtHost(origin: string, env: Environment): Promise<Reach> {
	const url = new URL(origin);
	const proxy = proxyFor(url, env);
	const next = proxy ?? url;
	const common = { origin, proxy: proxy === null ? null : `${proxy.protocol}//${proxy.host}` };
	const addresses = await addressesOf(bare(next.hostname));
	if ("fault" in addresses) return { ...common, addresses, connected: undefined, certificate: undefined };
	const connected = await timeToConnect(bare(next.hostname), portOf(next));
	if (typeof connected !== "number") return { ...common, addresses, connected, certificate: undefined };
	const certificate = url.protocol === "https:" ? await certificateOf(url, env) : null;
	return { ...common, addresses, connected, certificate };
}

async function addressesOf(host: string): Promise<string[] | { fault: string }> {
	try {
		return (await lookup(host, { all: true })).map(({ address }) => address);
	} catch (error) {
		return { fault: error instanceof Error && "code" in error ? String(error.code) : String(error) };
	}
}

function timeToConnect(host: string, port: number): Promise<number | { fault: string }> {
	const startedMs = performance.now();
	return new Promise((resolve) => {
		const socket = connect({ host, port });
		const end = (what: number | { fault: string }) => {
			socket.destroy();
			resolve(what);
		};
		socket.setTimeout(TIMEOUT_MS, () => end({ fault: `no answer in ${TIMEOUT_MS / 1000} s` }));
		socket.once("connect", () => end(Math.round(performance.now() - startedMs)));
		socket.once("error", (error) => end({ fault: faultOf(error) }));
	});
}

/** Looks at the certificate whoever vouches for it; nothing but the look is sent over such a connection. */
async function certificateOf(url: URL, env: Environment): Promise<Certificate | { fault: string }> {
	try {
		const { ca } = routeTo(url, env, TIMEOUT_MS);
		const seen = await handshake(url, env, undefined);
		const ofPublic = seen.fault === null;
		if (ofPublic || ca === undefined) return { ...seen, byOwnAuthority: false };
		const again = await handshake(url, env, ca);
		return { ...again, byOwnAuthority: again.fault === null };
	} catch (error) {
		return { fault: faultOf(error) };
	}
}

async function handshake(url: URL, env: Environment, ca: readonly string[] | undefined) {
	const { agent } = routeTo(url, env, TIMEOUT_MS);
	const { request } = process.getBuiltinModule("node:https");
	const answer = await new Promise<IncomingMessage>((resolve, reject) => {
		const outgoing = request(url.href, {
			...{ method: "HEAD", agent, timeout: TIMEOUT_MS, rejectUnauthorized: false },
			...(ca === undefined ? {} : { ca: [...ca] }),
		});
		outgoing.once("response", resolve);
		outgoing.once("timeout", () => outgoing.destroy(new Error("no answer in time")));
		outgoing.once("error", reject);
		outgoing.end();
	});
	const socket = answer.socket as TLSSocket;
	const certificate = socket.getPeerX509Certificate();
	const fault = socket.authorized ? null : String(socket.authorizationError);
	const seen = { fault, issuer: issuerOf(certificate), protocol: socket.getProtocol() ?? "unknown" };
	const endsMs = Date.parse(certificate?.validTo ?? "");
	answer.destroy();
	return { ...seen, endsMs };
}

function issuerOf(certificate: X509Certificate | undefined): string {
	const named = Object.fromEntries((certificate?.issuer ?? "").split("\n").map((line) => line.split("=", 2)));
	return [named["O"], named["CN"]].filter(Boolean).join(", ") || "nobody that it names";
}

const echo = z.object({
	clock_offset_seconds: z.number().nullable(),
	address: z.string().nullable(),
	tls: z.string().nullable(),
	http: z.string().nullable(),
	country: z.string().nullable(),
	colo: z.string().nullable(),
	arrived: z.record(z.string(), z.boolean()),
});
export type Echo = z.infer<typeof echo>;

const WORD = "doctor";

/** Asks what arrives. @returns null where something else than the service answers @throws ConnectionError */
export async function lookAtEcho(server: string, nowMs: () => number): Promise<Echo | { readonly status: number }> {
	const answer = await exchange({
		method: "GET",
		url: `${server}/v1/echo?time=${Math.floor(nowMs() / 1000)}`,
		headers: {
			authorization: WORD,
			dpop: WORD,
			"if-none-match": `"${WORD}"`,
			range: "bytes=0-1",
			accept: "application/json",
		},
	});
	const read = echo.safeParse(answer.status === 200 ? parseJson(answer.text) : null);
	return read.success ? read.data : { status: answer.status };
}

export interface SeenSample {
	/** of the bytes that came: they are those that were sent */
	readonly whole: boolean;
	readonly etag: boolean;
	/** If-None-Match was answered by 304 */
	readonly unchanged: boolean;
	/** Range was answered by these bytes, and 206 */
	readonly range: boolean;
}

/** Fetches the sample as a package is fetched. @throws ConnectionError */
export async function lookAtSample(server: string): Promise<SeenSample> {
	const url = `${server}/v1/echo/sample`;
	const etag = `"${ECHO_SAMPLE_SHA256}"`;
	const whole = await bytesOf(url, {});
	const unchanged = await bytesOf(url, { "if-none-match": etag });
	const part = await bytesOf(url, { range: "bytes=100-199", "if-range": etag });
	return {
		whole: whole.status === 200 && createHash("sha256").update(whole.bytes).digest("hex") === ECHO_SAMPLE_SHA256,
		etag: whole.etag === etag,
		unchanged: unchanged.status === 304,
		range: part.status === 206 && part.bytes.equals(ECHO_SAMPLE.subarray(100, 200)),
	};
}

async function bytesOf(url: string, headers: Readonly<Record<string, string>>) {
	const {
		status,
		headers: answered,
		body,
	} = await openReply({ method: "GET", url, headers, idleTimeoutMs: TIMEOUT_MS });
	const chunks: Buffer[] = [];
	let size = 0;
	try {
		for await (const chunk of body) {
			chunks.push(chunk);
			size += chunk.length;
			if (size > MANY_BYTES) break;
		}
	} catch {
		// What came is not what was sent: the comparison says so.
	}
	return { status, etag: answered.etag, bytes: Buffer.concat(chunks) };
}

export interface Disk {
	/** what keeps the folder from being written; null = nothing */
	readonly fault: string | null;
	/** null = the system does not say */
	readonly freeBytes: number | null;
}

/** Writes a small file into the folder, and takes it away again. */
export async function lookAtDisk(folder: string): Promise<Disk> {
	const file = join(folder, `.doctor-${randomUUID()}`);
	let fault: string | null = null;
	try {
		await mkdir(folder, { recursive: true, mode: 0o700 });
		await writeFile(file, WORD);
	} catch (error) {
		fault = systemFault(error);
	} finally {
		await rm(file, { force: true }).catch(() => {});
	}
	const found = await statfs(folder).catch(() => null);
	return { fault, freeBytes: found === null ? null : found.bavail * found.bsize };
}

function bare(hostname: string): string {
	return hostname.replace(/^\[|\]$/g, "");
}

function portOf({ protocol, port }: URL): number {
	return Number(port) || (protocol === "http:" ? 80 : 443);
}

function faultOf(error: unknown): string {
	// Several addresses were tried, and the message is of none of them.
	const [first] = error instanceof AggregateError ? error.errors : [error];
	return first instanceof Error ? first.message || first.name : String(first);
}
