// Copies of a device, from what its token requests bring back to what operators are told. Nobody is refused a token for it.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import type { Account } from "../../../../../src/objects/account/account.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();
let edge: Edge;
let scene: Scene;
beforeEach(async () => {
	edge = new Edge();
	scene = await newScene({ ends_at: timeAfter(500 * DAY) }, false);
});

/** @returns what the device is to bring the next time */
async function token(lineage?: string): Promise<string> {
	const answer = await edge.token(scene.firewall, false, lineage === undefined ? {} : { lineage });
	expect(answer.status).toBe(200);
	await edge.settled();
	return ((await answer.json()) as { lineage: string }).lineage;
}

interface Forks {
	readonly forks: readonly { device: string; forked_at: string; lines: readonly { line: string; seen_at: string }[] }[];
}
const forks = () => operated<Forks>("GET", `/v1/accounts/${scene.account}/forks`);
const resolve = (body: object) => operate("POST", `/v1/devices/${scene.firewall.clientId}/fork/resolve`, body);
const rows = () =>
	runInDurableObject(bindings.ACCOUNT.getByName(scene.account.slice(5, 15)), (_object: Account, { storage }) =>
		storage.sql.exec("SELECT * FROM device_lines").toArray(),
	);
async function fork(): Promise<void> {
	const disk = await token();
	let [one, other] = [disk, disk];
	for (const day of [1, 2, 3]) {
		moveTo(day * DAY);
		one = await token(one);
		other = await token(other);
	}
}

test("two copies that go on for a day are told, once, and keep getting tokens", async () => {
	await fork();
	const { forks: found } = await forks();
	expect(found).toMatchObject([{ device: scene.firewall.clientId, lines: [{ seen_at: timeAfter(3 * DAY) }, {}] }]);
	const { events } = await operated<{ events: { type: string; subject: string }[] }>(
		"GET",
		`/v1/accounts/${scene.account}/events?type=device.forked`,
	);
	expect(events).toMatchObject([{ subject: scene.firewall.clientId }]);
});

test("an operator says which it is, and the fork is over", async () => {
	await fork();
	const [line] = (await forks()).forks[0]?.lines ?? [];
	await expectProblem(await resolve({ keep: "AAAAAAAAAAAA" }), "conflict");
	expect((await resolve({ keep: line?.line, reason: "the other is a test machine" })).status).toBe(200);
	expect((await forks()).forks).toEqual([]);
	await expectProblem(await resolve({ keep: line?.line }), "conflict");
});

test("a day's tokens cost a row, however many there are, and an answer that was lost is no fork", async () => {
	const first = await token();
	expect(await token(first)).toBe(first);
	expect(await rows()).toEqual([]);
	moveTo(DAY);
	const lost = await token(first);
	const second = await token(first);
	expect(second).not.toBe(lost);
	moveTo(2 * DAY);
	const third = await token(second);
	moveTo(3 * DAY);
	await token(third);
	expect((await forks()).forks).toEqual([]);
	expect(await rows()).toHaveLength(1);
});

test("what a device makes up counts as nothing, and it gets its token", async () => {
	const own = await token();
	moveTo(DAY);
	for (const brought of ["x", `${own}A`, own.replace(/^[^.]+/, "zz"), "a".repeat(5_000), "ä\u0000"]) {
		expect(await token(brought)).not.toBe(brought);
	}
	expect(await rows()).toEqual([]);
});

test("one that brings old values all day long writes no more than eight rows", async () => {
	const old = await token();
	moveTo(DAY);
	const anchors = new Set<unknown>();
	for (let time = 0; time < 12; time++) {
		await token(old);
		anchors.add((await rows())[0]?.["rival"]);
	}
	anchors.delete(null);
	expect(anchors.size).toBe(7);
});
