// HA groups as operators and firewalls meet them: a pair on one seat, from its codes to its explanation.
import { describe, expect, test } from "vitest";
import { Firewall } from "../../../../support/firewall.ts";
import { createFleet } from "../../../../support/fleet.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectOAuthError, expectProblem } from "../../../support/expectations.ts";
import { devicesOf, newFirewall, newProduct, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

interface Group {
	readonly ha_group: string;
	readonly license: string;
	readonly holds_seat: boolean;
	readonly devices: readonly { readonly device: string; readonly status: string }[];
}

const { timeAfter, moveTo } = useFrozenClock();
const pathOf = ({ account }: Pick<Scene, "account">, group = "") =>
	`/v1/accounts/${account}/ha-groups${group === "" ? "" : `/${group}`}`;

/** One seat, no device yet; and a code for a group under it. */
async function pair() {
	const product = await newProduct();
	const fleet = await createFleet({ products: [product], seats: 1, license: { ends_at: timeAfter(365 * DAY) } });
	const settings = { name: "Berlin edge", mode: "active-passive", license: fleet.license };
	const group = await operated<Group>("POST", pathOf(fleet), settings);
	const path = `/v1/accounts/${fleet.account}/codes`;
	const made = await operated<{ code: string }>("POST", path, { ha_group: group.ha_group, uses: 10 });
	const read = () => operated<Group>("GET", pathOf(fleet, group.ha_group));
	return { ...fleet, product, settings, group, made, read, groupCode: made.code };
}

describe("a group", () => {
	test("is made, listed, read, changed and removed", async () => {
		const { account, license, group, read } = await pair();
		const shown = {
			...{ ha_group: group.ha_group, name: "Berlin edge", mode: "active-passive", license, skew_limit_hours: 24 },
			...{ holds_seat: false, lease_until: null, devices: [], created_at: timeAfter(0) },
			...{ active: null, split_brain_since: null, skew: [], sync: false, updates: [] },
		};
		expect(group).toEqual({ ...shown, published: true });
		expect(group.ha_group.slice(4, 14)).toBe(account.slice(5, 15));
		expect(await read()).toEqual(shown);
		expect(await operated("GET", pathOf({ account }))).toEqual({ ha_groups: [shown], next: null });
		const changed = { name: "Berlin", mode: "active-active", skew_limit_hours: 0.5, sync: true };
		const path = pathOf({ account }, group.ha_group);
		expect(await operated("PATCH", path, changed)).toEqual({ ...shown, ...changed, published: true });
		expect((await operate("DELETE", path)).status).toBe(204);
		await expectProblem(await operate("GET", path), "not_found");
		await expectProblem(await operate("DELETE", path), "not_found");
	});

	test.each([
		["without a mode", { mode: undefined }],
		["of another mode", { mode: "active" }],
		["without a name", { name: "" }],
		["with no skew at all", { skew_limit_hours: 0 }],
		["with a field that is not known", { seats: 2 }],
		["with a device twice", { devices: ["dev-1", "dev-1"] }],
	])("%s is refused", async (_, change) => {
		const { account, settings } = await pair();
		await expectProblem(await operate("POST", pathOf({ account }), { ...settings, ...change }), "invalid_request");
	});

	test("of another account is not there, nor are its devices and licenses", async () => {
		const [one, other] = [await pair(), await pair()];
		const foreign = await newFirewall(other.groupCode, false);
		const { ha_group: group } = one.group;
		const crossed = pathOf(one, other.group.ha_group);
		for (const [method, path, body] of [
			["GET", crossed, undefined],
			["PATCH", crossed, { name: "mine" }],
			["DELETE", crossed, undefined],
			["POST", `${crossed}/unlock`, { product: one.product, reason: "mine" }],
			["PUT", `${crossed}/devices/${foreign.clientId}`, undefined],
			["DELETE", `${crossed}/devices/${foreign.clientId}`, undefined],
			["PUT", `${pathOf(one, group)}/devices/${foreign.clientId}`, undefined],
			["DELETE", `${pathOf(one, group)}/devices/${foreign.clientId}`, undefined],
			["POST", pathOf(one), { ...one.settings, license: other.license }],
			["POST", pathOf(one), { ...one.settings, devices: [foreign.clientId] }],
			["POST", `/v1/accounts/${one.account}/codes`, { ha_group: other.group.ha_group }],
		] as const) {
			await expectProblem(await operate(method, path, body), "not_found");
		}
		expect((await other.read()).devices).toHaveLength(1);
		expect((await one.read()).devices).toEqual([]);
	});
});

describe("a pair of firewalls under a license of one seat", () => {
	test("activates with the group's code, and both get tokens", async () => {
		const { account, license, groupCode, group, code, read } = await pair();
		const [first, second] = [await newFirewall(groupCode), await newFirewall(groupCode)];
		expect(await read()).toMatchObject({
			holds_seat: true,
			devices: expect.arrayContaining([
				expect.objectContaining({ device: first.clientId, status: "active" }),
				expect.objectContaining({ device: second.clientId, status: "active" }),
			]),
		});
		const { licenses } = await operated<{ licenses: object[] }>("GET", `/v1/accounts/${account}/licenses`);
		expect(licenses).toMatchObject([{ license, seats: 1, seats_taken: 1 }]);
		expect(await devicesOf(account)).toMatchObject([{ ha_group: group.ha_group }, { ha_group: group.ha_group }]);
		const third = await Firewall.create();
		const refused = await expectOAuthError(await third.register(code), 403, "access_denied");
		expect(refused.error_description).toContain("every seat");
	});

	test("joins and leaves by an operator's hand, and is told what stands in the way", async () => {
		const { account, license, groupCode, code, group, read } = await pair();
		const first = await newFirewall(groupCode);
		const path = `${pathOf({ account }, group.ha_group)}/devices/`;
		await newFirewall(groupCode);
		const stuck = await expectProblem(await operate("DELETE", path + first.clientId), "conflict");
		expect(stuck["detail"]).toContain("too few seats");
		await expectProblem(await operate("DELETE", pathOf({ account }, group.ha_group)), "conflict");
		await operated("PATCH", `/v1/accounts/${account}/licenses/${license}`, { seats: 3 });
		expect(await operated("DELETE", path + first.clientId)).toMatchObject({
			...{ holds_seat: true, published: true, changed: true },
		});
		expect(await operated("DELETE", path + first.clientId)).toMatchObject({ changed: false });
		expect((await read()).devices).toHaveLength(1);
		const plain = await newFirewall(code);
		await operated("PUT", path + plain.clientId);
		expect((await read()).devices).toHaveLength(2);
		const other = await operated<Group>("POST", pathOf({ account }), { name: "two", mode: "active-active", license });
		const wrong = `${pathOf({ account }, other.ha_group)}/devices/${plain.clientId}`;
		const refused = await expectProblem(await operate("PUT", wrong), "conflict");
		expect(refused["detail"]).toContain("remove it there first");
		const types = await operated<{ events: { type: string; subject: string }[] }>(
			"GET",
			`/v1/accounts/${account}/events?type=ha_group`,
		);
		expect(types.events.map(({ type }) => type.slice(9))).toEqual([
			"create",
			"join",
			"join",
			"leave",
			"join",
			"create",
		]);
	});

	test("is explained with its group, and whose seat it has", async () => {
		const { groupCode, group, product } = await pair();
		const [first, second] = [await newFirewall(groupCode), await newFirewall(groupCode)];
		const explain = (firewall: Firewall) =>
			operated("GET", `/v1/devices/${firewall.clientId}/explain?product=${product}`);
		const its = { ha_group: group.ha_group, seat_holder: group.ha_group };
		expect(await explain(second)).toMatchObject({ ...its, holds_seat: true });
		await operated("POST", `/v1/devices/${first.clientId}/revoke`, {});
		expect(await explain(first)).toMatchObject({ ...its, seat_holder: null, holds_seat: false });
		expect(await explain(second)).toMatchObject({ ...its, holds_seat: true });
	});

	test("has a code that says so; with a license it must be the group's", async () => {
		const { account, license, product, group, made } = await pair();
		expect(made).toMatchObject({ ha_group: group.ha_group, license });
		const path = `/v1/accounts/${account}/codes`;
		const { codes } = await operated<{ codes: object[] }>("GET", path);
		const ofGroup = codes.map((one) => (one as { ha_group: string | null }).ha_group);
		expect(ofGroup.sort()).toEqual([group.ha_group, null]);
		await operated("POST", path, { ha_group: group.ha_group, license });
		const terms = { products: [product], seats: 1, ends_at: timeAfter(DAY) };
		const other = await operated<{ license: string }>("POST", `/v1/accounts/${account}/licenses`, terms);
		const wrong = await operate("POST", path, { ha_group: group.ha_group, license: other.license });
		await expectProblem(wrong, "conflict");
		await expectProblem(await operate("POST", path, {}), "invalid_request");
		await expectProblem(await operate("POST", path, { ha_group: "hag-1" }), "invalid_request");
	});
});

describe("a firewall whose lease is over", () => {
	const elastic = () => newScene({ ends_at: timeAfter(365 * DAY), kind: "elastic", seats: 1 });
	const explain = ({ firewall, product }: Scene) =>
		operated("GET", `/v1/devices/${firewall.clientId}/explain?product=${product}`);

	test("is explained as seat_lost once every seat is taken, as its token request is answered", async () => {
		const scene = await elastic();
		moveTo(900 * SECOND);
		expect(await explain(scene)).toMatchObject({ holds_seat: false, entitlement: { code: "active" } });
		const other = await newFirewall(scene.code);
		expect(await explain(scene)).toMatchObject({
			...{ holds_seat: false, status: "active", license: { seats_taken: 1 } },
			...{
				entitlement: { decision: "refused", code: "seat_lost" },
				answer: { status: "refused", reason: "seat_lost" },
			},
		});
		const refused = await expectOAuthError(await scene.firewall.requestToken(), 400, "unauthorized_client");
		expect(refused.error_description).toContain("seat_lost");
		await operated("POST", `/v1/devices/${other.clientId}/revoke`, {});
		expect(await explain(scene)).toMatchObject({ holds_seat: false, entitlement: { code: "active" } });
	});
});
