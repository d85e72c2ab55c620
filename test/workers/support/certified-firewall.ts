// A firewall that shows client certificates: as Cloudflare tells the Worker of them, or as a proxy does.
import { type Authority, type Issued, makeAuthority, tlsClientAuth } from "../../support/certificates.ts";
import { Firewall, postForm } from "../../support/firewall.ts";
import { send } from "../../support/service.ts";

export const MTLS = "https://mtls.updates.test";

/** How a connection is told of. */
export interface Connection {
	readonly cf?: Readonly<Record<string, unknown>>;
	readonly headers?: Readonly<Record<string, string>>;
}

export const authority: Authority = await makeAuthority([
	["O", "Example"],
	["CN", "Example Devices CA"],
]);

export async function certificateFor(
	name: string,
	more: Parameters<Authority["issue"]>[0] | object = {},
): Promise<Issued> {
	return authority.issue({
		subject: [
			["O", "Example"],
			["CN", name],
		],
		...more,
	});
}

/** As Cloudflare tells of it. */
export function shows(certificate: Issued | null, bent: Readonly<Record<string, unknown>> = {}): Connection {
	return { cf: { tlsClientAuth: tlsClientAuth(certificate, bent) } };
}

/** @param code null = it brings none */
export async function registerWith(
	firewall: Firewall,
	code: string | null,
	{ cf, headers }: Connection,
	metadata: Readonly<Record<string, unknown>> = {},
): Promise<Response> {
	const url = `${MTLS}/oauth2/register`;
	const body = JSON.stringify({
		jwks: { keys: [firewall.publicJwk] },
		token_endpoint_auth_method: "tls_client_auth",
		device_serial: `SN-${firewall.address.replaceAll(/\W/g, "-")}`,
		device_model: "FW-100",
		...metadata,
	});
	const sent: Record<string, string> = { dpop: await firewall.proof("POST", url, code ?? undefined) };
	if (code !== null) sent["authorization"] = `DPoP ${code}`;
	return sendJson(firewall, url, "POST", body, { cf, headers: { ...sent, ...headers } });
}

export async function updateWith(
	firewall: Firewall,
	{ cf, headers }: Connection,
	metadata: Readonly<Record<string, unknown>> = {},
): Promise<Response> {
	const url = `${MTLS}/oauth2/register/${firewall.clientId}`;
	const body = JSON.stringify({
		jwks: { keys: [firewall.publicJwk] },
		token_endpoint_auth_method: "tls_client_auth",
		device_serial: `SN-${firewall.address.replaceAll(/\W/g, "-")}`,
		device_model: "FW-100",
		...metadata,
	});
	const sent = { authorization: `Bearer ${firewall.registrationToken}`, dpop: await firewall.proof("PUT", url) };
	return sendJson(firewall, url, "PUT", body, { cf, headers: { ...sent, ...headers } });
}

async function sendJson(
	firewall: Firewall,
	url: string,
	method: string,
	body: string,
	{ cf, headers }: Connection & { readonly cf: Connection["cf"] },
): Promise<Response> {
	return send(url, {
		method,
		body,
		headers: {
			"content-type": "application/json",
			"content-length": String(new TextEncoder().encode(body).length),
			"cf-connecting-ip": firewall.address,
			...headers,
		},
		...(cf === undefined ? {} : { cf }),
	});
}

/** A firewall that has activated with a certificate. */
export async function certified(
	code: string,
	certificate: Issued,
	metadata: Readonly<Record<string, unknown>> = {},
): Promise<Firewall> {
	const firewall = await Firewall.create();
	const answer = await registerWith(firewall, code, shows(certificate), metadata);
	if (answer.status !== 201) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
	const body = (await answer.json()) as { client_id: string; registration_access_token: string };
	firewall.clientId = body.client_id;
	firewall.registrationToken = body.registration_access_token;
	return firewall;
}

export async function tokenBy(
	firewall: Pick<Firewall, "clientId" | "address">,
	{ cf, headers = {} }: Connection,
	fields: Readonly<Record<string, string>> = {},
): Promise<Response> {
	const form = new URLSearchParams({ grant_type: "client_credentials", client_id: firewall.clientId, ...fields });
	return postForm(`${MTLS}/oauth2/token`, form.toString(), { "cf-connecting-ip": firewall.address, ...headers }, cf);
}

/** Gets a token by a certificate and keeps it. */
export async function authenticateBy(firewall: Firewall, certificate: Issued): Promise<Firewall> {
	const answer = await tokenBy(firewall, shows(certificate));
	if (answer.status !== 200) throw new Error(`token: ${answer.status} ${await answer.text()}`);
	const body = (await answer.json()) as { access_token: string; token_type: string };
	firewall.accessToken = body.access_token;
	firewall.tokenType = body.token_type;
	return firewall;
}

/** Calls the device plane on a connection. */
export async function callOn(
	firewall: Firewall,
	method: string,
	path: string,
	{ cf, headers }: Connection,
	body?: unknown,
): Promise<Response> {
	const text = body === undefined ? undefined : JSON.stringify(body);
	return send(MTLS + path, {
		method,
		headers: {
			authorization: `${firewall.tokenType} ${firewall.accessToken}`,
			"cf-connecting-ip": firewall.address,
			...(text !== undefined && { "content-type": "application/json", "content-length": String(text.length) }),
			...headers,
		},
		...(text !== undefined && { body: text }),
		...(cf === undefined ? {} : { cf }),
	});
}
