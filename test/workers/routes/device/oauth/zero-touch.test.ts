// Zero touch: an appliance with its maker's certificate is activated without an auth code, under the account that has claimed its serial number.
import { beforeAll, describe, expect, test } from "vitest";
import { type Authority, type Issued, makeAuthority } from "../../../../support/certificates.ts";
import { Firewall } from "../../../../support/firewall.ts";
import { createFleet, type Fleet } from "../../../../support/fleet.ts";
import { freshName } from "../../../../support/fresh-names.ts";
import { operate, operated, send } from "../../../../support/service.ts";
import { type Connection, callOn, registerWith, shows, tokenBy } from "../../../support/certified-firewall.ts";
import { expectOAuthError, expectProblem } from "../../../support/expectations.ts";

let maker: Authority;
let manufacturer: string;
let fleet: Fleet;
beforeAll(async () => {
	maker = await makeAuthority([
		["O", "Example Firewalls"],
		["CN", "Device CA"],
	]);
	const body = { name: "Example Firewalls", certificate: maker.pem };
	({ manufacturer } = await operated<{ manufacturer: string }>("POST", "/v1/manufacturers", body));
	fleet = await createFleet({ seats: 50 });
});

const factory = (serial: string, by: Authority = maker) =>
	by.issue({
		subject: [
			["O", "Example Firewalls"],
			["serialNumber", serial],
		],
		notAfter: 253_402_300_799,
	});
const claim = (
	serials: string[],
	of: Pick<Fleet, "account" | "license"> = fleet,
	named: string | null = manufacturer,
) =>
	operated<{ claims: { serial: string; device: string | null; spent: boolean }[]; taken: string[] }>(
		"POST",
		`/v1/accounts/${of.account}/claims`,
		{ serials, license: of.license, ...(named !== null && { manufacturer: named }) },
	);
const claims = async (serial: string) =>
	(
		await operated<{ claims: { serial: string; device: string | null; spent: boolean }[] }>(
			"GET",
			`/v1/accounts/${fleet.account}/claims`,
		)
	).claims.find((one) => one.serial === serial);
const come = (firewall: Firewall, serial: string, connection: Connection, more = {}) =>
	registerWith(firewall, null, connection, {
		token_endpoint_auth_method: "private_key_jwt",
		device_serial: serial,
		...more,
	});

/** One whose maker's certificate is good, and which an account has claimed. */
async function claimed(): Promise<{ serial: string; certificate: Issued; firewall: Firewall }> {
	const serial = `SN-${freshName()}`;
	await claim([serial]);
	return { serial, certificate: await factory(serial), firewall: await Firewall.create() };
}

describe("an appliance whose serial number an account has claimed", () => {
	test("is activated under the license of the claim, and known by its own key from then on", async () => {
		const { serial, certificate, firewall } = await claimed();
		const answer = await come(firewall, serial, shows(certificate));
		expect(answer.status).toBe(201);
		const body = (await answer.json()) as Record<string, string>;
		expect(body).toMatchObject({ account: fleet.account, license: fleet.license, device_serial: serial });
		firewall.clientId = body["client_id"] ?? "";
		await firewall.authenticate();
		expect((await firewall.call("GET", "/v1/check")).status).toBe(200);
		expect(await claims(serial)).toMatchObject({ device: firewall.clientId, spent: false });
	});

	test("or by that very certificate, where it wants to", async () => {
		const { serial, certificate, firewall } = await claimed();
		const answer = await come(firewall, serial, shows(certificate), { token_endpoint_auth_method: "tls_client_auth" });
		firewall.clientId = ((await answer.json()) as { client_id: string }).client_id;
		const token = (await (await tokenBy(firewall, shows(certificate))).json()) as {
			access_token: string;
			token_type: string;
		};
		firewall.accessToken = token.access_token;
		firewall.tokenType = token.token_type;
		expect((await callOn(firewall, "GET", "/v1/check", shows(certificate))).status).toBe(200);
	});

	test("is the same device when it asks again with its key", async () => {
		const { serial, certificate, firewall } = await claimed();
		const first = (await (await come(firewall, serial, shows(certificate))).json()) as { client_id: string };
		const again = await come(firewall, serial, shows(certificate));
		expect(again.status).toBe(200);
		expect(await again.json()).toMatchObject({ client_id: first.client_id });
	});

	test.each([
		["in other capitals", (serial: string) => serial.toLowerCase()],
		["behind what it is", (serial: string) => `PID:FW-440 SN:${serial}`],
	])("counts with a certificate that writes it %s", async (_, written) => {
		const { serial, firewall } = await claimed();
		expect((await come(firewall, serial, shows(await factory(written(serial))))).status).toBe(201);
	});

	test("is one device, however many keys come for it at once", async () => {
		const { serial, certificate } = await claimed();
		const answers = await Promise.all(
			Array.from({ length: 4 }, async () => come(await Firewall.create(), serial, shows(certificate))),
		);
		expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403]);
	});

	test("comes back with a new key once it has given up its seat, and not before", async () => {
		const { serial, certificate, firewall } = await claimed();
		const body = (await (await come(firewall, serial, shows(certificate))).json()) as {
			client_id: string;
			registration_access_token: string;
		};
		const reset = await Firewall.create();
		await expectOAuthError(await come(reset, serial, shows(certificate)), 403, "access_denied");
		const headers = { authorization: `Bearer ${body.registration_access_token}` };
		expect((await send(`/oauth2/register/${body.client_id}`, { method: "DELETE", headers })).status).toBe(204);
		expect((await come(reset, serial, shows(certificate))).status).toBe(201);
	});

	test("does not come back by itself after it was revoked, until it is claimed again", async () => {
		const { serial, certificate, firewall } = await claimed();
		const { client_id } = (await (await come(firewall, serial, shows(certificate))).json()) as { client_id: string };
		await operated("POST", `/v1/devices/${client_id}/revoke`, { reason: "stolen" });
		const reset = await Firewall.create();
		const refusal = await expectOAuthError(await come(reset, serial, shows(certificate)), 403, "access_denied");
		expect(refusal.error_description).toContain("revoked");
		expect(await claims(serial)).toMatchObject({ spent: true });
		await claim([serial]);
		expect((await come(reset, serial, shows(certificate))).status).toBe(201);
	});
});

