// What a device is told of deltas, and how they are served: the cheapest way from what it says it has, as a file of its own and as the
// coding of the package (RFC 9842). Without one everything is as it was.
import { beforeAll, describe, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { createFleet, createProduct, makePackage, type Package, publish } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { operated, send } from "../../../../support/service.ts";
import { makeDeltaOf, publishWithDeltas } from "../../../support/deltas.ts";
import { newFirewall, offerOf, type PermitBody } from "../../../support/fixtures.ts";

interface WithDelta extends PermitBody {
	readonly delta?: {
		readonly coding: string;
		readonly from: string | null;
		readonly from_sha256: string | null;
		readonly sha256: string;
		readonly size: number;
		readonly url: string;
	};
}

let product: string;
let firewall: Firewall;
let oldest: Package;
let old: Package;
let target: Package;
let fromOld: Package;
let packed: Package;
beforeAll(async () => {
	const { name, number } = freshProduct();
	product = name;
	await createProduct(product);
	const { code } = await createFleet({ products: [product] });
	firewall = await newFirewall(code);
	oldest = await publish(product, "1.0.0", `oldest rules of ${number} `.repeat(40));
	old = await publish(product, "1.1.0", `old rules of ${number} `.repeat(40));
	target = await makePackage(`rules of ${number} `.repeat(40));
	fromOld = await makeDeltaOf(old, `news ${number}`);
	packed = await makeDeltaOf(null, `packed ${number} `.repeat(10));
	await publishWithDeltas(product, "1.2.0", target, [
		{ from: { version: "1.1.0", sha256: old.sha256 }, delta: fromOld },
		{ from: null, delta: packed },
	]);
});

async function permitFrom(version: string, query = ""): Promise<WithDelta> {
	const installed = `${product}${version === "" ? "" : `@${version}`}`;
	const answer = await firewall.call("GET", `/v1/check?installed=${installed}${query}`);
	const { products } = await answer.json<{ products: { offer: { capability: string } }[] }>();
	const taken = await firewall.call("POST", "/v1/permits", { offer: products[0]?.offer.capability });
	expect(taken.status).toBe(201);
	return taken.json();
}

const base64 = (hex: string) =>
	btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))));
const dictionary = (of: Package) => `:${base64(of.sha256)}:`;
const bytesOf = async (answer: Response) => new Uint8Array(await answer.arrayBuffer());

describe("a permit", () => {
	test("names the delta from what is installed, with a URL of its own", async () => {
		const { delta, sha256 } = await permitFrom("1.1.0");
		expect(sha256).toBe(target.sha256);
		expect(delta).toMatchObject({
			coding: "dcz",
			from: "1.1.0",
			from_sha256: old.sha256,
			sha256: fromOld.sha256,
			size: fromOld.bytes.length,
		});
	});

	test.each([
		["a version without one", "1.0.0", ""],
		["a version that the service does not know", "0.0.7", ""],
		["nothing", "", ""],
		["what is damaged", "1.1.0", "&damaged=PRODUCT"],
	])("names the packed copy to who has %s", async (_, version, query) => {
		const { delta } = await permitFrom(version, query.replace("PRODUCT", product));
		expect(delta).toMatchObject({ coding: "zstd", from: null, from_sha256: null, sha256: packed.sha256 });
	});

	test("names nothing of a release without deltas, whose URL is as before", async () => {
		const { name } = freshProduct();
		await createProduct(name);
		await publish(name, "1.0.0", "plain");
		const { code } = await createFleet({ products: [name] });
		const other = await newFirewall(code);
		const { capability } = await offerOf(other, name);
		const permit = await (await other.call("POST", "/v1/permits", { offer: capability })).json<WithDelta>();
		expect(permit).not.toHaveProperty("delta");
		const answer = await send(permit.url, { headers: { "accept-encoding": "dcz, zstd" } });
		expect([answer.headers.get("vary"), answer.headers.get("content-encoding"), await answer.text()]).toEqual([
			null,
			null,
			"plain",
		]);
	});
});

