// Single rules that devices leave out: in the answer to the next check of every device, whatever it runs, told rule by rule.
import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_DISABLED_RULES } from "../../../../src/content/releases/disabled-rules.ts";
import { runs } from "../../../support/runs.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { check, checkProduct, newProduct, newScene, type Scene } from "../../support/fixtures.ts";

interface Changed {
	rules: { rule: string; reason: string; by: string }[];
	changed: boolean;
	published: boolean;
}
const pathOf = (product: string, what = "") => `/v1/products/${product}/disabled-rules${what && `/${what}`}`;
const set = (product: string, what: "disable" | "enable", rules: readonly string[], reason = "blocks DNS") =>
	operated<Changed>("POST", pathOf(product, what), { rules, reason });

async function isUnchanged({ firewall, product }: Scene, etag: string): Promise<boolean> {
	const answer = await firewall.call("GET", `/v1/check?installed=${product}@1.0.0`, undefined, {
		"if-none-match": etag,
	});
	return answer.status === 304;
}
async function etagOf({ firewall, product }: Scene): Promise<string> {
	const answer = await firewall.call("GET", `/v1/check?installed=${product}@1.0.0`);
	await answer.text();
	return answer.headers.get("etag") ?? "";
}

test("a device without a new release is told at its next check, which is no 304, and once more when the rule is used again", async () => {
	const scene = await newScene();
	const { firewall, product } = scene;
	const before = await etagOf(scene);
	expect(await isUnchanged(scene, before)).toBe(true);
	expect(await set(product, "disable", ["942100"])).toMatchObject({
		...{ changed: true, published: true },
		rules: [{ rule: "942100", reason: "blocks DNS", by: "bootstrap" }],
	});
	expect(await isUnchanged(scene, before)).toBe(false);
	expect(await checkProduct(firewall, product, "1.0.0")).toMatchObject({
		...{ status: "current", disabled_rules: ["942100"] },
	});
	expect(await checkProduct(firewall, product)).toMatchObject({ status: "offered", disabled_rules: ["942100"] });

	const during = await etagOf(scene);
	await set(product, "enable", ["942100"]);
	expect(await isUnchanged(scene, during)).toBe(false);
	expect(await checkProduct(firewall, product, "1.0.0")).not.toHaveProperty("disabled_rules");
});

test("a device whose license has ended is told all the same, another product's devices are not", async () => {
	const scene = await newScene();
	const other = await newScene();
	await set(scene.product, "disable", ["942100"]);
	expect(await checkProduct(other.firewall, other.product)).not.toHaveProperty("disabled_rules");
	const { products } = await check(other.firewall, `?installed=${scene.product}@1.0.0`);
	expect(products).toMatchObject([{ status: "refused", disabled_rules: ["942100"] }]);
});

test("the device's explanation, the pulse and the product's events tell of it", async () => {
	const { product, firewall } = await newScene();
	await set(product, "disable", ["942100", "1:51"]);
	await set(product, "enable", ["1:51"], "was wrong");
	const device = (await check(firewall, "")).device;
	expect(await operated("GET", `/v1/devices/${device}/explain?product=${product}`)).toMatchObject({
		disabled_rules: ["942100"],
	});
	const { events } = await operated<{ events: Record<string, string>[] }>("GET", `/v1/products/${product}/events`);
	expect(events.filter(({ type }) => type?.startsWith("rule."))).toMatchObject([
		{ type: "rule.disable", subject: "942100", detail: "blocks DNS", actor: "bootstrap" },
		{ type: "rule.disable", subject: "1:51", detail: "blocks DNS" },
		{ type: "rule.enable", subject: "1:51", detail: "was wrong" },
	]);
});

test("saying the same again changes nothing; more than there may be are refused, and none of them is disabled", async () => {
	const product = await newProduct();
	const many = Array.from({ length: MAX_DISABLED_RULES }, (_, index) => `r${index}`);
	expect(await set(product, "disable", many)).toMatchObject({ changed: true });
	expect(await set(product, "disable", many.slice(3))).toMatchObject({ changed: false });
	const refused = await operate("POST", pathOf(product, "disable"), { rules: ["r0", "one-more"], reason: "harm" });
	expect(await expectProblem(refused, "conflict")).toMatchObject({ detail: expect.stringContaining("101 rules") });
	expect((await operated<Changed>("GET", pathOf(product))).rules).toHaveLength(MAX_DISABLED_RULES);
	expect(await set(product, "enable", ["unknown"])).toMatchObject({ changed: false });
});

test.each([
	["no rule", { rules: [], reason: "harm" }],
	["a rule that is no name", { rules: ["a b"], reason: "harm" }],
	["a rule of 65 letters", { rules: ["a".repeat(65)], reason: "harm" }],
	["101 rules", { rules: Array.from({ length: 101 }, (_, index) => `r${index}`), reason: "harm" }],
	["no reason", { rules: ["942100"], reason: "" }],
	["something else", { rules: ["942100"], reason: "harm", all: true }],
])("%s is refused", async (_, body) => {
	const product = await newProduct();
	await expectProblem(await operate("POST", pathOf(product, "disable"), body), "invalid_request");
	expect((await operated<Changed>("GET", pathOf(product))).rules).toEqual([]);
});

test("an unknown product has none", async () => {
	for (const what of ["disable", "enable"])
		await expectProblem(
			await operate("POST", pathOf("nothing-here", what), { rules: ["1"], reason: "harm" }),
			"not_found",
		);
	await expectProblem(await operate("GET", pathOf("nothing-here")), "not_found");
});

test("where a team owns the product, keys of that team and operators change the list, others do not", async () => {
	const product = await newProduct();
	await operated("PATCH", `/v1/products/${product}`, { team: "detection" });
	const keyOf = async (subject: string, team?: string) => {
		const body = { subject, scopes: [`release:${product}`], ...(team && { team }) };
		return (await operated<{ key: string }>("POST", "/v1/keys", body)).key;
	};
	const body = { rules: ["942100"], reason: "harm" };
	const ask = (key: string, what = "disable") => operate("POST", pathOf(product, what), body, key);
	const [other, none, own] = [await keyOf("mallory", "web"), await keyOf("malte"), await keyOf("olivia", "detection")];
	for (const key of [other, none]) {
		const problem = await expectProblem(await ask(key), "conflict");
		expect(problem).toMatchObject({ detail: "the product is team detection's, and your key does not speak for it" });
	}
	expect((await ask(own)).status).toBe(200);
	await expectProblem(await ask(none, "enable"), "conflict");
	expect(await set(product, "enable", ["942100"])).toMatchObject({ changed: true, rules: [] });
});

test("the law: whatever is disabled and enabled in whatever order, the list is what the last word on each rule says", async () => {
	const rule = fc.constantFrom("a", "b", "c", "d", "1:5");
	const order = fc.tuple(fc.constantFrom("disable", "enable"), fc.array(rule, { minLength: 1, maxLength: 4 }));
	await fc.assert(
		fc.asyncProperty(fc.array(order, { maxLength: 8 }), async (orders) => {
			const product = await newProduct();
			const expected = new Set<string>();
			for (const [what, rules] of orders) {
				const answer = await set(product, what as "disable", rules);
				const before = [...expected].sort().join();
				for (const one of rules) what === "disable" ? expected.add(one) : expected.delete(one);
				expect(answer.rules.map((one) => one.rule)).toEqual([...expected].sort());
				expect(answer.changed).toBe(before !== [...expected].sort().join());
			}
		}),
		{ numRuns: runs(8, 60) },
	);
});
