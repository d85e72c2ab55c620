// Numbers and times that a lenient reader would take, each in its own way: whole numbers in queries are decimal digits and
// nothing else, and times are those that the service can keep and write again.
import { beforeAll, describe, expect, test } from "vitest";
import { createFleet, type Fleet } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operate, operated, sendUndeclared } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newFirewall, newProduct } from "../../support/fixtures.ts";
import { listOperations } from "../cross-account/operations.ts";

let fleet: Fleet;
let product: string;
let device: string;
let token: string;
beforeAll(async () => {
	product = await newProduct();
	fleet = await createFleet({ products: [product] });
	const firewall = await newFirewall(fleet.code, false);
	device = firewall.clientId;
	token = firewall.accessToken;
});

const numbers = (await listOperations()).flatMap(({ name, method, path, schemes, fields }) =>
	fields
		.filter(({ key, schema }) => key.startsWith("?") && schema.type === "integer")
		.map((field) => ({ name: `${name} ${field.key}`, method, path, schemes, parameter: field.name })),
);

test("the routes that take a number in their query are known", () => {
	expect(numbers.map(({ name }) => name)).toContain("GET /v1/accounts ?limit");
	expect(numbers.length).toBeGreaterThan(6);
});

describe.each(numbers)("$name refuses", ({ method, path, schemes, parameter }) => {
	test.each(["0x10", "1e1", "%2010", "10%20", "%2B5", "+5", "10.0", "-1", "", "%EF%BC%91", "Infinity", "9".repeat(21)])(
		"%s",
		async (text) => {
			const ids: Record<string, string> = { ...fleet, product, device };
			const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "unknown");
			const key = schemes.includes("apiKey") ? TEST_SECRETS.BOOTSTRAP_KEY : token;
			const headers = { authorization: `Bearer ${key}` };
			await expectProblem(
				await sendUndeclared(`${filled}?${parameter}=${text}`, { method, headers }),
				"invalid_request",
			);
		},
	);
});

describe("a time is refused, by its name, that cannot be kept or written in UTC", () => {
	const message = { severity: "info", title: "Pause", body: "On Sunday.", ends_at: "2040-01-01T00:00:00Z" };
	const terms = () => ({ products: [product], seats: 1, ends_at: "2040-01-01T00:00:00Z" });
	const account = () => `/v1/accounts/${fleet.account}`;
	const requests: [string, string, () => [method: string, path: string, body: object]][] = [
		["of a message that begins", "starts_at", () => ["POST", "/v1/messages", message]],
		["of a message that ends", "ends_at", () => ["POST", "/v1/messages", message]],
		["of a license that begins", "starts_at", () => ["POST", `${account()}/licenses`, terms()]],
		["of a license that ends", "ends_at", () => ["POST", `${account()}/licenses`, terms()]],
		["of a license that is changed", "ends_at", () => ["PATCH", `${account()}/licenses/${fleet.license}`, {}]],
		["of a code", "expires_at", () => ["POST", `${account()}/codes`, { license: fleet.license }]],
		["of a key", "expires_at", () => ["POST", "/v1/keys", { subject: "a test", scopes: ["read"] }]],
		[
			"of an instance",
			"at",
			() => ["POST", `/v1/hooks/lifecycle?account=${fleet.account}`, { event: "terminate", instance: "i-1" }],
		],
	];
	const times = [
		"0000-01-01T00:00:00Z",
		"0000-01-01T00:00:00+01:00",
		"1969-12-31T23:59:59Z",
		"9999-12-31T23:59:59-00:01",
	];
	test.each(requests)("%s", async (_, field, request) => {
		const [method, path, body] = request();
		for (const time of times) {
			const problem = await expectProblem(await operate(method, path, { ...body, [field]: time }), "invalid_request");
			expect(problem["errors"]).toEqual([{ field, message: "a time from 1970 to 9999, in UTC" }]);
		}
	});

	test("and the last one that can be written is kept as it is", async () => {
		const body = { ...terms(), ends_at: "9999-12-31T23:59:59Z" };
		const { ends_at: end } = await operated("POST", `${account()}/licenses`, body);
		expect(end).toBe("9999-12-31T23:59:59Z");
	});
});
