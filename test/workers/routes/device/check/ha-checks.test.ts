// What devices of an HA group say of themselves with their checks, and how it reaches their account: behind the answer, once.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Account } from "../../../../../src/objects/account/account.ts";
import { delivered } from "../../../../support/accounts/ha-groups.ts";
import type { Firewall } from "../../../../support/firewall.ts";
import { operated } from "../../../../support/service.ts";
import { storedIn } from "../../../../support/stored-record.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain, explainToItself } from "../../../support/explained.ts";
import { newFirewall, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { start, timeAfter, moveTo } = useFrozenClock();

const APPLIANCE = { serial: expect.any(String), model: "FW-100" };

interface Pair extends Scene {
	readonly other: Firewall;
	readonly group: string;
	readonly account: string;
}

const objectNameOf = (firewall: Firewall) => firewall.clientId.slice(4, 14);
const objectOf = (firewall: Firewall) =>
	env.ACCOUNT.getByName(objectNameOf(firewall)) as unknown as DurableObjectStub<Account>;

/** Two firewalls, each with a token that says that they are a pair. */
async function newPair(edge: Edge): Promise<Pair> {
	const scene = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
	const other = await newFirewall(scene.code, false);
	const devices = [scene.firewall.clientId, other.clientId];
	const settings = { name: "a pair", mode: "active-passive", license: scene.license, devices };
	const made = await operated<{ ha_group: string }>("POST", `/v1/accounts/${scene.account}/ha-groups`, settings);
	const group = made.ha_group;
	await edge.authenticate(scene.firewall);
	await edge.authenticate(other);
	return { ...scene, other, group };
}

/** A check until all that it does behind its answer is done. */
async function ask(edge: Edge, firewall: Firewall, query: string, etag?: string) {
	const answer = await edge.get(firewall, `/v1/check?${query}`, etag === undefined ? {} : { "if-none-match": etag });
	await edge.settled();
	const text = await answer.text();
	return { status: answer.status, etag: answer.headers.get("etag") ?? "", text };
}

interface ExplainedHa {
	readonly role: string | null;
	readonly devices: readonly { device: string; role: string | null; versions: object }[];
}
const recordOf = async ({ group }: Pair) => storedIn(env.RECORDS, `ha:${group}`);
const haOf = async (pair: Pair) => (await explain(pair))["ha"] as ExplainedHa;
const rolesOf = async (pair: Pair) => (await haOf(pair)).devices.map(({ role }) => role).sort();

test("a device of an HA group checks after an update, so that its group hears what it has", async () => {
	const edge = new Edge();
	const pair = await newPair(edge);
	const { text } = await ask(edge, pair.firewall, `installed=${pair.product}`);
	expect(text).toContain('"status":"offered"');
	expect(text).not.toContain("once_installed_until");
});

describe("a device of an HA group", () => {
	let edge: Edge;
	let pair: Pair;
	let installed: string;
	beforeEach(async () => {
		edge = new Edge();
		pair = await newPair(edge);
		installed = `installed=${pair.product}@1.0.0`;
		edge.account.calls = 0;
		edge.kv.reads.length = 0;
	});

	test("tells its role, its priority, what it runs and what its peer runs; the account shows it to both sides", async () => {
		const { firewall, other, product, group } = pair;
		await ask(edge, firewall, `${installed}&ha_role=active&ha_priority=200&ha_peer=${product}@0.9.0`);
		const ids = [firewall.clientId, other.clientId].sort();
		const expected = {
			group,
			mode: "active-passive",
			role: "active",
			active: firewall.clientId,
			split_brain_since: null,
			sync: false,
			// What the other was offered before is known when it checks.
			updates: [
				{
					...{ product, version: null, state: "joined", device: other.clientId },
					...{ since: timeAfter(0), until: timeAfter(1_200 * SECOND) },
				},
			],
			devices: [
				{
					...{ device: firewall.clientId, status: "active", ...APPLIANCE, role: "active", priority: 200 },
					...{ versions: { [product]: "1.0.0" }, reported_at: timeAfter(0) },
				},
				{
					...{ device: other.clientId, status: "active", ...APPLIANCE, role: null, priority: null },
					...{ versions: { [product]: "0.9.0" }, reported_at: null },
				},
			].sort((x, y) => ids.indexOf(x.device) - ids.indexOf(y.device)),
			skew: [
				{
					...{ product, since: timeAfter(0), told: false },
					versions: ids.map((device) => ({ device, version: device === firewall.clientId ? "1.0.0" : "0.9.0" })),
				},
			],
		};
		expect((await explain(pair))["ha"]).toEqual(expected);
		const { role, group: ha_group, ...shown } = expected;
		expect(await operated("GET", `/v1/accounts/${pair.account}/ha-groups/${group}`)).toMatchObject({
			ha_group,
			...shown,
		});
		await firewall.authenticate();
		expect((await explainToItself(pair))["ha"]).toEqual({ group, role, ...shown });
	});

	test("is answered 304 while it says the same, and its account is not called", async () => {
		const query = `${installed}&ha_role=passive&ha_priority=0`;
		const { etag } = await ask(edge, pair.firewall, query);
		edge.account.calls = 0;
		edge.kv.reads.length = 0;
		for (let time = 0; time < 3; time++) {
			expect(await ask(edge, pair.firewall, query, etag)).toMatchObject({ status: 304, text: "" });
		}
		expect([edge.account.calls, edge.kv.reads]).toEqual([0, []]);
	});

	test.each([
		["role", "ha_role=passive"],
		["priority", "ha_role=active&ha_priority=4"],
		["peer", "ha_role=active&ha_peer=crs@2"],
	])("with another %s is answered in full, and its account hears of it at once", async (_, words) => {
		const { etag } = await ask(edge, pair.firewall, `${installed}&ha_role=active`);
		edge.account.calls = 0;
		expect((await ask(edge, pair.firewall, `${installed}&${words}`, etag)).status).toBe(200);
		expect(edge.account.calls).toBe(1);
	});

	test("that keeps no ETag is passed on once in a quarter of an hour", async () => {
		const query = `${installed}&ha_role=active`;
		await ask(edge, pair.firewall, query);
		await delivered(objectOf(pair.firewall));
		edge.account.calls = 0;
		moveTo(899 * SECOND);
		await ask(edge, pair.firewall, query);
		await ask(edge, pair.firewall, query);
		expect(edge.account.calls).toBe(0);
		moveTo(900 * SECOND);
		await ask(edge, pair.firewall, query);
		expect(edge.account.calls).toBe(1);
	});

	test("is passed on by each isolate that hears it, and the account writes it once", async () => {
		const query = `${installed}&ha_role=active&ha_priority=7`;
		await ask(edge, pair.firewall, query);
		moveTo(60 * SECOND);
		const another = new Edge();
		await ask(another, pair.firewall, query);
		expect(another.account.calls).toBe(1);
		const { devices } = await haOf(pair);
		expect(devices.find(({ device }) => device === pair.firewall.clientId)).toMatchObject({
			reported_at: timeAfter(0),
		});
		await delivered(objectOf(pair.firewall));
		expect(await recordOf(pair)).toMatchObject({ version: 3 });
	});

	test("that says again what the group's record no longer says is passed on, though this isolate did so a moment ago", async () => {
		const query = `${installed}&ha_role=active`;
		await ask(edge, pair.firewall, query);
		await ask(new Edge(), pair.firewall, `${installed}&ha_role=passive`);
		await delivered(objectOf(pair.firewall));
		moveTo(40 * SECOND);
		await ask(edge, pair.firewall, query);
		expect((await haOf(pair)).devices.find(({ device }) => device === pair.firewall.clientId)?.role).toBe("active");
	});

	test("that never asks the same twice cannot have its account called with each check", async () => {
		// The local limit counts by the minute of the wall clock, which may end in between: here all calls are of one minute.
		const counts = new Map<string, number>();
		const limit = async ({ key }: { key: string }) => {
			counts.set(key, (counts.get(key) ?? 0) + 1);
			return { success: (counts.get(key) ?? 0) <= 60 };
		};
		const edge = new Edge("kv", { RATE_TOKEN: { limit } });
		for (let time = 0; time < 70; time++) await ask(edge, pair.firewall, `${installed}&ha_role=active&engine=${time}`);
		expect(edge.account.calls).toBeLessThanOrEqual(60);
		edge.account.calls = 0;
		await ask(edge, pair.other, `${installed}&ha_role=passive`);
		expect(edge.account.calls).toBe(1);
	});

	test("and its peer fail over, and are split when the first one does not yield", async () => {
		await ask(edge, pair.firewall, `${installed}&ha_role=active`);
		await ask(edge, pair.other, `${installed}&ha_role=passive`);
		moveTo(60 * SECOND);
		await ask(edge, pair.other, `${installed}&ha_role=active`);
		expect((await explain(pair))["ha"]).toMatchObject({
			active: pair.other.clientId,
			role: null,
			split_brain_since: null,
		});
		moveTo(120 * SECOND);
		await ask(edge, pair.firewall, `${installed}&ha_role=active`);
		expect((await explain(pair))["ha"]).toMatchObject({
			active: null,
			role: "active",
			split_brain_since: timeAfter(120 * SECOND),
		});
	});

	test("reads its group's record at most once for each full check, from memory while that is fresh", async () => {
		for (const role of ["active", "passive", "active"]) await ask(edge, pair.firewall, `${installed}&ha_role=${role}`);
		expect(edge.kv.reads.filter((key) => key.startsWith("ha:"))).toEqual([`ha:${pair.group}`]);
	});

	test("is answered as ever while its account does not answer, and heard with its next full check", async () => {
		const query = `${installed}&ha_role=active`;
		const well = await ask(edge, pair.firewall, installed);
		edge.account.mood = "fails";
		const answer = await ask(edge, pair.firewall, query);
		expect(answer.status).toBe(200);
		expect(answer.text).toBe(well.text);
		edge.account.mood = "well";
		expect((await ask(edge, pair.firewall, query, answer.etag)).status).toBe(304);
		expect(await rolesOf(pair)).toEqual([null, null]);
		// Twice an hour at least, nothing new or not; a device leaves out up to a fifth of that by its place in the fleet.
		moveTo(1_439 * SECOND);
		await ask(edge, pair.other, installed);
		expect((await ask(edge, pair.firewall, query, answer.etag)).status).toBe(304);
		moveTo(1_800 * SECOND);
		expect((await ask(edge, pair.firewall, query, answer.etag)).status).toBe(200);
		expect(await rolesOf(pair)).toEqual(["active", null]);
	});

	test("is answered as ever, and heard, while no store answers", async () => {
		const query = `${installed}&ha_role=active`;
		const well = await ask(edge, pair.firewall, installed);
		edge.setStores("fails");
		const answer = await ask(edge, pair.firewall, query);
		expect(answer.text).toBe(well.text);
		expect(await rolesOf(pair)).toEqual(["active", null]);
	});

	test("that was taken out of its group is not heard, though its token still names it", async () => {
		const { account, group, firewall, other } = pair;
		const path = `/v1/accounts/${account}/ha-groups/${group}`;
		await operated("DELETE", `${path}/devices/${firewall.clientId}`);
		await ask(edge, firewall, `${installed}&ha_role=active`);
		expect(await operated("GET", path)).toMatchObject({
			active: null,
			devices: [{ device: other.clientId, role: null }],
		});
	});
});

test("a device in no group may say what it likes: nobody is told, and its answer is the same and lasts as long", async () => {
	const edge = new Edge();
	const { firewall, product } = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
	await edge.authenticate(firewall);
	const query = `installed=${product}@1.0.0`;
	const plain = await ask(edge, firewall, query);
	edge.account.calls = 0;
	edge.kv.reads.length = 0;
	const answer = await ask(edge, firewall, `${query}&ha_role=active&ha_priority=1&ha_peer=${product}@1.0.0`);
	expect([answer.status, answer.text]).toEqual([200, plain.text]);
	expect([edge.account.calls, edge.kv.reads]).toEqual([0, []]);
	const endOf = (etag: string) => etag.split(".")[1];
	expect(endOf(answer.etag)).toBe(endOf(plain.etag));
	expect(Number.parseInt(endOf(answer.etag) ?? "", 36)).toBe(start() / 1_000 + 3_600);
});

test("a token that names another account's group moves nothing there: a device's words go to its own account", async () => {
	const edge = new Edge();
	const pair = await newPair(edge);
	const stranger = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
	await runInDurableObject(objectOf(stranger.firewall), (_, { storage: { sql } }) => {
		sql.exec("UPDATE devices SET ha_group = ?, version = version + 1", pair.group);
	});
	await objectOf(stranger.firewall).rebuildRecords({ after: "", limit: 200, store: null });
	await edge.authenticate(stranger.firewall);
	const before = await haOf(pair);
	expect((await ask(edge, stranger.firewall, "ha_role=active&ha_priority=9&installed=crs@1")).status).toBe(200);
	expect(await haOf(pair)).toEqual(before);
	expect(await recordOf(pair)).toMatchObject({ version: 2, body: { members: [{ role: null }, { role: null }] } });
});

test.each([
	...["ha_role=master", "ha_role=", "ha_role=active&ha_role=active", "ha_priority=256", "ha_priority=-1"],
	...[
		"ha_priority=01",
		"ha_priority=1.5",
		"ha_priority=",
		"ha_peer=",
		"ha_peer=crs@",
		"ha_peer=crs,crs",
		"ha_peer=CRS@1",
	],
])("%s is not understood", async (query) => {
	const edge = new Edge();
	const { firewall } = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
	await edge.authenticate(firewall);
	await expectProblem(await edge.get(firewall, `/v1/check?${query}`), "invalid_request");
});
