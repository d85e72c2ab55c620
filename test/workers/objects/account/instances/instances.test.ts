// What an Account does when instances come and go, and that its devices are found without reading them all.

import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { INSTANCE_MEMORY_SECONDS } from "../../../../../src/entitlement/instances/instance-lifecycle.ts";
import { type AccountFixture, createAccount, NOW, OPERATOR } from "../../../../support/accounts/account-fixture.ts";
import { trailOf } from "../../../../support/trail.ts";

const HOOK = { actor: "asg hook", now: NOW } as const;
const ONE = "i-0123456789abcdef0";
const TWO = "i-0123456789abcdef1";

const launch = ({ account }: AccountFixture, hash: string, change: Record<string, unknown> = {}) =>
	account().launchInstance({
		...HOOK,
		...{ instance: ONE, license: "lic-a", codeId: `code-${hash}`, hashes: [hash, `${hash}-by-an-old-key`], at: NOW },
		...change,
	});
const terminate = ({ account }: AccountFixture, change: Record<string, unknown> = {}) =>
	account().terminateInstance({ ...HOOK, instance: ONE, at: NOW, ...change });
const on = (instance: string) => ({ labels: { instance_id: instance } });
const seatsOf = async ({ account }: AccountFixture) => (await account().listLicenses(NOW))[0]?.seatsTaken;
const statuses = async ({ account }: AccountFixture) => (await account().listDevices()).map(({ status }) => status);
const events = async ({ account }: AccountFixture) =>
	(await trailOf(account())).filter(({ actor }) => actor === HOOK.actor).map(({ action }) => action);

it("a launch makes one code for one device of that instance", async () => {
	const fixture = await createAccount();
	const made = await launch(fixture, "h1");
	expect(made).toMatchObject({ ok: true, code: { uses: 1, used: 0, instance: ONE, license: "lic-a" } });
	expect(await launch(fixture, "h1", { codeId: "code-other" })).toEqual(made);
	const { account, device } = fixture;
	const refused = await account().activate(device(1, { codeHash: "h1", ...on(TWO) }));
	expect(refused).toMatchObject({ ok: false, reason: "code_bound" });
	expect(await account().activate(device(1, { codeHash: "h1", ...on(ONE) }))).toMatchObject({ ok: true, kind: "new" });
	const second = await account().activate(device(2, { codeHash: "h1", ...on(ONE) }));
	expect(second).toMatchObject({ ok: false, reason: "code_used_up" });
	expect(await launch(fixture, "h1")).toEqual({ ok: false, reason: "used" });
	expect(await events(fixture)).toEqual(["code.create"]);
});

it("a launch keeps its code when the key that made it is replaced by another", async () => {
	const fixture = await createAccount();
	const made = await launch(fixture, "h1");
	const again = await launch(fixture, "h2", { hashes: ["by-the-new-key", "h1"] });
	expect(made).toMatchObject({ index: 0 });
	expect(again).toEqual({ ...made, index: 1 });
	expect(((await fixture.account().listCodes()) ?? []).filter(({ instance }) => instance === ONE)).toHaveLength(1);
});

it("a later launch of the same instance takes the place of the earlier one, in whatever order they come", async () => {
	const fixture = await createAccount();
	await launch(fixture, "early", { at: NOW - 60 });
	await launch(fixture, "late");
	expect(await launch(fixture, "early", { at: NOW - 60 })).toEqual({ ok: false, reason: "revoked" });
	expect(await launch(fixture, "earlier", { at: NOW - 120 })).toEqual({ ok: false, reason: "over" });
	const open = ((await fixture.account().listCodes()) ?? []).filter(
		({ instance, revoked }) => instance === ONE && !revoked,
	);
	expect(open.map(({ id }) => id)).toEqual(["code-late"]);
});

it("an end frees the seats of that instance's devices and of no others, and its code opens nothing any more", async () => {
	const fixture = await createAccount();
	const { account, device } = fixture;
	await launch(fixture, "h1");
	const first = device(1, { codeHash: "h1", ...on(ONE) });
	await account().activate(first);
	await account().activate(device(2, on(ONE)));
	await account().activate(device(3, { serial: ONE }));
	await account().activate(device(4, on(TWO)));
	await account().activate(device(5));
	await account().setDeviceStatus({
		...OPERATOR,
		deviceId: device(2).candidateDeviceId,
		status: "suspended",
		reason: "",
	});
	const ended = await terminate(fixture);
	const gone = [1, 2, 3].map((number) => device(number).candidateDeviceId);
	expect(ended).toMatchObject({ ok: true, isNews: true, deactivated: gone, revokedCodes: ["code-h1"] });
	expect(await statuses(fixture)).toEqual(["deactivated", "revoked", "deactivated", "active", "active"]);
	expect(await seatsOf(fixture)).toBe(2);
	// The instance runs on for minutes while it ends, and its agent has the code at hand.
	expect(await account().activate(first)).toMatchObject({ ok: false, reason: "code_revoked" });
	expect(await terminate(fixture)).toMatchObject({ ok: true, deactivated: [], revokedCodes: [] });
	expect((await events(fixture)).sort()).toEqual([
		...["code.create", "code.revoke", "device.deactivated", "device.deactivated", "device.revoked"],
		...["seat.released", "seat.released", "seat.released"],
	]);
});

