// A product for every registered device, as a firewall meets it: without a license for it, after the license's end, and never as a way
// around the license of another product.
import { describe, expect, test, vi } from "vitest";
import { publish } from "../../../../support/fleet.ts";
import { ISSUER, operated, send } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain, explainToItself } from "../../../support/explained.ts";
import { check, checkProduct, newProduct, newScene, offerOf, permitOf, setStatus } from "../../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();

const inForce = (license: Record<string, unknown> = {}) =>
	newScene({ starts_at: timeAfter(-DAY), ends_at: timeAfter(10 * DAY), grace_days: 0, ...license });

async function newBundle(entitled = "registered"): Promise<string> {
	const product = await newProduct();
	await operated("PATCH", `/v1/products/${product}`, { entitled });
	await publish(product, "2026.1", `certificates of ${product}`);
	return product;
}

describe("a product for every registered device", () => {
	test("is offered by name and to a check that names none, and its bytes can be had", async () => {
		const bundle = await newBundle();
		const { firewall, product } = await inForce();
		const { products } = await check(firewall, "");
		const found = products.find((one) => one.product === bundle);
		expect(found).toMatchObject({ status: "offered", decision: "active", code: "registered", until: null });
		expect(products.find((one) => one.product === product)).toMatchObject({ code: "active", status: "offered" });
		expect(found?.offer).not.toHaveProperty("download");
		const { url, version } = await permitOf(firewall, bundle);
		expect(version).toBe("2026.1");
		expect((await send(url.replace(ISSUER, ""))).status).toBe(200);
	});

	test("comes after the license's end and while it is suspended, and nothing else does", async () => {
		const bundle = await newBundle();
		const { firewall, product, account, license } = await inForce();
		await operated("POST", `/v1/accounts/${account}/licenses/${license}/suspend`, { reason: "unpaid" });
		await firewall.authenticate();
		expect(await checkProduct(firewall, product)).toMatchObject({ status: "refused", code: "license_suspended" });
		expect(await checkProduct(firewall, bundle)).toMatchObject({ status: "offered", code: "registered" });
		await operated("POST", `/v1/accounts/${account}/licenses/${license}/reinstate`, { reason: "paid" });
		moveTo(20 * DAY);
		await firewall.authenticate();
		expect(await checkProduct(firewall, product)).toMatchObject({ status: "refused", code: "expired" });
		expect(await checkProduct(firewall, bundle)).toMatchObject({ status: "offered", code: "registered" });
		expect((await permitOf(firewall, bundle)).version).toBe("2026.1");
	});

	test.each(["suspend", "revoke"] as const)(
		"is not for a device after %s, not even by an offer from before",
		async (action) => {
			const bundle = await newBundle();
			const { firewall } = await inForce();
			const { capability } = await offerOf(firewall, bundle);
			await setStatus(firewall, action);
			await expectProblem(await firewall.call("POST", "/v1/permits", { offer: capability }), "device_refused");
			await expectProblem(await firewall.call("GET", `/v1/check?installed=${bundle}`), "device_refused");
		},
	);

	test("is among the entitlements, and explained alike", async () => {
		const bundle = await newBundle();
		const { firewall, product } = await inForce();
		const list = await firewall.call("GET", "/v1/entitlements");
		const { products } = (await list.json()) as { products: { product: string; code: string }[] };
		const codes = new Map(products.map((one) => [one.product, one.code]));
		expect([codes.get(product), codes.get(bundle)]).toEqual(["active", "registered"]);
		const one = await firewall.call("GET", `/v1/entitlements/${bundle}`);
		expect(await one.json()).toMatchObject({ decision: "active", code: "registered", until: null });
		for (const ask of [explain, explainToItself]) {
			const { answer, entitlement } = await ask({ firewall, product: bundle });
			expect(answer).toMatchObject({ status: "offered", version: "2026.1", download: "by_permit" });
			expect(entitlement).toMatchObject({ code: "registered" });
		}
	});

	test("is for nobody without a license once it is taken back, by the next check and by no offer from before", async () => {
		const bundle = await newBundle();
		const { firewall } = await inForce();
		const { capability } = await offerOf(firewall, bundle);
		const first = await firewall.call("GET", `/v1/check?installed=${bundle}@2026.1`);
		const again = { "if-none-match": first.headers.get("etag") ?? "" };
		expect((await firewall.call("GET", `/v1/check?installed=${bundle}@2026.1`, undefined, again)).status).toBe(304);
		await operated("PATCH", `/v1/products/${bundle}`, { entitled: "licensed" });
		moveTo(60_000);
		const now = await firewall.call("GET", `/v1/check?installed=${bundle}@2026.1`, undefined, again);
		expect(await now.json()).toMatchObject({ products: [{ status: "refused", code: "not_included" }] });
		const refused = await expectProblem(
			await firewall.call("POST", "/v1/permits", { offer: capability }),
			"not_entitled",
		);
		expect(refused).toMatchObject({ entitlement_code: "not_included" });
	});

	test("is seen in the device's state, like a product of its license", async () => {
		const bundle = await newBundle();
		const { firewall } = await inForce();
		await check(firewall, `?installed=${bundle}@2026.1`);
		await vi.waitFor(async () => {
			const { products } = await operated<{ products: object[] }>("GET", `/v1/devices/${firewall.clientId}`);
			expect(products).toContainEqual(expect.objectContaining({ product: bundle, installed: "2026.1" }));
		});
	});
});

test("a product that nobody made so stays with its licenses, beside one that is", async () => {
	await newBundle();
	const other = await newBundle("licensed");
	const { firewall } = await inForce();
	expect(await checkProduct(firewall, other)).toMatchObject({ status: "refused", code: "not_included" });
	expect((await check(firewall, "")).products.map((one) => one.product)).not.toContain(other);
});

test("a product says who may have it, and its trail who said so", async () => {
	const product = await newProduct();
	expect(await operated("GET", `/v1/products/${product}`)).toMatchObject({ entitled: "licensed" });
	expect(await operated("PATCH", `/v1/products/${product}`, { entitled: "registered" })).toMatchObject({
		entitled: "registered",
	});
	const { events } = await operated<{ events: object[] }>("GET", `/v1/products/${product}/events`);
	expect(events).toContainEqual(expect.objectContaining({ type: "product.entitled", detail: "registered" }));
});
