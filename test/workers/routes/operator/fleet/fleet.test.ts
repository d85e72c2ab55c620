// The fleet in numbers, from what devices say to what operators read: by the account's alarm, through the Census. Whatever comes late,
// twice or from an older state changes nothing, and a census that is lost is made again.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import { EMPTY_SUMMARY, type FleetSummary } from "../../../../../src/fleet/fleet-summary.ts";
import type { Account } from "../../../../../src/objects/account/account.ts";
import { DeviceCount } from "../../../../../src/objects/account/fleet/device-count.ts";
import { SummaryDesk } from "../../../../../src/objects/account/fleet/summary-desk.ts";
import { Alarm } from "../../../../../src/objects/alarm.ts";
import { CensusCount } from "../../../../../src/objects/census/census-count.ts";
import { CensusTables } from "../../../../../src/objects/census/census-tables.ts";
import type { Firewall } from "../../../../support/firewall.ts";
import { createProduct } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newFirewall, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { start, timeAfter, moveTo } = useFrozenClock();

interface Fleet {
	readonly accounts: number;
	readonly as_of: string | null;
	readonly devices: Record<string, number>;
	readonly products: { product: string; devices: number; versions: { value: string | null; devices: number }[] }[];
	readonly silent: { hours: number; devices: number }[];
	readonly licenses: { kind: string; seats: number; taken: number }[];
}

let edge: Edge;
let scene: Scene;
let other: Firewall;
beforeEach(async () => {
	edge = new Edge();
	scene = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	other = await newFirewall(scene.code, false);
});

const census = () => bindings.CENSUS.getByName("census");
const account = () => bindings.ACCOUNT.getByName(scene.account.slice(5, 15));
async function check(firewall: Firewall, version: string): Promise<void> {
	expect((await edge.get(firewall, `/v1/check?installed=${scene.product}@${version}`)).status).toBe(200);
	await edge.settled();
}
const ofProduct = ({ products }: Fleet) => products.find(({ product }) => product === scene.product);
const fleet = () => operated<Fleet>("GET", "/v1/fleet");

describe("the fleet", () => {
	test("is told by the account's alarm, within a minute", async () => {
		await check(scene.firewall, "0.9.0");
		await check(other, "1.0.0");
		expect(ofProduct(await fleet())).toBeUndefined();
		const due = await runInDurableObject(account(), (_, { storage }) => storage.getAlarm());
		expect(due).toBe(start() + 45 * SECOND);
		moveTo(45 * SECOND);
		await runDurableObjectAlarm(account());
		const found = await fleet();
		// Other tests' accounts may have told it later ones.
		expect(Date.parse(found.as_of ?? "")).toBeGreaterThanOrEqual(Date.parse(timeAfter(45 * SECOND)));
		expect(ofProduct(found)).toMatchObject({ devices: 2, models: [{ value: "FW-100", devices: 2 }] });
		expect(new Set(ofProduct(found)?.versions.map(({ value }) => value))).toEqual(new Set(["0.9.0", "1.0.0"]));
	});

	test("of one account is what the account knows now", async () => {
		await check(scene.firewall, "0.9.0");
		const own = await operated<Fleet>("GET", `/v1/accounts/${scene.account}/fleet`);
		expect(own).toMatchObject({ devices: { active: 2 }, as_of: timeAfter(0) });
		expect(own.products).toMatchObject([{ product: scene.product, devices: 1 }]);
		expect(own.licenses).toMatchObject([{ kind: "fixed", taken: 2 }]);
		expect((own as unknown as { problems: unknown[] }).problems).toEqual([]);
		expect(own.silent).toEqual([24, 72, 168].map((hours) => ({ hours, devices: 0 })));
	});

	test("forgets what a device ran before", async () => {
		const tell = () => operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
		await check(scene.firewall, "0.9.0");
		expect(await tell()).toEqual({ told: true });
		moveTo(60 * SECOND);
		await check(scene.firewall, "1.0.0");
		await tell();
		expect(ofProduct(await fleet())?.versions).toEqual([{ value: "1.0.0", devices: 1 }]);
		// An object that has to add up the rows first says the same.
		await evictDurableObject(census());
		expect(ofProduct(await fleet())?.versions).toEqual([{ value: "1.0.0", devices: 1 }]);
	});

	test("that was lost is told again by its accounts", async () => {
		await check(scene.firewall, "0.9.0");
		await operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
		await runInDurableObject(census(), async (_, { storage }) => {
			storage.sql.exec("DELETE FROM summaries");
		});
		await evictDurableObject(census());
		expect(ofProduct(await fleet())).toBeUndefined();
		moveTo(10 * SECOND);
		await operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
		expect(ofProduct(await fleet())).toMatchObject({ devices: 1 });
	});

	test("is of nobody where nobody has said anything", async () => {
		await expectProblem(await operate("GET", "/v1/fleet/products/no-such-product"), "not_found");
		const { name } = freshProduct();
		await createProduct(name);
		expect(await operated("GET", `/v1/fleet/products/${name}`)).toMatchObject({
			product: name,
			devices: 0,
			releases: [],
		});
		await expectProblem(await operate("GET", "/v1/fleet/problems?country=Brazil"), "invalid_request");
		await expectProblem(await operate("GET", "/v1/fleet/silent?silent_for=5"), "invalid_request");
	});
});

