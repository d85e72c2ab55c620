// What persons and publishers do in a soak, over HTTP: each thing until it is acknowledged, as they would try again, and noted then.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Seat } from "./fleet.ts";
import { type Acknowledged, type Entry, releasesOf } from "./ledger.ts";
import { type Change, PRODUCTS, type Product, soakPlan } from "./plan.ts";

const TRIES = 240;
const PAUSE_MS = 250;
const A_YEAR_MS = 365 * 86_400_000;
export const FIRST_VERSION = "1.0.0";

interface License {
	readonly account: string;
	readonly license: string;
	products: readonly Product[];
	isHeld: boolean;
}

/** What was tried was refused, and so not acknowledged. */
export class Refused extends Error {
	readonly status: number;

	constructor(message: string, status: number) {
		super(message);
		this.status = status;
	}
}

export type Operator = ReturnType<typeof createOperator>;

/** @param service it is asked with the bootstrap key */
export function createOperator(service: { readonly url: string; readonly bootstrapKey: string }) {
	const entries: Entry[] = [];
	const licenses: License[] = [];
	const note = (what: Acknowledged) => void entries.push({ atMs: Date.now(), what });

	/** @returns null = there is no such thing @throws Refused, also when it cannot be done in all the tries */
	async function call<T>(method: string, path: string, body?: object): Promise<T | null> {
		for (let tries = 1; ; tries++) {
			const { status, text } = await send(method, path, body);
			if (status < 300) return (text === "" ? {} : JSON.parse(text)) as T;
			if (status === 404 && method === "GET") return null;
			if ((status < 500 && status !== 429) || tries === TRIES)
				throw new Refused(`${method} ${path}: ${status} ${text}`, status);
			await sleep(PAUSE_MS);
		}
	}

	async function must<T>(method: string, path: string, body?: object): Promise<T> {
		const answer = await call<T>(method, path, body);
		if (answer === null) throw new Error(`${method} ${path}: nothing is there`);
		return answer;
	}

	async function send(method: string, path: string, body?: object) {
		const bytes = body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : null;
		const digest = bytes === null ? "" : createHash("sha256").update(bytes).digest("base64");
		try {
			const answer = await fetch(service.url + path, {
				method,
				headers: {
					authorization: `Bearer ${service.bootstrapKey}`,
					...(bytes === null ? { "content-type": "application/json" } : { "repr-digest": `sha-256=:${digest}:` }),
				},
				...(body === undefined ? {} : { body: bytes ?? JSON.stringify(body) }),
			});
			return { status: answer.status, text: await answer.text() };
		} catch (error) {
			return { status: 599, text: String(error) };
		}
	}

	async function publish(product: Product, version: string): Promise<void> {
		const path = `/v1/products/${product}/releases/${version}`;
		const bytes = new TextEncoder().encode(`${product} ${version}\n`.repeat(400));
		await must("PUT", `${path}/package?name=${product}-${version}.bin`, bytes);
		await must("PUT", path, {});
		note({ kind: "release", product, version, status: "released" });
	}

	async function changeLicense(index: number, products: readonly Product[], isHeld: boolean): Promise<void> {
		const known = licenses[index];
		if (known === undefined) return;
		const { account, license } = known;
		const path = `/v1/accounts/${account}/licenses/${license}`;
		if (known.products.join() !== products.join()) await must("PATCH", path, { products });
		if (known.isHeld !== isHeld) await must("POST", `${path}/${isHeld ? "suspend" : "reinstate"}`, { reason: "soak" });
		Object.assign(known, { products, isHeld });
		note({ kind: "license", account, license, products, isHeld });
	}

	return {
		entries,
		licenses: licenses as readonly Pick<License, "account" | "license">[],
		call,
		must,
		note,
		/** The products with a first release each, which everybody may have. */
		async furnish(firewalls: number): Promise<void> {
			for (const product of PRODUCTS) {
				await must("POST", "/v1/products", { product, plan: "immediate" });
				await publish(product, FIRST_VERSION);
			}
			await must("PATCH", "/v1/products/rules", { plan: soakPlan(firewalls) });
		},
		/** An account with a license for so many firewalls. */
		async makeAccount(number: number, seats: number): Promise<Seat> {
			const name = { name: `Account ${number}`, same_name: true };
			const { account } = await must<{ account: string }>("POST", "/v1/accounts", name);
			const terms = { products: PRODUCTS, seats, ends_at: new Date(Date.now() + A_YEAR_MS).toISOString() };
			const { license } = await must<{ license: string }>("POST", `/v1/accounts/${account}/licenses`, terms);
			const { code } = await must<{ code: string }>("POST", `/v1/accounts/${account}/codes`, { license, uses: seats });
			licenses[number] = { account, license, products: PRODUCTS, isHeld: false };
			return { account, license, code };
		},
		/** @param firewalls by their numbers */
		async make(change: Change, firewalls: readonly { readonly id: string; readonly account: string }[]): Promise<void> {
			switch (change.do) {
				case "publish":
					return publish(change.product, change.version);
				case "withdraw": {
					const live = releasesOf(entries, change.product).filter(({ withdrawnMs }) => withdrawnMs === null);
					const version = live.at(-1)?.version;
					if (version === undefined || live.length < 2) return;
					await must("POST", `/v1/products/${change.product}/releases/${version}/withdraw`, { reason: "soak" });
					return note({ kind: "release", product: change.product, version, status: "withdrawn" });
				}
				case "license":
					return changeLicense(change.account, change.products, change.isHeld);
				case "device": {
					const device = firewalls[change.firewall];
					if (device === undefined) return;
					const verb = change.status === "active" ? "reinstate" : "suspend";
					await must("POST", `/v1/devices/${device.id}/${verb}`, { reason: "soak" });
					return note({ kind: "device", device: device.id, account: device.account, status: change.status });
				}
				case "message": {
					const ends_at = new Date(Date.now() + A_YEAR_MS).toISOString();
					const message = { severity: "info", title: `Soak ${change.number}`, body: "All is well.", ends_at };
					const { id } = await must<{ id: string }>("POST", "/v1/messages", message);
					return note({ kind: "message", id });
				}
			}
		},
	};
}
