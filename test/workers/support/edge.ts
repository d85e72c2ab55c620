// One isolate of the service with memory of its own, whose parts a test can take away and give back.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import worker from "../../../src/worker.ts";
import { requireDeclared, seeRequest } from "../../support/description/declared-traffic.ts";
import type { Firewall } from "../../support/firewall.ts";
import { newAddress } from "../../support/fresh-names.ts";
import { ISSUER } from "../../support/service.ts";
import { kvBinding, type Mood, ObjectPart, Outside, PackagesPart, StorePart, serveRedis } from "./edge-parts.ts";
import type { CheckBody, PermitBody } from "./fixtures.ts";

export type DegradableCheck = CheckBody & { readonly as_of: string; readonly degraded?: boolean };

/** Holds records for as long as a production isolate does; takes requests with bearer tokens. */
export class Edge {
	/** calls under way to what is real */
	readonly outside = new Outside();
	readonly kv = new StorePart(this.outside);
	readonly redis = new StorePart(this.outside);
	readonly account = new ObjectPart();
	readonly product = new ObjectPart();
	readonly directory = new ObjectPart();
	readonly replayGuard = new ObjectPart();
	readonly packages = new PackagesPart();
	/** what the platform says of the connections of its callers */
	cf: Readonly<Record<string, unknown>> | undefined;
	readonly #env: Env;
	/** of every request that it was sent */
	readonly #context = createExecutionContext();

