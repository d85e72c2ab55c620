// A release that everybody may have and that fails more often than those before it: the fleet in numbers says so, the product tells it
// once, and rollout, list and trail show it until it is withdrawn or its week is over.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import { EMPTY_SUMMARY, type FleetCell, type FleetProblem } from "../../../../src/fleet/fleet-summary.ts";
import { publish } from "../../../support/fleet.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { operated } from "../../../support/service.ts";
import { newScene, offerOf, permitOf, type Scene } from "../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const { start, timeAfter, moveTo } = useFrozenClock();
const KIND = { model: "FW-100", country: "DE" };

let scene: Scene;
let product: string;
let told = 0;
beforeEach(async () => {
	scene = await newScene({ ends_at: timeAfter(100 * DAY) });
	({ product } = scene);
	await publish(product, "2.0.0", "new rules");
});

/** The fleet says how many devices run each version, and on how many each failed. */
async function tell(running: Record<string, number>, failed: Record<string, number>, at = 0): Promise<void> {
	moveTo(at);
	const cells = Object.entries(running).map(
		([version, devices]): FleetCell => ({ ...KIND, product, version, outcome: "healthy", devices }),
	);
	const problems = Object.entries(failed).map(
		([version, devices]): FleetProblem => ({
			...{ product, version, country: "DE", outcome: "rolled_back", reason: "unhealthy", devices },
		}),
	);
	const census = bindings.CENSUS.getByName("census");
	told += 1;
	const seconds = Math.floor((start() + at) / SECOND);
	await census.take({ account: product, version: told, at: seconds, summary: { ...EMPTY_SUMMARY, cells, problems } });
	await runDurableObjectAlarm(census);
}

type Told = { version: string; regression: unknown; phase: string };
const rollout = (version = "2.0.0") => operated<Told>("GET", `/v1/products/${product}/releases/${version}/rollout`);
const underWay = async () => (await operated<{ rollouts: Told[] }>("GET", `/v1/products/${product}/rollouts`)).rollouts;
const tellings = async () =>
	(await operated<{ events: Record<string, string>[] }>("GET", `/v1/products/${product}/events`)).events.filter(
		({ type, subject }) => type === "rollout.regressed" && subject !== "1.0.0",
	);

const BAD = [
	{ "1.0.0": 4_000, "2.0.0": 900 },
	{ "1.0.0": 8, "2.0.0": 100 },
] as const;

test("is told once, with the numbers, and shown until it is withdrawn", async () => {
	await tell(...BAD);
	const regression = {
		...{ at: timeAfter(0), running: 900, failed: 100, limit: 0.02 },
		...{ earlier_running: 4_000, earlier_failed: 8 },
	};
	expect(await rollout()).toMatchObject({ phase: "done", regression });
	expect(await underWay()).toMatchObject([{ version: "2.0.0", phase: "done", regression }]);
	const { releases } = await operated<{ releases: object[] }>(
		"GET",
		`/v1/devices/${scene.firewall.clientId}/explain?product=${product}`,
	);
	expect(releases).toMatchObject([
		{ version: "2.0.0", regressed: true },
		{ version: "1.0.0", regressed: false },
	]);
	await tell(BAD[0], { ...BAD[1], "2.0.0": 200 });
	await tell(...BAD);
	expect(await tellings()).toMatchObject([
		{
			subject: "2.0.0",
			detail: "100 of 1000 devices failed with it or went back from it, 8 of 4008 with the releases before it",
		},
	]);
	expect(await rollout()).toMatchObject({ regression });
	await operated("POST", `/v1/products/${product}/releases/2.0.0/withdraw`, { reason: "boxes reboot" });
	expect(await underWay()).toEqual([]);
});

describe("is not told", () => {
	test.each([
		[
			"of a release that fails as often as those before it",
			{ "1.0.0": 3_880, "2.0.0": 970 },
			{ "1.0.0": 120, "2.0.0": 40 },
		],
		["on fewer than 50 devices", { "1.0.0": 4_000 }, { "2.0.0": 49 }],
		["where most devices have versions that are counted together", { other: 9_000, "2.0.0": 900 }, { "2.0.0": 100 }],
		["of a version that was never released", { "9.0.0": 900 }, { "9.0.0": 900 }],
	])("%s", async (_, running, failed) => {
		await tell(running as Record<string, number>, failed as Record<string, number>);
		expect(await tellings()).toEqual([]);
		expect((await underWay()).filter(({ version }) => version !== "1.0.0")).toEqual([]);
	});

	test("of one that was withdrawn before", async () => {
		await operated("POST", `/v1/products/${product}/releases/2.0.0/withdraw`, { reason: "boxes reboot" });
		await tell(...BAD);
		expect(await tellings()).toEqual([]);
	});

	test("once its week is over", async () => {
		await tell(...BAD, 7 * DAY);
		expect(await tellings()).toEqual([]);
	});
});

test("is told on the last second of its week, and listed for a week", async () => {
	await tell(...BAD, 7 * DAY - SECOND);
	expect(await tellings()).toHaveLength(1);
	moveTo(14 * DAY - SECOND);
	expect(await underWay()).toHaveLength(1);
	moveTo(14 * DAY);
	expect(await underWay()).toEqual([]);
});

test("what fails while few may have it is for the gates of its rollout", async () => {
	await operated("PATCH", `/v1/products/${product}`, { plan: "standard" });
	await publish(product, "3.0.0", "newer rules");
	await tell({ "2.0.0": 4_000, "3.0.0": 900 }, { "3.0.0": 100 });
	expect(await rollout("3.0.0")).toMatchObject({ phase: "waiting", regression: null });
	const suspect = { versions: [{ version: "3.0.0", running: 900, failed: 100 }], other: 0 };
	expect(await bindings.PRODUCT.getByName(product).hearCensus(suspect), "it may yet be judged").toEqual([]);
	expect(await tellings()).toEqual([]);
});

test("reports of devices are what it is judged by", async () => {
	const { permit } = await permitOf(scene.firewall, product);
	expect((await offerOf(scene.firewall, product)).version).toBe("2.0.0");
	await scene.firewall.call("POST", "/v1/reports", { permit, outcome: "failed" });
	await tell({ "1.0.0": 4_000 }, { "2.0.0": 49 });
	expect(await tellings()).toEqual([]);
	await operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
	await runDurableObjectAlarm(bindings.CENSUS.getByName("census"));
	expect(await rollout()).toMatchObject({ regression: { failed: 50, running: 0 } });
});
