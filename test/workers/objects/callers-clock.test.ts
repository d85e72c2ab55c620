// Edges say the time with each call. An object believes them as far as its own clock goes, and half a minute beyond.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MOST_AHEAD_SECONDS } from "../../../src/objects/clock.ts";
import { createAccount } from "../../support/accounts/account-fixture.ts";
import { createHaAccount } from "../../support/accounts/ha-fixture.ts";
import { unledBindings } from "../../support/object-bindings.ts";
import {
	HOUR,
	leaseAt,
	product as led,
	NOW,
	report,
	say,
	startRollout,
	take,
	unit,
	VERSION,
	view,
} from "../../support/rollouts/standard-rollout.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
});
afterEach(() => {
	vi.useRealTimers();
});

const product = () => unledBindings.PRODUCT.get(led().id);
const FAR = NOW + 400 * 24 * HOUR;

it("passes no step because an edge says that its time of watching is over", async () => {
	await startRollout();
	await say("olivia");
	for (const n of [1, 2]) await take(n);
	await report(1, "healthy");
	const { device } = unit(2);
	const lease = await leaseAt(device);
	const healthy = { version: VERSION, device, lease, reported: "healthy", detail: null } as const;
	await product().hearReport({ ...healthy, now: FAR });
	expect((await view()).rollout).toMatchObject({ phase: "baking", step: 0 });
});

it("gives leases that run from its own time", async () => {
	await startRollout();
	await say("olivia");
	const honest = await take(1);
	const ahead = await product().takePermit({ ...unit(2), now: FAR });
	if (!honest.ok || !ahead.ok || honest.lease === null) throw new Error("both have a place");
	expect(ahead.lease?.endsAt).toBe(honest.lease.endsAt + MOST_AHEAD_SECONDS);
});

it("dates what devices say no later than its own time, word by word", async () => {
	const { account, device } = await createAccount();
	const own = device(1);
	await account().activate(own);
	const word = { device: own.candidateDeviceId, country: null, colo: null } as const;
	const permit = { sequence: 1, until: FAR + HOUR, isLocked: false };
	const said = { kind: "permitted", product: "crs", version: "1", ...permit } as const;
	await unledBindings.ACCOUNT.get(account().id).hearDevices([{ ...word, at: FAR, said }]);
	const { devices } = await account().findDevices({ id: own.candidateDeviceId, after: "", limit: 1, now: NOW });
	expect(JSON.stringify(devices)).toContain(`"permittedAt":${NOW + MOST_AHEAD_SECONDS}`);
	expect(JSON.stringify(devices)).toContain(`"permittedUntil":${NOW + MOST_AHEAD_SECONDS + HOUR}`);
});

it("has an HA group wait for as long as a permit lasts, however far ahead the edge is that gave it", async () => {
	const { account, activateIn, idOf, group } = await createHaAccount();
	for (const who of [1, 2]) await activateIn(who);
	const edge = unledBindings.ACCOUNT.get(account().id);
	const about = { product: "crs", version: "1", sequence: 1 } as const;
	expect(await edge.askHaLock({ ...about, deviceId: idOf(1), until: FAR + HOUR, now: FAR })).toMatchObject({
		ok: true,
	});
	const end = async () => (await account().haGroup(group, NOW))?.locks;
	expect(await end()).toMatchObject([{ until: NOW + MOST_AHEAD_SECONDS + HOUR }]);
	// A lease ends by the clock of the Product, which is right.
	const leaseUntil = NOW + 48 * HOUR;
	await edge.askHaLock({ ...about, deviceId: idOf(1), until: FAR + HOUR, leaseUntil, now: FAR });
	expect(await end()).toMatchObject([{ until: leaseUntil }]);
});
