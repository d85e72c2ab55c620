// An authenticated firewall: gets access tokens with its key, and sends each request with one and a proof of the key.
// A token is used until shortly before it ends; when the server refuses it earlier, it is replaced once.

import type { Agent } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleepFor } from "node:timers/promises";
import { CliError } from "../../errors.ts";
import type { AnswerSchema } from "../../http/answer-schema.ts";
import { readAnswer } from "../../http/answers.ts";
import { exchange, type HttpAnswer } from "../../http/exchange.ts";
import { refusalFrom } from "../../http/refusal.ts";
import { trustedCertificates } from "../../http/route.ts";
import { parseJson } from "../../json.ts";
import { tokenAnswer } from "../answers.ts";
import type { FirewallHome, FirewallState, Token } from "../home/firewall-state.ts";
import type { ServerMetadata } from "../wire-types.ts";
import { type ActiveIdentity, loadActiveIdentity, loadKey } from "./activation.ts";
import { areAnchorsDue, describeAnchors, tlsRootOf } from "./anchors.ts";
import { mtlsEndpoints, readClientCertificate, registerCertificate } from "./client-certificate.ts";
import { type DeviceKey, importDeviceKey } from "./device-key.ts";
import { discoverServer } from "./discovery.ts";
import { certifiedTokenForm, tokenForm } from "./token-form.ts";

/** A token this close to its end is not sent any more. */
const TOKEN_MARGIN_SECONDS = 30;

export interface FirewallRequest {
	readonly method: "GET" | "POST";
	/** with its query, if any */
	readonly path: string;
	/** what is tried, for the error */
	readonly what: string;
	readonly body?: unknown;
	readonly etag?: string | undefined;
}

