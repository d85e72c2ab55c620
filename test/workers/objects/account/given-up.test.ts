// For which devices of an account a rollout does not wait: their silence says nothing of the release.
import { reset } from "cloudflare:test";
import { afterEach, expect, it } from "vitest";
import { createAccount, NOW, OPERATOR } from "../../../support/accounts/account-fixture.ts";
import { createHaAccount } from "../../../support/accounts/ha-fixture.ts";

afterEach(reset);

it("gives up who cannot report by the account's own will, suspended, revoked or deactivated", async () => {
	const { account, device } = await createAccount({ seats: 4 });
	for (const n of [1, 2, 3, 4]) await account().activate(device(n));
	const ids = [1, 2, 3, 4].map((n) => device(n).candidateDeviceId);
	const [active = "", suspended = "", revoked = "", deactivated = ""] = ids;
	await account().setDeviceStatus({ ...OPERATOR, deviceId: suspended, status: "suspended", reason: "" });
	await account().setDeviceStatus({ ...OPERATOR, deviceId: revoked, status: "revoked", reason: "" });
	await account().setDeviceStatus({ ...OPERATOR, deviceId: deactivated, status: "deactivated", reason: "" });
	expect(await account().givenUp([...ids, "dev-unknown"])).toEqual([suspended, revoked, deactivated, "dev-unknown"]);
	await account().setDeviceStatus({ ...OPERATOR, deviceId: suspended, status: "active", reason: "" });
	expect(await account().givenUp([active, suspended])).toEqual([]);
});

const LEASE = 900;

it("gives up a device that came back after its permit and found every seat taken, and none that did not come", async () => {
	const { account, device } = await createAccount({ seats: 2, leaseSeconds: LEASE });
	for (const n of [1, 2]) await account().activate(device(n));
	const [came = "", stayed = ""] = [1, 2].map((n) => device(n).candidateDeviceId);
	const back = NOW + 10 * 86_400;
	for (const n of [3, 4]) await account().activate(device(n, { now: back - 60 }));
	expect(await account().renewSeat({ deviceId: came, now: back })).toMatchObject({ reason: "seat_lost" });
	expect(await account().givenUp([came, stayed], [back - 1, back - 1])).toEqual([came]);
	// It got its permit after that, and is silent since.
	expect(await account().givenUp([came], [back])).toEqual([]);
	expect(await account().givenUp([came])).toEqual([]);
});

it("gives up no device of an HA group that lost its seat: one of them came, and the other may be dead", async () => {
	const { account, activateIn, device, idOf } = await createHaAccount({ seats: 1, leaseSeconds: LEASE });
	for (const n of [1, 2]) await activateIn(n);
	const back = NOW + 10 * 86_400;
	await account().activate(device(3, { now: back - 60 }));
	expect(await account().renewSeat({ deviceId: idOf(1), now: back })).toMatchObject({ reason: "seat_lost" });
	expect(await account().givenUp([idOf(1), idOf(2)], [NOW, NOW])).toEqual([]);
});
