// A device that is known by a client certificate (RFC 8705): what it registers, its token, what the token is worth without the certificate,
// and who is refused.
import { describe, expect, test } from "vitest";
import { PROXY_SECRET_HEADER } from "../../../../../src/routes/http/mtls/client-certificate.ts";
import { makeAuthority } from "../../../../support/certificates.ts";
import { Firewall } from "../../../../support/firewall.ts";
import { createFleet } from "../../../../support/fleet.ts";
import { freshName } from "../../../../support/fresh-names.ts";
import { TEST_PROXY_SECRET } from "../../../../support/secrets.ts";
import { operated, send } from "../../../../support/service.ts";
import {
	authenticateBy,
	authority,
	type Connection,
	callOn,
	certificateFor,
	certified,
	MTLS,
	registerWith,
	shows,
	tokenBy,
	updateWith,
} from "../../../support/certified-firewall.ts";
import { expectOAuthError, expectProblem } from "../../../support/expectations.ts";

const { code, account } = await createFleet({ seats: 100, uses: 100 });
const own = await certificateFor("fw-own");
const firewall = await certified(code, own);
const now = Math.floor(Date.now() / 1000);
const ended = await certificateFor("fw-own", { notAfter: now - 5 });
const early = await certificateFor("fw-own", { notBefore: now + 3_600 });
const namesake = await certificateFor("fw-own");
const foreign = await (await makeAuthority(authority.name)).issue({
	subject: [
		["O", "Example"],
		["CN", "fw-own"],
	],
});

/** As a proxy tells of a certificate. */
function throughProxy(header: string | null, secret: string = TEST_PROXY_SECRET): Connection {
	return { headers: { [PROXY_SECRET_HEADER]: secret, ...(header !== null && { "client-cert": header }) } };
}

test("the metadata say where certificates are asked for", async () => {
	const metadata = await (await send("/.well-known/oauth-authorization-server")).json();
	expect(metadata).toMatchObject({
		token_endpoint_auth_methods_supported: ["private_key_jwt", "tls_client_auth"],
		tls_client_certificate_bound_access_tokens: true,
		mtls_endpoint_aliases: {
			token_endpoint: `${MTLS}/oauth2/token`,
			registration_endpoint: `${MTLS}/oauth2/register`,
		},
	});
});

describe("registration", () => {
	test("binds the device to the certificate that it shows", async () => {
		const certificate = await certificateFor("fw-registered");
		const answer = await registerWith(await Firewall.create(), code, shows(certificate));
		expect(await answer.json()).toMatchObject({
			token_endpoint_auth_method: "tls_client_auth",
			tls_client_certificate_bound_access_tokens: true,
			jwks: { keys: [{ "x5t#S256": certificate.x5t }] },
		});
		expect(answer.status).toBe(201);
	});

	test("or to a name that the certificate's issuer gives", async () => {
		const certificate = await certificateFor("fw-named");
		const metadata = { tls_client_auth_subject_dn: "cn=fw-named, O=Example" };
		const answer = await registerWith(await Firewall.create(), code, shows(certificate), metadata);
		expect(await answer.json()).toMatchObject({ tls_client_auth_subject_dn: "CN=fw-named,O=Example" });
	});

	test.each<[string, Connection, object]>([
		["shows none", {}, {}],
		["shows one of a stranger", shows(own, { certVerified: "FAILED:unable to verify the first certificate" }), {}],
		[
			"names the fingerprint of another",
			shows(own),
			{ jwks: { keys: [{ ...firewall.publicJwk, "x5t#S256": "A".repeat(43) }] } },
		],
		["names another subject", shows(own), { tls_client_auth_subject_dn: "CN=fw-other,O=Example" }],
		["names what is no subject", shows(own), { tls_client_auth_subject_dn: "fw-own" }],
		["wants tokens that are bound to nothing", shows(own), { tls_client_certificate_bound_access_tokens: false }],
		[
			"wants to be known by its key as well",
			shows(own),
			{ token_endpoint_auth_method: "private_key_jwt", tls_client_auth_subject_dn: "CN=fw-own,O=Example" },
		],
		[
			"says nothing of the method",
			shows(own),
			{ token_endpoint_auth_method: undefined, tls_client_certificate_bound_access_tokens: true },
		],
		["wants tokens that are bound to its key", shows(own), { dpop_bound_access_tokens: true }],
		["takes a method that nobody has", shows(own), { token_endpoint_auth_method: "self_signed_tls_client_auth" }],
	])("is refused to one that %s", async (_, connection, metadata) => {
		const stranger = await Firewall.create();
		const jwks = { keys: [{ ...stranger.publicJwk, ...("jwks" in metadata && { "x5t#S256": "A".repeat(43) }) }] };
		const answer = await registerWith(stranger, code, connection, { ...metadata, jwks });
		await expectOAuthError(answer, 400, "invalid_client_metadata");
	});
});

