// The screens of a release and of a device say what is required of other products, and what a device lacks of it.
import { expect, test } from "vitest";
import { createFleet, createProduct, publish } from "../../support/fleet.ts";
import { freshProduct } from "../../support/fresh-names.ts";
import { check, newFirewall } from "../support/fixtures.ts";
import { Browser } from "./browser.ts";

test("what a release requires is on its screen, and on that of a device what it lacks", async () => {
	const { name: product } = freshProduct();
	const base = `${product}b`.slice(0, 24);
	for (const one of [product, base]) await createProduct(one);
	const { code } = await createFleet({ products: [product, base] });
	await publish(base, "4.26.0", `engine rules of ${base}`, { plan: "standard" });
	await publish(product, "1.0.0", `rules of ${product}`);
	await publish(product, "2.0.0", `newer rules of ${product}`, { requires: [{ product: base, min: "4.26" }] });
	const firewall = await newFirewall(code);
	await check(firewall, `?installed=${product}@1.0.0,${base}`);
	const browser = await new Browser().signIn();
	const required = `${base} &gt;= 4.26`;
	expect(await browser.read(`/console/releases/${product}/2.0.0`)).toContain(required);
	expect(await browser.read(`/console/releases/${product}/1.0.0`)).toContain("nothing");
	const page = await browser.read(`/console/devices/${firewall.clientId}?product=${product}`);
	expect(page).toContain(`2.0.0 requires ${required}, has none (not offered)`);
});
