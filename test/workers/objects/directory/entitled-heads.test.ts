// Which products are for every registered device, as `heads` lists them: by the word of the product that goes with its revision.
import { reset } from "cloudflare:test";
import { afterEach, expect, it } from "vitest";
import { headsRecord } from "../../../../src/content/heads-record.ts";
import type { ProductHead } from "../../../../src/objects/outbox/product-head.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { readStored } from "../../../support/stored-record.ts";

afterEach(reset);

/** @returns what heads list after the word */
async function listedAfter(head: ProductHead) {
	await bindings.DIRECTORY.getByName("directory").advanceProduct(head);
	const text = await bindings.RECORDS.get("heads");
	return headsRecord.parse(text === null ? null : readStored("heads", text).body).registered;
}

it("lists those that are told as such, and none as long as there is none", async () => {
	expect(await listedAfter({ product: "crs", revision: 1, entitled: "licensed" })).toBeUndefined();
	expect(await listedAfter({ product: "certificates", revision: 1, entitled: "registered" })).toEqual(["certificates"]);
	expect(await listedAfter({ product: "certificates", revision: 2, entitled: "licensed" })).toBeUndefined();
});

it("keeps what it knew where a product of the version before says nothing of it", async () => {
	await listedAfter({ product: "certificates", revision: 1, entitled: "registered" });
	expect(await listedAfter({ product: "certificates", revision: 2 })).toEqual(["certificates"]);
});

it("takes no word that comes with a revision from before", async () => {
	await listedAfter({ product: "certificates", revision: 2, entitled: "registered" });
	for (const revision of [1, 2])
		expect(await listedAfter({ product: "certificates", revision, entitled: "licensed" })).toEqual(["certificates"]);
});
