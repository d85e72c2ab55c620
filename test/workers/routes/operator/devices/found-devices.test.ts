// Devices of all accounts by their serial number: what an account tells the index, however often that fails, is found; what the index
// has lost, the daily round tells again; and whoever may not see all accounts is not answered.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import { hashSerial, serialShard } from "../../../../../src/entitlement/devices/serial-hash.ts";
import { SerialDesk } from "../../../../../src/objects/account/fleet/serial-desk.ts";
import { Alarm } from "../../../../../src/objects/alarm.ts";
import type { SerialEntry } from "../../../../../src/objects/serial-port.ts";
import { createAccount } from "../../../../support/accounts/account-fixture.ts";
import { Firewall } from "../../../../support/firewall.ts";
import { freshName } from "../../../../support/fresh-names.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();

interface Found {
	readonly devices: readonly { device: string; account: string; serial: string; status: string }[];
	readonly next: string | null;
}

let serial: string;
let [one, other]: [Scene, Scene] = [{} as Scene, {} as Scene];
beforeEach(async () => {
	serial = `SN-${freshName()}`;
	one = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	other = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
});

const account = (scene: Scene) => bindings.ACCOUNT.getByName(scene.account.slice(5, 15));
const activate = async ({ code }: Scene, text = serial) => (await Firewall.create()).activate(code, { serial: text });
const find = (text = serial) => operated<Found>("GET", `/v1/devices?serial=${text}`);
const index = (text = serial) => bindings.SERIAL_INDEX.getByName(serialShard(hashSerial(text)));
async function ring(): Promise<void> {
	moveTo(45 * SECOND);
	for (const scene of [one, other]) await runDurableObjectAlarm(account(scene));
}

describe("a serial number", () => {
	test("leads to the devices of all accounts that have it, in either case, within a minute", async () => {
		const [first, second] = [await activate(one), await activate(other, serial.toLowerCase())];
		expect(await find()).toEqual({ devices: [], next: null });
		await ring();
		const { devices } = await find();
		expect(devices.map(({ device, account, status }) => [device, account, status]).toSorted()).toEqual(
			[
				[first.clientId, one.account, "active"],
				[second.clientId, other.account, "active"],
			].toSorted(),
		);
		expect((await find(serial.toLowerCase())).devices).toHaveLength(2);
		expect((await find(`${serial}x`)).devices).toEqual([]);
	});

	test("leads to a device that was revoked, too, and says so", async () => {
		const { clientId } = await activate(one);
		await ring();
		await operated("POST", `/v1/devices/${clientId}/revoke`, {});
		expect((await find()).devices).toMatchObject([{ device: clientId, status: "revoked" }]);
	});

	test("that the index has lost is told again by the daily round", async () => {
		await activate(one);
		await ring();
		const lost = index();
		await runInDurableObject(lost, (_, { storage }) => storage.sql.exec("DELETE FROM serials").toArray());
		expect((await find()).devices).toEqual([]);
		await account(one).tend("");
		expect((await find()).devices).toHaveLength(1);
	});

	test("comes in pages where many devices have had it", async () => {
		const hash = hashSerial(serial);
		const entries = Array.from({ length: 60 }, (_, at) => ({
			hash,
			device: `dev-0aaaaaaaaa-${String(at).padStart(16, "0")}`,
		}));
		await index().note(entries);
		const page = await find();
		expect(page).toEqual({ devices: [], next: entries[49]?.device });
		expect(await operated("GET", `/v1/devices?serial=${serial}&after=${page.next}`)).toEqual({
			devices: [],
			next: null,
		});
	});

	test("is for keys that may see all accounts", async () => {
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", {
			subject: "customer",
			scopes: [`read:${one.account}`],
		});
		await expectProblem(await operate("GET", `/v1/devices?serial=${serial}`, undefined, key), "insufficient_scope");
		await expectProblem(await operate("GET", "/v1/devices"), "invalid_request");
		await expectProblem(await operate("GET", "/v1/devices?serial=%25"), "invalid_request");
	});
});

test("whatever fails and whenever the account dies, each device is told in the end, once and no longer kept", async () => {
	const fixture = await createAccount({ seats: 30 });
	for (let number = 1; number <= 12; number++) await fixture.account().activate(fixture.device(number));
	await runInDurableObject(fixture.account(), async (_, { storage }) => {
		const told = new Map<string, SerialEntry>();
		const isWaiting = () => storage.sql.exec("SELECT 1 FROM untold_serials").toArray().length > 0;
		const rows = () =>
			storage.sql.exec<{ id: string; serial: string }>("SELECT id, serial FROM devices ORDER BY id").toArray();
		let failures = 6;
		// Every attempt is a new life of the object; a shard that fails lets the others through.
		for (let attempt = 0; attempt < 20 && isWaiting(); attempt++) {
			const desk = new SerialDesk({
				...{ sql: storage.sql, alarm: new Alarm(storage), devices: { devices: () => [] } },
				index: {
					async note(_, entries) {
						if (failures-- > 0) throw new Error("the shard is out");
						for (const entry of entries) told.set(entry.device, entry);
					},
				},
			});
			await desk.tell();
		}
		expect(isWaiting()).toBe(false);
		const expected = rows().map(({ id, serial }) => ({ hash: hashSerial(serial), device: id }));
		expect([...told.values()].toSorted((a, b) => (a.device < b.device ? -1 : 1))).toEqual(expected);
	});
});
