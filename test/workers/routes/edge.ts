// One isolate of the service with memory of its own, whose stores and objects a test can take away and give back.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import worker from "../../../src/worker.ts";
import type { Firewall } from "../../support/firewall.ts";
import { ISSUER } from "../../support/service.ts";
import type { CheckBody } from "./fixtures.ts";

export type DegradableCheck = CheckBody & { readonly as_of: string; readonly degraded?: boolean };

/** Holds records for as long as a production isolate does; takes requests with bearer tokens. */
export class Edge {
	storesDown = false;
	objectsDown = false;
	readonly #env: Env;

	constructor() {
		const kv = env.RECORDS;
		const get = async (...of: Parameters<typeof kv.get>) => {
			if (this.storesDown) throw new Error("KV GET failed: 503 Service Unavailable");
			return kv.get(...of);
		};
		const objects = (namespace: { getByName(name: string): unknown }) => ({
			getByName: (name: string) => {
				if (this.objectsDown) throw new Error("Durable Object is gone");
				return namespace.getByName(name);
			},
		});
		this.#env = {
			...env,
			HEADS_FRESH_SECONDS: "5",
			DEVICE_FRESH_SECONDS: "10",
			RECORDS: { get } as unknown as KVNamespace,
			ACCOUNT: objects(env.ACCOUNT),
			PRODUCT: objects(env.PRODUCT),
			DIRECTORY: objects(env.DIRECTORY),
		} as unknown as Env;
	}

	takeDown(): void {
		this.storesDown = true;
		this.objectsDown = true;
	}

	restore(): void {
		this.storesDown = false;
		this.objectsDown = false;
	}

	send(path: string, init: RequestInit = {}): Promise<Response> {
		const request = new Request(ISSUER + path, init) as Parameters<typeof worker.fetch>[0];
		return worker.fetch(request, this.#env, createExecutionContext());
	}

	get(firewall: Firewall, path: string, headers: Record<string, string> = {}): Promise<Response> {
		return this.send(path, { headers: { authorization: `Bearer ${firewall.accessToken}`, ...headers } });
	}

	async check(firewall: Firewall, query = ""): Promise<DegradableCheck> {
		const answer = await this.get(firewall, `/v1/check${query}`);
		expect(answer.status).toBe(200);
		return answer.json();
	}

	permit(firewall: Firewall, offer: string): Promise<Response> {
		const body = JSON.stringify({ offer });
		const headers = { "content-type": "application/json", "content-length": String(body.length) };
		const authorization = `Bearer ${firewall.accessToken}`;
		return this.send("/v1/permits", { method: "POST", headers: { ...headers, authorization }, body });
	}

	async token(firewall: Firewall): Promise<Response> {
		const body = new URLSearchParams({
			grant_type: "client_credentials",
			client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
			client_assertion: await firewall.assertion(),
		}).toString();
		const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) };
		return this.send("/oauth2/token", { method: "POST", headers, body });
	}

	/** Takes a new token from this edge. */
	async authenticate(firewall: Firewall): Promise<void> {
		const answer = await this.token(firewall);
		expect(answer.status).toBe(200);
		firewall.accessToken = ((await answer.json()) as { access_token: string }).access_token;
	}
}