describe("nobody is activated without a code", () => {
	test("whose serial number nobody has claimed, or has given back", async () => {
		const serial = `SN-${freshName()}`;
		const certificate = await factory(serial);
		await expectOAuthError(await come(await Firewall.create(), serial, shows(certificate)), 403, "access_denied");
		await claim([serial]);
		expect((await operate("DELETE", `/v1/accounts/${fleet.account}/claims/${serial}`)).status).toBe(204);
		await expectOAuthError(await come(await Firewall.create(), serial, shows(certificate)), 403, "access_denied");
		await expectProblem(await operate("DELETE", `/v1/accounts/${fleet.account}/claims/${serial}`), "not_found");
	});

	test("who says another serial number than its certificate", async () => {
		const { certificate, firewall } = await claimed();
		const { serial: other } = await claimed();
		await expectOAuthError(await come(firewall, other, shows(certificate)), 400, "invalid_client_metadata");
	});

	test("by a certificate of another maker's, of somebody with that maker's name, or of none", async () => {
		const { serial, firewall } = await claimed();
		const foreign = await factory(serial, await makeAuthority([["CN", "Foreign CA"]]));
		const inItsName = await factory(serial, await makeAuthority(maker.name));
		const nameless = await maker.issue({ subject: [["CN", serial]] });
		const two = await maker.issue({
			subject: [
				["serialNumber", serial],
				["serialNumber", "SN-2"],
			],
		});
		const odd = await maker.issue({ subject: [["serialNumber", `${serial} or so`]] });
		for (const certificate of [foreign, inItsName, nameless, two, odd]) {
			await expectOAuthError(await come(firewall, serial, shows(certificate)), 401, "invalid_token");
		}
	});

	test("by a certificate that was not verified, was revoked, has ended, or is a header of a stranger's", async () => {
		const { serial, certificate, firewall } = await claimed();
		const now = Math.floor(Date.now() / 1000);
		const ended = await maker.issue({ subject: [["serialNumber", serial]], notAfter: now - 5 });
		const connections: Connection[] = [
			shows(certificate, { certVerified: "FAILED:self signed certificate" }),
			shows(certificate, { certRevoked: "1" }),
			shows(ended),
			{ headers: { "client-cert": certificate.header } },
			{},
		];
		for (const connection of connections) {
			await expectOAuthError(await come(firewall, serial, connection), 401, "invalid_token");
		}
	});

	test("by a proof that was used before, or by the key of another", async () => {
		const { serial, certificate, firewall } = await claimed();
		const url = "https://mtls.updates.test/oauth2/register";
		const headers = { dpop: await firewall.proof("POST", url) };
		expect((await come(firewall, serial, { ...shows(certificate), headers })).status).toBe(201);
		await expectOAuthError(await come(firewall, serial, { ...shows(certificate), headers }), 400, "invalid_dpop_proof");
		const stranger = { dpop: await (await Firewall.create()).proof("POST", url) };
		await expectOAuthError(
			await come(firewall, serial, { ...shows(certificate), headers: stranger }),
			400,
			"invalid_client_metadata",
		);
	});

	test("once its maker is not known any more", async () => {
		const gone = await makeAuthority([["CN", freshName()]]);
		const body = { name: "Gone", certificate: gone.pem };
		const { manufacturer: id } = await operated<{ manufacturer: string }>("POST", "/v1/manufacturers", body);
		const serial = `SN-${freshName()}`;
		await claim([serial], fleet, id);
		expect((await operate("DELETE", `/v1/manufacturers/${id}`)).status).toBe(204);
		const answer = await come(await Firewall.create(), serial, shows(await factory(serial, gone)));
		await expectOAuthError(answer, 401, "invalid_token");
		const given = await operate("DELETE", `/v1/accounts/${fleet.account}/claims/${serial}?manufacturer=${id}`);
		expect(given.status).toBe(204);
	});

	test("beyond the seats of the license", async () => {
		const small = await createFleet({ seats: 1 });
		const serials = [1, 2].map(() => `SN-${freshName()}`);
		await claim(serials, small);
		const [first = "", second = ""] = serials;
		expect((await come(await Firewall.create(), first, shows(await factory(first)))).status).toBe(201);
		const answer = await come(await Firewall.create(), second, shows(await factory(second)));
		await expectOAuthError(answer, 403, "access_denied");
	});
});

