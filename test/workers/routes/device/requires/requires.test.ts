// Devices and releases that require other products: what a check offers and in which order, what a permit says, what an explanation says,
// and what withdrawing, halting and a small first step of the one do to the other.
import { beforeEach, describe, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { createFleet, createProduct, publish } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain, explainToItself } from "../../../support/explained.ts";
import { check, newFirewall } from "../../../support/fixtures.ts";

let crs: string;
let base: string;
let code: string;
let firewall: Firewall;

interface Answer {
	readonly product: string;
	readonly status: string;
	readonly reason: string;
	readonly blocked_by?: readonly Record<string, unknown>[];
	readonly held_by?: readonly Record<string, unknown>[];
	readonly offer?: { version: string; capability: string; after?: string[]; download?: unknown };
}

beforeEach(async () => {
	// The one that requires the other comes first by its name, and so in a question that names none.
	const { name } = freshProduct();
	[crs, base] = [`a${name}`.slice(0, 24), `b${name}`.slice(0, 24)];
	for (const product of [crs, base]) await createProduct(product);
	({ code } = await createFleet({ products: [crs, base] }));
	await publish(base, "4.26.0", `old engine rules of ${base}`);
	await publish(crs, "1.0.0", `old rules of ${crs}`);
	firewall = await newFirewall(code);
});

const ask = async (installed: string, who = firewall) =>
	(await check(who, installed === "" ? "" : `?installed=${installed}`)).products as readonly Answer[];
const has = (versions: Record<string, string>) =>
	Object.entries(versions)
		.map(([product, version]) => `${product}@${version}`)
		.join(",");
const oldSet = () => has({ [crs]: "1.0.0", [base]: "4.26.0" });
async function publishSet(more: object = {}): Promise<void> {
	await publish(base, "4.27.0", `engine rules of ${base}`, { ...more });
	await publish(crs, "2.0.0", `rules of ${crs}`, { requires: [{ product: base, min: "4.27.0" }], ...more });
}
const take = (offer: Answer["offer"], installed?: string, who = firewall) =>
	who.call("POST", "/v1/permits", { offer: offer?.capability ?? "", ...(installed !== undefined && { installed }) });
const halt = (product: string, version: string) =>
	operated("POST", `/v1/products/${product}/releases/${version}/rollout/halt`, { reason: "it smells" });
const withdraw = (product: string, version: string) =>
	operated("POST", `/v1/products/${product}/releases/${version}/withdraw`, { reason: "boxes reboot" });
const names = (answers: readonly Answer[]) => answers.map(({ product, offer }) => `${product} ${offer?.version}`);

test("a check offers what is required first, and says what comes after it; only that has no download yet", async () => {
	await publishSet();
	for (const question of [oldSet(), ""]) {
		const answers = await ask(question);
		expect(names(answers)).toEqual([`${base} 4.27.0`, `${crs} 2.0.0`]);
		expect(answers.map(({ offer }) => [offer?.after, offer?.download !== undefined])).toEqual([
			[undefined, true],
			[[base], false],
		]);
	}
	const after = await ask(has({ [crs]: "1.0.0", [base]: "4.27.0" }));
	expect(after[0]?.offer).toMatchObject({ version: "2.0.0", download: {} });
	expect(after[0]?.offer).not.toHaveProperty("after");
});

test("a question that does not name what is required gets nothing that requires it, and hears why", async () => {
	await publishSet();
	const [answer] = await ask(`${crs}@1.0.0`);
	expect(answer).toMatchObject({
		...{ status: "current", reason: "newer_blocked" },
		blocked_by: [{ version: "2.0.0", product: base, min: "4.27.0", installed: null, reason: "not_named" }],
	});
	expect(answer).not.toHaveProperty("offer");
	expect((await ask(crs))[0]).toMatchObject({ offer: { version: "1.0.0" }, blocked_by: [{ version: "2.0.0" }] });
});

describe("a permit", () => {
	test("is refused until what is required is installed, by the device's word, and then given for the same offer", async () => {
		await publishSet();
		const [, { offer } = {} as Answer] = await ask(oldSet());
		const first = await expectProblem(await take(offer), "prerequisite_missing");
		expect(first["missing"]).toEqual([{ product: base, min: "4.27.0", installed: null }]);
		const old = await expectProblem(await take(offer, oldSet()), "prerequisite_missing");
		expect(old["missing"]).toEqual([{ product: base, min: "4.27.0", installed: "4.26.0" }]);
		await expectProblem(await take(offer, "no list"), "invalid_request");
		const given = await take(offer, has({ [crs]: "1.0.0", [base]: "4.27.0" }));
		expect([given.status, await given.json()]).toMatchObject([201, { product: crs, version: "2.0.0" }]);
	});

	test("is refused where what was there at the check has been withdrawn since, and where the device says that it has gone", async () => {
		await publish(crs, "3.0.0", `newest rules of ${crs}`, { requires: [{ product: base, exactly: "4.26.0" }] });
		const [{ offer } = {} as Answer] = await ask(oldSet());
		expect(offer?.version).toBe("3.0.0");
		await expectProblem(await take(offer, has({ [crs]: "1.0.0", [base]: "4.25.0" })), "prerequisite_missing");
		await expectProblem(await take(offer, `${crs}@1.0.0,${base}`), "prerequisite_missing");
		await withdraw(base, "4.26.0");
		await expectProblem(await take(offer), "prerequisite_missing");
	});
});

