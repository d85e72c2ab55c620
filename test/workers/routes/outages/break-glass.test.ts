// A rollout can be halted while everything else is down: only the object that knows the key and the product's own are asked.
import { afterEach, expect, test, vi } from "vitest";
import { IMMEDIATE, STANDARD } from "../../../../src/rollout/built-in-plans.ts";
import { createFleet, publish } from "../../../support/fleet.ts";
import { freshProduct } from "../../../support/fresh-names.ts";
import { bindings, replaceStores } from "../../../support/object-bindings.ts";
import { operate, operated } from "../../../support/service.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import { Edge } from "../../support/edge.ts";
import { newFirewall } from "../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const { moveTo, timeAfter } = useFrozenClock();
afterEach(() => {
	vi.restoreAllMocks();
});

test("with KV, Redis, packages, accounts and every store of the product down", async () => {
	const { name: product } = freshProduct();
	await operated("POST", "/v1/products", { product, plan: "immediate" });
	const { code } = await createFleet({ products: [product], license: { ends_at: timeAfter(100 * DAY) } });
	const firewall = await newFirewall(code, false);
	await publish(product, "1.0.0", "old");
	const [first] = STANDARD.steps;
	if (first === undefined) throw new Error("a plan has a step");
	const open = { ...first, cohort: { units: 2 }, fillWithin: null };
	await operated("PATCH", `/v1/products/${product}`, {
		plan: { ...STANDARD, name: "own", steps: [open, ...IMMEDIATE.steps] },
	});
	await publish(product, "2.0.0", "new");
	const path = `/v1/products/${product}/releases/2.0.0/rollout`;
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", {
		subject: "olivia",
		scopes: [`release:${product}`],
	});
	const { evidence } = await operated<{ evidence: string }>("GET", path);
	expect((await operate("POST", `${path}/words`, { kind: "approve", evidence }, key)).status).toBe(200);
	moveTo(60 * SECOND);
	const edge = new Edge("redis,kv");
	const { products } = await edge.check(firewall, `?installed=${product}@1.0.0`);
	const offer = (products[0] as unknown as { offer: { capability: string } }).offer.capability;

	edge.setStores("fails");
	edge.account.mood = "fails";
	edge.packages.mood = "fails";
	const store = new FakeRecordStore();
	store.break("before");
	await replaceStores(bindings.PRODUCT.getByName(product), { redis: store, kv: store });
	const answer = await edge.sendJson("POST", `${path}/halt`, key, { reason: "boxes reboot" });
	expect(answer.status).toBe(200);
	expect(await answer.json()).toMatchObject({ phase: "halted", changed: true });

	// No record could say so: the edge still has the offer, and the permit is refused all the same.
	edge.setStores("well");
	edge.account.mood = "well";
	const refused = await edge.permit(firewall, offer);
	expect(await refused.json()).toMatchObject({ code: "exposure_limited", rollout_code: "halted" });
});
