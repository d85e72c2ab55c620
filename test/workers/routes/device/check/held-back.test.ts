// Devices that a rollout holds back to the end: they are offered nothing, asked again soon, and counted as the step's control; the
// others are offered the release meanwhile, and everybody is once its last gate has passed.
import { beforeEach, describe, expect, test, vi } from "vitest";
import { bucketOf } from "../../../../../src/rollout/bucket.ts";
import { HOLDBACK } from "../../../../../src/rollout/control.ts";
import type { Plan } from "../../../../../src/rollout/plan.ts";
import type { Firewall } from "../../../../support/firewall.ts";
import { createFleet, makePackage, publish, upload } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operated } from "../../../../support/service.ts";
import { checkProduct, newFirewall } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { moveTo, timeAfter } = useFrozenClock();

/** Everybody at once, but for those held back. */
const PLAN: Plan = {
	name: "own",
	overrides: 1,
	steps: [
		{
			...{ name: "all", cohort: { fraction: 1 }, bake: 7_200, fillWithin: null, expect: 1_800, lease: 7_200 },
			gate: { kind: "sequential", p0: 0.005, p1: 0.03, alpha: 0.001, beta: 0.01 },
			approvals: { team: null, count: 0 },
		},
	],
};

let product: string;
let held: Firewall;
let other: Firewall;

/** @returns a salt by which the one is held back, and the other is not */
async function findSalt(): Promise<string> {
	for (let n = 0; ; n++) {
		const [one, two] = await Promise.all([held, other].map(({ clientId }) => bucketOf(`salt-${n}`, clientId)));
		if ((one ?? 0) >= 1 - HOLDBACK && (two ?? 1) < 1 - HOLDBACK) return `salt-${n}`;
	}
}

beforeEach(async () => {
	product = freshProduct().name;
	await operated("POST", "/v1/products", { product, plan: "immediate" });
	const { code } = await createFleet({ products: [product], license: { ends_at: timeAfter(100 * DAY) } });
	held = await newFirewall(code);
	other = await newFirewall(code);
	await publish(product, "1.0.0", "old rules");
	await operated("PATCH", `/v1/products/${product}`, { plan: PLAN });
	expect((await upload(product, "2.0.0", await makePackage("new rules"))).ok).toBe(true);
	const metadata = { notes: "", urgency: "routine", models: null, engine: {}, entries: null } as const;
	const now = Math.floor(Date.now() / 1_000);
	const release = { actor: "ci", now, version: "2.0.0", metadata, salt: await findSalt() };
	expect(await bindings.PRODUCT.getByName(product).release(release)).toMatchObject({ ok: true });
	moveTo(60 * SECOND);
});

const control = async () => {
	const path = `/v1/products/${product}/releases/2.0.0/rollout`;
	return (await operated<{ steps: { control: unknown }[] }>("GET", path)).steps[0]?.control;
};
const ask = (etag?: string) =>
	held.call(
		"GET",
		`/v1/check?installed=${product}@1.0.0`,
		undefined,
		etag === undefined ? {} : { "if-none-match": etag },
	);

describe("a device that is held back", () => {
	test("is offered nothing while others are", async () => {
		expect(await checkProduct(held, product, "1.0.0")).toMatchObject({ status: "current", reason: "up_to_date" });
		expect(await checkProduct(other, product, "1.0.0")).toMatchObject({ status: "offered" });
	});

	test("asks in full again within ten minutes, and is healthy by that", async () => {
		const first = await ask();
		const etag = first.headers.get("etag") ?? "";
		expect((await ask(etag)).status).toBe(304);
		expect(await control()).toEqual({ healthy: 0, failed: 0 });
		moveTo(60 * SECOND + 601 * SECOND);
		expect((await ask(etag)).status).toBe(200);
		await vi.waitFor(async () => expect(await control()).toEqual({ healthy: 1, failed: 0 }));
	});

	test("has failed when it asks no more", async () => {
		await ask();
		moveTo(7_000 * SECOND);
		await vi.waitFor(async () => expect(await control()).toEqual({ healthy: 0, failed: 1 }));
	});

	test("others are none of the control", async () => {
		await checkProduct(other, product, "1.0.0");
		moveTo(7_000 * SECOND);
		expect(await control()).toEqual({ healthy: 0, failed: 0 });
	});
});