describe("a summary", () => {
	const NAME = "acct-of-a-law";
	const of = (devices: number): FleetSummary => ({
		...EMPTY_SUMMARY,
		cells: [{ product: "law", version: "1", model: "m", country: "BR", outcome: "healthy", devices }],
	});
	const countNow = async () => {
		const found = await census().fleet();
		return found === "counting" ? null : (found.products.find(({ product }) => product === "law")?.devices ?? 0);
	};

	test("that is late, double or of an older state changes nothing", async () => {
		const take = (version: number, devices: number) =>
			census().take({ account: NAME, version, at: 1_790_000_000, summary: of(devices) });
		await take(5, 10);
		expect(await countNow()).toBe(10);
		await take(5, 99);
		await take(4, 99);
		expect(await countNow()).toBe(10);
		await take(6, 7);
		expect(await countNow()).toBe(7);
	});

	test("that does not arrive is sent again a minute later", async () => {
		await check(scene.firewall, "0.9.0");
		moveTo(45 * SECOND);
		const away = async () => {
			throw new Error("the census is not there");
		};
		await runInDurableObject(account(), async (instance: Account, { storage }) => {
			const desk = new SummaryDesk({
				...{ storage, alarm: new Alarm(storage), count: new DeviceCount(storage.sql) },
				...{ census: { take: away }, account: () => scene.account },
			});
			expect(await desk.tell()).toBe(false);
			expect(await storage.getAlarm()).toBe(start() + 105 * SECOND);
			expect(await instance.info()).not.toBeNull();
		});
		moveTo(105 * SECOND);
		await runDurableObjectAlarm(account());
		expect(ofProduct(await fleet())).toMatchObject({ devices: 1 });
	});
});

describe("a release", () => {
	test("is followed from its first device to its last", async () => {
		const tell = () => operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
		await check(scene.firewall, "0.9.0");
		await check(other, "0.9.0");
		await tell();
		await runDurableObjectAlarm(census());
		moveTo(10 * 60 * SECOND);
		await edge.authenticate(other);
		await check(other, "1.0.0");
		await tell();
		await runDurableObjectAlarm(census());
		moveTo(2 * HOUR);
		await edge.authenticate(scene.firewall);
		await check(scene.firewall, "1.0.0");
		await tell();
		await runDurableObjectAlarm(census());
		expect(await operated("GET", `/v1/fleet/products/${scene.product}`)).toMatchObject({
			product: scene.product,
			devices: 2,
			releases: [
				{
					...{ version: "1.0.0", devices: 2, protected_after: { p50: 600, p90: 7_200, p99: 7_200 } },
					points: [
						{ at: timeAfter(600 * SECOND), devices: 1 },
						{ at: timeAfter(2 * HOUR), devices: 2 },
					],
				},
			],
		});
	});

	test("is followed up to now, also before it is written down", async () => {
		const tell = () => operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
		await check(scene.firewall, "1.0.0");
		await tell();
		const adoption = () => operated<{ devices: number }>("GET", `/v1/fleet/products/${scene.product}`);
		expect(await adoption()).toMatchObject({ devices: 1, releases: [{ version: "1.0.0", devices: 1 }] });
		await runDurableObjectAlarm(census());
		await evictDurableObject(census());
		expect(await adoption()).toMatchObject({ releases: [{ points: [{ at: timeAfter(0), devices: 1 }] }] });
	});

	test("is written down when half a percent of its devices have moved, or after an hour", async () => {
		const NAME = "acct-of-samples";
		const sampled = async (version: number, at: number, old: number) => {
			moveTo(at);
			const cell = { product: "slow", model: "m", country: "BR", outcome: null };
			const cells = [
				{ ...cell, version: "1", devices: old },
				{ ...cell, version: "2", devices: 1_000 - old },
			];
			await census().take({ account: NAME, version, at: 1_790_000_000, summary: { ...EMPTY_SUMMARY, cells } });
			await runDurableObjectAlarm(census());
			return runInDurableObject(
				census(),
				(_, { storage }) =>
					storage.sql.exec("SELECT devices FROM samples WHERE product = 'slow' AND version = '1' ORDER BY at").toArray()
						.length,
			);
		};
		expect(await sampled(1, 60 * SECOND, 900)).toBe(1);
		expect(await sampled(2, 120 * SECOND, 896)).toBe(1);
		expect(await sampled(3, 180 * SECOND, 895)).toBe(2);
		expect(await sampled(4, 3_779 * SECOND, 894)).toBe(2);
		expect(await sampled(5, 3_780 * SECOND, 894)).toBe(3);
	});

	test("that fails is a problem of so many devices", async () => {
		const { permit } = await edge.permitted(scene.firewall, scene.product);
		await edge.settled();
		moveTo(5 * SECOND);
		const body = { permit, outcome: "failed", detail: "enospc", reason: "disk" };
		expect((await edge.sendJson("POST", "/v1/reports", scene.firewall.accessToken, body)).status).toBe(202);
		await edge.settled();
		await operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
		expect(await operated("GET", `/v1/fleet/problems?product=${scene.product}`)).toMatchObject({
			problems: [{ version: "1.0.0", outcome: "failed", reason: "disk", country: null, devices: 1 }],
		});
	});
});