describe("a token", () => {
	test("is given by the certificate alone, and bound to it", async () => {
		const answer = await tokenBy(firewall, shows(own));
		expect(answer.status).toBe(200);
		expect(await answer.json()).toMatchObject({ token_type: "Bearer", expires_in: 21_600, scope: "device" });
	});

	test.each<[string, Connection]>([
		["no certificate", {}],
		["no certificate, as Cloudflare says it", shows(null)],
		["one that Cloudflare did not verify", shows(own, { certVerified: "FAILED:self signed certificate" })],
		["one that is no text", shows(own, { certVerified: true })],
		["one that is verified in another word", shows(own, { certVerified: "success" })],
		["one that was revoked", shows(own, { certRevoked: "1" })],
		["one of which it is not said whether", shows(own, { certRevoked: undefined })],
		["one of which it is said by a number", shows(own, { certRevoked: 0 })],
		["one that ended, by the service's clock", shows(ended)],
		["one that does not hold yet", shows(early)],
		["another one of the same name", shows(namesake)],
		["the same name by another authority", shows(foreign)],
		["one that was left out for its size", shows(own, { certRFC9440: "", certRFC9440TooLarge: true })],
		["one of another fingerprint", shows(own, { certFingerprintSHA256: "00".repeat(32) })],
		["one that is no certificate", shows(own, { certRFC9440: ":AAAA:" })],
		["a header of its own making", { headers: { "client-cert": own.header } }],
		["a header and a guessed secret", throughProxy(own.header, "x".repeat(TEST_PROXY_SECRET.length))],
		["a header and an empty secret", throughProxy(own.header, "")],
		[
			"other proxies' headers",
			{ headers: { "x-ssl-cert": own.header, "x-forwarded-client-cert": own.header, "cf-client-cert": own.header } },
		],
		["a proxy that says there is none", throughProxy(null)],
		["a proxy's header in PEM", throughProxy("-----BEGIN CERTIFICATE-----")],
		["a proxy's two certificates", throughProxy(`${own.header}, ${own.header}`)],
	])("is refused to %s", async (_, connection) => {
		await expectOAuthError(await tokenBy(firewall, connection), 401, "invalid_client");
	});

	test("is given through a proxy that is known", async () => {
		expect((await tokenBy(firewall, throughProxy(own.header))).status).toBe(200);
	});

	test("a proxy that says there is none outweighs nothing else: its client has shown none", async () => {
		const both = { ...throughProxy(null), ...shows(own) };
		await expectOAuthError(await tokenBy(firewall, both), 401, "invalid_client");
	});

	test("is refused to another device's certificate, and to a device that has none", async () => {
		const other = await certificateFor("fw-other");
		await certified(code, other);
		await expectOAuthError(await tokenBy(firewall, shows(other)), 401, "invalid_client");
		const keyed = await (await Firewall.create()).activate(code);
		await expectOAuthError(await tokenBy(keyed, shows(own)), 401, "invalid_client");
	});

	test("is refused to the device's key once it is known by a certificate", async () => {
		await expectOAuthError(await firewall.requestToken(), 401, "invalid_client");
	});

	test("needs a client_id, and no method beside it", async () => {
		const { address } = firewall;
		await expectOAuthError(await tokenBy({ clientId: "", address }, shows(own)), 400, "invalid_request");
		const secret = await tokenBy(firewall, shows(own), { client_secret: "x" });
		await expectOAuthError(secret, 401, "invalid_client");
		const half = await tokenBy(firewall, shows(own), { client_assertion: "x" });
		await expectOAuthError(half, 400, "invalid_request");
	});

	test("is refused to an id that nobody has, in the same words", async () => {
		const { address } = firewall;
		const stranger = await expectOAuthError(
			await tokenBy({ clientId: "nobody", address }, shows(own)),
			401,
			"invalid_client",
		);
		const wrong = await expectOAuthError(
			await tokenBy(firewall, shows(await certificateFor("fw-own"))),
			401,
			"invalid_client",
		);
		expect(stranger.error_description).toBe(wrong.error_description);
	});

	test("that a key has got is not bound, and needs no certificate", async () => {
		const keyed = await (await (await Firewall.create()).activate(code)).authenticate();
		expect((await keyed.call("GET", "/v1/check")).status).toBe(200);
	});
});

test("a device that is known by a name takes every certificate of its issuer to that name", async () => {
	const name = freshName();
	const device = await certified(code, await certificateFor(name), {
		tls_client_auth_subject_dn: `CN=${name},O=Example`,
	});
	expect((await tokenBy(device, shows(await certificateFor(name)))).status).toBe(200);
	await expectOAuthError(await tokenBy(device, shows(await certificateFor(`${name}0`))), 401, "invalid_client");
	const other = await (await makeAuthority([["CN", "Foreign CA"]])).issue({
		subject: [
			["O", "Example"],
			["CN", name],
		],
	});
	await expectOAuthError(await tokenBy(device, shows(other)), 401, "invalid_client");
});

