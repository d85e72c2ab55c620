// A manufacturer is the key of its authority: its claims outlast a renewed certificate, and its removal.
import { describe, expect, test } from "vitest";
import { type Authority, makeAuthority } from "../../../../support/certificates.ts";
import { Firewall } from "../../../../support/firewall.ts";
import { createFleet, type Fleet } from "../../../../support/fleet.ts";
import { freshName } from "../../../../support/fresh-names.ts";
import { operate, operated } from "../../../../support/service.ts";
import { registerWith, shows } from "../../../support/certified-firewall.ts";
import { expectOAuthError, expectProblem } from "../../../support/expectations.ts";

interface Described {
	readonly manufacturer: string;
	readonly fingerprint: string;
	readonly ends_at: string;
}

const freshAuthority = () => makeAuthority([["CN", freshName()]]);
const add = (authority: Authority, name = "Maker") =>
	operate("POST", "/v1/manufacturers", { name, certificate: authority.pem });
const added = async (authority: Authority) => (await (await add(authority)).json()) as Described;
const claim = ({ account, license }: Fleet, serial: string, manufacturer: string) =>
	operated<{ claims: object[]; taken: string[] }>("POST", `/v1/accounts/${account}/claims`, {
		...{ serials: [serial], license, manufacturer },
	});

async function come(serial: string, by: Authority): Promise<Response> {
	const certificate = await by.issue({ subject: [["serialNumber", serial]] });
	return registerWith(await Firewall.create(), null, shows(certificate), {
		token_endpoint_auth_method: "private_key_jwt",
		device_serial: serial,
	});
}

describe("a manufacturer whose authority has another certificate for its key", () => {
	test("is the one that there was, with that certificate from now on", async () => {
		const authority = await freshAuthority();
		const before = await added(authority);
		const renewed = await authority.renew();
		const answer = await add(renewed, "Renewed");
		expect(answer.status).toBe(200);
		expect(await answer.json()).toEqual({ ...before, fingerprint: renewed.x5t, ends_at: expect.any(String) });
		const { events } = await operated<{ events: { type: string; subject: string }[] }>(
			"GET",
			"/v1/events?type=manufacturer&order=newest&limit=10",
		);
		const own = events.filter(({ subject }) => subject === before.manufacturer).map(({ type }) => type);
		expect(own).toEqual(["manufacturer.renew", "manufacturer.add"]);
	});

	test("has one account for a serial number, as before", async () => {
		const authority = await freshAuthority();
		const [first, second] = [await createFleet(), await createFleet()];
		const serial = `SN-${freshName()}`;
		const { manufacturer } = await added(authority);
		await claim(first, serial, manufacturer);
		const renewed = await authority.renew();
		const made = await claim(second, serial, (await added(renewed)).manufacturer);
		expect(made.taken).toEqual([serial]);
		expect(await (await come(serial, renewed)).json()).toMatchObject({ account: first.account });
	});
});

test("a manufacturer whose authority's certificate has ended is not added, nor renewed with one", async () => {
	const authority = await freshAuthority();
	const ended = await authority.renew(authority.name, Math.floor(Date.now() / 1000) - 5);
	const problem = await expectProblem(await add(ended), "invalid_request");
	expect(JSON.stringify(problem)).toContain("has ended");
	const before = await added(authority);
	await expectProblem(await add(ended), "invalid_request");
	expect(await added(authority)).toEqual(before);
});

test("who claims where there is no manufacturer is told how one is added, and where there are several what lists them", async () => {
	const { account, license } = await createFleet();
	const ask = async (more = {}) =>
		JSON.stringify(
			await expectProblem(
				await operate("POST", `/v1/accounts/${account}/claims`, { serials: ["SN-1"], license, ...more }),
				"invalid_request",
			),
		);
	const remove = async () => {
		const { manufacturers } = await operated<{ manufacturers: Described[] }>("GET", "/v1/manufacturers");
		for (const { manufacturer } of manufacturers) await operate("DELETE", `/v1/manufacturers/${manufacturer}`);
	};
	await remove();
	expect(await ask()).toContain("parapet manufacturer add");
	for (let count = 0; count < 2; count++) await added(await freshAuthority());
	expect(await ask()).toContain("name one of 2; `parapet manufacturer list`");
	expect(await ask({ manufacturer: "mfr-0000000000000000" })).toContain("parapet manufacturer list");
});

test("a manufacturer that is removed and added again has the claims that it had", async () => {
	const authority = await freshAuthority();
	const [first, second] = [await createFleet(), await createFleet()];
	const serial = `SN-${freshName()}`;
	const { manufacturer } = await added(authority);
	await claim(first, serial, manufacturer);
	expect((await operate("DELETE", `/v1/manufacturers/${manufacturer}`)).status).toBe(204);
	await expectOAuthError(await come(serial, authority), 401, "invalid_token");
	const again = await add(authority);
	expect(again.status).toBe(201);
	expect(await again.json()).toMatchObject({ manufacturer });
	expect((await claim(second, serial, manufacturer)).taken).toEqual([serial]);
	expect(await (await come(serial, authority)).json()).toMatchObject({ account: first.account });
});

test("a key has one name at a time: with another one it is refused until the one before is removed", async () => {
	const authority = await freshAuthority();
	const other = await authority.renew([["CN", freshName()]]);
	const fleet = await createFleet();
	const serial = `SN-${freshName()}`;
	const { manufacturer } = await added(authority);
	await claim(fleet, serial, manufacturer);
	const problem = await expectProblem(await add(other), "conflict");
	expect(problem["detail"]).toContain(manufacturer);
	expect((await operate("DELETE", `/v1/manufacturers/${manufacturer}`)).status).toBe(204);
	expect(await added(other)).toMatchObject({ manufacturer });
	expect((await come(serial, other)).status).toBe(201);
});
