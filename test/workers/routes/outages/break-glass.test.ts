// A rollout can be halted while everything else is down: only the object that knows the key and the product's own are asked, by a
// location that has nothing in memory. The queues of the service are the outboxes of its objects: theirs are down here too.
import { afterEach, expect, test, vi } from "vitest";
import { DIRECTORY_NAME } from "../../../../src/objects/bindings.ts";
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

const RATE_LIMITS = ["RATE_REGISTER", "RATE_TOKEN", "RATE_PUBLISH", "RATE_CODE", "RATE_ACCOUNT"];
const fail = (): never => {
	throw new Error("it is down");
};
const reject = async (): Promise<never> => fail();

test("with KV, Redis, packages, pulses, accounts, telemetry, rate limits and every outbox down, from a location that has just started", async () => {
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

	const store = new FakeRecordStore();
	store.break("before");
	await replaceStores(bindings.PRODUCT.getByName(product), { redis: store, kv: store });
	await replaceStores(bindings.DIRECTORY.getByName(DIRECTORY_NAME), { redis: store, kv: store });
	const cold = new Edge("redis,kv", {
		ANALYTICS: { writeDataPoint: fail },
		PULSES: { get: reject, put: reject },
		...Object.fromEntries(RATE_LIMITS.map((name) => [name, { limit: reject }])),
	});
	cold.setStores("fails");
	cold.account.mood = "fails";
	cold.replayGuard.mood = "fails";
	cold.packages.mood = "fails";
	const answer = await cold.sendJson("POST", `${path}/halt`, key, { reason: "boxes reboot" });
	expect(answer.status).toBe(200);
	expect(await answer.json()).toMatchObject({ phase: "halted", changed: true });
	// It stands in the product's log, and nothing of what is down was waited for.
	expect(await (await cold.sendJson("GET", path, key)).json()).toMatchObject({
		phase: "halted",
		reason: "boxes reboot",
	});
	expect(cold.kv.reads.length + cold.redis.reads.length).toBe(0);
	expect(cold.account.calls + cold.replayGuard.calls + cold.packages.calls).toBe(0);

	// No record could say so: the edge still has the offer, and the permit is refused all the same.
	const refused = await edge.permit(firewall, offer);
	expect(await refused.json()).toMatchObject({ code: "exposure_limited", rollout_code: "halted" });
});
