// A firewall dies and another one takes its place, as an operator and both firewalls meet it.
import { describe, expect, test } from "vitest";
import { Firewall } from "../../../../support/firewall.ts";
import { createFleet } from "../../../../support/fleet.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectOAuthError, expectProblem } from "../../../support/expectations.ts";
import { check, newFirewall, newProduct, newScene, type Scene } from "../../../support/fixtures.ts";

interface Replacement {
	readonly device: string;
	readonly status: string;
	readonly replaced_by: string | null;
	readonly code: string | null;
	readonly code_id: string | null;
}

const pathOf = ({ clientId }: Firewall) => `/v1/devices/${clientId}/replacement`;
const replace = (dead: Firewall, serial: string) => operated<Replacement>("POST", pathOf(dead), { serial });
const explain = ({ product }: Pick<Scene, "product">, { clientId }: Firewall) =>
	operated("GET", `/v1/devices/${clientId}/explain?product=${product}`);

test("the dead firewall is refused at once, and the new one gets its updates with the code", async () => {
	const scene = await newScene({ seats: 1 });
	const { firewall: dead, account, license, product } = scene;
	const asked = await operated("POST", pathOf(dead), { serial: "NEW-1", model: "FW-100", reason: "no power" });
	expect(asked).toEqual({
		...{ device: dead.clientId, status: "suspended", replaced_by: null, published: true },
		code: expect.stringMatching(/^([0-9A-Z]{4}-){8}[0-9A-Z]{4}$/),
		...{ code_id: expect.stringMatching(/^code-/), expires_at: expect.stringMatching(/Z$/) },
	});
	await expectProblem(await dead.call("GET", "/v1/check"), "device_refused");
	const code = String(asked["code"]);
	const wrong = await (await Firewall.create()).register(code, { serial: "OTHER-1" });
	expect((await expectOAuthError(wrong, 403, "access_denied")).error_description).toContain("another appliance");
	const fresh = await (await (await Firewall.create()).activate(code, { serial: "NEW-1" })).authenticate();
	expect((await check(fresh, `?installed=${product}`)).products).toMatchObject([{ status: "offered" }]);
	expect(await explain(scene, fresh)).toMatchObject({ replaces: dead.clientId, replaced_by: null, holds_seat: true });
	expect(await explain(scene, dead)).toMatchObject({
		status: "revoked",
		replaced_by: fresh.clientId,
		holds_seat: false,
	});
	const { licenses } = await operated<{ licenses: object[] }>("GET", `/v1/accounts/${account}/licenses`);
	expect(licenses).toMatchObject([{ license, seats: 1, seats_taken: 1 }]);
	const { devices } = await operated<{ devices: object[] }>("GET", `/v1/accounts/${account}/devices`);
	expect(devices).toEqual(
		expect.arrayContaining([
			expect.objectContaining({ device: dead.clientId, replaced_by: fresh.clientId, replaces: null }),
			expect.objectContaining({ device: fresh.clientId, replaced_by: null, replaces: dead.clientId }),
		]),
	);
	expect(await replace(dead, "NEW-1")).toMatchObject({ status: "revoked", replaced_by: fresh.clientId, code: null });
	const again = await expectProblem(await operate("POST", pathOf(dead), { serial: "NEW-2" }), "conflict");
	expect(again["detail"]).toContain(fresh.clientId);
});

test("its code is among the account's, and says whose place it is for; asking again revokes it", async () => {
	const { firewall: dead, account } = await newScene();
	const first = await replace(dead, "NEW-1");
	const second = await replace(dead, "NEW-1");
	expect(second.code).not.toBe(first.code);
	const path = `/v1/accounts/${account}/codes`;
	const { codes } = await operated<{ codes: { id: string; replaces: string | null }[] }>("GET", path);
	const about = { serial: "NEW-1", model: null, uses: 1, replaces: dead.clientId };
	expect(codes.find(({ id }) => id === first.code_id)).toMatchObject({ ...about, revoked: true });
	expect(codes.find(({ id }) => id === second.code_id)).toMatchObject({ ...about, revoked: false });
	const refused = await (await Firewall.create()).register(first.code ?? "", { serial: "NEW-1" });
	await expectOAuthError(refused, 401, "invalid_token");
	await operated("POST", `/v1/devices/${dead.clientId}/reinstate`, {});
	const late = await (await Firewall.create()).register(second.code ?? "", { serial: "NEW-1" });
	await expectOAuthError(late, 401, "invalid_token");
	await dead.authenticate();
});

