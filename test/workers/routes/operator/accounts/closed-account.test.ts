// A closed account gets nothing new, and keeps no serial number from whoever has the appliance next.
import { beforeAll, expect, test } from "vitest";
import { makeAuthority } from "../../../../support/certificates.ts";
import { createFleet, type Fleet } from "../../../../support/fleet.ts";
import { freshName } from "../../../../support/fresh-names.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";

let manufacturer: string;
beforeAll(async () => {
	const { pem } = await makeAuthority([["CN", freshName()]]);
	const body = { name: "Maker", certificate: pem };
	({ manufacturer } = await operated<{ manufacturer: string }>("POST", "/v1/manufacturers", body));
});

const close = ({ account }: Fleet) => operate("POST", `/v1/accounts/${account}/close`, {});
const claim = ({ account, license }: Fleet, serial: string) =>
	operate("POST", `/v1/accounts/${account}/claims`, { serials: [serial], license, manufacturer });
const unclaim = ({ account }: Fleet, serial: string) =>
	operate("DELETE", `/v1/accounts/${account}/claims/${serial}?manufacturer=${manufacturer}`);
async function leaving(): Promise<Fleet> {
	const fleet = await createFleet();
	await operated("POST", `/v1/accounts/${fleet.account}/licenses/${fleet.license}/revoke`, {});
	return fleet;
}

test("a closed account is given no claim and no auth code, and takes no serial number from another one", async () => {
	const fleet = await leaving();
	const serial = `SN-${freshName()}`;
	expect((await close(fleet)).status).toBe(200);
	const problem = await expectProblem(await claim(fleet, serial), "conflict");
	expect(problem["detail"]).toBe("the account is closed");
	const { account, license } = fleet;
	const code = await expectProblem(await operate("POST", `/v1/accounts/${account}/codes`, { license }), "conflict");
	expect(code["detail"]).toBe("the account is closed");
	expect(await (await claim(await createFleet(), serial)).json()).toMatchObject({ taken: [] });
});

test("an account is closed once the serial numbers that it has claimed are given back", async () => {
	const fleet = await leaving();
	const serial = `SN-${freshName()}`;
	expect((await claim(fleet, serial)).status).toBe(200);
	const problem = await expectProblem(await close(fleet), "conflict");
	expect(problem["detail"]).toBe("1 serial number is claimed for it: give them back first");
	expect((await unclaim(fleet, serial)).status).toBe(204);
	expect((await close(fleet)).status).toBe(200);
});

test("an account that is closed and claims at the same moment is closed, or has claimed", async () => {
	const fleet = await leaving();
	const serial = `SN-${freshName()}`;
	const [closed, claimed] = await Promise.all([close(fleet), claim(fleet, serial)]);
	expect([closed.status, claimed.status].toSorted()).toEqual([200, 409]);
	const { taken } = (await (await claim(await createFleet(), serial)).json()) as { taken: string[] };
	expect(taken).toEqual(claimed.status === 200 ? [serial] : []);
});
