// An assertion that somebody else got hold of must buy nothing: neither again, nor without the proof it was sent with.
import { describe, expect, test } from "vitest";
import { Firewall } from "../../../../support/firewall.ts";
import { createFleet, createProduct } from "../../../../support/fleet.ts";
import { ISSUER } from "../../../../support/service.ts";
import { expectOAuthError } from "../../../support/expectations.ts";

const TOKEN_URL = `${ISSUER}/oauth2/token`;

async function activated(dpopBound: boolean): Promise<Firewall> {
	const { code } = await createFleet();
	return (await Firewall.create()).activate(code, { dpopBound });
}

describe("a device that registered for DPoP-bound tokens", () => {
	test("is told so when it activates", async () => {
		await createProduct("bound");
		const { code } = await createFleet({ products: ["bound"] });
		const answer = await (await Firewall.create()).register(code, { dpopBound: true });
		expect(await answer.json()).toMatchObject({ dpop_bound_access_tokens: true });
	});

	test("gets no token without a proof", async () => {
		const firewall = await activated(true);
		await expectOAuthError(await firewall.requestToken(), 400, "invalid_dpop_proof");
	});

	test("gets a token that is bound, and the same assertion gets whoever has no key nothing", async () => {
		const firewall = await activated(true);
		const assertion = await firewall.assertion();
		const proof = await firewall.proof("POST", TOKEN_URL);
		const first = await firewall.requestToken({ client_assertion: assertion }, proof);
		expect(await first.json()).toMatchObject({ token_type: "DPoP" });
		await expectOAuthError(await firewall.requestToken({ client_assertion: assertion }), 400, "invalid_dpop_proof");
		const thief = await Firewall.create();
		const foreignProof = await thief.proof("POST", TOKEN_URL);
		const stolen = await firewall.requestToken({ client_assertion: assertion }, foreignProof);
		await expectOAuthError(stolen, 400, "invalid_dpop_proof");
	});
});

describe("a device that did not", () => {
	test.each([
		["with a proof, then without", true, false],
		["without a proof, then with", false, true],
		["without a proof, twice", false, false],
		["with a proof, twice", true, true],
	])("can use an assertion once: %s", async (_, firstWithProof, secondWithProof) => {
		const firewall = await activated(false);
		const assertion = await firewall.assertion();
		const send = async (withProof: boolean) =>
			firewall.requestToken(
				{ client_assertion: assertion },
				withProof ? await firewall.proof("POST", TOKEN_URL) : undefined,
			);
		expect((await send(firstWithProof)).status).toBe(200);
		await expectOAuthError(await send(secondWithProof), 401, "invalid_client");
	});
});
