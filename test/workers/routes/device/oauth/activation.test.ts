// Activation over HTTP: seats are never oversold, a lost answer costs nothing, and a device that leaves gives its seat back.
import { expect, test } from "vitest";
import { Firewall } from "../../../../support/firewall.ts";
import { createFleet } from "../../../../support/fleet.ts";
import { operated, send } from "../../../../support/service.ts";
import { expectOAuthError } from "../../../support/expectations.ts";
import { devicesOf, newProduct, setStatus, tampered } from "../../../support/fixtures.ts";

async function firewalls(count: number): Promise<Firewall[]> {
	return Promise.all(Array.from({ length: count }, () => Firewall.create()));
}

async function seatsTaken(account: string): Promise<number> {
	const { licenses } = await operated<{ licenses: { seats_taken: number }[] }>(
		"GET",
		`/v1/accounts/${account}/licenses`,
	);
	return licenses[0]?.seats_taken ?? -1;
}

const identityOf = async (answer: Response) => ((await answer.json()) as { client_id: string }).client_id;

test.each([
	[1, 2],
	[3, 12],
])("of %i seats, %i devices that ask at once get no more", async (seats, count) => {
	const fleet = await createFleet({ products: [await newProduct()], seats, uses: 100 });
	const answers = await Promise.all((await firewalls(count)).map((firewall) => firewall.register(fleet.code)));
	const refused = answers.filter(({ status }) => status !== 201);
	expect(refused).toHaveLength(count - seats);
	for (const answer of refused) await expectOAuthError(answer, 403, "access_denied");
	expect(await devicesOf(fleet.account)).toHaveLength(seats);
	expect(await seatsTaken(fleet.account)).toBe(seats);
});

test("a code activates as many devices as it may, however many seats are left", async () => {
	const fleet = await createFleet({ products: [await newProduct()], seats: 10, uses: 1 });
	const [first, second] = await firewalls(2);
	expect((await first?.register(fleet.code))?.status).toBe(201);
	await expectOAuthError((await second?.register(fleet.code)) as Response, 403, "access_denied");
	expect(await devicesOf(fleet.account)).toHaveLength(1);
});

test("the same code and key again get the same device and no second seat, at once or later", async () => {
	const fleet = await createFleet({ products: [await newProduct()], seats: 2, uses: 1 });
	const firewall = await Firewall.create();
	const answers = await Promise.all(Array.from({ length: 5 }, () => firewall.register(fleet.code)));
	const later = await firewall.register(fleet.code.toLowerCase().replaceAll("-", ""));
	expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
	expect(later.status).toBe(200);
	expect(new Set(await Promise.all([...answers, later].map(identityOf))).size).toBe(1);
	expect(await seatsTaken(fleet.account)).toBe(1);
});

test.each([
	["a serial number that is active already", "serial_taken"],
	["a key that belongs to another serial number", "serial_changed"],
])("%s is refused", async (_, reason) => {
	const fleet = await createFleet({ products: [await newProduct()] });
	const firewall = await (await Firewall.create()).activate(fleet.code, { serial: "SN-7" });
	const answer =
		reason === "serial_taken"
			? await (await Firewall.create()).register(fleet.code, { serial: "SN-7" })
			: await firewall.register(fleet.code, { serial: "SN-8" });
	await expectOAuthError(answer, 403, "access_denied");
	expect((await devicesOf(fleet.account)).map(({ serial }) => serial)).toEqual(["SN-7"]);
});

test("an ended license takes no device", async () => {
	const hourAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
	const license = { starts_at: hourAgo(48), ends_at: hourAgo(1), grace_days: 30 };
	const fleet = await createFleet({ products: [await newProduct()], license });
	await expectOAuthError(await (await Firewall.create()).register(fleet.code), 403, "access_denied");
	expect(await devicesOf(fleet.account)).toEqual([]);
});

async function deactivate(firewall: Firewall, token = firewall.registrationToken, id = firewall.clientId) {
	const headers = { authorization: `Bearer ${token}`, "cf-connecting-ip": firewall.address };
	return send(`/oauth2/register/${id}`, { method: "DELETE", headers });
}

test("a device that deactivates frees its seat, may repeat that, and comes back under its old id", async () => {
	const fleet = await createFleet({ products: [await newProduct()], seats: 1 });
	const firewall = await (await Firewall.create()).activate(fleet.code);
	expect((await deactivate(firewall)).status).toBe(204);
	expect((await deactivate(firewall)).status).toBe(204);
	expect(await seatsTaken(fleet.account)).toBe(0);
	await expectOAuthError(await firewall.requestToken(), 400, "unauthorized_client");

	const back = await firewall.register(fleet.code);
	expect([back.status, await identityOf(back)]).toEqual([201, firewall.clientId]);
	expect((await firewall.requestToken()).status).toBe(200);
});

