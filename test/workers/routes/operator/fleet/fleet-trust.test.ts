// What the updates of devices rest on: from what they say with a token request to who stops updating by when. Nobody is refused a token
// for what he says of it.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import type { Account } from "../../../../../src/objects/account/account.ts";
import type { Firewall } from "../../../../support/firewall.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newFirewall, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();

let tlsRoot: { readonly sha256: string; readonly name: string; readonly ends: string };
let edge: Edge;
let scene: Scene;
let other: Firewall;
beforeEach(async () => {
	tlsRoot = { sha256: "ab".repeat(32), name: "A Root", ends: timeAfter(40 * DAY) };
	edge = new Edge();
	scene = await newScene({ ends_at: timeAfter(500 * DAY) }, false);
	other = await newFirewall(scene.code, false);
});

/** @returns what became of it, as the token answer says */
async function say(firewall: Firewall, anchors: unknown): Promise<string | undefined> {
	const text = typeof anchors === "string" ? anchors : JSON.stringify(anchors);
	const answer = await edge.token(firewall, false, { anchors: text });
	expect(answer.status).toBe(200);
	await edge.settled();
	return ((await answer.json()) as { anchors?: string }).anchors;
}

interface FleetTrust {
	readonly devices: number;
	readonly unknown: number;
	readonly stopping: number;
	readonly anchors: readonly { anchor: string; name: string | null; ends: string; stops: boolean; devices: number }[];
	readonly accounts: readonly { account: string; stopping: number; devices: number }[];
}
/** As the whole fleet has it, once the account has told the Census. */
async function fleetTrust(breaksAt?: string): Promise<FleetTrust> {
	await operated("POST", `/v1/accounts/${scene.account}/fleet`, {});
	return operated("GET", `/v1/fleet/trust${breaksAt === undefined ? "" : `?breaks_at=${breaksAt}`}`);
}
const inAccount = ({ accounts }: FleetTrust) => accounts.find(({ account }) => account === scene.account);
const trustOf = async (id: string) => (await operated<{ trust: unknown }>("GET", `/v1/devices/${id}`)).trust;
const stoppingBy = async (by: string) => {
	const path = `/v1/accounts/${scene.account}/devices?trust_ends_by=${by}`;
	return (await operated<{ devices: { device: string }[] }>("GET", path)).devices.map(({ device }) => device);
};
const rows = () =>
	runInDurableObject(bindings.ACCOUNT.getByName(scene.account.slice(5, 15)), (_object: Account, { storage }) =>
		storage.sql.exec("SELECT device, told_at FROM device_anchors").toArray(),
	);

describe("what a device says its updates rest on", () => {
	test("is shown with the device and in its explanation", async () => {
		const id = scene.firewall.clientId;
		expect(await trustOf(id)).toBeNull();
		const tufRoot = { version: 2, ends: timeAfter(90 * DAY) };
		expect(await say(scene.firewall, { tls_root: tlsRoot, tuf_root: tufRoot })).toBe("taken");
		const expected = { told_at: timeAfter(0), tls_root: tlsRoot, tuf_root: tufRoot, certificate_ends: null };
		expect(await trustOf(id)).toEqual(expected);
		const told = await operated<{ trust: unknown }>("GET", `/v1/devices/${id}/explain?product=${scene.product}`);
		expect(told.trust).toEqual(expected);
	});

	test("refuses no token where it is not understood, and changes nothing", async () => {
		await say(scene.firewall, { tls_root: tlsRoot });
		for (const bad of ["x", "null", "[]", '{"tls_root":{}}', "a".repeat(5_000), '{"certificate_ends":"ä\u0000"}'])
			expect(await say(scene.firewall, bad)).toBe("not_understood");
		expect(await trustOf(scene.firewall.clientId)).toMatchObject({ tls_root: tlsRoot });
	});

	test("costs a row when it is another, and one a week", async () => {
		for (const day of [0, 1, 6]) {
			moveTo(day * DAY);
			await say(scene.firewall, { tls_root: tlsRoot });
		}
		const [first] = await rows();
		moveTo(8 * DAY);
		await say(scene.firewall, { tls_root: tlsRoot });
		const [second] = await rows();
		expect(Number(second?.["told_at"]) - Number(first?.["told_at"])).toBe((8 * DAY) / 1_000);
	});

	test("of one that says something else each time is written four times at once", async () => {
		for (let version = 1; version <= 6; version++)
			await say(scene.firewall, { tuf_root: { version, ends: timeAfter(90 * DAY) } });
		expect(await trustOf(scene.firewall.clientId)).toMatchObject({ tuf_root: { version: 4 } });
	});
});