test("withdrawing what is required holds what requires it, and another one that will do sets it free", async () => {
	await publishSet();
	await withdraw(base, "4.27.0");
	expect((await ask(oldSet()))[0]).toMatchObject({
		...{ reason: "newer_blocked", blocked_by: [{ product: base, installed: "4.26.0", reason: "withdrawn" }] },
	});
	const withBad = await ask(has({ [crs]: "1.0.0", [base]: "4.27.0" }));
	expect(names(withBad)).toEqual([`${crs} undefined`, `${base} 4.26.0`]);
	expect((await ask(""))[0]).toMatchObject({ product: crs, offer: { version: "1.0.0" } });
	await publish(base, "4.28.0", `mended engine rules of ${base}`);
	expect(names(await ask(oldSet()))).toEqual([`${base} 4.28.0`, `${crs} 2.0.0`]);
});

describe("a first step of one device each", () => {
	const step = { name: "one", cohort: { units: 1 }, bake: 3_600, fillWithin: null, expect: 60, lease: 600 };
	const gate = { kind: "count", maxFailures: 0, minHealthy: 1 };
	const steps = [step, { ...step, name: "all", cohort: { fraction: 1 } }].map((one) => ({
		...{ ...one, gate, approvals: { team: null, count: 0 } },
	}));
	let other: Firewall;

	beforeEach(async () => {
		for (const product of [crs, base])
			await operated("PATCH", `/v1/products/${product}`, { plan: { name: "own", overrides: 1, steps } });
		await publishSet();
		other = await newFirewall(code);
	});

	test("is of the same device: whoever has no place in the first has none in the second", async () => {
		const [first, second] = await ask(oldSet());
		expect([first?.product, second?.offer?.after]).toEqual([base, [base]]);
		const answers = await ask(oldSet(), other);
		expect((await take(first?.offer)).status).toBe(201);
		const full = await expectProblem(await take(answers[0]?.offer, undefined, other), "exposure_limited");
		expect(full["rollout_code"]).toBe("step_full");
		await expectProblem(await take(answers[1]?.offer, oldSet(), other), "prerequisite_missing");
		expect((await take(second?.offer, has({ [crs]: "1.0.0", [base]: "4.27.0" }))).status).toBe(201);
	});

	test("ends with a halt of the first, but for devices that have it", async () => {
		await halt(base, "4.27.0");
		expect((await ask(oldSet()))[0]).toMatchObject({
			...{ reason: "newer_blocked", blocked_by: [{ product: base, reason: "halted" }] },
		});
		const [answer] = await ask(has({ [crs]: "1.0.0", [base]: "4.27.0" }));
		expect(answer).toMatchObject({ product: crs, offer: { version: "2.0.0" } });
		expect((await take(answer?.offer)).status).toBe(201);
	});
});

test("an explanation says what a release requires, what of it is missing and why, by what the device said last of it", async () => {
	await publishSet({ plan: "rapid" });
	const asked = { firewall, product: crs };
	await ask(oldSet());
	for (const told of [await explain(asked, "&installed=1.0.0"), await explainToItself(asked, "&installed=1.0.0")]) {
		expect(told.releases[0]).toMatchObject({ version: "2.0.0", requires: [{ product: base, min: "4.27.0" }] });
	}
	await halt(base, "4.27.0");
	await publish(crs, "3.0.0", `newest rules of ${crs}`, {
		plan: "immediate",
		requires: [{ product: base, min: "4.26.1" }],
	});
	const blocked = await explain(asked, "&installed=1.0.0");
	expect(blocked.releases[0]).toMatchObject({ version: "3.0.0", verdict: "blocked" });
	expect(blocked.answer).toMatchObject({
		...{ status: "current", reason: "newer_blocked" },
		blocked_by: [{ version: "3.0.0", product: base, min: "4.26.1", reason: "halted" }],
	});
	await publish(base, "4.28.0", `mended engine rules of ${base}`, { plan: "immediate" });
	expect((await explain(asked, "&installed=1.0.0")).answer).toMatchObject({
		...{ status: "offered", version: "3.0.0", after: [base], download: "by_permit" },
	});
});

describe("what is installed", () => {
	const newSet = () => has({ [crs]: "2.0.0", [base]: "4.26.0" });
	beforeEach(async () => {
		await publish(crs, "2.0.0", `rules of ${crs}`, { requires: [{ product: base, max: "4.26.9" }] });
		await publish(base, "4.27.0", `engine rules of ${base}`);
	});

	test("holds back what it does not go with, and a check and an explanation say so", async () => {
		const held = {
			...{ status: "current", reason: "held_by_installed" },
			held_by: [{ version: "4.27.0", product: crs, installed: "2.0.0", requires: { product: base, max: "4.26.9" } }],
		};
		expect((await ask(newSet()))[1]).toMatchObject({ product: base, ...held });
		const told = await explain({ firewall, product: base }, "&installed=4.26.0");
		expect(told.answer).toMatchObject(held);
		expect(
			told.releases.map(({ version, verdict }: { version: string; verdict: string }) => [version, verdict]),
		).toEqual([
			["4.27.0", "held_by_installed"],
			["4.26.0", "chosen"],
		]);
		expect(names(await ask(`${base}@4.26.0`))).toEqual([`${base} 4.27.0`]);
	});

	test("is replaced first by what goes with both, and a permit waits for that by the device's word", async () => {
		await publish(crs, "3.0.0", `newest rules of ${crs}`);
		const answers = await ask(has({ [base]: "4.26.0", [crs]: "2.0.0" }));
		expect(answers.map(({ product, offer }) => [product, offer?.after, offer?.download !== undefined])).toEqual([
			[crs, undefined, true],
			[base, [crs], false],
		]);
		const offer = answers[1]?.offer;
		const refused = await expectProblem(await take(offer, newSet()), "prerequisite_missing");
		expect(refused["missing"]).toEqual([{ product: crs, installed: "2.0.0" }]);
		expect((await take(offer, has({ [crs]: "3.0.0", [base]: "4.26.0" }))).status).toBe(201);
	});
});
