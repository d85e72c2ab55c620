// When record stores are gone and the objects are not: nobody notices, but for the time it takes and for changes that wait.
import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createKvRecordStore } from "../../../../src/storage/kv-record-store.ts";
import type { RecordStore } from "../../../../src/storage/record-store.ts";
import { REPLICATED_READ_SETTINGS } from "../../../../src/storage/replicated/replicated-record-store.ts";
import { Firewall } from "../../../support/firewall.ts";
import { publish } from "../../../support/fleet.ts";
import { bindings, replaceStores } from "../../../support/object-bindings.ts";
import { operated } from "../../../support/service.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import { Edge } from "../../support/edge.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newFirewall, newScene, type Scene } from "../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";
import { inVirtualTime } from "../../support/virtual-time.ts";

const { timeAfter, moveTo } = useFrozenClock();
const { hedgeMs, timeoutMs } = REPLICATED_READ_SETTINGS;

let scene: Scene;
beforeEach(async () => {
	scene = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
});
afterEach(() => {
	vi.restoreAllMocks();
});

/** Everything that a device and an operator do; each must succeed, and nothing may be old. */
async function expectAllWell(edge: Edge): Promise<void> {
	const { firewall, product, code } = scene;
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes: ["operate"] });
	await edge.authenticate(firewall);
	const { url, ...permit } = await edge.permitted(firewall, product);
	expect((await edge.download(url)).status).toBe(200);
	expect((await edge.sendJson("GET", "/v1/keys", key)).status).toBe(200);
	const newcomer = await Firewall.create();
	expect((await edge.activate(newcomer, code)).status).toBe(201);
	await edge.authenticate(newcomer);
	const answers = [permit, await edge.check(newcomer)];
	for (const path of ["/v1/messages", "/v1/entitlements"]) {
		const answer = await edge.get(firewall, path);
		expect([answer.status, answer.headers.get("cache-status")]).toEqual([200, null]);
		answers.push(await answer.json());
	}
	for (const answer of answers) expect(answer).not.toHaveProperty("degraded");
}

describe("one store down", () => {
	test.each([
		["redis,kv", "redis", "fails", 0],
		["redis,kv", "redis", "mute", hedgeMs],
		["kv,redis", "kv", "fails", 0],
		["kv,redis", "kv", "mute", hedgeMs],
		["redis,kv", "kv", "fails", 0],
		["kv,redis", "redis", "mute", 0],
	] as const)(
		"of %s %s %s: everything goes on, each read %d ms later, and no object has to help",
		async (stores, down, mood, lateMs) => {
			const edge = new Edge(stores);
			edge[down].mood = mood;
			const { waitedMs } = await inVirtualTime(edge, () => expectAllWell(edge));
			// At most, for two of them may be asked for at once.
			expect(waitedMs).toBeLessThanOrEqual(edge[down].reads.length * lateMs);
			expect(waitedMs).toBeGreaterThanOrEqual(lateMs);
			// The Account activates, the Directory says whose key it is and lists its keys.
			expect([edge.directory.calls, edge.product.calls, edge.account.calls]).toEqual([2, 0, 1]);
		},
	);

	test("a deployment with Redis alone needs no KV", async () => {
		const edge = new Edge("redis");
		edge.kv.mood = "fails";
		await expectAllWell(edge);
		expect([edge.kv.reads.length, edge.product.calls]).toEqual([0, 0]);
	});

	test("the second is not asked while the first answers", async () => {
		const edge = new Edge("kv,redis");
		await expectAllWell(edge);
		expect(edge.redis.reads).toEqual([]);
	});
});

describe("all stores down", () => {
	test.each([
		["kv", "fails", 0],
		["kv", "mute", 1_000],
		["redis,kv", "fails", 0],
		["redis,kv", "mute", hedgeMs + timeoutMs],
	] as const)(
		"RECORD_STORE %s %s: the objects are asked, each record %d ms later, and nothing is old",
		async (stores, mood, lateMs) => {
			const edge = new Edge(stores);
			edge.setStores(mood);
			const { waitedMs } = await inVirtualTime(edge, () => expectAllWell(edge));
			const recordsAsked = edge.directory.calls + edge.product.calls + edge.account.calls - 2;
			expect(recordsAsked).toBeGreaterThan(4);
			expect(waitedMs).toBeLessThanOrEqual(recordsAsked * lateMs);
		},
	);

	test("what changes meanwhile shows", async () => {
		const edge = new Edge();
		edge.setStores("fails");
		const { firewall, product } = scene;
		expect(await edge.offered(firewall, product)).toBe("1.0.0");
		await publish(product, "1.1.0", "new rules");
		moveTo(60 * SECOND);
		expect(await edge.offered(firewall, product)).toBe("1.1.0");
		await operated("POST", `/v1/devices/${firewall.clientId}/suspend`, { reason: "a test" });
		moveTo(120 * SECOND);
		await expectProblem(await edge.get(firewall, "/v1/check"), "device_refused");
	});
});

describe("stores refuse writes", () => {
	const product = () => bindings.PRODUCT.getByName(scene.product);
	const account = () => bindings.ACCOUNT.getByName(scene.account.slice("acct-".length));
	const directory = () => bindings.DIRECTORY.getByName("directory");
	const kv = createKvRecordStore(bindings.RECORDS);

	async function writeTo(store: RecordStore): Promise<void> {
		await replaceStores(product(), { kv: store });
		await replaceStores(account(), { kv: store });
		await replaceStores(directory(), { kv: store });
	}
	beforeEach(async () => {
		const refusing = new FakeRecordStore();
		refusing.break("before");
		await writeTo(refusing);
	});
	afterEach(() => writeTo(kv));

	test("changes are committed, say so with `published: false`, and arrive once writes are taken again", async () => {
		const edge = new Edge();
		const other = await newFirewall(scene.code, false);
		expect(await edge.offered(other, scene.product)).toBe("1.0.0");
		const operate = (method: string, path: string, body: object) =>
			operated<{ published: boolean }>(method, path, body);
		await publish(scene.product, "1.1.0", "new rules");
		const release = await operate("PUT", `/v1/products/${scene.product}/releases/1.1.0`, {});
		const suspension = await operate("POST", `/v1/devices/${scene.firewall.clientId}/suspend`, { reason: "a test" });
		expect([release.published, suspension.published]).toEqual([false, false]);
		moveTo(20 * SECOND);
		// The store answers, with the records from before.
		expect(await edge.offered(other, scene.product)).toBe("1.0.0");
		expect((await edge.get(scene.firewall, "/v1/check")).status).toBe(200);

		await writeTo(kv);
		await runDurableObjectAlarm(product());
		await runDurableObjectAlarm(account());
		await runDurableObjectAlarm(directory());
		moveTo(40 * SECOND);
		expect(await edge.offered(other, scene.product)).toBe("1.1.0");
		await expectProblem(await edge.get(scene.firewall, "/v1/check"), "device_refused");
	});

	test("a firewall can activate, and gets a token at once: its object is asked for what no store has", async () => {
		const edge = new Edge();
		const newcomer = await Firewall.create();
		expect((await edge.activate(newcomer, scene.code)).status).toBe(201);
		await edge.authenticate(newcomer);
		expect(await edge.offered(newcomer, scene.product)).toBe("1.0.0");
		expect(edge.kv.reads).toContain(`device:${newcomer.clientId}`);
	});
});
