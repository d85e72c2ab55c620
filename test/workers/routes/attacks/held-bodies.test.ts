// Whoever begins a request while a key, a code or an assertion is good, and holds its body back until it is not, gets nothing:
// what a request may do is decided when its body is there.
import { expect, test } from "vitest";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet, makePackage } from "../../../support/fleet.ts";
import { ISSUER, operated, sendUndeclared } from "../../../support/service.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { devicesOf, newProduct, newScene, offerOf } from "../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const clock = useFrozenClock();

interface Held {
	/** Sends the body. */
	readonly end: () => Promise<Response>;
	/** Sends no more of it, as a connection that breaks. */
	readonly breakOff: () => Promise<Response>;
}

/** Sends everything of a request but its body, and waits until the service waits for that. */
async function hold(
	path: string,
	init: { method: string; headers: Record<string, string> },
	text: string,
): Promise<Held> {
	const body = new TextEncoder().encode(text);
	const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
	const writer = writable.getWriter();
	const headers = { ...init.headers, "content-length": String(body.length) };
	const answer = sendUndeclared(path, { ...init, headers, body: readable });
	// The first byte is taken by whoever reads the body, and by nobody else.
	await writer.write(body.slice(0, 1));
	return {
		end: async () => {
			await writer.write(body.slice(1));
			await writer.close();
			return answer;
		},
		breakOff: async () => {
			await writer.abort("the connection is gone");
			return answer;
		},
	};
}

async function newKey(scopes: readonly string[]): Promise<{ id: string; key: string }> {
	return operated("POST", "/v1/keys", { subject: "olivia", scopes });
}

const withKey = (key: string, type: string) => ({ authorization: `Bearer ${key}`, "content-type": type });

test("a request of an API key that is revoked before the body comes changes nothing", async () => {
	const { id, key } = await newKey(["operate"]);
	const name = `Held back at ${clock.start()}`;
	const init = { method: "POST", headers: withKey(key, "application/json") };
	const held = await hold("/v1/accounts", init, JSON.stringify({ name }));
	await operated("DELETE", `/v1/keys/${id}`);
	await expectProblem(await held.end(), "unauthenticated");
	const { accounts } = await operated<{ accounts: { name: string }[] }>("GET", "/v1/accounts");
	expect(accounts.map((account) => account.name)).not.toContain(name);
});

test("a change is dated when its body came", async () => {
	const { key } = await newKey(["operate"]);
	const init = { method: "POST", headers: withKey(key, "application/json") };
	const held = await hold("/v1/accounts", init, JSON.stringify({ name: `Dated at ${clock.start()}` }));
	clock.moveTo(HOUR);
	expect(await (await held.end()).json()).toMatchObject({ created_at: clock.timeAfter(HOUR) });
});

test("an upload by a key that is revoked before the last byte fills no version", async () => {
	const product = await newProduct();
	const { id, key } = await newKey([`publish:${product}`]);
	const { digest } = await makePackage("held back");
	const headers = { ...withKey(key, "application/octet-stream"), "repr-digest": digest };
	const held = await hold(`/v1/products/${product}/releases/1.0.0/package`, { method: "PUT", headers }, "held back");
	await operated("DELETE", `/v1/keys/${id}`);
	await expectProblem(await held.end(), "unauthenticated");
	const { releases } = await operated<{ releases: unknown[] }>("GET", `/v1/products/${product}/releases`);
	expect(releases).toEqual([]);
});

test("an assertion that ends before the form comes gives no token", async () => {
	const { code } = await newScene({ kind: "elastic", ends_at: clock.timeAfter(DAY) });
	const firewall = await (await Firewall.create()).activate(code);
	const form = new URLSearchParams({
		grant_type: "client_credentials",
		client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
		client_assertion: await firewall.assertion(),
	});
	const headers = { "content-type": "application/x-www-form-urlencoded" };
	const held = await hold("/oauth2/token", { method: "POST", headers }, form.toString());
	clock.moveTo(HOUR);
	await expectOAuthError(await held.end(), 401, "invalid_client");
});

test("a code that ends before the metadata comes activates nothing", async () => {
	const fleet = await createFleet({
		products: [await newProduct()],
		license: { ends_at: clock.timeAfter(DAY) },
	});
	const firewall = await Firewall.create();
	const url = `${ISSUER}/oauth2/register`;
	const metadata = { jwks: { keys: [firewall.publicJwk] }, device_serial: "FW-1", device_model: "FW-100" };
	const code = await operated<{ code: string }>("POST", `/v1/accounts/${fleet.account}/codes`, {
		license: fleet.license,
		expires_at: clock.timeAfter(60 * SECOND),
	});
	const headers = {
		authorization: `DPoP ${code.code}`,
		dpop: await firewall.proof("POST", url, code.code),
		"content-type": "application/json",
	};
	const held = await hold("/oauth2/register", { method: "POST", headers }, JSON.stringify(metadata));
	clock.moveTo(61 * SECOND);
	await expectOAuthError(await held.end(), 401, "invalid_token");
	expect(await devicesOf(fleet.account)).toEqual([]);
});

test("an offer that ends before the request for its permit comes gives none", async () => {
	const { firewall, product } = await newScene({ ends_at: clock.timeAfter(DAY) }, false);
	const { capability } = await offerOf(firewall, product);
	const headers = { authorization: `Bearer ${firewall.accessToken}`, "content-type": "application/json" };
	const held = await hold("/v1/permits", { method: "POST", headers }, JSON.stringify({ offer: capability }));
	clock.moveTo(HOUR);
	await expectProblem(await held.end(), "offer_expired");
});

test("a body that breaks off is refused like one that is no JSON, and changes nothing", async () => {
	const { key } = await newKey(["operate"]);
	const name = `Broken off at ${clock.start()}`;
	const init = { method: "POST", headers: withKey(key, "application/json") };
	const held = await hold("/v1/accounts", init, JSON.stringify({ name }));
	await expectProblem(await held.breakOff(), "invalid_request");
	const { accounts } = await operated<{ accounts: { name: string }[] }>("GET", "/v1/accounts");
	expect(accounts.map((account) => account.name)).not.toContain(name);
});
