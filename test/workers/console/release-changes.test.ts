// The screen of a release says what its rules change, as text, and which plan that calls for.
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createProduct, makePackage, publish, upload } from "../../support/fleet.ts";
import { freshProduct } from "../../support/fresh-names.ts";
import { operate } from "../../support/service.ts";
import { publishRules, suricataRule as rule } from "../support/publish-rules.ts";
import { Browser } from "./browser.ts";

test("what a release changes is on its screen, and markup in messages is text there", async () => {
	const { name: product } = freshProduct();
	await createProduct(product);
	await publishRules(product, "1.0.0", rule(1));
	await publishRules(product, "1.1.0", rule(1) + rule(2, { action: "drop", msg: "<script>alert(1)</script>" }));
	const browser = await new Browser().signIn();
	const page = await browser.read(`/console/releases/${product}/1.1.0`);
	expect(page).toContain("Rules against 1.0.0");
	expect(page).toContain("2: 1 added, 0 removed, 0 changed");
	expect(page).toContain("standard: 1 rule can stop traffic that passed before");
	expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
	expect(page).not.toContain("<script>alert(1)");
	expect(page).toContain(`parapet release diff ${product} 1.1.0`);
});

test("classes that the rules call for are marked where the release is said to have others, and its facts are told", async () => {
	const { name: product } = freshProduct();
	await createProduct(product);
	await publishRules(product, "1.0.0", rule(1));
	const newest = rule(1) + rule(2, { action: "drop" });
	const facts = { classes: ["threat"], impact: "reload", footprint: { disk: 60_000_000 } };
	const browser = await new Browser().signIn();
	await publishRules(product, "1.1.0", newest, facts);
	const page = await browser.read(`/console/releases/${product}/1.1.0`);
	expect(page).toContain('<span class="mark amber">threat, behaviour</span>');
	for (const text of ["<dd>disk 60000000 bytes</dd>", "<dd>reload</dd>", "<dd>threat</dd>"])
		expect(page).toContain(text);
	const both = { classes: ["threat", "behaviour"] };
	await publishRules(product, "1.2.0", `${newest}${rule(3, { action: "drop" })}`, both);
	const next = await browser.read(`/console/releases/${product}/1.2.0`);
	expect(next).not.toContain('<span class="mark amber">threat, behaviour</span>');
	expect(next).toContain("<dd>not said</dd>");
});

test("other packages for some models are on its screen, with their digests and whether they are signed", async () => {
	const { name: product } = freshProduct();
	await createProduct(product);
	await upload(product, "1.0.0", await makePackage(`rules of ${product}`));
	const arm = await makePackage(`rules of ${product} for some`);
	await upload(product, "1.0.0", arm, {}, "?variant=arm&models=FW-100,FW-200");
	await publish(product, "1.1.0", `other ${product}`);
	const browser = await new Browser().signIn();
	const page = await browser.read(`/console/releases/${product}/1.0.0`);
	for (const text of [
		"Other packages for some models",
		"FW-100, FW-200",
		arm.sha256,
		"no: the product has no role file",
	])
		expect(page).toContain(text);
	expect(await browser.read(`/console/releases/${product}/1.1.0`)).not.toContain("Other packages");
});

test("a release without an index, or with nothing before it, is shown without", async () => {
	const { name: product } = freshProduct();
	await createProduct(product);
	await publishRules(product, "1.0.0", rule(1));
	await publish(product, "1.1.0", `other ${product}`);
	const browser = await new Browser().signIn();
	for (const version of ["1.0.0", "1.1.0"])
		expect(await browser.read(`/console/releases/${product}/${version}`)).not.toContain("Rules against");
});

test("where the storage does not give an index, the screen says so, and the release can be withdrawn", async () => {
	const { name: product } = freshProduct();
	await createProduct(product);
	await publishRules(product, "1.0.0", rule(1));
	await publishRules(product, "1.1.0", rule(1) + rule(2));
	const index = await operate("HEAD", `/v1/products/${product}/releases/1.0.0/rule-index`);
	await env.PACKAGES.delete(`packages/${index.headers.get("etag")?.replaceAll('"', "")}`);
	const browser = await new Browser().signIn();
	const page = await browser.read(`/console/releases/${product}/1.1.0`);
	expect(page).toContain("cannot be read from the storage now");
	expect(page).toContain("Withdraw");
});