/** The machine's clock, and waiting by it. */
export interface Clock {
	readonly nowMs: () => number;
	/** rejects when the wait is called off */
	readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** The machine's own. */
export const systemClock: Clock = {
	nowMs: Date.now,
	sleep: (ms, signal) => sleepFor(ms, undefined, signal === undefined ? {} : { signal }),
};

export interface SessionOptions extends Clock {
	/** the connections of this session's requests; undefined = a new one for each, by the proxy that the environment names */
	readonly agent?: Agent | undefined;
}

/** @template Kept where it keeps its state: a home folder by default; what needs no files takes any */
export interface FirewallSession<Kept extends FirewallState = FirewallHome> extends SessionOptions {
	readonly home: Kept;
	readonly server: string;
	/** @param binding "bound" to the key (the default of everything else) or a plain "bearer" token, which is not saved */
	obtainToken(binding: "bound" | "bearer"): Promise<Token>;
	/** @returns the saved token while it lives, else a new one */
	currentToken(): Promise<Token>;
	/** @returns the answer, 2xx or 304; @throws ServerRefusal, ConnectionError */
	send(request: FirewallRequest): Promise<HttpAnswer>;
	/** @returns the answer's body, read with `schema` */
	call<T>(request: FirewallRequest, schema: AnswerSchema<T>): Promise<T>;
}

/**
 * An activated firewall, ready to talk to its server. Nothing is sent yet.
 * @param server origin that the firewall talks to
 */
export function createSession<Kept extends FirewallState>(
	home: Kept,
	server: string,
	{ nowMs, sleep, agent }: SessionOptions = systemClock,
): FirewallSession<Kept> {
	let known: { readonly x: string; readonly key: DeviceKey } | null = null;
	/** Imported once, unless another was put in its place. */
	const loadDeviceKey = async () => {
		const jwk = await loadKey(home);
		if (known?.x !== jwk.x) known = { x: jwk.x, key: await importDeviceKey(jwk) };
		return known.key;
	};
	const now = () => Math.floor(nowMs() / 1000);

	const obtainToken: FirewallSession<Kept>["obtainToken"] = async (binding) => {
		const identity = await loadActiveIdentity(home);
		const { device } = identity;
		const key = await loadDeviceKey();
		// A token that is not saved would begin a line that nobody goes on with.
		const last = binding === "bound" ? await home.load("token") : null;
		const isTelling = binding === "bound" && areAnchorsDue(last?.anchorsToldAt, now());
		const { metadata, tlsRoot } = await discover(server, nowMs(), agent, isTelling);
		const shown = await certificateFor(identity, key, metadata);
		const { issuer } = metadata;
		const url = (shown === null ? metadata : mtlsEndpoints(metadata)).token_endpoint;
		const isBound = binding === "bound" && shown === null;
		const form = new URLSearchParams({
			...(shown === null ? await tokenForm(key, device.id, issuer, now()) : certifiedTokenForm(device.id)),
			...(last?.lineage === undefined ? {} : { lineage: last.lineage }),
			...(isTelling ? { anchors: await describeAnchors(home, tlsRoot) } : {}),
		});
		const answer = await exchange({
			method: "POST",
			url,
			headers: {
				"content-type": "application/x-www-form-urlencoded",
				accept: "application/json",
				...(isBound ? { dpop: await key.proveRequest("POST", url, now()) } : {}),
			},
			body: form.toString(),
			...(shown !== null && { clientCertificate: shown }),
			agent,
		});
		const what = "could not get a token";
		if (answer.status >= 400) throw refusalFrom(answer, what, nowMs());
		const given = readAnswer(parseJson(answer.text), what, tokenAnswer);
		const type = isBound ? "DPoP" : "Bearer";
		// RFC 9449 §5: a server that ignored the proof answers with another type, and the token would not be bound
		if (given.token_type.toLowerCase() !== type.toLowerCase()) {
			throw new CliError(`${what}: asked for a ${type} token, was given ${given.token_type}`, {
				code: "wrong_token_type",
			});
		}
		const token: Token = {
			server,
			accessToken: given.access_token,
			type,
			expiresAt: now() + given.expires_in,
			products: null,
			...(given.lineage === undefined ? {} : { lineage: given.lineage }),
			anchorsToldAt: isTelling ? now() : last?.anchorsToldAt,
		};
		if (binding === "bound") await home.save("token", token);
		return token;
	};

	/** What the connection is to show: the certificate as its files have it now, told to the service where that knows another. */
	const certificateFor = async (identity: ActiveIdentity, key: DeviceKey, metadata: ServerMetadata) => {
		const { certificate } = identity;
		if (certificate === undefined) return null;
		const shown = await readClientCertificate(certificate);
		if (shown.x5t !== certificate.x5t && certificate.subjectDn === null) {
			await registerCertificate(home, identity, key, metadata, certificate, nowMs(), agent);
		}
		return shown;
	};

	const currentToken = async () => {
		const saved = await home.load("token");
		const usable = saved !== null && saved.server === server && saved.expiresAt - TOKEN_MARGIN_SECONDS > now();
		return usable ? saved : obtainToken("bound");
	};

	const sendWith = async (token: Token, request: FirewallRequest) => {
		const { certificate } = await loadActiveIdentity(home);
		const url = `${certificate?.origin ?? server}${request.path}`;
		const key = await loadDeviceKey();
		return exchange({
			method: request.method,
			url,
			agent,
			headers: {
				authorization: `${token.type} ${token.accessToken}`,
				...(token.type === "DPoP"
					? { dpop: await key.proveRequest(request.method, url, now(), token.accessToken) }
					: {}),
				accept: "application/json",
				...(request.etag === undefined ? {} : { "if-none-match": request.etag }),
				...(request.body === undefined ? {} : { "content-type": "application/json" }),
			},
			...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
			...(certificate !== undefined && { clientCertificate: await readClientCertificate(certificate) }),
		});
	};

	const send: FirewallSession<Kept>["send"] = async (request) => {
		const first = await sendWith(await currentToken(), request);
		const answer = first.status === 401 ? await sendWith(await obtainToken("bound"), request) : first;
		if (answer.status >= 400) throw refusalFrom(answer, request.what, nowMs());
		return answer;
	};

	return {
		home,
		server,
		nowMs,
		sleep,
		agent,
		obtainToken,
		currentToken,
		send,
		call: async (request, schema) => readAnswer(parseJson((await send(request)).text), request.what, schema),
	};
}

/** @param isSeen whether the TLS root is looked for, which takes some milliseconds */
async function discover(server: string, nowMs: number, agent: Agent | undefined, isSeen: boolean) {
	let tlsRoot: ReturnType<typeof tlsRootOf> = null;
	const look = (socket: Socket) => {
		try {
			tlsRoot = tlsRootOf(socket, trustedCertificates(process.env));
		} catch {
			// A certificate that this Node cannot read: then it is not known under which root the service is reached.
		}
	};
	return { metadata: await discoverServer(server, nowMs, { agent, onConnection: isSeen ? look : undefined }), tlsRoot };
}
