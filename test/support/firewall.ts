// A firewall as a test needs it: it has a key, makes proofs and assertions, and lets a test bend any of them.
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { newAddress } from "./fresh-names.ts";
import { ISSUER, send } from "./service.ts";

export type Claims = Record<string, unknown>;

export interface Bent {
	readonly header?: Record<string, unknown>;
	readonly claims?: Claims;
}

export class Firewall {
	readonly privateKey: CryptoKey;
	readonly publicJwk: JWK;
	readonly algorithm: string;
	readonly address = newAddress();
	clientId = "";
	registrationToken = "";
	accessToken = "";
	tokenType = "";

	private constructor(privateKey: CryptoKey, publicJwk: JWK, algorithm: string) {
		this.privateKey = privateKey;
		this.publicJwk = publicJwk;
		this.algorithm = algorithm;
	}

	static async create(algorithm: "ES256" | "EdDSA" | "Ed25519" = "ES256"): Promise<Firewall> {
		const pair = await generateKeyPair(algorithm, { extractable: true });
		const { kty, crv, x, y } = await exportJWK(pair.publicKey);
		const jwk = { kty, crv, x, ...(y === undefined ? {} : { y }) } as JWK;
		return new Firewall(pair.privateKey, jwk, algorithm);
	}

	async thumbprint(): Promise<string> {
		return calculateJwkThumbprint(this.publicJwk);
	}

	/** A DPoP proof (RFC 9449). */
	async proof(method: string, url: string, token?: string, bent: Bent = {}): Promise<string> {
		const ath = token === undefined ? {} : { ath: await sha256Base64url(token) };
		const claims = { htm: method, htu: url, iat: nowSeconds(), jti: crypto.randomUUID(), ...ath, ...bent.claims };
		return this.sign({ typ: "dpop+jwt", jwk: this.publicJwk, ...bent.header }, claims);
	}

	/** A client assertion (RFC 7523). */
	async assertion(bent: Bent = {}): Promise<string> {
		const now = nowSeconds();
		const claims = {
			iss: this.clientId,
			sub: this.clientId,
			aud: ISSUER,
			iat: now,
			exp: now + 60,
			jti: crypto.randomUUID(),
			...bent.claims,
		};
		return this.sign(bent.header ?? {}, claims);
	}

	async sign(header: Record<string, unknown>, claims: Claims): Promise<string> {
		const present = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
		return new SignJWT(present).setProtectedHeader({ alg: this.algorithm, ...header }).sign(this.privateKey);
	}

	async register(
		code: string,
		{
			serial = `SN-${this.address.replaceAll(/\W/g, "-")}`,
			model = "FW-100",
			labels = {},
			proof = "",
			dpopBound = false,
		} = {},
	): Promise<Response> {
		const url = `${ISSUER}/oauth2/register`;
		const body = JSON.stringify({
			jwks: { keys: [this.publicJwk] },
			token_endpoint_auth_method: "private_key_jwt",
			grant_types: ["client_credentials"],
			...(dpopBound ? { dpop_bound_access_tokens: true } : {}),
			device_serial: serial,
			device_model: model,
			device_labels: labels,
		});
		return send("/oauth2/register", {
			method: "POST",
			headers: {
				authorization: `DPoP ${code}`,
				dpop: proof || (await this.proof("POST", url, code)),
				"content-type": "application/json",
				"content-length": String(body.length),
				"cf-connecting-ip": this.address,
			},
			body,
		});
	}

	/** Registers and keeps the identity; the answer must be a success. */
	async activate(code: string, options: Parameters<Firewall["register"]>[1] = {}): Promise<this> {
		const answer = await this.register(code, options);
		const body = (await answer.json()) as { client_id: string; registration_access_token: string };
		if (!answer.ok) throw new Error(`registration: ${answer.status} ${JSON.stringify(body)}`);
		this.clientId = body.client_id;
		this.registrationToken = body.registration_access_token;
		return this;
	}

	async requestToken(fields: Record<string, string> = {}, proof?: string): Promise<Response> {
		const form = new URLSearchParams({
			grant_type: "client_credentials",
			client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
			client_assertion: fields["client_assertion"] ?? (await this.assertion()),
			...fields,
		});
		const headers = { "cf-connecting-ip": this.address, ...(proof === undefined ? {} : { dpop: proof }) };
		return postForm("/oauth2/token", form.toString(), headers);
	}

	/** Gets a token and keeps it. @param bound whether to bind it to the key by DPoP */
	async authenticate(bound = true): Promise<this> {
		const proof = bound ? await this.proof("POST", `${ISSUER}/oauth2/token`) : undefined;
		const answer = await this.requestToken({}, proof);
		const body = (await answer.json()) as { access_token: string; token_type: string };
		if (!answer.ok) throw new Error(`token: ${answer.status} ${JSON.stringify(body)}`);
		this.accessToken = body.access_token;
		this.tokenType = body.token_type;
		return this;
	}

	/** Calls the device plane with the token, and with a fresh proof where it is bound. */
	async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
		const url = ISSUER + path.split("?")[0];
		const text = body === undefined ? undefined : JSON.stringify(body);
		const sent: Record<string, string> = {
			authorization: `${this.tokenType} ${this.accessToken}`,
			"cf-connecting-ip": this.address,
		};
		if (this.tokenType === "DPoP") sent["dpop"] = await this.proof(method, url, this.accessToken);
		if (text !== undefined) {
			sent["content-type"] = "application/json";
			sent["content-length"] = String(text.length);
		}
		return send(path, { method, headers: { ...sent, ...headers }, ...(text === undefined ? {} : { body: text }) });
	}
}

export async function postForm(
	path: string,
	body: string,
	headers: Record<string, string> = {},
	cf?: RequestInit["cf"],
): Promise<Response> {
	return send(path, {
		...(cf === undefined ? {} : { cf }),
		method: "POST",
		headers: {
			"content-type": "application/x-www-form-urlencoded",
			"content-length": String(body.length),
			...headers,
		},
		body,
	});
}

export function nowSeconds(): number {
	return Math.floor(Date.now() / 1000);
}

async function sha256Base64url(text: string): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
	return btoa(String.fromCharCode(...new Uint8Array(digest)))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replaceAll("=", "");
}