	/** @param recordStore as the variable of that name @param more other variables and bindings */
	constructor(recordStore = "kv", more: Partial<Record<keyof Env, unknown>> = {}) {
		this.#env = {
			...env,
			HEADS_FRESH_SECONDS: "5",
			DEVICE_FRESH_SECONDS: "10",
			RECORD_STORE: recordStore,
			...(recordStore.includes("redis") ? { REDIS_URL: serveRedis(this.redis), REDIS_TOKEN: "token-of-redis" } : {}),
			// A location of its own: locations share the records of one version.
			CF_VERSION_METADATA: { id: crypto.randomUUID(), tag: "", timestamp: "" },
			RECORDS: kvBinding(this.kv),
			ACCOUNT: this.account.binding(env.ACCOUNT, this.outside),
			PRODUCT: this.product.binding(env.PRODUCT, this.outside),
			DIRECTORY: this.directory.binding(env.DIRECTORY, this.outside),
			REPLAY_GUARD: this.replayGuard.binding(env.REPLAY_GUARD, this.outside),
			PACKAGES: this.packages.binding(env.PACKAGES),
			...more,
		} as unknown as Env;
	}

	setStores(mood: Mood): void {
		this.kv.mood = mood;
		this.redis.mood = mood;
	}

	/** The objects that own records; ReplayGuard owns none. */
	setOwners(mood: Mood): void {
		this.account.mood = mood;
		this.product.mood = mood;
		this.directory.mood = mood;
	}

	/** Takes away the stores and the objects that own records. */
	takeDown(): void {
		this.setStores("fails");
		this.setOwners("fails");
	}

	restore(): void {
		this.setStores("well");
		this.setOwners("well");
	}

	async send(path: string, init: RequestInit = {}): Promise<Response> {
		const request = new Request(ISSUER + path, { ...init, ...(this.cf && { cf: this.cf }) }) as Parameters<
			typeof worker.fetch
		>[0];
		const seen = await seeRequest(request as unknown as Request);
		const answer = await worker.fetch(request, this.#env, this.#context);
		await requireDeclared(seen, answer);
		return answer;
	}

	/** Until what its requests do behind their answers is done: one may have undertaken what another is about. */
	async settled(): Promise<void> {
		await waitOnExecutionContext(this.#context);
	}

	get(firewall: Firewall, path: string, headers: Record<string, string> = {}): Promise<Response> {
		return this.send(path, { headers: { authorization: `Bearer ${firewall.accessToken}`, ...headers } });
	}

	async check(firewall: Firewall, query = ""): Promise<DegradableCheck> {
		const answer = await this.get(firewall, `/v1/check${query}`);
		expect(answer.status).toBe(200);
		return answer.json();
	}

	/** The version that a check offers for one product; undefined = none. */
	async offered(firewall: Firewall, product: string): Promise<string | undefined> {
		const { products } = await this.check(firewall, `?installed=${product}`);
		return products[0]?.offer?.version;
	}

	permit(firewall: Firewall, offer: string): Promise<Response> {
		return this.sendJson("POST", "/v1/permits", firewall.accessToken, { offer });
	}

	/** Checks and takes up the offer; the permit must be given. */
	async permitted(firewall: Firewall, product: string): Promise<PermitBody & { readonly degraded?: boolean }> {
		const { products } = await this.check(firewall, `?installed=${product}`);
		const answer = await this.permit(firewall, products[0]?.offer?.capability ?? "");
		expect(answer.status).toBe(201);
		return answer.json();
	}

	/** @param url of a permit */
	download(url: string, headers: Record<string, string> = {}): Promise<Response> {
		return this.send(url.slice(ISSUER.length), { headers });
	}

	/** @param key access token or API key @param body JSON; left out where the method takes none */
	sendJson(method: string, path: string, key: string, body?: unknown): Promise<Response> {
		const authorization = `Bearer ${key}`;
		if (body === undefined) return this.send(path, { method, headers: { authorization } });
		const text = JSON.stringify(body);
		const headers = { "content-type": "application/json", "content-length": String(text.length) };
		return this.send(path, { method, headers: { ...headers, authorization }, body: text });
	}

	/** @param dpop whether to bring a proof @param fields beside what each request has */
	async token(firewall: Firewall, dpop = false, fields: Record<string, string> = {}): Promise<Response> {
		const body = new URLSearchParams({
			grant_type: "client_credentials",
			client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
			client_assertion: await firewall.assertion(),
			...fields,
		}).toString();
		const headers = {
			"content-type": "application/x-www-form-urlencoded",
			"content-length": String(body.length),
			...(dpop ? { dpop: await firewall.proof("POST", `${ISSUER}/oauth2/token`) } : {}),
		};
		return this.send("/oauth2/token", { method: "POST", headers, body });
	}

	/** Takes a new token from this edge. */
	async authenticate(firewall: Firewall): Promise<void> {
		const answer = await this.token(firewall);
		expect(answer.status).toBe(200);
		firewall.accessToken = ((await answer.json()) as { access_token: string }).access_token;
	}

	/**
	 * Registers the firewall's key; a device that is made keeps its id.
	 * @param code null = it brings none @param address, serial: if it is not to be one of its own
	 */
	async activate(
		firewall: Firewall,
		code: string | null,
		address = newAddress(),
		serial = `SN-${newAddress().replaceAll(/\W/g, "-")}`,
	): Promise<Response> {
		const text = JSON.stringify({
			jwks: { keys: [firewall.publicJwk] },
			device_serial: serial,
			device_model: "FW-100",
		});
		const answer = await this.send("/oauth2/register", {
			method: "POST",
			headers: {
				...(code !== null && { authorization: `DPoP ${code}` }),
				dpop: await firewall.proof("POST", `${ISSUER}/oauth2/register`, code ?? undefined),
				"content-type": "application/json",
				"content-length": String(text.length),
				"cf-connecting-ip": address,
			},
			body: text,
		});
		if (answer.ok) firewall.clientId = ((await answer.clone().json()) as { client_id: string }).client_id;
		return answer;
	}
	/** Has a device that is active known by its key, as it is. */
	async update(firewall: Firewall): Promise<Response> {
		const path = `/oauth2/register/${firewall.clientId}`;
		const text = JSON.stringify({
			jwks: { keys: [firewall.publicJwk] },
			device_serial: "SN-1",
			device_model: "FW-100",
		});
		return this.send(path, {
			method: "PUT",
			headers: {
				authorization: `Bearer ${firewall.registrationToken}`,
				dpop: await firewall.proof("PUT", ISSUER + path),
				"content-type": "application/json",
				"content-length": String(text.length),
			},
			body: text,
		});
	}
}