describe("a claim", () => {
	test("is one account's: another one is told that it is taken, in whatever capitals", async () => {
		const [serial, free] = [`SN-${freshName()}`, `SN-${freshName()}`];
		const other = await createFleet();
		expect(await claim([serial, free.toUpperCase()])).toMatchObject({ taken: [] });
		const made = await claim([serial.toLowerCase(), `${free}-2`], other);
		expect(made.taken).toEqual([serial.toLowerCase()]);
		expect(made.claims.map((one) => one.serial)).toEqual([`${free}-2`]);
		const answer = await come(await Firewall.create(), serial, shows(await factory(serial)));
		expect(await answer.json()).toMatchObject({ account: fleet.account });
	});

	test("is one account's too when both claim at once", async () => {
		const serial = `SN-${freshName()}`;
		const [one, two] = await Promise.all([claim([serial]), claim([serial], await createFleet())]);
		expect([...one.taken, ...two.taken]).toEqual([serial]);
	});

	test("is for another account once the first has given it back", async () => {
		const serial = `SN-${freshName()}`;
		const other = await createFleet();
		await claim([serial]);
		await operate("DELETE", `/v1/accounts/${fleet.account}/claims/${serial}`);
		expect((await claim([serial], other)).taken).toEqual([]);
		await expectProblem(await operate("DELETE", `/v1/accounts/${fleet.account}/claims/${serial}`), "not_found");
		const answer = await come(await Firewall.create(), serial, shows(await factory(serial)));
		expect(await answer.json()).toMatchObject({ account: other.account });
	});

	test("names its maker where there are several, a license of the account, and serial numbers", async () => {
		const path = `/v1/accounts/${fleet.account}/claims`;
		const { license } = fleet;
		const serials = [`SN-${freshName()}`];
		const ask = (body: object) => operate("POST", path, body);
		await expectProblem(await ask({ serials, license: "lic-00000000" }), "not_found");
		await expectProblem(await ask({ serials, license, manufacturer: "mfr-0000000000000000" }), "invalid_request");
		await expectProblem(await ask({ serials: [], license }), "invalid_request");
		await expectProblem(await ask({ serials: ["a b"], license }), "invalid_request");
		const second = await makeAuthority([["CN", freshName()]]);
		await operated("POST", "/v1/manufacturers", { name: "Second", certificate: second.pem });
		await expectProblem(await ask({ serials, license }), "invalid_request");
	});

	test("leaves its traces in the trail", async () => {
		const serial = `SN-${freshName()}`;
		await claim([serial]);
		await operate("DELETE", `/v1/accounts/${fleet.account}/claims/${serial}?manufacturer=${manufacturer}`);
		const { events } = await operated<{ events: { type: string; subject: string }[] }>(
			"GET",
			`/v1/accounts/${fleet.account}/events?type=claim&order=newest&limit=10`,
		);
		const own = events.filter(({ subject }) => subject === serial).map(({ type }) => type);
		expect(own).toEqual(["claim.remove", "claim.create"]);
	});
});

describe("a manufacturer", () => {
	test("is the one that there was, with the same authority", async () => {
		const again = await operate("POST", "/v1/manufacturers", { name: "Again", certificate: maker.pem });
		expect(again.status).toBe(200);
		expect(await again.json()).toMatchObject({ manufacturer, subject: "CN=Device CA,O=Example Firewalls" });
	});

	test.each([
		["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
		["a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"],
		["nothing", ""],
		["odd base64", "-----BEGIN CERTIFICATE-----\nAAAAA\n-----END CERTIFICATE-----"],
	])("is none with %s", async (_, certificate) => {
		await expectProblem(await operate("POST", "/v1/manufacturers", { name: "None", certificate }), "invalid_request");
	});

	test("is none with an appliance's certificate", async () => {
		const { pem: certificate } = await maker.issue({ subject: [["serialNumber", "SN-1"]] });
		const refused = await operate("POST", "/v1/manufacturers", { name: "None", certificate });
		expect(await expectProblem(refused, "invalid_request")).toMatchObject({
			errors: [{ field: "certificate", message: expect.stringContaining("the authority's is expected") }],
		});
	});
});
