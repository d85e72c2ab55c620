// Whoever captures a whole request, proof and all, and sends it again gets nothing by it, where the answer is worth something
// or the request changes something.
import { expect, test } from "vitest";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet } from "../../../support/fleet.ts";
import { ISSUER } from "../../../support/service.ts";
import { expectOAuthError } from "../../support/expectations.ts";
import { devicesOf, newProduct, newScene } from "../../support/fixtures.ts";

test("a captured activation gives no registration token, at once or later", async () => {
	const fleet = await createFleet({ products: [await newProduct()] });
	const firewall = await Firewall.create();
	const proof = await firewall.proof("POST", `${ISSUER}/oauth2/register`, fleet.code);
	const answers = await Promise.all([1, 2, 3].map(() => firewall.register(fleet.code, { proof })));
	expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400]);
	const later = await expectOAuthError(await firewall.register(fleet.code, { proof }), 400, "invalid_dpop_proof");
	expect(later.error_description).toContain("was used before");
	expect((await firewall.register(fleet.code)).status).toBe(200);
	expect(await devicesOf(fleet.account)).toHaveLength(1);
});

async function sendTwice(kind: "fixed" | "elastic"): Promise<Response[]> {
	const { code } = await newScene({ kind });
	const firewall = await (await Firewall.create()).activate(code, { dpopBound: true });
	const fields = { client_assertion: await firewall.assertion() };
	const proof = await firewall.proof("POST", `${ISSUER}/oauth2/token`);
	return [await firewall.requestToken(fields, proof), await firewall.requestToken(fields, proof)];
}

test("a captured token request renews no seat, even of a device whose tokens are all bound", async () => {
	const [first, again] = await sendTwice("elastic");
	expect(first?.status).toBe(200);
	await expectOAuthError(again as Response, 401, "invalid_client");
});

test("where nothing is renewed, a token that is bound to a key is no use to whoever captured its request", async () => {
	expect((await sendTwice("fixed")).map(({ status }) => status)).toEqual([200, 200]);
});
