// One HTTP exchange over node:http(s). Not fetch: an upload must have a Content-Length although it is a stream, and a
// download must arrive byte for byte as it was sent. No retries, no redirects, no cookies.
import type { Agent, IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readRetryAfter } from "../../src/retry-after.ts";
import { ConnectionError } from "../errors.ts";
import { routeTo } from "./route.ts";

/** A server that says nothing for this long is gone. */
const IDLE_TIMEOUT_MS = 30_000;
/** An answer that drips would else be waited for as long as it likes. */
const ANSWER_TIMEOUT_MS = 300_000;
/** Answers other than packages are small; more than this is not one of ours. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export interface HttpRequest {
	readonly method: string;
	readonly url: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string | Readable;
	readonly idleTimeoutMs?: number;
	readonly signal?: AbortSignal;
	/** PEM texts of what the connection shows, where it is TLS; undefined = nothing */
	readonly clientCertificate?: { readonly cert: string; readonly key: string } | undefined;
	/** whose connections are used; undefined = a new one, by the proxy that the environment names */
	readonly agent?: Agent | undefined;
	/** is shown the connection when the answer's head is there, and it is open still */
	readonly onConnection?: ((socket: Socket) => void) | undefined;
}

export interface HttpReply {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: IncomingMessage;
}

export interface HttpAnswer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly text: string;
}

/**
 * Sends a request and gives the reply as soon as its head is there; the caller reads or destroys the body.
 * @throws ConnectionError when there is no reply
 */
export async function openReply(request: HttpRequest): Promise<HttpReply> {
	const url = new URL(request.url);
	const timeout = request.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
	const { agent, ca, proxy } = routeTo(url, process.env, timeout);
	const start = requestOf(url);
	const body = request.body;
	return new Promise((resolve, reject) => {
		const outgoing = start(url.href, {
			method: request.method,
			headers: { "user-agent": "parapet-cli", ...versionOverride(process.env), ...request.headers },
			// One command makes a handful of requests: a fresh connection each costs less than a stale one now and then.
			agent: request.agent ?? agent,
			timeout,
			...(ca === undefined ? {} : { ca: [...ca] }),
			...request.clientCertificate,
			...(request.signal === undefined ? {} : { signal: request.signal }),
		});
		const fail = (cause: unknown) => reject(unreachable(url, cause, proxy));
		outgoing.once("response", (incoming: IncomingMessage) => {
			request.onConnection?.(incoming.socket);
			resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming });
		});
		outgoing.once("timeout", () => outgoing.destroy(new Error("no answer in time")));
		outgoing.on("error", fail);
		if (body === undefined || typeof body === "string") outgoing.end(body);
		// A server may refuse before it has read everything: then the reply has been taken and this failure is moot.
		else pipeline(body, outgoing).catch(fail);
	});
}

/** A deployment tries a version by its id before anybody else gets it; docs/operations.md, "Deploying in stages". */
function versionOverride({ PARAPET_VERSION_OVERRIDE: version }: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
	return version === undefined || version === "" ? {} : { "cloudflare-workers-version-overrides": version };
}

/** TLS is loaded only where it is wanted. Not by `import`: importing node:http loads the client of WebSockets with it (25 ms). */
function requestOf({ protocol }: URL) {
	return process.getBuiltinModule(protocol === "https:" ? "node:https" : "node:http").request;
}

/** Sends a request and reads the whole answer as text; the rest is as `exchangeBytes` has it. */
export async function exchange(request: HttpRequest, answerTimeoutMs = ANSWER_TIMEOUT_MS): Promise<HttpAnswer> {
	const { bytes, ...head } = await exchangeBytes(request, answerTimeoutMs);
	return { ...head, text: bytes.toString("utf8") };
}

/**
 * Sends a request and reads the whole answer.
 * @param answerTimeoutMs from the answer's head to its end
 * @throws ConnectionError when there is no answer, or when it breaks off, or is absurdly long or slow
 */
export async function exchangeBytes(
	request: HttpRequest,
	answerTimeoutMs = ANSWER_TIMEOUT_MS,
): Promise<Omit<HttpAnswer, "text"> & { readonly bytes: Buffer }> {
	const { status, headers, body } = await openReply(request);
	const chunks: Buffer[] = [];
	let size = 0;
	const timer = setTimeout(() => body.destroy(new Error("the answer does not end")), answerTimeoutMs);
	try {
		for await (const chunk of body) {
			chunks.push(chunk);
			size += chunk.length;
			if (size > MAX_ANSWER_BYTES) throw new Error(`more than ${MAX_ANSWER_BYTES} bytes`);
		}
	} catch (cause) {
		throw unreachable(new URL(request.url), cause);
	} finally {
		clearTimeout(timer);
	}
	return { status, headers, bytes: Buffer.concat(chunks) };
}

/**
 * How long a reply asks to be left alone. A date in it is measured on the server's own clock where the reply tells that:
 * firewalls' clocks are often wrong.
 * @returns seconds; undefined = it does not ask
 */
export function retryAfterOf(headers: IncomingHttpHeaders, nowMs: number): number | undefined {
	const serverMs = Date.parse(headers.date ?? "");
	const now = Math.floor((Number.isNaN(serverMs) ? nowMs : serverMs) / 1000);
	return readRetryAfter(headers["retry-after"] ?? null, now) || undefined;
}

/** What TLS says of a certificate that nobody vouches for whom this machine believes. */
const UNKNOWN_ISSUER =
	/self-signed certificate|unable to (get (local )?issuer certificate|verify the first certificate)/;

/** What TLS says of a certificate that is good at another time; most often it is the machine's clock that is not. */
const OTHER_TIME = /certificate is not yet valid|certificate has expired/;

function unreachable(url: URL, cause: unknown, proxy: string | null = null): ConnectionError {
	const refused = cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
	const reason = refused ? "connection refused" : cause instanceof Error ? cause.message || cause.name : String(cause);
	const way = proxy === null ? "" : ` through the proxy ${proxy}`;
	return new ConnectionError(`no answer from ${url.origin}${way}: ${reason}`, {
		code: "unreachable",
		fix: unreachableFix(url, reason, proxy),
		cause,
	});
}

function unreachableFix(url: URL, reason: string, proxy: string | null): string {
	if (UNKNOWN_ISSUER.test(reason)) {
		return "if the server, or a proxy in between, has a certificate of a private CA: name the CA's file (PEM) in PARAPET_CA_FILE";
	}
	if (OTHER_TIME.test(reason)) {
		return `this machine's clock says ${new Date().toISOString()}: if that is wrong, set it (NTP); else the certificate must be renewed`;
	}
	if (proxy !== null) {
		return `check the proxy (HTTPS_PROXY, HTTP_PROXY), or name ${url.hostname} in NO_PROXY to go without it`;
	}
	return `check that the server runs and that --url (now ${url.origin}) is right; a local one starts with: npm start`;
}
