// Installations that no report tells: the next check says since when, and the way of a release through the fleet is that of the
// installations, whenever they are told.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import {
	ALL_VERSIONS,
	INSTALLATION_SECONDS,
	LateInstallations,
	protectedAfter,
} from "../../../../../src/fleet/adoption.ts";
import { CENSUS_SCHEMA, CensusTables } from "../../../../../src/objects/census/census-tables.ts";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { runs } from "../../../../support/runs.ts";
import { operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { type CheckBody, newFirewall, newScene, type PermitBody, type Scene } from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { start, timeAfter, moveTo } = useFrozenClock();

let edge: Edge;
let scene: Scene;
let other: Firewall;
beforeEach(async () => {
	edge = new Edge("kv", { SUCCESS_REPORTS: "checks" });
	scene = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	other = await newFirewall(scene.code, false);
});

const census = () => bindings.CENSUS.getByName("census");
const secondsAt = (ms: number) => Math.floor((start() + ms) / SECOND);
async function check(firewall: Firewall, version: string, installedMs?: number): Promise<CheckBody> {
	const times = installedMs === undefined ? "" : `&installed_at=${installation(version, installedMs)}`;
	return ask(firewall, `${scene.product}@${version}${times}`);
}
const installation = (version: string, ms: number) => `${scene.product}@${version}@${secondsAt(ms)}`;
async function ask(firewall: Firewall, installed: string, from = edge): Promise<CheckBody> {
	await from.authenticate(firewall);
	const answer = await from.get(firewall, `/v1/check?installed=${installed}`);
	expect(answer.status).toBe(200);
	await from.settled();
	return answer.json();
}
async function tell(): Promise<void> {
	await operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
	await runDurableObjectAlarm(census());
}
const stateOf = async (firewall: Firewall) =>
	(await operated<{ products: Record<string, unknown>[] }>("GET", `/v1/devices/${firewall.clientId}`)).products[0];
const adoption = () =>
	operated<{ releases: { version: string; protected_after: unknown }[] }>("GET", `/v1/fleet/products/${scene.product}`);

describe("where checks tell success", () => {
	test("offers and permits of a release that everybody may have say that no report of it is wanted", async () => {
		const { offer } = (await edge.check(scene.firewall, `?installed=${scene.product}@0.9.0`)).products[0] ?? {};
		expect(offer?.download).toMatchObject({ report_success: false });
		const permit = (await (await edge.permit(scene.firewall, offer?.capability ?? "")).json()) as PermitBody;
		expect(permit).toMatchObject({ report_success: false });
	});

	test("they say nothing of it by default: reports are wanted", async () => {
		const usual = new Edge();
		const { offer } = (await usual.check(scene.firewall, `?installed=${scene.product}@0.9.0`)).products[0] ?? {};
		expect(offer?.download).not.toHaveProperty("report_success");
	});

	test("the state of a device says what it installed when, also after a failure; failures are reported as ever", async () => {
		await check(scene.firewall, "0.9.0");
		const { offer } = (await edge.check(scene.firewall, `?installed=${scene.product}@0.9.0`)).products[0] ?? {};
		const failed = { permit: offer?.capability, outcome: "failed" };
		const answer = await edge.sendJson("POST", "/v1/reports", scene.firewall.accessToken, failed);
		expect(answer.status).toBe(202);
		await edge.settled();
		expect(await stateOf(scene.firewall)).toMatchObject({ outcome: "failed", outcome_version: "1.0.0" });
		moveTo(2 * HOUR);
		await check(scene.firewall, "1.0.0", HOUR);
		expect(await stateOf(scene.firewall)).toMatchObject({
			...{ installed: "1.0.0", offered: null, outcome: "installed", outcome_version: "1.0.0", reason: null },
			...{ outcome_at: timeAfter(HOUR), changed_at: timeAfter(2 * HOUR) },
		});
	});

	test.each([
		["that lies ahead counts as now", 3 * HOUR, 2 * HOUR],
		["as far ahead as milliseconds would be counts as now", 1_000_000 * 365 * DAY, 2 * HOUR],
		["from before what was heard last counts as then", -DAY, 0],
		["from before 1970 does too", -36_500 * DAY, 0],
	])("a time %s", async (_, told, counted) => {
		await check(scene.firewall, "0.9.0");
		moveTo(2 * HOUR);
		await check(scene.firewall, "1.0.0", told);
		expect(await stateOf(scene.firewall)).toMatchObject({ outcome_at: timeAfter(counted) });
	});

	test("a time from before there was the release counts as when it came", async () => {
		moveTo(HOUR);
		await publish(scene.product, "1.1.0", "newer rules");
		moveTo(2 * HOUR);
		await check(other, "1.1.0", 600 * SECOND);
		expect(await stateOf(other)).toMatchObject({ outcome: "installed", outcome_at: timeAfter(HOUR) });
	});

	test("a release is followed from its first device to its last, although they tell it later", async () => {
		for (const firewall of [scene.firewall, other]) await check(firewall, "0.9.0");
		await tell();
		moveTo(2 * HOUR);
		await check(other, "1.0.0", 600 * SECOND);
		await tell();
		moveTo(3 * HOUR);
		await check(scene.firewall, "1.0.0", 2 * HOUR);
		await tell();
		expect((await adoption()).releases).toMatchObject([
			{ version: "1.0.0", protected_after: { p50: 600, p90: 7_200, p99: 7_200 } },
		]);
	});

	test("a device that was heard of is not told of again for six hours, and then all that it has installed meanwhile", async () => {
		const { heard_until: until = "" } = (await check(scene.firewall, "0.9.0")) as { heard_until?: string };
		expect(until).toBe(timeAfter(6 * HOUR));
		await tell();
		const seconds = secondsAt(6 * HOUR);
		moveTo(2 * HOUR);
		const heard = `${scene.product}@1.0.0&installed_at=${installation("1.0.0", HOUR)}&heard_until=${seconds}`;
		expect(await ask(scene.firewall, heard)).toMatchObject({ heard_until: until });
		expect(await stateOf(scene.firewall)).toMatchObject({ installed: "0.9.0" });
		moveTo(6 * HOUR);
		const times = [installation("1.0.0", HOUR), installation("0.9.5", 3 * HOUR)].join(",");
		const later = `${scene.product}@0.9.5&installed_at=${times}&heard_until=${seconds}`;
		expect(await ask(scene.firewall, later)).toMatchObject({ heard_until: timeAfter(12 * HOUR) });
		expect(await stateOf(scene.firewall)).toMatchObject({ installed: "0.9.5", outcome_at: timeAfter(3 * HOUR) });
		await tell();
		// For two hours it had the release, although its account never knew it with that.
		expect((await adoption()).releases).toMatchObject([{ version: "1.0.0", protected_after: { p50: 3_600 } }]);
	});

	test.each([
		[
			"that no answer can have said",
			"6.1 h ahead",
			(product: string) => `${product}@1.0.0&heard_until=${secondsAt(6.1 * HOUR)}`,
		],
		["that is over", "now", (product: string) => `${product}@1.0.0&heard_until=${secondsAt(0)}`],
		[
			"beside content that is damaged",
			"in an hour",
			(product: string) => `${product}@1.0.0&damaged=${product}&heard_until=${secondsAt(HOUR)}`,
		],
	])("a time %s keeps nothing from its account: %s", async (_, __, question) => {
		await check(scene.firewall, "0.9.0");
		await ask(scene.firewall, question(scene.product));
		expect(await stateOf(scene.firewall)).not.toMatchObject({ installed: "0.9.0" });
	});

	test("where each success is reported no answer says so, and each check is heard", async () => {
		const usual = new Edge();
		await ask(scene.firewall, `${scene.product}@0.9.0`, usual);
		const answer = await ask(scene.firewall, `${scene.product}@1.0.0&heard_until=${secondsAt(HOUR)}`, usual);
		expect(answer).not.toHaveProperty("heard_until");
		expect(await stateOf(scene.firewall)).toMatchObject({ installed: "1.0.0" });
	});

	test.each(["crs", "crs@1", "crs@1.0.0@soon", "crs@1.0.0@1,crs@0.9.0@2", "crs@0.9.0@1", "other@1.0.0@1"])(
		"installed_at=%s is refused",
		async (text) => {
			const path = `/v1/check?installed=${scene.product}@1.0.0,other&installed_at=${text.replace("crs", scene.product)}`;
			const problem = await expectProblem(await edge.get(scene.firewall, path), "invalid_request");
			expect(problem["errors"]).toMatchObject([{ field: "installed_at" }]);
		},
	);
});

const RELEASES = [1, 2, 3].map((sequence) => ({ version: `${sequence}.0`, sequence, releasedAt: sequence * 7_200 }));
/** Each device installs one release after the other, and tells each so much later, with its next check. */
const device = fc.record({ lag: fc.integer({ min: 0, max: 40 }), told: fc.integer({ min: 0, max: 20 }) });

test("whenever installations are told, releases protect the fleet as if they had been told at once", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(device, { minLength: 1, maxLength: 12 }), async (devices) => {
			const installs = devices.flatMap(({ lag, told }) =>
				RELEASES.map(({ version, releasedAt }, index) => {
					const at = releasedAt + lag * INSTALLATION_SECONDS;
					const from = index === 0 ? "0.0" : `${index}.0`;
					return { from, version, at, toldAt: at + told * INSTALLATION_SECONDS };
				}),
			);
			// One installs the next release only after the one before was told.
			fc.pre(devices.every(({ lag, told }) => told * INSTALLATION_SECONDS < 7_200 && lag >= 0));
			const told = (isAtOnce: boolean) => samplesOf(devices.length, installs, isAtOnce);
			const [atOnce, later] = [await told(true), await told(false)];
			for (const release of RELEASES)
				expect(protectedAfter(release, RELEASES, later)).toEqual(protectedAfter(release, RELEASES, atOnce));
		}),
		{ numRuns: runs(12, 500) },
	);
});