describe("with a token that is bound to a certificate", () => {
	const routes: [string, string, unknown?][] = [
		["GET", "/v1/check"],
		["GET", "/v1/messages"],
		["GET", "/v1/entitlements"],
		["POST", "/v1/reports", { permit: "x", outcome: "healthy" }],
		["POST", "/v1/messages/msg-1/ack", {}],
	];

	test.each(routes)(
		"%s %s is refused without it, with another, and under another scheme",
		async (method, path, body) => {
			const device = await authenticateBy(firewall, own);
			const other = await certificateFor("fw-own");
			for (const connection of [
				{},
				shows(null),
				shows(other),
				shows(own, { certRevoked: "1" }),
				{ headers: { "client-cert": own.header } },
			]) {
				await expectProblem(await callOn(device, method, path, connection, body), "unauthenticated");
			}
			const asDpop = { ...shows(own), headers: { authorization: `DPoP ${device.accessToken}` } };
			await expectProblem(await callOn(device, method, path, asDpop, body), "unauthenticated");
		},
	);

	test("the device checks, and is told where to show the certificate that it has forgotten", async () => {
		const device = await authenticateBy(firewall, own);
		expect((await callOn(device, "GET", "/v1/check", shows(own))).status).toBe(200);
		expect((await callOn(device, "GET", "/v1/check", throughProxy(own.header))).status).toBe(200);
		const problem = await expectProblem(await callOn(device, "GET", "/v1/check", {}), "unauthenticated");
		expect(problem["detail"]).toContain(MTLS);
	});

	test("a proof of the key changes nothing: the token is the certificate's", async () => {
		const proof = { dpop: await firewall.proof("POST", `${MTLS}/oauth2/token`) };
		const answer = await tokenBy(firewall, { ...shows(own), headers: proof });
		expect(await answer.json()).toMatchObject({ token_type: "Bearer" });
	});
});

describe("a new certificate", () => {
	test("counts from its registration on, and the one before until it ends", async () => {
		const [old, renewed] = [await certificateFor("fw-renewed"), await certificateFor("fw-renewed")];
		const device = await certified(code, old);
		const answer = await updateWith(device, shows(renewed));
		expect(answer.status).toBe(200);
		expect(await answer.json()).toMatchObject({ jwks: { keys: [{ "x5t#S256": renewed.x5t }] } });
		expect((await tokenBy(device, shows(renewed))).status).toBe(200);
		const seen = await operated("GET", `/v1/devices/${device.clientId}`);
		expect(seen).toMatchObject({ certificates: [{ fingerprint: renewed.x5t }, { fingerprint: old.x5t }] });
		expect((await tokenBy(device, shows(old))).status).toBe(200);
		const third = await certificateFor("fw-renewed");
		expect((await updateWith(device, shows(third))).status).toBe(200);
		await expectOAuthError(await tokenBy(device, shows(old)), 401, "invalid_client");
		const { events } = await operated<{ events: { type: string; detail: string }[] }>(
			"GET",
			`/v1/accounts/${account}/events?type=device.certificate&limit=10`,
		);
		expect(events.some(({ detail }) => detail.includes(third.x5t))).toBe(true);
	});

	test("lets a device in that was known by its key, and back", async () => {
		const keyed = await (await Firewall.create()).activate(code);
		const certificate = await certificateFor("fw-changed");
		expect((await updateWith(keyed, shows(certificate))).status).toBe(200);
		expect((await tokenBy(keyed, shows(certificate))).status).toBe(200);
		await expectOAuthError(await keyed.requestToken(), 401, "invalid_client");
		expect((await updateWith(keyed, {}, { token_endpoint_auth_method: "private_key_jwt" })).status).toBe(200);
		expect((await keyed.requestToken()).status).toBe(200);
	});

	test("is refused without the registration token, the key's proof, or the certificate itself", async () => {
		const device = await certified(code, await certificateFor("fw-kept"));
		const thief = shows(await certificateFor("fw-thief"));
		const bearer = { ...thief, headers: { authorization: "Bearer local1.guess" } };
		await expectOAuthError(await updateWith(device, bearer), 401, "invalid_token");
		const stranger = await Firewall.create();
		const strangersProof = { dpop: await stranger.proof("PUT", `${MTLS}/oauth2/register/${device.clientId}`) };
		const withKey = { jwks: { keys: [stranger.publicJwk] } };
		await expectOAuthError(
			await updateWith(device, { ...thief, headers: strangersProof }),
			400,
			"invalid_client_metadata",
		);
		await expectOAuthError(
			await updateWith(device, { ...thief, headers: strangersProof }, withKey),
			400,
			"invalid_client_metadata",
		);
		await expectOAuthError(await updateWith(device, {}), 400, "invalid_client_metadata");
		const otherSerial = await updateWith(device, thief, { device_serial: "SN-OTHER" });
		await expectOAuthError(otherSerial, 400, "invalid_client_metadata");
	});

	test("is refused to a device that was revoked", async () => {
		const device = await certified(code, await certificateFor("fw-revoked"));
		await operated("POST", `/v1/devices/${device.clientId}/revoke`, { reason: "stolen" });
		const answer = await updateWith(device, shows(await certificateFor("fw-revoked")));
		await expectOAuthError(answer, 401, "invalid_token");
	});
});
