// What firewalls asked in the past is answered for ever: each transcript is what the command line of its month sent, from its activation to its
// end, and which members of each answer it read. Only what has to be new each time is put in: names that the service gave, times,
// signatures, which are made here with WebCrypto alone. A transcript is never changed; a newer one is added beside it.
import { beforeAll, describe, expect, test } from "vitest";
import november2026 from "../../../fixtures/transcripts/2026-11.json";
import { createFleet, createProduct, publish } from "../../../support/fleet.ts";
import { ISSUER, send } from "../../../support/service.ts";

interface Transcript {
	readonly release: { readonly product: string; readonly version: string };
	readonly key: JsonWebKey;
	readonly exchanges: readonly Exchange[];
}
interface Exchange {
	readonly method: string;
	readonly path: string;
	readonly headers: Readonly<Record<string, string | undefined>>;
	readonly body?: string;
	/** by the name of its place: what was signed */
	readonly signed?: Readonly<Record<string, { readonly header: object; readonly claims: object } | undefined>>;
	readonly answer: {
		readonly status: number;
		/** paths of members that must be there */
		readonly reads: readonly string[];
		/** by the name of its place: path of the member that later requests send */
		readonly keeps: Readonly<Record<string, string | undefined>>;
	};
}

const base64url = (bytes: Uint8Array) =>
	btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (one) => ({ "+": "-", "/": "_" })[one] ?? "");
const utf8 = (text: string) => new TextEncoder().encode(text);
const memberOf = (body: unknown, path: string) =>
	path.split(".").reduce<unknown>((part, name) => (part as Record<string, unknown> | null)?.[name], body);

/** Text with each `{{name}}` replaced by what is known under it. */
function filled(text: string, known: ReadonlyMap<string, string>): string {
	return text.replace(/\{\{([a-z_]+)\}\}/g, (_, name: string) => {
		const value = known.get(name);
		if (value === undefined) throw new Error(`nothing is known of ${name} yet`);
		return value;
	});
}

async function sign(key: CryptoKey, parts: { header: object; claims: object }, known: Map<string, string>) {
	const now = Math.floor(Date.now() / 1000);
	const times = JSON.stringify(parts.claims)
		.replaceAll('"{{now}}"', String(now))
		.replaceAll('"{{now+60}}"', String(now + 60));
	const claims = filled(times, new Map([...known, ["unique", crypto.randomUUID()]]));
	const input = [JSON.stringify(parts.header), claims].map((text) => base64url(utf8(text))).join(".");
	const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, utf8(input));
	return `${input}.${base64url(new Uint8Array(signature))}`;
}

const transcripts: [string, Transcript][] = [["November 2026", november2026]];

describe.each(transcripts)("a firewall of %s", (_, { release, key: jwk, exchanges }) => {
	const known = new Map([["origin", ISSUER]]);
	let key: CryptoKey;

	beforeAll(async () => {
		key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
		await createProduct(release.product);
		const { code } = await createFleet({ products: [release.product] });
		known.set("code", code);
		await publish(release.product, release.version, "rules of 2026\n".repeat(20));
	});

	test.each(exchanges.map((exchange, at) => [at + 1, exchange.method, exchange.path, exchange] as const))(
		"%i. %s %s",
		async (_, method, path, { headers, body, signed = {}, answer }) => {
			const [, credential = ""] = filled(headers["authorization"] ?? "", known).split(" ");
			known.set("ath", base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(credential)))));
			for (const [name, parts] of Object.entries(signed)) {
				if (parts !== undefined) known.set(name, await sign(key, parts, known));
			}
			const sent = Object.entries(headers).map(([name, value = ""]): [string, string] => [name, filled(value, known)]);
			const text = body === undefined ? undefined : filled(body, known);
			const length: [string, string][] = text === undefined ? [] : [["content-length", String(utf8(text).length)]];
			const got = await send(filled(path, known), {
				method,
				headers: [...sent, ...length],
				...(text === undefined ? {} : { body: text }),
			});
			const said = await got.text();
			expect(`${got.status} ${got.status === answer.status ? "" : said}`).toBe(`${answer.status} `);
			const etag = got.headers.get("etag");
			if (etag !== null) known.set("etag", etag);
			const isJson = got.headers.get("content-type") === "application/json";
			const read: unknown = isJson ? JSON.parse(said) : null;
			for (const member of answer.reads) expect([member, memberOf(read, member)]).not.toEqual([member, undefined]);
			for (const [name, member = ""] of Object.entries(answer.keeps)) known.set(name, String(memberOf(read, member)));
		},
	);
});