test("a firewall that is there already takes the place at once, and is told so by its next token", async () => {
	const { code } = await createFleet({ products: [await newProduct()], seats: 2 });
	const dead = await newFirewall(code);
	const other = await (await (await Firewall.create()).activate(code, { serial: "NEW-1" })).authenticate();
	const wrong = { serial: "NEW-1", model: "FW-9" };
	expect((await expectProblem(await operate("POST", pathOf(dead), wrong), "conflict"))["detail"]).toContain("model");
	expect(await replace(dead, "NEW-1")).toMatchObject({ status: "revoked", replaced_by: other.clientId, code: null });
	await expectOAuthError(await dead.requestToken(), 400, "unauthorized_client");
	expect((await other.requestToken()).status).toBe(200);
});

test("a firewall of an HA group is replaced within it", async () => {
	const { account, license } = await createFleet({ products: [await newProduct()], seats: 1 });
	const settings = { name: "pair", mode: "active-passive", license };
	const made = await operated<{ ha_group: string }>("POST", `/v1/accounts/${account}/ha-groups`, settings);
	const about = { ha_group: made.ha_group, uses: 2 };
	const { code } = await operated<{ code: string }>("POST", `/v1/accounts/${account}/codes`, about);
	const [dead, peer] = [await newFirewall(code), await newFirewall(code)];
	const { code: own } = await replace(dead, "NEW-1");
	const fresh = await (await Firewall.create()).activate(own ?? "", { serial: "NEW-1" });
	const group = await operated<{ devices: { device: string }[] }>(
		"GET",
		`/v1/accounts/${account}/ha-groups/${made.ha_group}`,
	);
	expect(group.devices.map(({ device }) => device).sort()).toEqual([peer.clientId, fresh.clientId].sort());
	expect(group).toMatchObject({ holds_seat: true });
});

describe("the history of a place", () => {
	interface Page {
		readonly events: { readonly type: string; readonly subject: string }[];
		readonly next: string;
		readonly more: boolean;
	}

	test("is that of the firewall and of those before it, a page at a time, of one type if asked", async () => {
		const { firewall: dead, account, code } = await newScene();
		await newFirewall(code);
		const { code: own } = await replace(dead, "NEW-1");
		const fresh = await (await Firewall.create()).activate(own ?? "", { serial: "NEW-1" });
		const path = `/v1/accounts/${account}/events?device=${fresh.clientId}`;
		const read = async (query: string) => {
			const seen: string[] = [];
			let page = await operated<Page>("GET", path + query);
			for (;;) {
				seen.push(...page.events.map(({ type, subject }) => `${type} ${subject === dead.clientId ? "dead" : "fresh"}`));
				if (!page.more) return seen;
				page = await operated<Page>("GET", `${path}${query}&after=${page.next}`);
			}
		};
		const history = [
			...["device.new dead", "seat.taken dead", "device.replacement dead", "device.suspended dead"],
			...["device.replaced dead", "seat.released dead", "device.new fresh", "seat.taken fresh"],
		];
		expect(await read("")).toEqual(history);
		expect(await read("&limit=1")).toEqual(history);
		expect(await read("&type=device.new")).toEqual(["device.new dead", "device.new fresh"]);
		const before = await operated<Page>("GET", `/v1/accounts/${account}/events?device=${dead.clientId}`);
		expect(before.events).toHaveLength(6);
	});

	test("is none for a device that is not there", async () => {
		const [one, other] = [await newScene(), await newScene()];
		for (const device of [other.firewall.clientId, "dev-1"]) {
			await expectProblem(await operate("GET", `/v1/accounts/${one.account}/events?device=${device}`), "not_found");
		}
	});
});

test.each([
	["without a serial", {}],
	["with a serial that is none", { serial: "-" }],
	["with a field that is not known", { serial: "NEW-1", license: "lic-1" }],
])("a request %s is refused", async (_, body) => {
	const { firewall } = await newScene();
	await expectProblem(await operate("POST", pathOf(firewall), body), "invalid_request");
	expect((await firewall.call("GET", "/v1/check")).status).toBe(200);
});
