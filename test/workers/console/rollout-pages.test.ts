// The console's rollouts where there are more products than a page asks.
import { expect, test } from "vitest";
import { publish } from "../../support/fleet.ts";
import { freshProduct } from "../../support/fresh-names.ts";
import { operated } from "../../support/service.ts";
import { Browser } from "./browser.ts";

const PRODUCTS = 31;

test("each of many products is on one page of the rollouts, and the address says on which", async () => {
	const names = Array.from({ length: PRODUCTS }, () => freshProduct().name);
	for (const product of names) {
		await operated("POST", "/v1/products", { product, plan: "standard" });
	}
	const shown = [names[0] ?? "", names.at(-1) ?? ""];
	for (const product of shown) {
		for (const version of ["1.0.0", "2.0.0"]) await publish(product, version, `${product} ${version}`);
	}
	const operator = await new Browser().signIn();
	const pages: string[] = [];
	for (let path: string | undefined = "/console/rollouts?state=waiting"; path !== undefined; ) {
		const page = await operator.read(path);
		pages.push(page);
		path = /href="([^"]*)">Next page/.exec(page)?.[1]?.replaceAll("&amp;", "&");
	}
	expect(pages.length).toBeGreaterThan(1);
	for (const product of shown) expect(pages.filter((page) => page.includes(`/rollouts/${product}/`))).toHaveLength(1);
	expect(pages[0]).toMatch(/Of \d+ products those from/);
});