describe("a device that is refused", () => {
	test("is out of the numbers a minute later, without another word of it", async () => {
		await check(scene.firewall, "1.0.0");
		await operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
		expect(ofProduct(await fleet())).toMatchObject({ devices: 1 });
		moveTo(HOUR);
		await operated("POST", `/v1/devices/${scene.firewall.clientId}/revoke`, { reason: "stolen" });
		moveTo(HOUR + 45 * SECOND);
		await runDurableObjectAlarm(account());
		expect(ofProduct(await fleet())).toBeUndefined();
	});
});

describe("the census", () => {
	test("counts its summaries anew in pages, and takes others meanwhile", async () => {
		const summary = (devices: number): FleetSummary => ({ ...EMPTY_SUMMARY, devices: { paged: devices } });
		const take = (number: number, version: number, devices: number) =>
			census().take({ account: `acct-page-${number}`, version, at: 1_790_000_000, summary: summary(devices) });
		for (const number of [1, 2, 3]) await take(number, 1, number);
		const found = await runInDurableObject(census(), (_, { storage }) => {
			const tables = new CensusTables(storage.sql);
			const count = new CensusCount(tables, 1);
			const replace = (account: string, devices: number) => {
				const { summary: before = EMPTY_SUMMARY } = tables.summary(account) ?? {};
				const after = { account, version: 2, at: 1_790_000_000, summary: summary(devices) };
				tables.save(after);
				count.take(before, after);
			};
			while ((count.summary().devices["paged"] ?? 0) < 3) expect(count.countOn()).toBe(false);
			// One that is counted, one that is not yet, and one that is new.
			replace("acct-page-1", 10);
			replace("acct-page-3", 30);
			replace("acct-page-4", 40);
			while (!count.countOn());
			return count.summary().devices["paged"];
		});
		expect(found).toBe(10 + 2 + 30 + 40);
	});
});

describe("silent devices", () => {
	test("are counted by account, most first", async () => {
		await check(scene.firewall, "0.9.0");
		await operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
		moveTo(30 * HOUR);
		const { accounts } = await operated<{ accounts: { account: string }[] }>(
			"GET",
			"/v1/fleet/silent?silent_for=86400",
		);
		expect(accounts.find((one) => one.account === scene.account)).toEqual({
			account: scene.account,
			silent: 2,
			devices: 2,
		});
	});

	// `other` is never heard of, and activated at the start.
	test.each([
		[23 * HOUR, 0],
		[26 * HOUR, 2],
	])("are %d ms after their activation as many as the list of devices names", async (later, silent) => {
		await check(scene.firewall, "0.9.0");
		moveTo(later);
		const path = `/v1/accounts/${scene.account}`;
		const counted = await operated<Fleet>("GET", `${path}/fleet`);
		const { devices } = await operated<{ devices: unknown[] }>("GET", `${path}/devices?silent_for=86400`);
		expect([counted.silent[0], devices.length]).toEqual([{ hours: 24, devices: silent }, silent]);
	});
});
