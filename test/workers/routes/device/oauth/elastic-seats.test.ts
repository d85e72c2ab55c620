// A seat of an elastic license as firewalls and operators meet it: tokens renew it, and without a seat there is no token.

import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { Firewall } from "../../../../support/firewall.ts";
import { operate, operated } from "../../../../support/service.ts";
import { trailOf } from "../../../../support/trail.ts";
import { expectOAuthError, expectProblem } from "../../../support/expectations.ts";
import { check, checkProduct, newFirewall, newScene, permitOf, type Scene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();
const MINUTE = 60 * SECOND;

const elastic = (license: Record<string, unknown> = {}, bound = true) =>
	newScene({ ends_at: timeAfter(365 * DAY), kind: "elastic", seats: 1, ...license }, bound);
const licensesOf = async ({ account }: Pick<Scene, "account">) =>
	(await operated<{ licenses: Record<string, unknown>[] }>("GET", `/v1/accounts/${account}/licenses`)).licenses;
const pathOf = ({ account, license }: Pick<Scene, "account" | "license">) =>
	`/v1/accounts/${account}/licenses/${license}`;

async function tokenLife(firewall: Firewall): Promise<number> {
	const answer = await firewall.requestToken();
	const { expires_in, access_token } = (await answer.json()) as { expires_in: number; access_token: string };
	expect(answer.status).toBe(200);
	firewall.accessToken = access_token;
	firewall.tokenType = "Bearer";
	return expires_in;
}

async function expectLost(firewall: Firewall): Promise<void> {
	const refused = await expectOAuthError(await firewall.requestToken(), 400, "unauthorized_client");
	expect(refused.error_description).toContain("seat_lost");
	expect(refused.error_description).toContain("keep what is installed");
}

describe("a token under an elastic license", () => {
	test("ends a third of the lease before the lease does, and is no longer good then", async () => {
		const { firewall, product } = await elastic({}, false);
		expect(await tokenLife(firewall)).toBe(600);
		moveTo(5 * MINUTE);
		expect(await tokenLife(firewall)).toBe(300);
		moveTo(5 * MINUTE + SECOND);
		expect(await tokenLife(firewall)).toBe(600);
		moveTo(15 * MINUTE);
		expect((await checkProduct(firewall, product)).status).toBe("offered");
		moveTo(15 * MINUTE + 31 * SECOND);
		await expectProblem(await firewall.call("GET", "/v1/check"), "unauthenticated");
		expect(await tokenLife(firewall)).toBe(600);
	});

	test("lives no longer than any other where the lease is long, and as ever where the license is fixed", async () => {
		const scene = await elastic({ lease_minutes: 1_440 });
		expect(await tokenLife(scene.firewall)).toBe(3_600);
		const fixed = await newScene({ ends_at: timeAfter(DAY) });
		expect(await tokenLife(fixed.firewall)).toBe(3_600);
	});

	test("has the device check at least once in a third of the lease", async () => {
		const { firewall } = await elastic({ lease_minutes: 1 });
		const { next_check_in: next } = await check(firewall, "");
		expect(next).toBeLessThanOrEqual(20);
		expect(next).toBeGreaterThan(15);
	});
});

describe("a device that was away", () => {
	test("gives its seat to another, is told so, keeps what is installed, and gets a seat when one is free", async () => {
		const scene = await elastic();
		const { firewall, code, product } = scene;
		moveTo(15 * MINUTE);
		const other = await newFirewall(code);
		await expectLost(firewall);
		await expectLost(firewall);
		expect((await licensesOf(scene))[0]).toMatchObject({ seats: 1, seats_taken: 1 });
		await operated("POST", `/v1/devices/${other.clientId}/revoke`, {});
		await firewall.authenticate();
		expect((await checkProduct(firewall, product)).status).toBe("offered");
		expect((await permitOf(firewall, product)).version).toBe("1.0.0");
	});

	test("has lost nothing when nobody took its seat", async () => {
		const scene = await elastic();
		moveTo(DAY);
		expect((await licensesOf(scene))[0]).toMatchObject({ seats_taken: 0 });
		await scene.firewall.authenticate();
		expect((await licensesOf(scene))[0]).toMatchObject({ seats_taken: 1 });
	});

	test("keeps no seat by an assertion that is replayed", async () => {
		const scene = await elastic({ lease_minutes: 1 });
		const assertion = await scene.firewall.assertion({ claims: { exp: Math.floor(Date.now() / 1_000) + 60 } });
		expect((await scene.firewall.requestToken({ client_assertion: assertion })).status).toBe(200);
		moveTo(21 * SECOND);
		const replay = await scene.firewall.requestToken({ client_assertion: assertion });
		await expectOAuthError(replay, 401, "invalid_client");
		moveTo(60 * SECOND);
		expect((await licensesOf(scene))[0]).toMatchObject({ seats_taken: 0 });
	});

	test("cannot come back with a stranger's code while there is no seat, and its own code gives it no token", async () => {
		const { firewall, code } = await elastic();
		moveTo(15 * MINUTE);
		await newFirewall(code);
		await expectOAuthError(await (await Firewall.create()).register(code), 403, "access_denied");
		expect((await firewall.register(code)).status).toBe(200);
		await expectLost(firewall);
	});
});

describe("an operator", () => {
	test("sees kind and lease, changes the lease, and devices follow", async () => {
		const scene = await elastic({ lease_minutes: 1.5 });
		expect((await licensesOf(scene))[0]).toMatchObject({ kind: "elastic", lease_minutes: 1.5 });
		expect(await operated("PATCH", pathOf(scene), { lease_minutes: 30 })).toMatchObject({ lease_minutes: 30 });
		await expectProblem(await scene.firewall.call("GET", "/v1/check"), "unauthenticated");
		expect(await tokenLife(scene.firewall)).toBe(1_200);
	});

	test.each([
		["a lease under a minute", { lease_minutes: 0.9 }],
		["a lease of more than a day", { lease_minutes: 1_441 }],
		["another kind", { kind: "fixed" }],
	])("cannot set %s", async (_, terms) => {
		const scene = await elastic();
		await expectProblem(await operate("PATCH", pathOf(scene), terms), "invalid_request");
	});

	test("cannot give a fixed license a lease, neither new nor later", async () => {
		const scene = await newScene({ ends_at: timeAfter(DAY) });
		expect((await licensesOf(scene))[0]).toMatchObject({ kind: "fixed", lease_minutes: 0 });
		await expectProblem(await operate("PATCH", pathOf(scene), { lease_minutes: 15 }), "invalid_request");
		const terms = { products: [scene.product], seats: 1, ends_at: timeAfter(DAY), lease_minutes: 15 };
		const path = `/v1/accounts/${scene.account}/licenses`;
		await expectProblem(await operate("POST", path, terms), "invalid_request");
	});

	test("moves devices from a fixed license to an elastic one: tokens from before are refused, new ones renew", async () => {
		const scene = await newScene({ ends_at: timeAfter(DAY), seats: 1 });
		const terms = { products: [scene.product], seats: 1, ends_at: timeAfter(DAY), kind: "elastic" };
		const path = `/v1/accounts/${scene.account}/licenses`;
		const { license: to } = await operated<{ license: string }>("POST", path, terms);
		await operated("POST", `${pathOf(scene)}/transfer`, { to });
		await expectProblem(await scene.firewall.call("GET", "/v1/check"), "unauthenticated");
		expect(await tokenLife(scene.firewall)).toBe(3_600);
		// A bound token from before would be good for six hours; so long the seat is kept.
		moveTo(356 * MINUTE);
		expect(await tokenLife(scene.firewall)).toBe(600);
		moveTo(371 * MINUTE);
		expect(await licensesOf(scene)).toMatchObject([{ seats_taken: 0 }, { seats_taken: 0 }]);
	});

	test("is told when the lease ends, and that the seat is gone after it", async () => {
		const { firewall, product } = await elastic();
		const explained = () => operated("GET", `/v1/devices/${firewall.clientId}/explain?product=${product}`);
		const lease = { lease_until: timeAfter(15 * MINUTE) };
		expect(await explained()).toMatchObject({ holds_seat: true, license: { seats_taken: 1 }, ...lease });
		moveTo(15 * MINUTE);
		expect(await explained()).toMatchObject({ holds_seat: false, license: { seats_taken: 0 }, ...lease });
	});

	test("finds in the account that seats of vanished devices were released, without any request", async () => {
		const scene = await elastic();
		const account = env.ACCOUNT.getByName(scene.account.slice(5, 15));
		moveTo(16 * MINUTE);
		await runDurableObjectAlarm(account);
		const [last] = await trailOf(account);
		expect(last).toMatchObject({ action: "seat.released", subject: scene.firewall.clientId });
	});
});
