// Short ways to what most tests of the routes start from: a firewall with a token, a check's first product, a permit.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import worker from "../../../src/worker.ts";
import { Firewall } from "../../support/firewall.ts";
import { createFleet, createProduct, type Fleet, type Package, publish } from "../../support/fleet.ts";
import { freshProduct } from "../../support/fresh-names.ts";
import { ISSUER, operated } from "../../support/service.ts";

export interface CheckedOffer {
	readonly version: string;
	readonly sha256: string;
	readonly capability: string;
	readonly expires_at: string;
	readonly downgrade: boolean | null;
	readonly download?: DownloadBody;
}
/** Signed URLs, in a permit or an offer that needs none. */
export interface DownloadBody {
	readonly url: string;
	readonly delta?: unknown;
	readonly expires_at: string;
}
export interface CheckedProduct {
	readonly product: string;
	readonly decision: string;
	readonly code: string;
	readonly status: string;
	readonly reason: string;
	readonly offer?: CheckedOffer;
}
export interface CheckBody {
	readonly device: string;
	readonly next_check_in: number;
	readonly products: readonly CheckedProduct[];
	readonly messages: { readonly unread: number; readonly last: number };
}
export interface PermitBody extends DownloadBody {
	readonly permit: string;
	readonly version: string;
	readonly sha256: string;
}

/** A product that no other test uses. */
export async function newProduct(): Promise<string> {
	const { name } = freshProduct();
	await createProduct(name);
	return name;
}

/** A firewall that has activated and holds a token. @param bound whether the token is bound to its key by DPoP */
export async function newFirewall(code: string, bound = true): Promise<Firewall> {
	return (await (await Firewall.create()).activate(code)).authenticate(bound);
}

export interface Scene extends Fleet {
	readonly product: string;
	readonly firewall: Firewall;
	readonly content: Package;
}

/** A product with release 1.0.0, and a firewall that is entitled to it. */
export async function newScene(license: Record<string, unknown> = {}, bound = true): Promise<Scene> {
	const { name: product, number } = freshProduct();
	await createProduct(product);
	const fleet = await createFleet({ products: [product], license });
	const content = await publish(product, "1.0.0", `rules of product-${number}`);
	return { ...fleet, product, content, firewall: await newFirewall(fleet.code, bound) };
}

export async function check(firewall: Firewall, query: string): Promise<CheckBody> {
	const answer = await firewall.call("GET", `/v1/check${query}`);
	if (answer.status !== 200) throw new Error(`check: ${answer.status} ${await answer.text()}`);
	return answer.json();
}

/** What the check says of one product with this installed ("" for nothing). */
export async function checkProduct(firewall: Firewall, product: string, version = ""): Promise<CheckedProduct> {
	const { products } = await check(firewall, `?installed=${product}${version && "@"}${version}`);
	const [answer] = products;
	if (answer === undefined) throw new Error("the check answers for no product");
	return answer;
}

export async function offerOf(firewall: Firewall, product: string, version = ""): Promise<CheckedOffer> {
	const { offer, ...answer } = await checkProduct(firewall, product, version);
	if (offer === undefined) throw new Error(`nothing is offered: ${JSON.stringify(answer)}`);
	return offer;
}

export async function permitOf(firewall: Firewall, product: string): Promise<PermitBody> {
	const answer = await firewall.call("POST", "/v1/permits", {
		offer: (await offerOf(firewall, product)).capability,
	});
	if (answer.status !== 201) throw new Error(`permit: ${answer.status} ${await answer.text()}`);
	return answer.json();
}

export async function setStatus(firewall: Firewall, action: "suspend" | "reinstate" | "revoke"): Promise<void> {
	await operated("POST", `/v1/devices/${firewall.clientId}/${action}`, { reason: "a test" });
}

/** Devices of an account, as the operator sees them. */
export async function devicesOf(account: string): Promise<{ device: string; status: string; serial: string }[]> {
	const { devices } = await operated<{ devices: { device: string; status: string; serial: string }[] }>(
		"GET",
		`/v1/accounts/${account}/devices`,
	);
	return devices;
}

/** What a deployed service has other than the tests' own: secrets that do not say that they are for local use. */
export const DEPLOYED = {
	ENVIRONMENT: "production",
	MAC_KEYS: env.MAC_KEYS.replace("local1", "k1"),
	LOOKUP_KEY: env.LOOKUP_KEY.replace("local", "xxxxx"),
	BOOTSTRAP_KEY: env.BOOTSTRAP_KEY.replace("local", "xxxxx"),
};

/** The same service with some variables other than in dev/wrangler.toml; same stores, same objects. */
export function serviceWith(
	variables: Record<string, string>,
	origin = ISSUER,
): (path: string, init?: RequestInit) => Promise<Response> {
	const variant = { ...env, ...variables };
	return async (path, init) =>
		worker.fetch(
			new Request(origin + path, init) as Parameters<typeof worker.fetch>[0],
			variant,
			createExecutionContext(),
		);
}

/** The text with one character in the middle exchanged for another. */
export function tampered(text: string, at = Math.floor(text.length / 2)): string {
	return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}

/** A body that is sent in chunks, without a Content-Length. */
export function unknownLength(text: string): ReadableStream {
	return new ReadableStream({
		start(controller) {
			controller.enqueue(new TextEncoder().encode(text));
			controller.close();
		},
	});
}
