// The largest that each limit allows, together: a device must not be locked out by what its account was sold.
import { expect, test } from "vitest";
import { MAX_PRODUCTS } from "../../../../../src/entitlement/licenses/license.ts";
import { labels as labelsSchema, productName } from "../../../../../src/names.ts";
import { Firewall } from "../../../../support/firewall.ts";
import { createFleet, publish } from "../../../../support/fleet.ts";
import { check, newProduct, offerOf } from "../../../support/fixtures.ts";

interface Schema {
	safeParse(value: unknown): { success: boolean };
}

/** How many letters a name may have. */
function longest(schema: Schema): number {
	return (
		Array.from({ length: 200 }, (_, length) => length).findLast(
			(length) => schema.safeParse("p".repeat(length)).success,
		) ?? 0
	);
}

/** As many labels, with keys and values as long, as are taken. */
function largestLabels(): Record<string, string> {
	const isTaken = (value: Record<string, string>) => labelsSchema.safeParse(value).success;
	const keyLength = longest({ safeParse: (key) => ({ success: isTaken({ [String(key)]: "v" }) }) });
	const valueLength = longest({ safeParse: (value) => ({ success: isTaken({ k: String(value) }) }) });
	let taken: Record<string, string> = {};
	for (let index = 0; index < 1000; index++) {
		const more = { ...taken, [`k${index}-`.padEnd(keyLength, "x")]: "v".repeat(valueLength) };
		if (!isTaken(more)) break;
		taken = more;
	}
	return taken;
}

const LONGEST = Array.from({ length: MAX_PRODUCTS }, (_, index) => `p${index}-`.padEnd(longest(productName), "x"));
const LABELS = largestLabels();

test.each([
	["one product", ["crs"], {}],
	["one product and the greatest labels", ["crs"], LABELS],
	["the greatest license", LONGEST, {}],
	["the greatest license and the greatest labels", LONGEST, LABELS],
])("a device with %s gets a token and an answer about each product", async (_, products, labels) => {
	const { code } = await createFleet({ products: [...products], license: { delay_hours: 1 } });
	const firewall = await Firewall.create();
	await firewall.activate(code, { labels, model: "M".repeat(64), serial: "S".repeat(64) });
	await firewall.authenticate();
	expect((await check(firewall, "")).products).toHaveLength(products.length);
});

test("the longest names of product and versions fit into an offer and a permit", async () => {
	const product = await newProduct();
	const { code } = await createFleet({ products: [product] });
	const firewall = await (await (await Firewall.create()).activate(code)).authenticate();
	const [old, current] = ["1".repeat(64), "2".repeat(64)];
	await publish(product, old, "old rules");
	await publish(product, current, "new rules");
	const { capability } = await offerOf(firewall, product, old);
	expect((await firewall.call("POST", "/v1/permits", { offer: capability })).status).toBe(201);
});
