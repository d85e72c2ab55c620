// What the console shows of a release that the product's validator holds: why, and nothing to approve.
import { expect, test } from "vitest";
import { publish } from "../../support/fleet.ts";
import { freshProduct } from "../../support/fresh-names.ts";
import { operated } from "../../support/service.ts";
import { Browser } from "./browser.ts";

test("findings stand on the release and on its rollout, which cannot be approved", async () => {
	const product = freshProduct().name;
	await operated("POST", "/v1/products", { product, plan: "standard" });
	await operated("PUT", `/v1/products/${product}/validator`, { url: "https://validator.example.com/" });
	const { sha256 } = await publish(product, "1.0", "the rules");
	const operator = await new Browser().signIn();
	const pages = () =>
		Promise.all(["releases", "rollouts"].map((what) => operator.read(`/console/${what}/${product}/1.0`)));
	for (const page of await pages()) expect(page).toContain("The validator has not answered");
	const findings = ["rule 1 does not load", "<b>rule 2</b>"];
	await operated("PUT", `/v1/products/${product}/releases/1.0/validation`, { result: "failed", sha256, findings });
	for (const page of await pages()) {
		expect(page).toContain("The validator has failed it (bootstrap)");
		expect(page).toContain("<li>rule 1 does not load</li>");
		expect(page).toContain("<li>&lt;b&gt;rule 2&lt;/b&gt;</li>");
		expect(page).not.toContain(`/rollouts/${product}/1.0/approve`);
	}
});
