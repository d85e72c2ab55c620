// Who asks for a permit does not install yet. A device that has a place in a rollout, asks again and is refused leaves that place, and
// its silence afterwards is no failure: nobody is waited for who was told to wait.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
	DAY,
	HOUR,
	leaseAt,
	NOW,
	product,
	report,
	ring,
	say,
	startRollout,
	take,
	unit,
	VERSION,
	view,
} from "../../../../support/rollouts/standard-rollout.ts";

afterEach(reset);

beforeEach(async () => {
	await startRollout();
	await say("olivia");
});

const evidence = async (now = NOW) => (await view(now)).evidence.steps[0];
/** Two devices of one group, that have a place each from before they were one. */
const together = (n: number, other: number, now: number) =>
	take(n, { unit: "hag-1", peers: [unit(other).device], now });

it("a pair with two open places goes on with one of them, and the release goes on", async () => {
	await take(1);
	await take(2);
	expect(await together(1, 2, NOW + 60)).toMatchObject({ ok: false, reason: "peer_under_way" });
	expect(await evidence()).toMatchObject({ permits: 2, excused: 1 });
	expect(await together(2, 1, NOW + 60)).toMatchObject({ ok: true });
	await report(2, "healthy", { now: NOW + 120 });
	await ring(NOW + DAY);
	expect(await evidence(NOW + DAY)).toMatchObject({ healthy: 1, failed: 0, silent: 0 });
	expect((await view(NOW + DAY)).rollout).toMatchObject({ phase: "waiting", step: 1 });
});

it("a device that a halt turned away before it installed has not failed, and may try when the rollout goes on", async () => {
	await take(1);
	await product().haltRollout({ actor: "olivia", now: NOW, version: VERSION, reason: "looks odd" });
	expect(await take(1, { now: NOW + 60 })).toMatchObject({ ok: false, reason: "halted" });
	await ring(NOW + DAY);
	expect(await evidence(NOW + DAY)).toMatchObject({ permits: 1, excused: 1, silent: 0 });
	for (const by of ["olivia", "peter"]) await say(by, "resume", NOW + DAY);
	expect(await take(1, { now: NOW + DAY })).toMatchObject({ ok: true });
});

it("one that did not ask is silent, halt or not", async () => {
	await take(1);
	await product().haltRollout({ actor: "olivia", now: NOW, version: VERSION, reason: "looks odd" });
	await ring(NOW + DAY);
	expect(await evidence(NOW + DAY)).toMatchObject({ excused: 0, silent: 1 });
});

it("that it failed counts also after it was turned away", async () => {
	await take(1);
	await take(2);
	await together(1, 2, NOW + 60);
	await report(1, "failed");
	expect(await evidence()).toMatchObject({ failed: 1 });
	expect((await view()).rollout.phase).toBe("halted");
});

const turnedAway = { version: VERSION, device: unit(1).device, reported: "deferred", detail: "ha_peer_first" } as const;

it("its account's word that it is turned away is about the place that it has had, and no later one", async () => {
	await take(1, { now: NOW + 60 });
	await product().hearReport({ ...turnedAway, lease: null, now: NOW });
	expect(await evidence(NOW + 60)).toMatchObject({ permits: 1, excused: 0 });
	await product().hearReport({ ...turnedAway, lease: null, now: NOW + 60 });
	await product().hearReport({ ...turnedAway, lease: null, now: NOW + 60 });
	expect(await evidence(NOW + 60)).toMatchObject({ permits: 1, excused: 1 });
	expect(await leaseAt(unit(1).device)).toBe(NOW + 60);
});

it("a device that is turned away again and again waits in the end until everybody may have the release", async () => {
	for (let n = 0; n < 5; n++) {
		expect(await take(1, { now: NOW + n * HOUR })).toMatchObject({ ok: true });
		await product().hearReport({ ...turnedAway, lease: null, now: NOW + n * HOUR });
	}
	expect(await take(1, { now: NOW + 5 * HOUR })).toMatchObject({ ok: false, reason: "put_off_too_often" });
});
