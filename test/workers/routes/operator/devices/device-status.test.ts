// What an operator's word about a device does, on every plane that the device meets, with the tokens that it already holds.
import { beforeEach, describe, expect, test } from "vitest";
import { Firewall } from "../../../../support/firewall.ts";
import { operate } from "../../../../support/service.ts";
import { expectOAuthError, expectProblem } from "../../../support/expectations.ts";
import {
	checkProduct,
	newScene,
	offerOf,
	permitOf,
	type Scene,
	serviceWith,
	setStatus,
} from "../../../support/fixtures.ts";

let scene: Scene;
beforeEach(async () => {
	scene = await newScene();
});

describe.each(["suspend", "revoke"] as const)("after %s, at once,", (action) => {
	test("every request with the token from before is refused as this device's, and no URL is given", async () => {
		const { firewall, product } = scene;
		const { capability } = await offerOf(firewall, product);
		const { permit } = await permitOf(firewall, product);
		await setStatus(firewall, action);
		await expectProblem(await firewall.call("GET", "/v1/check"), "device_refused");
		await expectProblem(await firewall.call("GET", "/v1/messages"), "device_refused");
		await expectProblem(await firewall.call("GET", "/v1/entitlements"), "device_refused");
		await expectProblem(await firewall.call("POST", "/v1/permits", { offer: capability }), "device_refused");
		await expectProblem(await firewall.call("POST", "/v1/reports", { permit, outcome: "installed" }), "device_refused");
	});

	test("there is no new token, and the holder of the key learns why", async () => {
		const { firewall } = scene;
		await setStatus(firewall, action);
		const { error_description } = await expectOAuthError(await firewall.requestToken(), 400, "unauthorized_client");
		expect(error_description).toContain(action === "suspend" ? "is suspended" : "is revoked");
	});

	test("somebody without the key does not learn it", async () => {
		const { firewall } = scene;
		await setStatus(firewall, action);
		const assertion = `${(await firewall.assertion()).slice(0, -8)}AAAAAAAA`;
		const answer = await firewall.requestToken({ client_assertion: assertion });
		await expectOAuthError(answer, 401, "invalid_client");
	});

	test("other devices of the account go on", async () => {
		const other = await newScene();
		await setStatus(scene.firewall, action);
		expect((await checkProduct(other.firewall, other.product)).status).toBe("offered");
	});
});

test("a reinstated device goes on with the token from before, and gets new ones", async () => {
	const { firewall, product } = scene;
	await setStatus(firewall, "suspend");
	await setStatus(firewall, "reinstate");
	expect((await checkProduct(firewall, product)).status).toBe("offered");
	expect((await permitOf(firewall, product)).version).toBe("1.0.0");
	await firewall.authenticate();
});

test("a revoked device stays revoked, and its key activates nothing", async () => {
	const { firewall, code } = scene;
	await setStatus(firewall, "revoke");
	await setStatus(firewall, "revoke");
	await expectProblem(await operate("POST", `/v1/devices/${firewall.clientId}/reinstate`, {}), "conflict");
	await expectProblem(await operate("POST", `/v1/devices/${firewall.clientId}/suspend`, {}), "conflict");
	await expectOAuthError(await firewall.register(code), 403, "access_denied");
	await expectOAuthError(await firewall.requestToken(), 400, "unauthorized_client");
});

test("a revoked device's seat goes to another, a suspended one keeps it", async () => {
	const small = await newScene({ seats: 1 });
	const next = await Firewall.create();
	await setStatus(small.firewall, "suspend");
	await expectOAuthError(await next.register(small.code), 403, "access_denied");
	await setStatus(small.firewall, "revoke");
	expect((await next.register(small.code)).status).toBe(201);
});

test("no permit is given either where the edge still holds the device's record from before", async () => {
	const { firewall, product } = await newScene({}, false);
	const { capability } = await offerOf(firewall, product);
	const edge = serviceWith({ DEVICE_FRESH_SECONDS: "60" });
	const body = JSON.stringify({ offer: capability });
	const headers = { authorization: `Bearer ${firewall.accessToken}`, "content-type": "application/json" };
	const take = () =>
		edge("/v1/permits", { method: "POST", headers: { ...headers, "content-length": String(body.length) }, body });
	expect((await take()).status).toBe(201);
	await setStatus(firewall, "suspend");
	await expectProblem(await take(), "device_refused");
});
