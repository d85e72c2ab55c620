// An Account object that nobody made: whoever asks it is answered, and nothing is written.
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { createAccount, DAY, NOW, OPERATOR } from "../../../support/accounts/account-fixture.ts";
import { freshName } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { trailOf } from "../../../support/trail.ts";

afterEach(reset);

describe("an account that was never created", () => {
	it("answers like an empty one and leaves nothing behind", async () => {
		const account = bindings.ACCOUNT.getByName(freshName());
		const { device } = await createAccount();
		expect(await account.info()).toBeNull();
		expect(await account.activate(device(1))).toEqual({ ok: false, reason: "unknown_code" });
		expect(await account.listLicenses()).toEqual([]);
		expect((await account.listCodes()) ?? []).toEqual([]);
		expect(await account.listDevices()).toEqual([]);
		expect(await account.device("dev-a")).toBeNull();
		expect(await account.readRecord("device:dev-a")).toBeNull();
		expect(await trailOf(account)).toEqual([]);
		expect(
			await account.setDeviceStatus({ ...OPERATOR, deviceId: "dev-a", status: "deactivated", reason: "" }),
		).toEqual({
			ok: false,
			reason: "unknown_device",
		});
		const code = {
			id: "code-a",
			hash: "hash-a",
			license: "lic-a",
			uses: 1,
			expiresAt: NOW + DAY,
			serial: null,
			model: null,
		};
		expect(await account.createCode({ ...OPERATOR, ...code })).toEqual({ ok: false, reason: "unknown_account" });
		const tables = await runInDurableObject(account, (_, { storage }) =>
			storage.sql.exec("SELECT name FROM sqlite_master").toArray(),
		);
		expect(tables).toEqual([]);
	});
});
