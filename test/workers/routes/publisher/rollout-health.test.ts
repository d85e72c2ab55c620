// A release that installs and then eats the processor: healthy by the device's own word, beyond the product's limits, it has failed.
import { beforeEach, describe, expect, test } from "vitest";
import { RAPID } from "../../../../src/rollout/built-in-plans.ts";
import type { Firewall } from "../../../support/firewall.ts";
import { publish } from "../../../support/fleet.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newScene, offerOf, type PermitBody } from "../../support/fixtures.ts";

const [, ten] = RAPID.steps;
const [everybody] = RAPID.steps.slice(-1);
if (ten === undefined || everybody === undefined) throw new Error("the plan has other steps");
const none = { team: null, count: 0 };
const PLAN = {
	name: "own",
	overrides: 2,
	steps: [
		{
			...ten,
			cohort: { units: 1 },
			gate: { kind: "count", maxFailures: 0, minHealthy: 1 },
			fillWithin: 0,
			approvals: none,
		},
		{ ...everybody, approvals: none },
	],
};
const LIMITS = { cpu: { plus: 20 }, drops: { times: 2, plus: 100 } };

let account: string;
let product: string;
let firewall: Firewall;
let permit: string;
beforeEach(async () => {
	({ account, product, firewall } = await newScene());
	const change = { plan: PLAN, health_limits: LIMITS };
	expect(await operated("PATCH", `/v1/products/${product}`, change)).toMatchObject({ health_limits: LIMITS });
	await publish(product, "2.0.0", "new rules");
	const offer = (await offerOf(firewall, product, "1.0.0")).capability;
	const taken = await firewall.call("POST", "/v1/permits", { offer });
	({ permit } = (await taken.json()) as PermitBody);
});

const report = (health?: unknown, outcome = "healthy") =>
	firewall.call("POST", "/v1/reports", { permit, outcome, ...(health === undefined ? {} : { health }) });
const rollout = () => operated("GET", `/v1/products/${product}/releases/2.0.0/rollout`);
const UNWELL = { before: { cpu: 12 }, after: { cpu: 47, top_rules: ["1:51", "942100"] } };

test("names the device that failed to keys that may read of its account, to no others", async () => {
	await report(UNWELL);
	const asWith = async (...scopes: string[]) => {
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "paul", scopes });
		const answer = await operate("GET", `/v1/products/${product}/releases/2.0.0/rollout`, undefined, key);
		expect(answer.status).toBe(200);
		const { failures } = (await answer.json()) as { failures: { device: string | null; model: string }[] };
		expect(failures).toHaveLength(1);
		return failures[0]?.device;
	};
	const other = (await newScene()).account;
	const may = `release:${product}`;
	expect(await asWith("read")).toBe(firewall.clientId);
	expect(await asWith(may, `read:${account}`)).toBe(firewall.clientId);
	expect(await asWith(may, `operate:${account}`)).toBe(firewall.clientId);
	expect(await asWith(may)).toBeNull();
	expect(await asWith(may, `read:${other}`, `lifecycle:${account}`)).toBeNull();
	expect(await asWith(`publish:${product}`)).toBeNull();
});

test("halts the rollout; status, log and events say which limit and which rules", async () => {
	expect((await report(UNWELL)).status).toBe(202);
	expect(await rollout()).toMatchObject({
		phase: "halted",
		steps: [{ failed: 1, unhealthy: 1, healthy: 0 }, {}],
		failures: [{ step: "ten", outcome: "failed", why: "cpu 12 -> 47", rules: ["1:51", "942100"] }],
	});
	const { events } = await operated<{ events: Record<string, string>[] }>("GET", `/v1/products/${product}/events`);
	const [told] = events.filter(({ type }) => type === "rollout.unhealthy");
	expect(told).toMatchObject({ subject: "2.0.0" });
	expect(told?.["detail"]).toMatch(/^ten, model .+: cpu 12 -> 47; rules 1:51, 942100$/);
	const { entries } = await operated<{ entries: object[] }>(
		"GET",
		`/v1/products/${product}/releases/2.0.0/rollout/log`,
	);
	expect(entries).toContainEqual(
		expect.objectContaining({
			input: expect.objectContaining({
				evidence: expect.objectContaining({ steps: [expect.objectContaining({ failed: 1, unhealthy: 1 })] }),
			}),
		}),
	);
});

describe("is no failure", () => {
	test.each([
		["within the limits", { before: { cpu: 12, drops: 0 }, after: { cpu: 32, drops: 100 } }],
		["without a word of its health", undefined],
		["with a metric that has no limit", { before: { memory: 1 }, after: { memory: 100 } }],
	])("%s", async (_, health) => {
		expect((await report(health)).status).toBe(202);
		expect(await rollout()).toMatchObject({ steps: [{ failed: 0, unhealthy: 0, healthy: 1 }, {}], failures: [] });
	});

	test("where the product has no limits any more", async () => {
		await operated("PATCH", `/v1/products/${product}`, { health_limits: null });
		await report(UNWELL);
		expect(await rollout()).toMatchObject({ steps: [{ failed: 0, healthy: 1 }, {}] });
	});
});

test("the worse word stands: well first, unwell a little later; said twice it counts once", async () => {
	await report();
	for (const _ of ["once", "again"]) await report(UNWELL);
	await report({ before: { cpu: 12 }, after: { cpu: 12 } });
	expect(await rollout()).toMatchObject({ steps: [{ healthy: 0, failed: 1, unhealthy: 1 }, {}] });
});

test.each([
	["half of it", { after: { cpu: 1 } }],
	["a number beyond its range", { before: { cpu: 1 }, after: { cpu: 101 } }],
	["eleven rules", { before: {}, after: { top_rules: Array(11).fill("r") } }],
	["something else", { before: {}, after: {}, more: 1 }],
])("%s is refused, and counts nothing", async (_, health) => {
	await expectProblem(await report(health), "invalid_request");
	expect(await rollout()).toMatchObject({ steps: [{ failed: 0, healthy: 0 }, {}] });
});

test("limits that are none are refused", async () => {
	for (const health_limits of [{ cpu: {} }, { heat: { plus: 1 } }, { cpu: { times: 0.5 } }, 20])
		await expectProblem(await operate("PATCH", `/v1/products/${product}`, { health_limits }), "invalid_request");
});
