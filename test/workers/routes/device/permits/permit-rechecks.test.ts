// A permit looks again, live, at what may have changed since the offer: who brings it and how, the device, its license and
// the release. Each refusal says why.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { ISSUER, operated, send } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newProduct, newScene, offerOf, type Scene, setStatus } from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();

const inForce = (license: Record<string, unknown> = {}, bound = true) =>
	newScene({ starts_at: timeAfter(-DAY), ends_at: timeAfter(100 * DAY), grace_days: 0, ...license }, bound);
const take = (firewall: Firewall, offer: string, headers: Record<string, string> = {}) =>
	firewall.call("POST", "/v1/permits", { offer }, headers);
const onLicense = (scene: Scene, method: string, action: string, body: object) =>
	operated(method, `/v1/accounts/${scene.account}/licenses/${scene.license}${action}`, body);

let scene: Scene;
let offer: string;

describe("an offer under a bound token", () => {
	beforeEach(async () => {
		scene = await inForce();
		offer = (await offerOf(scene.firewall, scene.product)).capability;
	});

	/** The request as a thief would send it who has the token and the offer, but not the key. */
	async function steal(authorization: string, dpop?: string): Promise<Response> {
		const body = JSON.stringify({ offer });
		const headers = { authorization, "content-type": "application/json", "content-length": String(body.length) };
		return send("/v1/permits", { method: "POST", headers: { ...headers, ...(dpop && { dpop }) }, body });
	}

	test("buys nothing when the token comes as Bearer, with a proof or without", async () => {
		const { accessToken } = scene.firewall;
		await expectProblem(await steal(`Bearer ${accessToken}`), "unauthenticated");
		const proof = await scene.firewall.proof("POST", `${ISSUER}/v1/permits`, accessToken);
		await expectProblem(await steal(`Bearer ${accessToken}`, proof), "unauthenticated");
		expect((await take(scene.firewall, offer)).status).toBe(201);
	});

	test("buys nothing without a proof, with one for another request, or with one that was used", async () => {
		const { accessToken } = scene.firewall;
		await expectProblem(await steal(`DPoP ${accessToken}`), "dpop_proof_missing");
		const proofs = [
			await scene.firewall.proof("GET", `${ISSUER}/v1/permits`, accessToken),
			await scene.firewall.proof("POST", `${ISSUER}/v1/reports`, accessToken),
			await scene.firewall.proof("POST", `${ISSUER}/v1/permits`, "another token"),
		];
		for (const proof of proofs) await expectProblem(await steal(`DPoP ${accessToken}`, proof), "unauthenticated");
		const good = await scene.firewall.proof("POST", `${ISSUER}/v1/permits`, accessToken);
		expect((await steal(`DPoP ${accessToken}`, good)).status).toBe(201);
		await expectProblem(await steal(`DPoP ${accessToken}`, good), "unauthenticated");
	});
});

test("an offer under a token that is not bound is no DPoP request", async () => {
	scene = await inForce({}, false);
	offer = (await offerOf(scene.firewall, scene.product)).capability;
	const { firewall } = scene;
	const proof = await firewall.proof("POST", `${ISSUER}/v1/permits`, firewall.accessToken);
	const headers = { authorization: `DPoP ${firewall.accessToken}`, dpop: proof };
	await expectProblem(await take(firewall, offer, headers), "unauthenticated");
	expect((await take(firewall, offer)).status).toBe(201);
});

describe("an offer buys nothing once its license", () => {
	const changes: [string, string, (scene: Scene) => Promise<unknown>][] = [
		["has ended", "expired", (one) => onLicense(one, "PATCH", "", { ends_at: timeAfter(0) })],
		["starts later", "not_yet_valid", (one) => onLicense(one, "PATCH", "", { starts_at: timeAfter(HOUR) })],
		[
			"has no such product",
			"not_included",
			async (one) => onLicense(one, "PATCH", "", { products: [await newProduct()] }),
		],
		["is suspended", "license_suspended", (one) => onLicense(one, "POST", "/suspend", {})],
		["is revoked", "license_revoked", (one) => onLicense(one, "POST", "/revoke", {})],
	];
	test.each(changes)("%s: %s", async (_, code, change) => {
		scene = await inForce();
		offer = (await offerOf(scene.firewall, scene.product)).capability;
		await change(scene);
		const problem = await expectProblem(await take(scene.firewall, offer), "not_entitled");
		expect(problem["entitlement_code"]).toBe(code);
	});

	test("covers emergency releases only, and this one came out after its end", async () => {
		scene = await inForce({ critical_days: 30 });
		moveTo(60 * SECOND);
		await publish(scene.product, "2.0.0", "routine rules");
		offer = (await offerOf(scene.firewall, scene.product)).capability;
		await onLicense(scene, "PATCH", "", { ends_at: timeAfter(60 * SECOND) });
		const problem = await expectProblem(await take(scene.firewall, offer), "not_entitled");
		expect(problem).toMatchObject({ entitlement_code: "critical_only", valid_until: timeAfter(60 * SECOND) });
	});
});

test("an offer is good still under a license that covers emergency releases only, of one of those or of one from before", async () => {
	scene = await inForce({ critical_days: 30 });
	const before = (await offerOf(scene.firewall, scene.product)).capability;
	moveTo(60 * SECOND);
	await publish(scene.product, "2.0.0", "urgent rules", { urgency: "emergency" });
	const emergency = (await offerOf(scene.firewall, scene.product)).capability;
	await onLicense(scene, "PATCH", "", { ends_at: timeAfter(60 * SECOND) });
	for (const one of [before, emergency]) expect((await take(scene.firewall, one)).status).toBe(201);
});

test.each(["suspend", "revoke"] as const)("an offer buys nothing for a device after %s", async (action) => {
	scene = await inForce();
	offer = (await offerOf(scene.firewall, scene.product)).capability;
	await setStatus(scene.firewall, action);
	await expectProblem(await take(scene.firewall, offer), "device_refused");
});

test("an offer is for the bytes that it named, not for others that its version has after the product was restored", async () => {
	scene = await inForce();
	const { firewall, product } = scene;
	offer = (await offerOf(firewall, product)).capability;
	await runInDurableObject(env.PRODUCT.getByName(product), (_, { storage }) => {
		storage.sql.exec("UPDATE releases SET sha256 = ?", "0".repeat(64));
	});
	// The revision that names the other bytes.
	await publish(product, "2.0.0", "newer rules");
	moveTo(60 * SECOND);
	await expectProblem(await take(firewall, offer), "release_withdrawn");
});
