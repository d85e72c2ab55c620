// What came with each release, for feed readers.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createProduct } from "../../../support/fleet.ts";
import { freshProduct } from "../../../support/fresh-names.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operate, operated, send } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { publishRules, suricataRule as rule } from "../../support/publish-rules.ts";

async function freshProductWithTwo(): Promise<string> {
	const { name: product } = freshProduct();
	await createProduct(product);
	await publishRules(product, "1.0.0", rule(1));
	const newer = rule(1) + rule(2, { action: "drop", msg: "<b>log4j</b> & more", cve: "2021-44228" });
	await publishRules(product, "1.1.0", newer, { notes: "what's new <here>" });
	return product;
}
const contentsOf = (feed: string) =>
	[...feed.matchAll(/<content type="text">([^<]*)<\/content>/g)].map(([, text]) => text);

test("each release of a channel is an entry, newest first, with what it changed against the one before", async () => {
	const product = await freshProductWithTwo();
	const answer = await operate("GET", `/v1/products/${product}/changes/stable`);
	expect(answer.headers.get("content-type")).toBe("application/atom+xml; charset=utf-8");
	const [newest = "", first] = contentsOf(await answer.text());
	expect(newest.split("\n")).toEqual([
		"Rules against 1.0.0: 1 added, 0 removed, 0 changed, 1 newly blocking.",
		"Newly blocking: 2 &lt;b&gt;log4j&lt;/b&gt; &amp; more.",
		"Newly named: CVE-2021-44228.",
		"what&apos;s new &lt;here&gt;",
	]);
	expect(first).toBe("");
});

test("what is on beta alone is in the feed of beta, and what was withdrawn in none", async () => {
	const product = await freshProductWithTwo();
	await publishRules(product, "1.2.0", rule(1), { channel: "beta" });
	await operated("POST", `/v1/products/${product}/releases/1.0.0/withdraw`, { reason: "bad" });
	const titles = async (channel: string) => {
		const feed = await (await operate("GET", `/v1/products/${product}/changes/${channel}`)).text();
		return [...feed.matchAll(/<title>([^<]*) (\S+)<\/title>/g)].slice(1).map(([, , version]) => version);
	};
	expect([await titles("stable"), await titles("beta")]).toEqual([["1.1.0"], ["1.2.0", "1.1.0"]]);
});

test("it is answered by its ETag until something is released", async () => {
	const product = await freshProductWithTwo();
	const path = `/v1/products/${product}/changes/stable`;
	const etag = (await operate("GET", path)).headers.get("etag") ?? "";
	const headers = { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`, "if-none-match": etag };
	expect((await send(path, { headers })).status).toBe(304);
	await publishRules(product, "1.2.0", rule(1));
	expect((await send(path, { headers })).status).toBe(200);
});

test("versions that 500 newer ones hide from the list are compared all the same", async () => {
	const product = await freshProductWithTwo();
	const hide = `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 501)
		INSERT INTO releases (version, sha256, size, name, added_at, added_by) SELECT '9.' || n, '', 1, 'x', 9e9, 'x' FROM n`;
	await runInDurableObject(env.PRODUCT.getByName(product), (_, { storage }) => void storage.sql.exec(hide));
	const changes = (query: string) => operate("GET", `/v1/products/${product}/changes?${query}`);
	const told = await changes("from=1.0.0&to=1.1.0");
	expect([told.status, await told.json()]).toMatchObject([
		200,
		{ from: { version: "1.0.0" }, to: { version: "1.1.0" } },
	]);
	expect(await expectProblem(await changes("to=1.1.0"), "invalid_request")).toMatchObject({
		errors: [{ field: "from", message: expect.stringContaining("name what to compare it with") }],
	});
	await expectProblem(await changes("from=1.0.0&to=7.0.0"), "not_found");
});

test("there is none without a key, of an unknown channel or of no product", async () => {
	const product = await freshProductWithTwo();
	await expectProblem(await send(`/v1/products/${product}/changes/stable`), "unauthenticated");
	await expectProblem(await operate("GET", `/v1/products/${product}/changes/nightly`), "invalid_identifier");
	await expectProblem(await operate("GET", "/v1/products/none/changes/stable"), "not_found");
});