test("only the device's own registration token deactivates it", async () => {
	const fleet = await createFleet({ products: [await newProduct()] });
	const [firewall, other] = await Promise.all(
		(await firewalls(2)).map((created) => created.activate(fleet.code)) as [Promise<Firewall>, Promise<Firewall>],
	);
	await firewall.authenticate(false);
	const wrong = [other.registrationToken, firewall.accessToken, tampered(firewall.registrationToken), fleet.code, "x"];
	for (const token of wrong) await expectOAuthError(await deactivate(firewall, token), 401, "invalid_token");
	await expectOAuthError(await deactivate(firewall, firewall.registrationToken, "dev-x"), 401, "invalid_token");
	await expectOAuthError(
		await send(`/oauth2/register/${firewall.clientId}`, { method: "DELETE" }),
		401,
		"invalid_token",
	);
	expect((await devicesOf(fleet.account)).map(({ status }) => status)).toEqual(["active", "active"]);
});

test("a suspended device cannot leave to come back active", async () => {
	const fleet = await createFleet({ products: [await newProduct()] });
	const firewall = await (await Firewall.create()).activate(fleet.code);
	await setStatus(firewall, "suspend");
	await expectOAuthError(await deactivate(firewall), 403, "access_denied");
	expect((await firewall.register(fleet.code)).status).toBe(200);
	expect((await devicesOf(fleet.account)).map(({ status }) => status)).toEqual(["suspended"]);
});

test("a key's own name is given back, and its assertions under it are taken", async () => {
	const fleet = await createFleet({ products: [await newProduct()] });
	const firewall = await Firewall.create();
	firewall.publicJwk["kid"] = "my-key-2026";
	const answer = await firewall.register(fleet.code);
	expect(answer.status).toBe(201);
	const { client_id, jwks } = (await answer.json()) as { client_id: string; jwks: { keys: { kid?: string }[] } };
	expect(jwks.keys.map(({ kid }) => kid)).toEqual(["my-key-2026"]);
	firewall.clientId = client_id;
	const assertion = await firewall.assertion({ header: { kid: "my-key-2026" } });
	expect((await firewall.requestToken({ client_assertion: assertion })).status).toBe(200);
});

test("an appliance is one, in whatever case its serial number is written", async () => {
	const fleet = await createFleet({ products: [await newProduct()], seats: 5 });
	const firewall = await Firewall.create();
	const first = await identityOf(await firewall.register(fleet.code, { serial: "Same-1a" }));
	expect(await identityOf(await firewall.register(fleet.code, { serial: "SAME-1A" }))).toBe(first);
	const another = await (await Firewall.create()).register(fleet.code, { serial: "same-1A" });
	expect((await expectOAuthError(another, 403, "access_denied")).error_description).toContain("serial number");
	expect(await devicesOf(fleet.account)).toMatchObject([{ device: first, serial: "Same-1a" }]);
	expect(await seatsTaken(fleet.account)).toBe(1);
});

test("a code for a serial number is for it in any case, and for no other", async () => {
	const fleet = await createFleet({ products: [await newProduct()], seats: 5 });
	const bound = { license: fleet.license, serial: "PA-0042x", uses: 2 };
	const { code } = await operated<{ code: string }>("POST", `/v1/accounts/${fleet.account}/codes`, bound);
	expect((await (await Firewall.create()).register(code, { serial: "pa-0042X" })).status).toBe(201);
	await expectOAuthError(await (await Firewall.create()).register(code, { serial: "pa-0043X" }), 403, "access_denied");
});

test("a device may leave and return ten times at once, and then once in ten minutes; it may always leave", async () => {
	const fleet = await createFleet({ products: [await newProduct()], seats: 1 });
	const firewall = await (await Firewall.create()).activate(fleet.code);
	for (let round = 1; round <= 10; round++) {
		expect((await deactivate(firewall)).status).toBe(204);
		expect((await firewall.register(fleet.code)).status).toBe(201);
	}
	expect((await deactivate(firewall)).status).toBe(204);
	const refused = await firewall.register(fleet.code);
	const wait = Number(refused.headers.get("retry-after"));
	await expectOAuthError(refused, 429, "temporarily_unavailable");
	expect(wait).toBeGreaterThan(500);
	expect(wait).toBeLessThanOrEqual(600);
	expect(await seatsTaken(fleet.account)).toBe(0);
	expect((await (await Firewall.create()).register(fleet.code)).status).toBe(201);
});

test("one address may ask to leave 60 times a minute, with whatever token", async () => {
	const fleet = await createFleet({ products: [await newProduct()] });
	const firewall = await (await Firewall.create()).activate(fleet.code);
	// Enough for two of the minutes by which the limiter counts, should one end just now.
	const answers = await Promise.all(Array.from({ length: 130 }, () => deactivate(firewall, "x")));
	const refused = answers.filter(({ status }) => status === 429);
	expect(refused.length).toBeGreaterThanOrEqual(10);
	for (const answer of refused) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
});
