// Firewalls boot with wrong clocks. One that proves its key is told the right time; single use of assertions does not suffer.
import { beforeAll, describe, expect, test } from "vitest";
import { Firewall, nowSeconds } from "../../../../support/firewall.ts";
import { createFleet } from "../../../../support/fleet.ts";
import { ISSUER } from "../../../../support/service.ts";
import { expectOAuthError } from "../../../support/expectations.ts";
import { devicesOf, newFirewall, newProduct } from "../../../support/fixtures.ts";

const HOUR = 3600;
let firewall: Firewall;
beforeAll(async () => {
	firewall = await newFirewall((await createFleet({ products: [await newProduct()] })).code);
});

/** An assertion by a clock that is off, good for a minute of that clock. */
const assertionOff = (offSeconds: number, more = {}) => {
	const iat = nowSeconds() + offSeconds;
	return firewall.assertion({ claims: { iat, exp: iat + 60, ...more } });
};

/** @param direction which way, and by how many seconds where it matters */
async function expectClockError(answer: Response, status: number, error: string, direction: RegExp): Promise<void> {
	const body = await expectOAuthError(answer, status, error);
	expect(body.error_description).toMatch(direction);
	expect(Math.abs((body.server_time ?? 0) - nowSeconds())).toBeLessThanOrEqual(1);
	expect(answer.headers.get("date")).toBe(new Date((body.server_time ?? 0) * 1000).toUTCString());
}

describe("a token request by a clock that is", () => {
	test.each([
		["five hours behind", -5 * HOUR, /about 1800\d s behind/],
		["eleven years behind", -11 * 365 * 24 * HOUR, /about 3468960\d\d s behind/],
		["two minutes behind", -125, /about 12[5-9] s behind/],
		["two minutes ahead", 125, /about 12[0-5] s ahead of/],
		["five hours ahead", 5 * HOUR, /about (18000|1799\d) s ahead of/],
	])("%s is refused with the server's time", async (_, off, direction) => {
		const answer = await firewall.requestToken({ client_assertion: await assertionOff(off) });
		await expectClockError(answer, 401, "invalid_client", direction);
	});

	test.each([
		["a minute behind", -59],
		["right", 0],
		["a minute ahead", 58],
	])("%s gets a token", async (_, off) => {
		expect((await firewall.requestToken({ client_assertion: await assertionOff(off) })).status).toBe(200);
	});

	test("hours off, with the right time from the refusal, gets a token at the second try", async () => {
		const refused = await firewall.requestToken({ client_assertion: await assertionOff(-7 * HOUR) });
		const { server_time = 0 } = await expectOAuthError(refused, 401, "invalid_client");
		const assertion = await firewall.assertion({ claims: { iat: server_time, exp: server_time + 60 } });
		expect((await firewall.requestToken({ client_assertion: assertion })).status).toBe(200);
	});

	test("counting in milliseconds is told the unit, whichever of its times shows it", async () => {
		const iat = nowSeconds() * 1000;
		for (const exp of [iat + 60, iat + 60_000]) {
			const assertion = await firewall.assertion({ claims: { iat, exp } });
			const refused = await firewall.requestToken({ client_assertion: assertion });
			const { error_description } = await expectOAuthError(refused, 401, "invalid_client");
			expect(error_description).toContain("in seconds since 1970");
		}
	});

	test("off is not told the time without the key", async () => {
		const forged = `${(await assertionOff(-5 * HOUR)).slice(0, -8)}AAAAAAAA`;
		const body = await expectOAuthError(
			await firewall.requestToken({ client_assertion: forged }),
			401,
			"invalid_client",
		);
		expect(body).not.toHaveProperty("server_time");
	});

	test("700 s behind is told so, however long it says that the assertion is good", async () => {
		const assertion = await assertionOff(-700, { exp: nowSeconds() - 100 });
		const answer = await firewall.requestToken({ client_assertion: assertion });
		await expectClockError(answer, 401, "invalid_client", /about 70\d s behind/);
	});

	test("not valid yet is told the time as well", async () => {
		const answer = await firewall.requestToken({
			client_assertion: await firewall.assertion({ claims: { nbf: nowSeconds() + 600 } }),
		});
		await expectClockError(answer, 401, "invalid_client", /about (600|59\d) s ahead of/);
	});
});

describe.each([
	["500 s behind", -500, /about 50\d s behind/],
	["hours behind", -5 * HOUR, /about 1800\d s behind/],
	["hours ahead of", 5 * HOUR, /about (18000|1799\d) s ahead of/],
])("a DPoP proof by a clock %s the server's", (_, off, direction) => {
	test("is refused with the server's time at registration, and takes no seat", async () => {
		const fleet = await createFleet({ products: [await newProduct()] });
		const fresh = await Firewall.create();
		const claims = { iat: nowSeconds() + off };
		const proof = await fresh.proof("POST", `${ISSUER}/oauth2/register`, fleet.code, { claims });
		await expectClockError(await fresh.register(fleet.code, { proof }), 400, "invalid_dpop_proof", direction);
		expect(await devicesOf(fleet.account)).toEqual([]);
	});

	test("is refused with the server's time at the token endpoint", async () => {
		const proof = await firewall.proof("POST", `${ISSUER}/oauth2/token`, undefined, {
			claims: { iat: nowSeconds() + off },
		});
		await expectClockError(await firewall.requestToken({}, proof), 400, "invalid_dpop_proof", direction);
	});
});

describe("an assertion without DPoP", () => {
	test("is good once, however often it is sent, one after the other", async () => {
		const assertion = await firewall.assertion();
		expect((await firewall.requestToken({ client_assertion: assertion })).status).toBe(200);
		for (const _ of [1, 2, 3]) {
			await expectOAuthError(await firewall.requestToken({ client_assertion: assertion }), 401, "invalid_client");
		}
	});

	test("is good once, also when twenty copies arrive together", async () => {
		const other = await newFirewall((await createFleet({ products: [await newProduct()] })).code);
		const assertion = await other.assertion();
		const answers = await Promise.all(
			Array.from({ length: 20 }, () => other.requestToken({ client_assertion: assertion })),
		);
		expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(19).fill(401)]);
	});

	test("under a jti that another device used is good", async () => {
		const other = await newFirewall((await createFleet({ products: [await newProduct()] })).code);
		const claims = { jti: "the-same-jti" };
		for (const device of [firewall, other]) {
			const assertion = await device.assertion({ claims });
			expect((await device.requestToken({ client_assertion: assertion })).status).toBe(200);
		}
	});
});
