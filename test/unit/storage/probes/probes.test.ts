// What operators are told of the stores: what each holds beside the truth, and that one that is mute holds up nobody.
import { beforeEach, describe, expect, it } from "vitest";
import type { DeviceRecord } from "../../../../src/entitlement/devices/device-record.ts";
import { HEADS_KEY } from "../../../../src/storage/keys.ts";
import { probeDevice } from "../../../../src/storage/probes/probe-device.ts";
import { probeStores } from "../../../../src/storage/probes/probe-stores.ts";
import { FakeRecordStore } from "../../../support/stand-ins/fake-record-store.ts";
import { VirtualClock } from "../../../support/stand-ins/virtual-clock.ts";

const TRUE_VERSION = 5;
const DEVICE = "dev-0123456789-0123456789abcdef";
const HEADS = { products: {}, messages: 0, denied: 0 };
const RECORD: DeviceRecord = {
	...{ id: DEVICE, account: "acct-0123456789abcdef", status: "active", model: "FW-100", labels: {}, haGroup: null },
	...{
		hold: null,
		licenseEpoch: 0,
		lease: null,
		policy: null,
		grants: {},
		serial: "SN-1",
		license: "lic-00000000",
		dpopBound: false,
	},
	...{ jwk: { kty: "OKP", crv: "Ed25519", x: "A".repeat(43) }, jkt: "A".repeat(43), activatedAt: 1_800_000_000 },
};

let clock: VirtualClock;
let kv: FakeRecordStore;
let redis: FakeRecordStore;
beforeEach(() => {
	clock = new VirtualClock(1_800_000_000_000);
	kv = new FakeRecordStore();
	redis = new FakeRecordStore();
});

const stores = () => [{ name: "kv", store: kv } as const, { name: "redis", store: redis } as const];

async function settled<T>(probing: Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
	const ms = await clock.untilSettled(probing);
	return { value: await probing, ms };
}

describe("`heads` in a store", () => {
	it.each([
		["is the Directory's", 5, TRUE_VERSION, "current"],
		["is older than the Directory's", 4, TRUE_VERSION, "behind"],
		["is newer than the Directory's", 6, TRUE_VERSION, "ahead"],
		["cannot be judged where the Directory cannot be asked", 5, null, "unknown"],
		["is not there", null, TRUE_VERSION, "empty"],
		["is not there, and nothing was ever published", null, 0, "current"],
	])("%s", async (_, version, truth, state) => {
		if (version !== null) await kv.put(HEADS_KEY, { version, body: HEADS });
		const [probe] = await probeStores(stores(), truth, clock);
		expect(probe).toMatchObject({ name: "kv", state, headsVersion: version });
	});

	describe("names messages and a deny list, and the store", () => {
		const messages = { revision: 3, messages: [] };
		const denied = { revision: 7, devices: {}, licenseEpochs: {} };
		beforeEach(async () => {
			await kv.put(HEADS_KEY, { version: 5, body: { products: {}, messages: 3, denied: 7 } });
			await kv.put("messages@3", { version: 3, body: messages });
			await kv.put("denied@7", { version: 7, body: denied });
		});
		const probe = async () => (await probeStores(stores(), TRUE_VERSION, clock))[0];

		it("has both", async () => {
			expect(await probe()).toMatchObject({ state: "current", broken: [] });
		});

		it.each([
			["has lost the messages", () => kv.texts.delete("messages@3"), ["messages@3"]],
			["holds messages that are none", () => kv.put("messages@3", { version: 3, body: {} }), ["messages@3"]],
			["holds a spoilt text", () => kv.texts.set("denied@7", "{"), ["denied@7"]],
			["has lost both", () => kv.texts.clear(), ["messages@3", "denied@7"]],
		])("%s", async (_, spoil, broken) => {
			const heads = kv.texts.get(HEADS_KEY) ?? "";
			await spoil();
			kv.texts.set(HEADS_KEY, heads);
			expect(await probe()).toMatchObject({ state: "incomplete", headsVersion: 5, broken });
		});

		it("falls silent after `heads`", async () => {
			kv.onGet = async (key) => {
				if (key === "messages@3") await clock.sleep(60_000);
			};
			const { value } = await settled(probeStores(stores(), TRUE_VERSION, clock));
			expect(value[0]).toMatchObject({ state: "unreachable", broken: [] });
		});
	});

	it("may be spoilt, which is not the store's silence", async () => {
		kv.texts.set(HEADS_KEY, "{");
		redis.break("before");
		const probes = await probeStores(stores(), TRUE_VERSION, clock);
		expect(probes.map(({ state }) => state)).toEqual(["unreadable", "unreachable"]);
	});

	it("is waited for two seconds, and the others are told all the same", async () => {
		kv.break("hang");
		redis.onGet = () => clock.sleep(30);
		await redis.put(HEADS_KEY, { version: 5, body: HEADS });
		const { value, ms } = await settled(probeStores(stores(), TRUE_VERSION, clock));
		expect(ms).toBe(2_000);
		expect(value).toEqual([
			{ name: "kv", state: "unreachable", latencyMs: 2_000, headsVersion: null, broken: [] },
			{ name: "redis", state: "current", latencyMs: 30, headsVersion: 5, broken: [] },
		]);
	});
});

describe("a device's record in a store", () => {
	const put = (version: number, body: unknown = RECORD) => kv.put(`device:${DEVICE}`, { version, body });
	const probe = async () => (await probeDevice(stores(), DEVICE, TRUE_VERSION, clock))[0];

	it.each([
		["is the Account's", 5, "current"],
		["is older than the Account's", 4, "behind"],
		["is newer than the Account's", 6, "ahead"],
	])("%s", async (_, version, state) => {
		await put(version);
		expect(await probe()).toEqual({ name: "kv", state, version, record: RECORD });
	});

	it("is not there", async () => {
		expect(await probe()).toEqual({ name: "kv", state: "missing", version: null, record: null });
	});

	it("is no device's record, which has a version still", async () => {
		await put(5, { status: "active" });
		expect(await probe()).toEqual({ name: "kv", state: "unreadable", version: 5, record: null });
	});

	it("is spoilt, which is not the store's silence", async () => {
		kv.texts.set(`device:${DEVICE}`, "{");
		redis.break("before");
		const copies = await probeDevice(stores(), DEVICE, TRUE_VERSION, clock);
		expect(copies.map(({ state }) => state)).toEqual(["unreadable", "unreachable"]);
	});

	it("is waited for a second, and the others are told all the same", async () => {
		kv.break("hang");
		const { value, ms } = await settled(probeDevice(stores(), DEVICE, TRUE_VERSION, clock));
		expect(ms).toBe(1_000);
		expect(value.map(({ name, state }) => [name, state])).toEqual([
			["kv", "unreachable"],
			["redis", "missing"],
		]);
	});
});
