// A device whose key is used from two networks at once: told, and suspended where its account wants that.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import type { Account } from "../../../../../src/objects/account/account.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newFirewall, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();
const ZURICH = { asn: 3303, country: "CH", colo: "ZRH", latitude: "47.36670", longitude: "8.55000" };
const MOBILE = { ...ZURICH, asn: 6730 };
const SAO_PAULO = { asn: 28573, country: "BR", colo: "GRU", latitude: "-23.54750", longitude: "-46.63610" };
const MINUTE = 60 * SECOND;

let edge: Edge;
let scene: Scene;
let passedMs: number;
beforeEach(async () => {
	edge = new Edge();
	passedMs = 0;
	scene = await newScene({ ends_at: timeAfter(500 * DAY), seats: 10 }, false);
});

/** Whoever has the key and nothing else gets a token. */
async function tokenFrom(cf: typeof ZURICH, afterMs: number, firewall = scene.firewall): Promise<number> {
	passedMs += afterMs;
	moveTo(passedMs);
	edge.cf = cf;
	const { status } = await edge.token(firewall);
	await edge.settled();
	return status;
}

const setting = () => `/v1/accounts/${scene.account}/tripwire`;
const want = (suspends: string) => operated("PUT", setting(), { suspends });
async function events(type: string): Promise<{ subject: string; actor: string; detail: string }[]> {
	const path = `/v1/accounts/${scene.account}/events?type=${type}`;
	return (await operated<{ events: { subject: string; actor: string; detail: string }[] }>("GET", path)).events;
}
function written(): Promise<unknown> {
	return runInDurableObject(bindings.ACCOUNT.getByName(scene.account.slice(5, 15)), (_object: Account, { storage }) =>
		JSON.stringify(storage.sql.exec("SELECT stays, doubts FROM device_networks").toArray()),
	);
}
async function beInTwoPlaces(firewall = scene.firewall): Promise<void> {
	await tokenFrom(ZURICH, MINUTE, firewall);
	await tokenFrom(SAO_PAULO, MINUTE, firewall);
	await tokenFrom(ZURICH, MINUTE, firewall);
}

test("is told once, with both networks, when each was used and what to do; nobody is suspended unasked", async () => {
	await beInTwoPlaces();
	await beInTwoPlaces();
	expect(await events("device.tripwire")).toMatchObject([
		{
			subject: scene.firewall.clientId,
			actor: "service",
			detail: `travel: BR AS28573 ${timeAfter(2 * MINUTE)}, CH AS3303 ${timeAfter(3 * MINUTE)}, 9683 km apart; ask its owner, then suspend or replace it`,
		},
	]);
	expect(await operated("GET", setting())).toEqual({ suspends: "off" });
	expect(await tokenFrom(ZURICH, MINUTE)).toBe(200);
});

test("checks tell it too: a token that was stolen is enough", async () => {
	edge.cf = ZURICH;
	await edge.authenticate(scene.firewall);
	for (const cf of [ZURICH, SAO_PAULO, ZURICH]) {
		edge.cf = cf;
		await edge.check(scene.firewall);
		await edge.settled();
	}
	expect(await events("device.tripwire")).toHaveLength(1);
});

test("is suspended where the account wants that, keeps what it has, and is told no more once an operator reinstates it", async () => {
	expect(await want("travel")).toEqual({ suspends: "travel", changed: true });
	expect(await want("travel")).toEqual({ suspends: "travel", changed: false });
	await beInTwoPlaces();
	const device = scene.firewall.clientId;
	expect(await events("device.tripwire")).toMatchObject([{ detail: expect.stringMatching(/; suspended$/) }]);
	expect(await events("device.suspended")).toMatchObject([
		{ subject: device, actor: "service", detail: expect.stringMatching(/^tripwire travel: /) },
	]);
	expect(await events("account.tripwire")).toMatchObject([{ subject: scene.account, detail: "travel" }]);
	await operated("POST", `/v1/devices/${device}/reinstate`, { reason: "it has two uplinks" });
	passedMs += HOUR;
	moveTo(passedMs);
	for (let time = 0; time < 5; time++) await beInTwoPlaces();
	expect(await events("device.suspended")).toHaveLength(1);
	expect(await events("device.tripwire")).toHaveLength(1);
	expect(await tokenFrom(ZURICH, MINUTE)).toBe(200);
});

describe("a device with two uplinks", () => {
	const goBackAndForth = async (times: number) => {
		for (let time = 0; time < times; time++) {
			await tokenFrom(ZURICH, HOUR);
			await tokenFrom(MOBILE, HOUR);
		}
		await tokenFrom(ZURICH, HOUR);
	};

	test("fails over twice on a day: nothing", async () => {
		await want("any");
		await goBackAndForth(2);
		expect(await events("device.tripwire")).toEqual([]);
	});

	test("goes back and forth all day: it is told, and suspended only by `any`", async () => {
		await want("travel");
		await goBackAndForth(3);
		expect(await events("device.tripwire")).toMatchObject([
			{ detail: expect.stringMatching(/^two_networks: .*replace it$/) },
		]);
		expect(await events("device.suspended")).toEqual([]);
	});

	test("writes nothing once that is known", async () => {
		await goBackAndForth(3);
		const known = await written();
		await goBackAndForth(6);
		expect(await written()).toBe(known);
	});
});

test("a device that stays where it is costs one row, once", async () => {
	await tokenFrom(ZURICH, MINUTE);
	const known = await written();
	for (let time = 0; time < 5; time++) await tokenFrom(ZURICH, 5 * HOUR);
	expect(await written()).toBe(known);
});

test("more than three devices at once are told, and not suspended: that is a tunnel rather than a thief", async () => {
	await want("travel");
	const others = [];
	for (let count = 0; count < 4; count++) others.push(await newFirewall(scene.code));
	for (const firewall of [scene.firewall, ...others]) await beInTwoPlaces(firewall);
	const told = await events("device.tripwire");
	expect(told).toHaveLength(5);
	expect(told.filter(({ detail }) => detail.includes("not suspended, since so many were"))).toHaveLength(2);
	expect(await events("device.suspended")).toHaveLength(3);
});

test("where the platform says nothing of the caller, nothing is told", async () => {
	for (let time = 0; time < 3; time++) {
		edge.cf = undefined;
		expect((await edge.token(scene.firewall)).status).toBe(200);
		await edge.settled();
	}
	expect(await written()).toBe("[]");
});

test("says what is wrong with another wish, and writes nothing", async () => {
	for (const body of [{}, { suspends: "all" }, { suspends: "travel", devices: [] }, { suspends: null }]) {
		await expectProblem(await operate("PUT", setting(), body), "invalid_request");
	}
	expect(await operated("GET", setting())).toEqual({ suspends: "off" });
});
