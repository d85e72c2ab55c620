// Activation and deactivation of a firewall (RFC 7591 and RFC 7592). Key and serial are saved before the auth code is
// sent, so that a lost reply is harmless: the same code with the same key is the same device.

import { randomBytes } from "node:crypto";
import type { Agent } from "node:http";
import { CliError, UsageError } from "../../errors.ts";
import { readAnswer } from "../../http/answers.ts";
import { exchange } from "../../http/exchange.ts";
import { refusalFrom } from "../../http/refusal.ts";
import { parseJson } from "../../json.ts";
import { registrationAnswer } from "../answers.ts";
import {
	type DeviceAlgorithm,
	type FirewallState,
	hasFolder,
	type Identity,
	nameFirewall,
} from "../home/firewall-state.ts";
import { dropParts } from "../update/parts.ts";
import {
	authMetadata,
	type CertificateFiles,
	mtlsEndpoints,
	readClientCertificate,
	registerCertificate,
} from "./client-certificate.ts";
import { createPrivateJwk, importDeviceKey } from "./device-key.ts";
import { discoverServer } from "./discovery.ts";

export interface ActivationOptions {
	readonly home: FirewallState;
	/** origin */
	readonly server: string;
	/** null = it comes with `factory` */
	readonly code: string | null;
	/** its manufacturer's certificate, in place of a code */
	readonly factory?: Pick<CertificateFiles, "certFile" | "keyFile"> | null;
	/** undefined = keep what an earlier attempt used, else make one up */
	readonly serial?: string | undefined;
	readonly model?: string | undefined;
	readonly labels?: Readonly<Record<string, string>> | undefined;
	readonly engine?: string | undefined;
	readonly algorithm?: DeviceAlgorithm | undefined;
	/** by which it is to be known; null = by its key */
	readonly certificate?: CertificateFiles | null;
	readonly nowMs: () => number;
	/** see SessionOptions */
	readonly agent?: Agent | undefined;
}

export type ActiveIdentity = Identity & { readonly device: NonNullable<Identity["device"]> };

/**
 * Makes a key pair, registers it with an auth code and keeps who the firewall is. Tried again after a lost reply it is the same device.
 * @throws ServerRefusal, ConnectionError; CliError when the home belongs to an active device already
 */
export async function activateFirewall(options: ActivationOptions): Promise<ActiveIdentity> {
	const { home, server, nowMs, agent } = options;
	const certificate = options.certificate ?? null;
	const factory = options.factory ?? null;
	const shown = certificate === null ? null : await readClientCertificate(certificate);
	const ofFactory = factory === null ? null : await readClientCertificate(factory);
	if (shown !== null && ofFactory !== null && shown.x5t !== ofFactory.x5t) {
		throw new UsageError(
			"a connection shows one certificate",
			"activate with the manufacturer's alone; then `parapet device certificate` names the other",
		);
	}
	const draft = await prepareIdentity({ ...options, serial: options.serial ?? ofFactory?.serial ?? undefined });
	const key = await importDeviceKey(await loadKey(home));
	const metadata = await discoverServer(server, nowMs(), { agent });
	const endpoint = (certificate === null && factory === null ? metadata : mtlsEndpoints(metadata))
		.registration_endpoint;
	const code = options.code?.replace(/\s/g, "");
	const what = "could not activate";
	const answer = await exchange({
		method: "POST",
		url: endpoint,
		agent,
		headers: {
			...(code !== undefined && { authorization: `DPoP ${code}` }),
			dpop: await key.proveRequest("POST", endpoint, Math.floor(nowMs() / 1000), code),
			"content-type": "application/json",
			accept: "application/json",
		},
		body: JSON.stringify({
			...authMetadata(certificate, key, shown?.x5t),
			grant_types: ["client_credentials"],
			device_serial: draft.serial,
			device_model: draft.model,
			device_labels: draft.labels,
		}),
		...((ofFactory ?? shown) !== null && { clientCertificate: ofFactory ?? shown ?? undefined }),
	});
	if (answer.status >= 400) throw refusalFrom(answer, what, nowMs());
	const {
		client_id,
		registration_access_token,
		account,
		license,
		token_endpoint_auth_method: method,
	} = readAnswer(parseJson(answer.text), what, registrationAnswer);
	const device = { id: client_id, account, license, registrationToken: registration_access_token };
	const made = { ...draft, device };
	if (certificate === null || shown === null) {
		await home.save("identity", made);
		return made;
	}
	const known = { ...made, certificate: { ...certificate, x5t: shown.x5t, origin: mtlsEndpoints(metadata).origin } };
	// This code had activated this key before, and the device is known by it.
	if (method !== "tls_client_auth") {
		await home.save("identity", made);
		return { ...made, ...(await withCertificate(home, made, key, metadata, certificate, nowMs(), agent)) };
	}
	await home.save("identity", known);
	return known;
}

async function withCertificate(...args: Parameters<typeof registerCertificate>) {
	const certificate = await registerCertificate(...args);
	return certificate === undefined ? {} : { certificate };
}

async function prepareIdentity(options: ActivationOptions): Promise<Identity> {
	const { home, server } = options;
	const earlier = await home.load("identity");
	if (earlier !== null && earlier.device !== null) {
		throw new CliError(`this firewall is activated already, as ${earlier.device.id}`, {
			code: "already_activated",
			fix: "deactivate it first, or use another --home",
		});
	}
	const algorithm = options.algorithm ?? earlier?.algorithm ?? "ES256";
	const draft: Identity = {
		server,
		serial: options.serial ?? earlier?.serial ?? `FW-${randomBytes(5).toString("hex").toUpperCase()}`,
		model: options.model ?? earlier?.model ?? "generic",
		labels: options.labels ?? earlier?.labels ?? {},
		engine: options.engine ?? earlier?.engine ?? null,
		algorithm,
		device: null,
	};
	if (earlier?.algorithm !== algorithm || (await home.load("key")) === null) {
		await home.save("key", await createPrivateJwk(algorithm));
	}
	await home.save("identity", draft);
	return draft;
}

/** @returns the identity of an activated firewall; @throws CliError when it is none */
export async function loadActiveIdentity(home: FirewallState): Promise<ActiveIdentity> {
	const identity = await home.load("identity");
	if (identity !== null && identity.device !== null) return { ...identity, device: identity.device };
	throw new CliError(`${nameFirewall(home)} is not activated`, {
		code: "not_activated",
		fix: "activate it first: parapet device activate CODE",
	});
}

/** @throws CliError when the key is missing */
export async function loadKey(home: FirewallState) {
	const key = await home.load("key");
	if (key !== null) return key;
	throw new CliError(`${nameFirewall(home)} has no key`, { code: "no_key", fix: "activate it again" });
}

/** Gives the seat back and forgets who the firewall was. What is installed stays: it protects somebody. */
export async function deactivateFirewall(
	home: FirewallState,
	server: string,
	nowMs: () => number,
	agent?: Agent,
): Promise<string> {
	const { device } = await loadActiveIdentity(home);
	const answer = await exchange({
		method: "DELETE",
		url: `${server}/oauth2/register/${encodeURIComponent(device.id)}`,
		headers: { authorization: `Bearer ${device.registrationToken}` },
		agent,
	});
	if (answer.status >= 400) throw refusalFrom(answer, `could not deactivate ${device.id}`, nowMs());
	if (hasFolder(home)) await dropParts(home);
	await home.forget("identity", "key", "token", "lastCheck", "messages", "reports", "ha", "permits");
	return device.id;
}