interface Install {
	readonly from: string;
	readonly version: string;
	readonly at: number;
	readonly toldAt: number;
}

/** The samples of a census that samples in every five minutes. */
function samplesOf(devices: number, installs: readonly Install[], isAtOnce: boolean) {
	return runInDurableObject(bindings.CENSUS.getByName(crypto.randomUUID()), (_, { storage }) => {
		for (const table of CENSUS_SCHEMA.tables) storage.sql.exec(table);
		const tables = new CensusTables(storage.sql);
		const counts = new Map([
			[ALL_VERSIONS, devices],
			["0.0", devices],
		]);
		tables.sample("crs", new Map(counts), INSTALLATION_SECONDS);
		const end = Math.max(...installs.map(({ toldAt }) => toldAt));
		for (let now = 2 * INSTALLATION_SECONDS; now <= end; now += INSTALLATION_SECONDS) {
			const late = new LateInstallations();
			for (const { from, version, at, toldAt } of installs) {
				if ((isAtOnce ? at : toldAt) !== now) continue;
				counts.set(from, (counts.get(from) ?? 0) - 1).set(version, (counts.get(version) ?? 0) + 1);
				if (!isAtOnce && at < now) late.add({ product: "crs", from, version, at, devices: 1 });
			}
			tables.countEarlier(late.take());
			tables.sample("crs", new Map([...counts].filter(([, count]) => count > 0)), now);
		}
		return tables.samples("crs");
	});
}
