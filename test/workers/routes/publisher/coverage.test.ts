// Which version covers a CVE: by the rule indexes of a product's releases.
import { expect, test } from "vitest";
import { createProduct } from "../../../support/fleet.ts";
import { freshProduct } from "../../../support/fresh-names.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { publishRules, suricataRule } from "../../support/publish-rules.ts";

const rule = (sid: number, cve = "") => suricataRule(sid, { cve });

async function products(): Promise<string> {
	const product = freshProduct().name;
	await createProduct(product);
	return product;
}

test("says since which version each channel covers it, however the CVE is written", async () => {
	const product = await products();
	await publishRules(product, "1.0.0", rule(1));
	await publishRules(product, "1.1.0", rule(1, "2021-44228"));
	await publishRules(product, "1.2.0", rule(1, "2021-44228") + rule(2, "2014-0160"));
	await publishRules(product, "1.3.0", rule(1, "2021-44228"), { channel: "beta" });
	const of = async (cve: string) =>
		(await operated<{ channels: object[] }>("GET", `/v1/products/${product}/coverage/${cve}`)).channels;
	expect(await of("cve_2021_44228")).toEqual([
		{ channel: "stable", newest: "1.2.0", covered: true, since: "1.1.0" },
		{ channel: "beta", newest: "1.3.0", covered: true, since: "1.1.0" },
	]);
	expect(await of("CVE-2014-0160")).toEqual([
		{ channel: "stable", newest: "1.2.0", covered: true, since: "1.2.0" },
		{ channel: "beta", newest: "1.3.0", covered: false, since: null },
	]);
	// Shorter than one that is named, and no part of it.
	expect(await of("CVE-2021-4422")).toMatchObject([{ covered: false }, { covered: false }]);
});

test("is refused for what is no CVE, and for a product that is not there", async () => {
	const product = await products();
	await expectProblem(await operate("GET", `/v1/products/${product}/coverage/log4shell`), "invalid_identifier");
	await expectProblem(await operate("GET", "/v1/products/none/coverage/CVE-2021-44228"), "not_found");
});
