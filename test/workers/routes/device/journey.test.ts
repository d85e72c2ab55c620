// The main job, end to end inside workerd: a firewall gets its update.
import { expect, test } from "vitest";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet, createProduct, publish } from "../../../support/fleet.ts";
import { operated, send } from "../../../support/service.ts";

interface CheckBody {
	products: { status: string; reason: string; offer?: { version: string; sha256: string; capability: string } }[];
	messages: { unread: number; last: number };
}

async function update(
	firewall: Firewall,
	installed: string,
): Promise<{ version: string; text: string; permit: string }> {
	const check = (await (await firewall.call("GET", `/v1/check?installed=${installed}`)).json()) as CheckBody;
	const offer = check.products[0]?.offer;
	if (offer === undefined) throw new Error(JSON.stringify(check));
	const answer = await firewall.call("POST", "/v1/permits", { offer: offer.capability });
	expect(answer.status).toBe(201);
	const permit = (await answer.json()) as { permit: string; url: string; version: string };
	const download = await send(permit.url);
	expect(download.status).toBe(200);
	return { version: permit.version, text: await download.text(), permit: permit.permit };
}

test.each([
	["with a DPoP-bound ES256 key", "ES256", true],
	["with an Ed25519 key", "Ed25519", true],
	["with EdDSA as the name of its algorithm and a bearer token", "EdDSA", false],
] as const)(
	"a firewall %s activates, is offered releases as they come out, downloads and reports",
	async (_, algorithm, bound) => {
		const product = `crs-${algorithm.toLowerCase()}`;
		await createProduct(product);
		const { code } = await createFleet({ products: [product] });
		const firewall = await (await Firewall.create(algorithm)).activate(code);
		await firewall.authenticate(bound);

		await publish(product, "1.0.0", "first rules");
		const first = await update(firewall, product);
		expect(first).toMatchObject({ version: "1.0.0", text: "first rules" });
		const reported = await firewall.call("POST", "/v1/reports", { permit: first.permit, outcome: "installed" });
		expect(reported.status).toBe(202);

		const unchanged = await firewall.call("GET", `/v1/check?installed=${product}@1.0.0`);
		expect(((await unchanged.json()) as CheckBody).products[0]).toMatchObject({
			status: "current",
			reason: "up_to_date",
		});

		await publish(product, "1.1.0", "second rules");
		expect(await update(firewall, `${product}@1.0.0`)).toMatchObject({ version: "1.1.0", text: "second rules" });

		await operated("POST", `/v1/products/${product}/releases/1.1.0/withdraw`, { reason: "false positives" });
		expect(await update(firewall, `${product}@1.1.0`)).toMatchObject({ version: "1.0.0", text: "first rules" });
	},
);
