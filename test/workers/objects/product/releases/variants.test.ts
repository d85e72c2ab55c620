// Variants as the object keeps them. An upload takes its time, and was let in by what was there when it began: here it is asked again.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProductRecord } from "../../../../../src/content/releases/product-record.ts";
import { IMMEDIATE } from "../../../../../src/rollout/built-in-plans.ts";
import { productKey } from "../../../../../src/storage/keys.ts";
import { bindings } from "../../../../support/object-bindings.ts";

afterEach(reset);

const NOW = Math.floor(Date.now() / 1_000);
const CI = { actor: "ci", now: NOW };
const METADATA = { notes: "", urgency: "routine", models: null, engine: {}, entries: null } as const;
const [MAIN, ARM, OTHER] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [string, string, string];
const VARIANT = { variant: "arm", models: ["FW-100"], sha256: ARM, size: 2, name: "crs-arm.tar" };
const product = () => bindings.PRODUCT.getByName("crs");
const add = (more: object = {}) =>
	product().addVariant({ ...CI, claimedUntil: NOW + 86_400, version: "1.0", ...VARIANT, ...more });
const release = (more: object = {}) =>
	product().release({ ...CI, version: "1.0", metadata: METADATA, salt: "s", ...more });
const variantsOf = async () => (await product().find("1.0"))?.variants;

async function recorded(): Promise<ProductRecord["releases"]> {
	const revision = (await product().info())?.revision ?? 0;
	const text = await product().readRecord(productKey("crs", revision));
	return (JSON.parse(text ?? "") as { body: ProductRecord }).body.releases;
}

beforeEach(async () => {
	await product().create({ ...CI, name: "crs", title: "Rules", plan: IMMEDIATE, betaPlan: IMMEDIATE });
	const content = { version: "1.0", sha256: MAIN, size: 1, name: "crs.tar" };
	await product().addPackage({ ...CI, ...content, claimedUntil: NOW + 86_400 });
});

describe("a variant", () => {
	it("is in the record once its release is, also after its promotion", async () => {
		expect(await add()).toMatchObject({ ok: true, kind: "new", variant: VARIANT });
		await release({ channel: "beta" });
		expect(await recorded()).toMatchObject([{ channel: "beta", sha256: MAIN, variants: [VARIANT] }]);
		await product().promote({ ...CI, version: "1.0", salt: "t" });
		expect(await recorded()).toMatchObject([{ channel: "stable", sha256: MAIN, variants: [VARIANT] }]);
	});

	it("is the same again, in whatever order its models are", async () => {
		await add({ models: ["FW-100", "FW-200"] });
		expect(await add({ models: ["FW-200", "FW-100"] })).toMatchObject({ ok: true, kind: "same" });
		await release();
		expect(await add({ models: ["FW-200", "FW-100"] })).toMatchObject({ ok: true, kind: "same" });
	});

	it("stands beside others by name, whichever came first", async () => {
		await add({ variant: "mips", models: ["FW-50"], sha256: OTHER });
		await add();
		expect((await variantsOf())?.map(({ variant }) => variant)).toEqual(["arm", "mips"]);
	});
});

describe("a variant whose upload began when it could be had", () => {
	it("is refused where its version was discarded meanwhile", async () => {
		await product().discard({ ...CI, version: "1.0" });
		expect(await add()).toEqual({ ok: false, reason: "no_package" });
	});

	it("is refused where its version was released meanwhile", async () => {
		await release();
		expect(await add()).toEqual({ ok: false, reason: "frozen" });
		expect(await variantsOf()).toBeUndefined();
	});

	it.each([{ sha256: OTHER }, { models: ["FW-200"] }, { models: ["FW-100", "FW-200"] }])(
		"is refused where it came otherwise meanwhile: %j",
		async (other) => {
			await add();
			expect(await add(other)).toEqual({ ok: false, reason: "other_variant" });
			expect(await variantsOf()).toEqual([VARIANT]);
		},
	);

	it("is refused where another one took a model of it meanwhile", async () => {
		await add();
		const refused = await add({ variant: "mips", models: ["FW-50", "FW-100"] });
		expect(refused).toMatchObject({ reason: "unfit", unfit: { fault: "models_taken", models: ["FW-100"], by: "arm" } });
	});

	it("is refused once the claim on its bytes ends, which are nobody's then", async () => {
		expect(await add({ claimedUntil: NOW })).toEqual({ ok: false, reason: "claim_ended" });
		expect(await product().heldPackages([MAIN, ARM])).toEqual([MAIN]);
	});

	it("is refused of a product that was never created", async () => {
		const input = { ...CI, claimedUntil: NOW + 86_400, version: "1.0", ...VARIANT };
		expect(await bindings.PRODUCT.getByName("nobodys").addVariant(input)).toMatchObject({ reason: "unknown_product" });
	});
});