it("a launch that is heard of after the instance's end opens nothing", async () => {
	const fixture = await createAccount();
	await terminate(fixture);
	expect(await launch(fixture, "h1", { at: NOW - 30 })).toEqual({ ok: false, reason: "over" });
	expect(((await fixture.account().listCodes()) ?? []).map(({ id }) => id)).toEqual(["code-a", "code-b"]);
});

it("an end from before the newest launch leaves the instance as it is since", async () => {
	const fixture = await createAccount();
	const { account, device } = fixture;
	await terminate(fixture, { at: NOW - 60 });
	await launch(fixture, "h1", { at: NOW - 30 });
	await account().activate(device(1, { codeHash: "h1", ...on(ONE) }));
	await account().activate(device(2, { ...on(ONE), now: NOW - 90 }));
	// Heard of late, it still ends what was on the instance before.
	expect(await terminate(fixture, { at: NOW - 60 })).toMatchObject({
		...{ ok: true, isNews: false, deactivated: [device(2).candidateDeviceId], revokedCodes: [] },
	});
	expect(await statuses(fixture)).toEqual(["active", "deactivated"]);
	expect(await terminate(fixture)).toMatchObject({ isNews: true, deactivated: [device(1).candidateDeviceId] });
});

it("an end from before the newest launch leaves a device that goes on with the code of that, though it never gave up its seat", async () => {
	const fixture = await createAccount();
	const { account, device } = fixture;
	await launch(fixture, "h1", { at: NOW - 90 });
	await account().activate(device(1, { codeHash: "h1", ...on(ONE), now: NOW - 80 }));
	await launch(fixture, "h2", { at: NOW - 30 });
	const again = device(1, { codeHash: "h2", ...on(ONE), now: NOW - 20 });
	expect(await account().activate(again)).toMatchObject({ ok: true, kind: "same" });
	expect(await terminate(fixture, { at: NOW - 60 })).toMatchObject({ isNews: false, deactivated: [] });
	expect(await account().activate(device(2, { codeHash: "h2", ...on(ONE) }))).toMatchObject({ reason: "code_used_up" });
	expect(await terminate(fixture)).toMatchObject({ isNews: true, deactivated: [device(1).candidateDeviceId] });
});

it("an event from the future counts as of now, and cannot keep out what comes later", async () => {
	const fixture = await createAccount();
	await terminate(fixture, { at: NOW + 1_000_000 });
	expect(await launch(fixture, "h1", { at: NOW + 1, now: NOW + 1 })).toMatchObject({ ok: true });
});

it("a license that the account does not have, and an account that there is not, refuse", async () => {
	const fixture = await createAccount();
	expect(await launch(fixture, "h1", { license: "lic-z" })).toEqual({ ok: false, reason: "unknown_license" });
	expect(await launch(fixture, "h1", { codeId: "code-a" })).toEqual({ ok: false, reason: "id_taken" });
	expect(((await fixture.account().listCodes()) ?? []).length).toBe(2);
});

it("times of instances are dropped when no event of that age can come any more", async () => {
	const fixture = await createAccount();
	const known = () =>
		runInDurableObject(fixture.account(), (_, { storage }) =>
			storage.sql
				.exec<{ instance: string }>("SELECT instance FROM instances ORDER BY instance")
				.toArray()
				.map(({ instance }) => instance),
		);
	await terminate(fixture);
	await terminate(fixture, { instance: TWO, now: NOW + INSTANCE_MEMORY_SECONDS, at: NOW + INSTANCE_MEMORY_SECONDS });
	expect(await known()).toEqual([ONE, TWO]);
	await terminate(fixture, { instance: TWO, now: NOW + INSTANCE_MEMORY_SECONDS + 1, at: NOW });
	expect(await known()).toEqual([TWO]);
});

it("devices, codes and times of an instance are found by an index", async () => {
	const { account } = await createAccount();
	const plans = await runInDurableObject(account(), (_, { storage }) =>
		[
			"SELECT * FROM devices WHERE json_extract(labels, '$.instance_id') = 'i' AND status IN ('active', 'suspended')",
			"SELECT * FROM codes WHERE instance = 'i' AND revoked = 0 AND expires_at > 1",
			"SELECT instance FROM instances WHERE max(launched_at, terminated_at) < 1 LIMIT 10",
		].map((query) => storage.sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`).one().detail),
	);
	expect(plans).toEqual([
		expect.stringMatching(/SEARCH .*devices_by_instance/),
		expect.stringMatching(/SEARCH .*codes_by_instance/),
		expect.stringMatching(/SEARCH .*instances_by_age/),
	]);
});
