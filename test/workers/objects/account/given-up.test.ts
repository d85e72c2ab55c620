// For which devices of an account a rollout does not wait: their silence says nothing of the release.
import { reset } from "cloudflare:test";
import { afterEach, expect, it } from "vitest";
import { createAccount, OPERATOR } from "../../../support/accounts/account-fixture.ts";

afterEach(reset);

it("gives up who cannot report by the account's own will, suspended, revoked or deactivated, and no other", async () => {
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
