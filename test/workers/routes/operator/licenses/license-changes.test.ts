// What an operator does to a license while devices use it: they follow at once, keep what is installed, and learn why.

import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { ringAll } from "../../../../support/accounts/alarms.ts";
import { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { operate, operated } from "../../../../support/service.ts";
import { storedIn } from "../../../../support/stored-record.ts";
import { expectOAuthError, expectProblem } from "../../../support/expectations.ts";
import {
	checkProduct,
	devicesOf,
	newFirewall,
	newProduct,
	newScene,
	offerOf,
	type Scene,
} from "../../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();

/** A scene under a license that runs for a year of the frozen clock. */
const inForce = (license: Record<string, unknown> = {}, bound = true) =>
	newScene({ ends_at: timeAfter(365 * DAY), ...license }, bound);
const pathOf = ({ account, license }: Pick<Scene, "account" | "license">) =>
	`/v1/accounts/${account}/licenses/${license}`;
const change = (scene: Scene, terms: Record<string, unknown>) =>
	operated<Record<string, unknown>>("PATCH", pathOf(scene), terms);
const setStatus = (scene: Scene, action: string) =>
	operated("POST", `${pathOf(scene)}/${action}`, { reason: "a test" });

interface StoredDevice {
	readonly version: number;
	readonly body: { readonly licenseEpoch: number };
}
const storedDevice = async (id: string) => (await storedIn(env.RECORDS, `device:${id}`)) as StoredDevice;

/** The token from before the change is refused, and the new one shows what has become. */
async function followed(firewall: Firewall, product: string, version = "1.0.0") {
	await expectProblem(await firewall.call("GET", "/v1/check"), "unauthenticated");
	await firewall.authenticate();
	return checkProduct(firewall, product, version);
}

describe.each([
	["suspended", "suspend", "license_suspended"],
	["revoked", "revoke", "license_revoked"],
])("when a license is %s", (_, action, code) => {
	test("its devices are told so, get nothing new and may ask for messages still", async () => {
		const scene = await inForce();
		const { firewall, product } = scene;
		const { capability } = await offerOf(firewall, product);
		await setStatus(scene, action);
		const permit = await expectProblem(
			await firewall.call("POST", "/v1/permits", { offer: capability }),
			"not_entitled",
		);
		expect(permit).toMatchObject({ entitlement_code: code });
		expect(await followed(firewall, product)).toMatchObject({ status: "refused", code, reason: code });
		const entitlement = await firewall.call("GET", `/v1/entitlements/${product}`);
		expect(await entitlement.json()).toMatchObject({ decision: "refused", code, status: "active" });
		expect((await firewall.call("GET", "/v1/messages")).status).toBe(200);
	});

	test("an ETag from before is answered in full, or rather not at all: its token is no longer good", async () => {
		const scene = await inForce({}, false);
		const etag = (await scene.firewall.call("GET", "/v1/check")).headers.get("etag") ?? "";
		const again = () => scene.firewall.call("GET", "/v1/check", undefined, { "if-none-match": etag });
		expect((await again()).status).toBe(304);
		await setStatus(scene, action);
		await expectProblem(await again(), "unauthenticated");
	});

	test("no device activates under it", async () => {
		const scene = await inForce();
		await setStatus(scene, action);
		const stranger = await Firewall.create();
		await expectOAuthError(await stranger.register(scene.code), 403, "access_denied");
	});

	test("devices of other licenses and accounts go on", async () => {
		const [scene, other] = [await inForce(), await inForce()];
		const terms = { products: [scene.product], seats: 1, ends_at: timeAfter(DAY) };
		const { license } = await operated<{ license: string }>("POST", `/v1/accounts/${scene.account}/licenses`, terms);
		const { code: otherCode } = await operated<{ code: string }>("POST", `/v1/accounts/${scene.account}/codes`, {
			license,
		});
		const sibling = await newFirewall(otherCode);
		await setStatus(scene, action);
		expect((await checkProduct(other.firewall, other.product)).status).toBe("offered");
		expect((await followed(sibling, scene.product, "")).status).toBe("offered");
	});
});

test("a reinstated license counts again, a revoked one never", async () => {
	const scene = await inForce();
	await setStatus(scene, "suspend");
	expect((await followed(scene.firewall, scene.product)).code).toBe("license_suspended");
	await setStatus(scene, "reinstate");
	expect((await followed(scene.firewall, scene.product)).code).toBe("active");
	await setStatus(scene, "revoke");
	await expectProblem(await operate("POST", `${pathOf(scene)}/reinstate`, {}), "conflict");
	await expectProblem(await operate("PATCH", pathOf(scene), { seats: 20 }), "conflict");
	expect(await operated("GET", `/v1/accounts/${scene.account}/licenses`)).toMatchObject({
		licenses: [{ status: "revoked", seats_taken: 1 }],
	});
});

describe("when a license is changed", () => {
	test("renewed after its end, updates come again", async () => {
		const scene = await inForce({ ends_at: timeAfter(DAY), grace_days: 0 });
		moveTo(2 * DAY);
		await scene.firewall.authenticate();
		expect((await checkProduct(scene.firewall, scene.product)).code).toBe("expired");
		await change(scene, { ends_at: timeAfter(365 * DAY) });
		expect(await followed(scene.firewall, scene.product, "")).toMatchObject({ code: "active", status: "offered" });
	});

	test("ended early, a token that says otherwise is worth nothing", async () => {
		const scene = await inForce({ starts_at: timeAfter(-DAY), ends_at: timeAfter(DAY), grace_days: 0 });
		await change(scene, { ends_at: timeAfter(0) });
		expect((await followed(scene.firewall, scene.product)).code).toBe("expired");
	});

	test("without a product, that one is not included, and another may end earlier than the rest", async () => {
		const scene = await inForce();
		const more = await newProduct();
		await publish(more, "1", "more");
		const validity = { [more]: { ends_at: timeAfter(DAY) } };
		await change(scene, { products: [more], product_validity: validity, grace_days: 0 });
		expect((await followed(scene.firewall, scene.product)).code).toBe("not_included");
		expect((await checkProduct(scene.firewall, more)).code).toBe("active");
		moveTo(DAY);
		await scene.firewall.authenticate();
		expect((await checkProduct(scene.firewall, more)).code).toBe("expired");
	});

	test("in its products alone, those that stay keep the validity that they have, until that is changed too", async () => {
		const scene = await inForce();
		const [ends_at, more] = [timeAfter(DAY), await newProduct()];
		await change(scene, { products: [scene.product], product_validity: { [scene.product]: { ends_at } } });
		expect(await change(scene, { products: [more, scene.product] })).toMatchObject({
			products: [more, scene.product],
			product_validity: { [scene.product]: { ends_at } },
		});
		expect(await change(scene, { products: [scene.product], product_validity: {} })).toMatchObject({
			product_validity: {},
		});
	});

	test("with more seats, the next device gets one at once; with fewer, those who have one keep it and new ones wait", async () => {
		const scene = await inForce({ seats: 1 });
		const second = await Firewall.create();
		await expectOAuthError(await second.register(scene.code), 403, "access_denied");
		await change(scene, { seats: 2 });
		await second.activate(scene.code);
		expect(await change(scene, { seats: 1 })).toMatchObject({ seats: 1, seats_taken: 2 });
		// Nothing that they may have has changed, so their tokens are good.
		expect((await checkProduct(scene.firewall, scene.product)).status).toBe("offered");
		const third = await Firewall.create();
		await expectOAuthError(await third.register(scene.code), 403, "access_denied");
		await operated("POST", `/v1/devices/${second.clientId}/revoke`, {});
		await expectOAuthError(await third.register(scene.code), 403, "access_denied");
		await operated("POST", `/v1/devices/${scene.firewall.clientId}/revoke`, {});
		await third.activate(scene.code);
	});

	test("that allows overage, devices beyond the seats get in", async () => {
		const scene = await inForce({ seats: 1 });
		await change(scene, { overage: "allow" });
		await newFirewall(scene.code);
		expect(await operated("GET", `/v1/accounts/${scene.account}/licenses`)).toMatchObject({
			licenses: [{ seats: 1, seats_taken: 2, overage: "allow" }],
		});
	});

	test("to what it is already, nothing happens", async () => {
		const scene = await inForce();
		await change(scene, { seats: 10 });
		expect((await checkProduct(scene.firewall, scene.product)).status).toBe("offered");
	});

	test.each([
		["nothing", {}],
		["an end before the start", { ends_at: "2001-01-01T00:00:00Z" }],
		["no seats", { seats: 0 }],
		["no products", { products: [] }],
		["a validity without its products", { product_validity: {} }],
		["a validity of a product that it does not name", { products: ["crs"], product_validity: { csr: {} } }],
		["a word that nobody knows", { elastic: true }],
	])("to %s, it is refused and stays", async (_, terms) => {
		const scene = await inForce();
		const before = await operated("GET", `/v1/accounts/${scene.account}/licenses`);
		await expectProblem(await operate("PATCH", pathOf(scene), terms), "invalid_request");
		expect(await operated("GET", `/v1/accounts/${scene.account}/licenses`)).toEqual(before);
	});

	test("to an end before the start or to a lease, it is told only what can be wrong with that", async () => {
		const scene = await inForce();
		const detailOf = async (terms: object) => {
			const answer = await operate("PATCH", pathOf(scene), terms);
			return z.object({ detail: z.string() }).parse(await answer.json()).detail;
		};
		expect(await detailOf({ ends_at: "2001-01-01T00:00:00Z" })).toBe("license and products must end after they start");
		expect(await detailOf({ lease_minutes: 15 })).toBe("only an elastic license has a lease");
	});

	test("of another account, there is no such license", async () => {
		const [scene, other] = [await inForce(), await inForce()];
		const path = `/v1/accounts/${other.account}/licenses/${scene.license}`;
		await expectProblem(await operate("PATCH", path, { seats: 20 }), "not_found");
		await expectProblem(await operate("POST", `${path}/revoke`, {}), "not_found");
	});
});

describe("the records of all devices are written anew", () => {
	test("behind the answer, and none goes back", async () => {
		const scene = await inForce({ seats: 200 });
		const others = await Promise.all([newFirewall(scene.code), newFirewall(scene.code)]);
		const before = await storedDevice(others[0].clientId);
		await change(scene, { delay_hours: 24 });
		const account = env.ACCOUNT.getByName(scene.account.slice(5, 15));
		await ringAll(account);
		for (const { clientId } of [...others, scene.firewall]) {
			const { version, body } = await storedDevice(clientId);
			expect(body.licenseEpoch).toBe(before.body.licenseEpoch + 1);
			expect(version).toBeGreaterThan(before.version);
		}
	});

	test("and until then nobody decides on the old one: its object is asked", async () => {
		const scene = await inForce();
		const key = `device:${scene.firewall.clientId}`;
		const old = (await env.RECORDS.get(key)) ?? "";
		await setStatus(scene, "suspend");
		const account = env.ACCOUNT.getByName(scene.account.slice(5, 15));
		await ringAll(account);
		await env.RECORDS.put(key, old);
		expect((await followed(scene.firewall, scene.product)).code).toBe("license_suspended");
	});
});

describe("a transfer to another license", () => {
	async function secondLicense(scene: Scene, seats: number): Promise<string> {
		const terms = { products: [scene.product], seats, ends_at: timeAfter(DAY), delay_hours: 24 };
		const made = await operated<{ license: string }>("POST", `/v1/accounts/${scene.account}/licenses`, terms);
		return made.license;
	}

	test("moves every device, and they follow the terms of that one", async () => {
		const scene = await inForce();
		await newFirewall(scene.code);
		const to = await secondLicense(scene, 2);
		const told = { from: scene.license, to, state: "done", moved: 2, remaining: 0, published: true };
		expect(await operated("POST", `${pathOf(scene)}/transfer`, { to })).toMatchObject(told);
		expect(await followed(scene.firewall, scene.product)).toMatchObject({ reason: "none_old_enough" });
		const { licenses } = await operated<{ licenses: { license: string; seats_taken: number }[] }>(
			"GET",
			`/v1/accounts/${scene.account}/licenses`,
		);
		expect(licenses.find(({ license }) => license === scene.license)?.seats_taken).toBe(0);
		expect(licenses.find(({ license }) => license === to)?.seats_taken).toBe(2);
	});

	test("moves none where the seats do not suffice", async () => {
		const scene = await inForce();
		await newFirewall(scene.code);
		const to = await secondLicense(scene, 1);
		await expectProblem(await operate("POST", `${pathOf(scene)}/transfer`, { to }), "conflict");
		expect((await checkProduct(scene.firewall, scene.product)).status).toBe("offered");
	});
});

describe("an auth code", () => {
	test("that was revoked activates no device, and leaves those that it did", async () => {
		const scene = await inForce();
		const path = `/v1/accounts/${scene.account}/codes`;
		const { codes } = await operated<{ codes: { id: string }[] }>("GET", path);
		await operated("DELETE", `${path}/${codes[0]?.id}`);
		await operated("DELETE", `${path}/${codes[0]?.id}`);
		await expectOAuthError(await (await Firewall.create()).register(scene.code), 401, "invalid_token");
		expect((await checkProduct(scene.firewall, scene.product)).status).toBe("offered");
		expect((await scene.firewall.register(scene.code)).status).toBe(200);
		expect(await operated("GET", path)).toMatchObject({ codes: [{ revoked: true }] });
	});

	test("of another account cannot be revoked", async () => {
		const [scene, other] = [await inForce(), await inForce()];
		const { codes } = await operated<{ codes: { id: string }[] }>("GET", `/v1/accounts/${scene.account}/codes`);
		const path = `/v1/accounts/${other.account}/codes/${codes[0]?.id}`;
		await expectProblem(await operate("DELETE", path), "not_found");
		await newFirewall(scene.code);
	});

	test.each(["serial", "model"])("for one %s is refused to every other", async (what) => {
		const scene = await inForce();
		const bound = { license: scene.license, uses: 5, [what]: "FW-CHOSEN" };
		const { code } = await operated<{ code: string }>("POST", `/v1/accounts/${scene.account}/codes`, bound);
		await expectOAuthError(await (await Firewall.create()).register(code), 403, "access_denied");
		const chosen = await Firewall.create();
		expect((await chosen.register(code, { [what]: "FW-CHOSEN" })).status).toBe(201);
		expect(await devicesOf(scene.account)).toHaveLength(2);
	});
});
