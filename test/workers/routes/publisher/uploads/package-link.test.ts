// The bytes of a version, for who is to approve it: before it is released as well, and not for every key that may read.
import { beforeEach, expect, test } from "vitest";
import { createProduct, makePackage, upload } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { operate, operated, send } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";

let product: string;
beforeEach(async () => {
	product = freshProduct().name;
	await createProduct(product);
});

const linkTo = (version: string) => `/v1/products/${product}/releases/${version}/package-link`;
const keyOf = async (...scopes: string[]) =>
	(
		await operated<{ key: string }>("POST", "/v1/keys", {
			subject: `of-${scopes.join("-")}`.replace(/[^a-z-]/g, "-"),
			scopes,
		})
	).key;

test("an uploaded version has a URL of its very bytes", async () => {
	const content = await makePackage(`rules of ${product}`);
	await upload(product, "1.0.0", content);
	const found = await operated<{ url: string; sha256: string; size: number }>("GET", linkTo("1.0.0"));
	expect(found).toMatchObject({ product, version: "1.0.0", sha256: content.sha256, size: content.bytes.length });
	const { pathname, search } = new URL(found.url, "https://updates.test");
	expect(new Uint8Array(await (await send(pathname + search)).arrayBuffer())).toEqual(content.bytes);
});

test("a version that is not there has none", async () => {
	await expectProblem(await operate("GET", linkTo("9.9.9")), "not_found");
});

test("who may release or publish gets it, who may only read does not", async () => {
	await upload(product, "1.0.0", await makePackage(`rules of ${product}`));
	const ask = async (...scopes: string[]) =>
		send(linkTo("1.0.0"), { headers: { authorization: `Bearer ${await keyOf(...scopes)}` } });
	expect((await ask(`release:${product}`)).status).toBe(200);
	expect((await ask(`publish:${product}`)).status).toBe(200);
	await expectProblem(await ask("read"), "insufficient_scope");
});
