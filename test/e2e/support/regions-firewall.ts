// A firewall that may talk to any region: all of them are one issuer to it, whatever port it finds them on. Its tokens are
// bound to its key, so that it needs no object to get one.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { checkAnswer, registrationAnswer, tokenAnswer } from "../../../cli/firewall/answers.ts";
import { createPrivateJwk, type DeviceKey, importDeviceKey } from "../../../cli/firewall/identity/device-key.ts";
import type { CheckAnswer, Offer } from "../../../cli/firewall/wire-types.ts";

/** Where a request goes: an origin. */
export interface Place {
	readonly url: string;
}

export interface Reply {
	readonly status: number;
	readonly headers: Headers;
	/** JSON that nobody has checked yet */
	readonly body: unknown;
	/** performance.now() when the request was sent */
	readonly sentMs: number;
}

const problem = z.object({ code: z.string() });
const PATIENCE_MS = 15_000;
const POLL_MS = 10;
const JSON_HEADERS = { "content-type": "application/json" };
const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

export class RegionFirewall {
	readonly deviceId: string;
	readonly #key: DeviceKey;
	readonly #issuer: string;
	#accessToken = "";

	private constructor(deviceId: string, key: DeviceKey, issuer: string) {
		this.deviceId = deviceId;
		this.#key = key;
		this.#issuer = issuer;
	}

	/** Activates a new firewall in one region. It has no token yet. */
	static async activate(place: Place, issuer: string, code: string): Promise<RegionFirewall> {
		const key = await importDeviceKey(await createPrivateJwk("ES256"));
		const reply = await send(place, "POST", "/oauth2/register", {
			headers: {
				authorization: `DPoP ${code}`,
				dpop: await key.proveRequest("POST", `${issuer}/oauth2/register`, nowSeconds(), code),
				...JSON_HEADERS,
			},
			body: JSON.stringify({
				jwks: { keys: [key.publicJwk] },
				token_endpoint_auth_method: "private_key_jwt",
				grant_types: ["client_credentials"],
				dpop_bound_access_tokens: true,
				device_serial: `SN-${randomBytes(6).toString("hex")}`,
				device_model: "FW-100",
			}),
		});
		return new RegionFirewall(registrationAnswer.parse(expectStatus(reply, 201)).client_id, key, issuer);
	}

	async requestToken(place: Place): Promise<Reply> {
		const reply = await send(place, "POST", "/oauth2/token", {
			headers: {
				dpop: await this.#key.proveRequest("POST", `${this.#issuer}/oauth2/token`, nowSeconds()),
				"content-type": "application/x-www-form-urlencoded",
			},
			body: new URLSearchParams({
				grant_type: "client_credentials",
				client_assertion_type: ASSERTION_TYPE,
				client_assertion: await this.#key.assertClient(this.deviceId, this.#issuer, nowSeconds()),
			}).toString(),
		});
		if (reply.status === 200) this.#accessToken = tokenAnswer.parse(reply.body).access_token;
		return reply;
	}

	/** Gets a token, which is good in every region, and keeps it. */
	async authenticate(place: Place): Promise<this> {
		expectStatus(await this.requestToken(place), 200);
		return this;
	}

	/** Asks for one product, of which nothing is installed. @param etag of the answer before, if there is one */
	requestCheck(place: Place, product: string, etag: string | null = null): Promise<Reply> {
		const path = `/v1/check?installed=${product}`;
		return this.#call(place, "GET", path, etag === null ? {} : { headers: { "if-none-match": etag } });
	}

	/** @returns the answer, which must be one */
	async check(place: Place, product: string): Promise<CheckAnswer> {
		return checkAnswer.parse(expectStatus(await this.requestCheck(place, product), 200));
	}

	async offer(place: Place, product: string): Promise<Offer | undefined> {
		return (await this.check(place, product)).products[0]?.offer ?? undefined;
	}

	/** @returns the version that is offered, or undefined */
	async version(place: Place, product: string): Promise<string | undefined> {
		return (await this.offer(place, product))?.version;
	}

	requestPermit(place: Place, capability: string): Promise<Reply> {
		const body = JSON.stringify({ offer: capability });
		return this.#call(place, "POST", "/v1/permits", { headers: JSON_HEADERS, body });
	}

	async #call(place: Place, method: string, path: string, { headers, body }: Sent): Promise<Reply> {
		const dpop = await this.#key.proveRequest(method, this.#issuer + path, nowSeconds(), this.#accessToken);
		return send(place, method, path, {
			headers: { authorization: `DPoP ${this.#accessToken}`, dpop, ...headers },
			...(body === undefined ? {} : { body }),
		});
	}
}

/** @throws when it is not the answer for a device that was suspended or revoked */
export function expectRefusal({ status, body }: Reply): void {
	if (status !== 403 || problem.parse(body).code !== "device_refused") {
		throw new Error(`not refused: ${status} ${JSON.stringify(body)}`);
	}
}

/** @throws when it is not the answer that tells when to come back */
export function expectComeBack({ status, headers }: Pick<Reply, "status" | "headers">): void {
	const retryAfter = headers.get("retry-after");
	if (status !== 503 || !/^\d+$/.test(retryAfter ?? "")) throw new Error(`not "come back": ${status}, ${retryAfter}`);
}

/**
 * Checks at all places without pause, each time with the ETag of the answer before, until all of them refuse the device.
 * @returns when each place was last sent a check that it answered, performance.now(); the start if it answered none
 * @throws when one answers again that had refused
 */
export async function timeUntilRefused<P extends Place>(
	places: readonly P[],
	firewall: RegionFirewall,
	product: string,
): Promise<ReadonlyMap<P, number>> {
	const lastAllowedMs = new Map(places.map((place) => [place, performance.now()]));
	const refusing = new Set<P>();
	const limitMs = performance.now() + PATIENCE_MS;
	const watch = async (place: P) => {
		let etag: string | null = null;
		while (refusing.size < places.length) {
			if (performance.now() > limitMs) throw new Error(`still not refused everywhere after ${PATIENCE_MS} ms`);
			const reply: Reply = await firewall.requestCheck(place, product, etag);
			if (reply.status === 200 || reply.status === 304) {
				if (refusing.has(place)) throw new Error("let in again after a refusal");
				lastAllowedMs.set(place, reply.sentMs);
				etag = reply.headers.get("etag");
			} else {
				expectRefusal(reply);
				refusing.add(place);
			}
			await sleep(POLL_MS);
		}
	};
	await Promise.all(places.map(watch));
	return lastAllowedMs;
}

interface Sent {
	readonly headers?: Record<string, string>;
	readonly body?: string;
}

async function send({ url }: Place, method: string, path: string, sent: Sent): Promise<Reply> {
	const sentMs = performance.now();
	const answer = await fetch(url + path, { method, ...sent });
	const text = await answer.text();
	return { status: answer.status, headers: answer.headers, body: text === "" ? null : JSON.parse(text), sentMs };
}

function expectStatus({ status, body }: Reply, wanted: number): unknown {
	if (status !== wanted) throw new Error(`status ${status} in place of ${wanted}: ${JSON.stringify(body)}`);
	return body;
}

function nowSeconds(): number {
	return Math.floor(Date.now() / 1000);
}