describe("who stops updating", () => {
	test("is counted over the fleet by account, and listed by the account", async () => {
		const before = await fleetTrust(timeAfter(50 * DAY));
		expect(inAccount(before)).toBeUndefined();
		await say(scene.firewall, { tls_root: tlsRoot });
		await say(other, { tls_root: { ...tlsRoot, sha256: "cd".repeat(32), name: "B", ends: timeAfter(300 * DAY) } });
		const late = await fleetTrust(timeAfter(50 * DAY));
		expect(inAccount(late)).toEqual({ account: scene.account, stopping: 1, devices: 2 });
		expect(late.unknown).toBe(before.unknown - 2);
		expect(late.stopping).toBe(before.stopping + 1);
		expect(late.anchors).toContainEqual(
			expect.objectContaining({ anchor: "tls_root", name: "A Root", ends: tlsRoot.ends, stops: true }),
		);
		expect(inAccount(await fleetTrust(timeAfter(39 * DAY)))).toBeUndefined();
		expect(inAccount(await fleetTrust())).toMatchObject({ stopping: 1 });
		expect(await stoppingBy(timeAfter(39 * DAY))).toEqual([]);
		expect(await stoppingBy(tlsRoot.ends)).toEqual([scene.firewall.clientId]);
		expect(await stoppingBy(timeAfter(400 * DAY))).toHaveLength(2);
	});

	test("no longer counts a device that was revoked", async () => {
		await say(scene.firewall, { certificate_ends: timeAfter(10 * DAY) });
		expect(inAccount(await fleetTrust())).toMatchObject({ stopping: 1, devices: 2 });
		await operate("POST", `/v1/devices/${scene.firewall.clientId}/revoke`, {});
		expect(inAccount(await fleetTrust())).toBeUndefined();
	});

	test("goes by the newest TUF root where a device has an older one", async () => {
		await say(scene.firewall, { tuf_root: { version: 2, ends: timeAfter(10 * DAY) } });
		const seconds = Math.floor(Date.parse(timeAfter(20 * DAY)) / 1_000);
		const account = bindings.ACCOUNT.getByName(scene.account.slice(5, 15));
		const found = async (newestTufRoot: { version: number; endsAt: number } | null) => {
			const query = { after: "", limit: 9, now: seconds, trustEnds: { by: seconds, newestTufRoot } };
			return (await account.findDevices(query)).devices.length;
		};
		expect(await found(null)).toBe(1);
		expect(await found({ version: 1, endsAt: seconds + 1 })).toBe(1);
		expect(await found({ version: 2, endsAt: seconds + 1 })).toBe(0);
		expect(await found({ version: 3, endsAt: seconds + 1 })).toBe(0);
		expect(await found({ version: 3, endsAt: seconds })).toBe(1);
	});

	test("cannot be asked of a time that is none", async () => {
		await expectProblem(await operate("GET", "/v1/fleet/trust?breaks_at=soon"), "invalid_request");
		const path = `/v1/accounts/${scene.account}/devices?trust_ends_by=2027-02-31`;
		await expectProblem(await operate("GET", path), "invalid_request");
	});
});
