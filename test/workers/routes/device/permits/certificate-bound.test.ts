// What a device that is known by a client certificate is offered is worth nothing to whoever does not show it; and when it ends is known.
import { beforeEach, describe, expect, test } from "vitest";
import type { Issued } from "../../../../support/certificates.ts";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { operated } from "../../../../support/service.ts";
import {
	authenticateBy,
	type Connection,
	callOn,
	certificateFor,
	certified,
	shows,
	tokenBy,
} from "../../../support/certified-firewall.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { type CheckBody, newScene, type PermitBody, type Scene } from "../../../support/fixtures.ts";

let scene: Scene;
let certificate: Issued;
let device: Firewall;
beforeEach(async () => {
	scene = await newScene();
	certificate = await certificateFor("fw-1");
	device = await authenticateBy(await certified(scene.code, certificate), certificate);
});

async function offer(query = ""): Promise<string> {
	const answer = await callOn(device, "GET", `/v1/check?installed=${scene.product}${query}`, shows(certificate));
	return ((await answer.json()) as CheckBody).products[0]?.offer?.capability ?? "";
}
const take = (text: string, connection: Connection) =>
	callOn(device, "POST", "/v1/permits", connection, { offer: text });

describe.each([
	["an offer", ""],
	["an offer with its download", "@1.0.0"],
])("%s", (_, query) => {
	beforeEach(async () => {
		if (query !== "") await publish(scene.product, "1.1.0", "newer rules");
	});

	test("is taken up with the certificate", async () => {
		const answer = await take(await offer(query), shows(certificate));
		expect(answer.status).toBe(201);
		const { permit } = (await answer.json()) as PermitBody;
		const report = await callOn(device, "POST", "/v1/reports", shows(certificate), { permit, outcome: "healthy" });
		expect(report.status).toBe(202);
	});

	test("is refused without it, and with another", async () => {
		const text = await offer(query);
		for (const connection of [{}, shows(null), shows(await certificateFor("fw-1"))]) {
			await expectProblem(await take(text, connection), "unauthenticated");
		}
	});

	test("is no other token's: a new one of the device by another way takes up no old offer", async () => {
		const text = await offer(query);
		const other = await certified(scene.code, await certificateFor("fw-2"));
		const own = await certificateFor("fw-3");
		const stranger = await authenticateBy(await certified(scene.code, own), own);
		await expectProblem(await callOn(stranger, "POST", "/v1/permits", shows(own), { offer: text }), "offer_invalid");
		expect(other.clientId).not.toBe(stranger.clientId);
	});
});

test("the certificate's end is known as soon as it has got a token, and of the next one likewise", async () => {
	const trust = async () =>
		(await operated<{ trust: { certificate_ends: string } }>("GET", `/v1/devices/${device.clientId}`)).trust;
	const { notAfter } = { notAfter: Math.floor(Date.now() / 1000) + 20 * 86_400 };
	expect((await trust()).certificate_ends).toMatch(/Z$/);
	const next = await certificateFor("fw-1", { notAfter });
	const named = await certified(scene.code, next);
	expect((await tokenBy(named, shows(next), { anchors: '{"certificate_ends":null}' })).status).toBe(200);
	device = named;
	expect((await trust()).certificate_ends).toBe(new Date(notAfter * 1000).toISOString().replace(".000Z", "Z"));
});
