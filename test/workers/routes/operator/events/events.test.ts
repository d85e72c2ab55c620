// The audit trail as readers see it: complete, in order, a page at a time, and each account's for itself.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { createFleet, createProduct, publish } from "../../../../support/fleet.ts";
import { operate, operated, send } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newFirewall, newProduct, setStatus } from "../../../support/fixtures.ts";

interface Page {
	readonly events: { id: string; at: string; type: string; actor: string; subject: string; detail: string }[];
	readonly next: string;
	readonly more: boolean;
}
const read = (path: string) => operated<Page>("GET", path);
const typesOf = ({ events }: Page) => events.map(({ type }) => type);

async function fleetWithHistory() {
	const { account, code } = await createFleet({ products: [await newProduct()] });
	const firewall = await newFirewall(code);
	await setStatus(firewall, "suspend");
	await setStatus(firewall, "reinstate");
	return { account, firewall };
}
const HISTORY = [
	"account.create",
	"license.create",
	"code.create",
	"device.new",
	"seat.taken",
	"device.suspended",
	"device.active",
];

describe("the events of an account", () => {
	test("are all that happened in it, oldest first, with who did it", async () => {
		const { account, firewall } = await fleetWithHistory();
		const page = await read(`/v1/accounts/${account}/events`);
		expect(typesOf(page)).toEqual(HISTORY);
		expect(page.events[5]).toEqual({
			id: `evt-${account.slice(5, 15)}-6`,
			at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
			type: "device.suspended",
			actor: "bootstrap",
			subject: firewall.clientId,
			detail: "a test",
			key: "bootstrap",
			request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
			address: expect.any(String),
			run: null,
		});
		expect([page.next, page.more]).toEqual([page.events[6]?.id, false]);
	});

	test.each([1, 2, 4, 7, 500])(
		"come in pages of %i without a gap, and the last page can be asked for news",
		async (limit) => {
			const { account, firewall } = await fleetWithHistory();
			const seen: string[] = [];
			let page = await read(`/v1/accounts/${account}/events?limit=${limit}`);
			for (seen.push(...typesOf(page)); page.more; seen.push(...typesOf(page))) {
				page = await read(`/v1/accounts/${account}/events?limit=${limit}&after=${page.next}`);
			}
			expect(seen).toEqual(HISTORY);
			const path = `/v1/accounts/${account}/events?after=${page.next}`;
			expect(await read(path)).toEqual({ events: [], next: page.next, more: false });
			await setStatus(firewall, "revoke");
			expect(typesOf(await read(path))).toEqual(["device.revoked", "seat.released"]);
		},
	);

	test.each([1, 2, 4, 7, 500])("come in pages of %i newest first, without a gap, back to the first", async (limit) => {
		const { account } = await fleetWithHistory();
		const path = `/v1/accounts/${account}/events?order=newest&limit=${limit}`;
		const seen: string[] = [];
		let page = await read(path);
		for (seen.push(...typesOf(page)); page.more; seen.push(...typesOf(page)))
			page = await read(`${path}&after=${page.next}`);
		expect(seen).toEqual(HISTORY.toReversed());
		expect(typesOf(await read(`${path}&after=${page.next}`))).toEqual([]);
		expect(typesOf(await read(`/v1/accounts/${account}/events?order=newest&type=device`))).toEqual([
			...["device.active", "device.suspended", "device.new"],
		]);
		await expectProblem(await operate("GET", `/v1/accounts/${account}/events?order=latest`), "invalid_request");
	});

	test.each([
		["device", ["device.new", "device.suspended", "device.active"]],
		["device.new", ["device.new"]],
		["license", ["license.create"]],
	])("of type %s", async (type, expected) => {
		const { account } = await fleetWithHistory();
		expect(typesOf(await read(`/v1/accounts/${account}/events?type=${type}`))).toEqual(expected);
	});

	test("of a rare type are found over several pages of a long trail, each of which looks at a bounded part", async () => {
		const { account, firewall } = await fleetWithHistory();
		await runInDurableObject(env.ACCOUNT.getByName(account.slice(5, 15)), (_, { storage }) => {
			storage.sql.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)
				INSERT INTO audit (at, actor, action, subject, detail) SELECT 1, 'a', 'seat.taken', 's', '' FROM n`);
		});
		await setStatus(firewall, "revoke");
		const path = `/v1/accounts/${account}/events?type=device.revoked`;
		const first = await read(path);
		expect([first.events, first.more]).toEqual([[], true]);
		const second = await read(`${path}&after=${first.next}`);
		expect([typesOf(second), second.more]).toEqual([["device.revoked"], false]);
		const newest = await read(`${path}&order=newest`);
		expect([typesOf(newest), newest.more]).toEqual([["device.revoked"], true]);
		const back = await read(`${path}&order=newest&after=${newest.next}`);
		expect([back.events, back.more]).toEqual([[], false]);
	});

	test("cannot be changed or removed, not even by the object's own code", async () => {
		const { account } = await fleetWithHistory();
		const attempts = await runInDurableObject(env.ACCOUNT.getByName(account.slice(5, 15)), (_, { storage }) =>
			["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "DELETE FROM audit WHERE seq = 1"].map((statement) => {
				try {
					storage.sql.exec(statement);
					return "done";
				} catch (error) {
					return String(error);
				}
			}),
		);
		for (const attempt of attempts) expect(attempt).toContain("append-only");
		expect(typesOf(await read(`/v1/accounts/${account}/events`))).toEqual(HISTORY);
	});

	test("are not those of another account, whose cursors are refused too", async () => {
		const [one, other] = [await fleetWithHistory(), await fleetWithHistory()];
		const { events } = await read(`/v1/accounts/${one.account}/events`);
		expect(JSON.stringify(events)).not.toContain(other.firewall.clientId);
		for (const after of [events[0]?.id, "evt-directory-1", "1", "evt-"]) {
			const answer = await operate("GET", `/v1/accounts/${other.account}/events?after=${after}`);
			await expectProblem(answer, "invalid_request");
		}
	});

	test.each(["limit=0", "limit=501", "limit=x", "type=Device", "type=device.", "type=%25", `after=${"a".repeat(65)}`])(
		"with %s are refused",
		async (query) => {
			const { account } = await createFleet({ products: [await newProduct()] });
			await expectProblem(await operate("GET", `/v1/accounts/${account}/events?${query}`), "invalid_request");
		},
	);
});

describe("the events", () => {
	test("of a product are for its publishers", async () => {
		const product = await newProduct();
		await publish(product, "1.0.0", "rules");
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", {
			subject: "ci",
			scopes: [`publish:${product}`],
		});
		const answer = await operate("GET", `/v1/products/${product}/events`, undefined, key);
		const page = (await answer.json()) as Page;
		expect(typesOf(page)).toEqual(["product.create", "package.add", "release.publish"]);
		expect(page.next).toBe(`evt-product-${product}-3`);
		await expectProblem(await operate("GET", "/v1/products/never-made/events"), "not_found");
	});

	test("say which key it was, in which request and from where; a customer is not told from where", async () => {
		const { account, firewall } = await fleetWithHistory();
		const make = (scope: string) =>
			operated<{ id: string; key: string }>("POST", "/v1/keys", { subject: "olivia", scopes: [scope] });
		const [customer, reader] = await Promise.all([make(`operate:${account}`), make("read")]);
		const answer = await send(`/v1/devices/${firewall.clientId}/suspend`, {
			method: "POST",
			headers: {
				authorization: `Bearer ${customer.key}`,
				"cf-connecting-ip": "203.0.113.7",
				"content-type": "application/json",
				"content-length": "2",
			},
			body: "{}",
		});
		expect(answer.status).toBe(200);
		const seenBy = async (key: string) => {
			const page = (await (await operate("GET", `/v1/accounts/${account}/events`, undefined, key)).json()) as Page;
			return page.events;
		};
		const [told, toldCustomer] = [await seenBy(reader.key), await seenBy(customer.key)];
		expect(told.at(-1)).toMatchObject({ type: "device.suspended", actor: "olivia", key: customer.id });
		expect(told.at(-1)).toMatchObject({ address: "203.0.113.7", request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
		expect(toldCustomer.at(-1)).toEqual({ ...told.at(-1), address: null });
		expect(told.find(({ type }) => type === "account.create")).toMatchObject({ key: "bootstrap" });
		expect(told.find(({ type }) => type === "device.new")).toMatchObject({
			key: null,
			request_id: null,
			address: null,
		});
	});

	test("of the deployment say who came, with no key in them", async () => {
		const product = "seen-in-events";
		await createProduct(product);
		const made = await operated<{ id: string; key: string }>("POST", "/v1/keys", {
			subject: "ci",
			scopes: ["operate"],
		});
		const { events } = await read("/v1/events?limit=500");
		expect(events.find(({ subject }) => subject === product)).toMatchObject({ type: "product.create" });
		expect(events.find(({ subject }) => subject === made.id)).toMatchObject({ detail: "ci: operate" });
		expect(JSON.stringify(events)).not.toContain(made.key);
	});
});
