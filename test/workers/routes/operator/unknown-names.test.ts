// Names of nothing in an operator's request: a license, a webhook or a message for them would be kept and match nothing.
import { beforeAll, describe, expect, test } from "vitest";
import { createFleet, createProduct, type Fleet } from "../../../support/fleet.ts";
import { operate, operated } from "../../../support/service.ts";

const ENDS = new Date(Date.now() + 86_400_000).toISOString();
let fleet: Fleet;
beforeAll(async () => {
	await createProduct("firmware-rules");
	fleet = await createFleet({ products: ["firmware-rules"] });
});

/** Expects 422 and nothing else said than these fields. */
async function expectRefused(
	method: string,
	path: string,
	body: unknown,
	...errors: [field: string, message: string][]
) {
	const answer = await operate(method, path, body);
	const said = await answer.json();
	expect(said).toMatchObject({
		status: 422,
		code: "invalid_request",
		errors: errors.map(([field, message]) => ({ field, message })),
	});
}

const MEANT = "there is no product firmware-ruels; did you mean firmware-rules?";
const UNLIKE = "there is no product qwertyuiop";

describe("a product that does not exist", () => {
	test("gets no license, and each is named", async () => {
		const path = `/v1/accounts/${fleet.account}/licenses`;
		const products = ["firmware-ruels", "firmware-rules", "qwertyuiop"];
		const before = await operated("GET", path);
		const wanted = { products, seats: 1, ends_at: ENDS };
		await expectRefused("POST", path, wanted, ["products.0", MEANT], ["products.2", UNLIKE]);
		expect(await operated("GET", path)).toEqual(before);
	});

	test("is put into no license, which stays as it was", async () => {
		const path = `/v1/accounts/${fleet.account}/licenses`;
		const before = await operated("GET", path);
		const change = { products: ["firmware-rules", "firmware-ruels"], seats: 3 };
		await expectRefused("PATCH", `${path}/${fleet.license}`, change, ["products.1", MEANT]);
		expect(await operated("GET", path)).toEqual(before);
	});

	test("is no audience of a message", async () => {
		const wanted = { severity: "info", title: "News", body: "Read", ends_at: ENDS };
		const audience = { products: ["firmware-ruels"] };
		await expectRefused("POST", "/v1/messages", { ...wanted, audience }, ["audience.products.0", MEANT]);
	});
});

test("an account's id with a typing mistake is no audience of a message", async () => {
	const typed = fleet.account.slice(0, -1) + (fleet.account.endsWith("a") ? "b" : "a");
	const audience = { accounts: [fleet.account, typed] };
	const wanted = { severity: "info", title: "News", body: "Read", ends_at: ENDS, audience };
	await expectRefused("POST", "/v1/messages", wanted, ["audience.accounts.1", "is no account's id"]);
});

describe("an event type that no event has", () => {
	test.each([
		["devise", "there is no event type devise; did you mean device?"],
		["device.suspend", "there is no event type device.suspend; did you mean device.suspended?"],
		["nosuch", "there is no event type nosuch"],
		["device.new.again", "there is no event type device.new.again"],
		["package", "there is no event type package"],
	])("%s: nobody subscribes to it", async (type, message) => {
		const path = `/v1/accounts/${fleet.account}/webhooks`;
		const wanted = { url: "https://hooks.example/", types: ["license", type] };
		await expectRefused("POST", path, wanted, ["types.1", message]);
		expect(await operated("GET", path)).toEqual({ webhooks: [] });
	});

	test.each([
		["the account", () => `/v1/accounts/${fleet.account}/events`, "devise", "; did you mean device?"],
		["a product", () => "/v1/products/firmware-rules/events", "release.publihs", "; did you mean release.publish?"],
		["a product, where accounts have it", () => "/v1/products/firmware-rules/events", "device", ""],
		["the deployment", () => "/v1/events", "acount", "; did you mean account?"],
		["the deployment, where products have it", () => "/v1/events", "package.add", ""],
	])("is not read from the trail of %s", async (_, path, type, hint) => {
		const said = `there is no event type ${type}${hint}`;
		await expectRefused("GET", `${path()}?type=${type}`, undefined, ["type", said]);
	});
});