describe("a delta is a download like any other", () => {
	test("whole, resumed and by its own digest", async () => {
		const { delta } = await permitFrom("1.1.0");
		const url = delta?.url ?? "";
		const whole = await send(url);
		expect([whole.status, whole.headers.get("etag"), await bytesOf(whole)]).toEqual([
			200,
			`"${fromOld.sha256}"`,
			fromOld.bytes,
		]);
		expect(whole.headers.get("content-encoding")).toBeNull();
		const rest = await send(url, { headers: { range: "bytes=40-", "if-range": `"${fromOld.sha256}"` } });
		expect([rest.status, await bytesOf(rest)]).toEqual([206, fromOld.bytes.slice(40)]);
	});
});

describe("the package's own URL", () => {
	let url: string;
	beforeAll(async () => {
		({ url } = await permitFrom("1.1.0"));
	});
	const get = (headers: Record<string, string>) => send(url, { headers });

	test("gives the delta to who has the dictionary and takes dcz", async () => {
		const answer = await get({ "accept-encoding": "gzip, zstd, dcz", "available-dictionary": dictionary(old) });
		expect(Object.fromEntries(answer.headers)).toMatchObject({
			"content-encoding": "dcz",
			"content-length": String(fromOld.bytes.length),
			etag: `"${fromOld.sha256}"`,
			"repr-digest": fromOld.digest,
			vary: "Accept-Encoding, Available-Dictionary",
		});
		expect(await bytesOf(answer)).toEqual(fromOld.bytes);
	});

	test("resumes the coded bytes by their ETag", async () => {
		const coded = { "accept-encoding": "dcz", "available-dictionary": dictionary(old) };
		const answer = await get({ ...coded, range: "bytes=10-19", "if-range": `"${fromOld.sha256}"` });
		expect([answer.status, answer.headers.get("content-encoding"), await bytesOf(answer)]).toEqual([
			206,
			"dcz",
			fromOld.bytes.slice(10, 20),
		]);
	});

	test.each([
		["takes nothing but gzip", { "accept-encoding": "gzip" }],
		["asks for the bytes as they are", { "accept-encoding": "identity" }],
		["has another dictionary", { "accept-encoding": "dcz", "available-dictionary": "OLDEST" }],
		["refuses dcz by its weight", { "accept-encoding": "dcz;q=0", "available-dictionary": "OLD" }],
		["takes dcz and has no dictionary", { "accept-encoding": "dcz" }],
		["says something else of a dictionary", { "accept-encoding": "dcz", "available-dictionary": "?1" }],
		["takes zstd, where there is a delta and no copy in the URL", { "accept-encoding": "zstd" }],
	])("gives the package to who %s", async (_, headers: Record<string, string>) => {
		const named = headers["available-dictionary"];
		const given = named === "OLD" ? dictionary(old) : named === "OLDEST" ? dictionary(oldest) : named;
		const answer = await get({ ...headers, ...(given !== undefined && { "available-dictionary": given }) });
		expect([answer.status, answer.headers.get("content-encoding"), answer.headers.get("etag")]).toEqual([
			200,
			null,
			`"${target.sha256}"`,
		]);
		expect(answer.headers.get("vary")).toBe("Accept-Encoding, Available-Dictionary");
		expect(await bytesOf(answer)).toEqual(target.bytes);
	});

	test("gives the package itself to who takes zstd, also where a packed copy is the cheapest way: it has a URL of its own", async () => {
		const permit = await permitFrom("");
		const answer = await send(permit.url, { headers: { "accept-encoding": "gzip, zstd" } });
		expect([answer.headers.get("content-encoding"), await bytesOf(answer)]).toEqual([null, target.bytes]);
		const copy = await send(permit.delta?.url ?? "");
		expect([copy.headers.get("content-encoding"), await bytesOf(copy)]).toEqual([null, packed.bytes]);
	});

	test("is no good with another delta in it", async () => {
		const answer = await send(url.replace(`p=${fromOld.sha256}`, `p=${packed.sha256}`));
		expect(answer.status).toBe(403);
		expect((await send(url.replace(`&p=${fromOld.sha256}`, ""))).status).toBe(403);
	});
});

test("a base that is withdrawn still has its delta: who runs it is to leave it", async () => {
	await operated("POST", `/v1/products/${product}/releases/1.1.0/withdraw`, { reason: "bad" });
	expect((await permitFrom("1.1.0")).delta).toMatchObject({ from: "1.1.0", sha256: fromOld.sha256 });
});
