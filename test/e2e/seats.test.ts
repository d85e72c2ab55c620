// Twenty seats and many times as many firewalls that want one at once, over HTTP: each with its own key and proof, many of them
// cut off before they have their answer. Whoever is cut off tries again, with the same code and the same key.
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createPrivateJwk, type DeviceKey, importDeviceKey } from "../../cli/firewall/identity/device-key.ts";
import { runs } from "../support/runs.ts";
import { operate } from "./support/fleet.ts";
import { type RunningService, startService } from "./support/service.ts";

const SEATS = 20;
// With whoever tries again, below what one code may be used in a minute.
const FIREWALLS = runs(80, 100);

let service: RunningService;
beforeAll(async () => {
	service = await startService();
	await operate(service, "POST", "/v1/products", { product: "crs", plan: "immediate" });
});
afterAll(() => service?.close());

/** What becomes of an attempt: the whole answer is read, or its head, or nothing but the request leaves. */
type Cut = "never" | "at_the_answer" | "when_sent";

interface Answer {
	readonly status: number;
	readonly body: unknown;
}

interface Firewall {
	readonly number: number;
	readonly key: DeviceKey;
}

const registered = z.object({ client_id: z.string() });
const oauthError = z.object({ error: z.string(), error_description: z.string() });
const devicePage = z.object({ devices: z.array(z.object({ device: z.string(), status: z.string() })) });
const licensePage = z.object({ licenses: z.array(z.object({ seats_taken: z.number() })) });

async function createFirewalls(): Promise<Firewall[]> {
	const create = async (_: unknown, number: number) => ({
		number,
		key: await importDeviceKey(await createPrivateJwk("ES256")),
	});
	return Promise.all(Array.from({ length: FIREWALLS }, create));
}

async function createLicense(terms: Record<string, unknown>): Promise<{ path: string; code: string }> {
	const { account } = await operate<{ account: string }>(service, "POST", "/v1/accounts", {
		name: "Test account",
		same_name: true,
	});
	const path = `/v1/accounts/${account}`;
	const ends = { ends_at: new Date(Date.now() + 86_400_000).toISOString() };
	const license = { products: ["crs"], seats: SEATS, ...ends, ...terms };
	const made = await operate<{ license: string }>(service, "POST", `${path}/licenses`, license);
	const uses = { license: made.license, uses: FIREWALLS };
	const { code } = await operate<{ code: string }>(service, "POST", `${path}/codes`, uses);
	return { path, code };
}

/** @returns null: cut off, and nobody knows what the service did */
async function register({ number, key }: Firewall, code: string, cut: Cut): Promise<Answer | null> {
	const url = `${service.url}/oauth2/register`;
	const dpop = await key.proveRequest("POST", url, Math.floor(Date.now() / 1_000), code);
	const body = JSON.stringify({
		jwks: { keys: [key.publicJwk] },
		token_endpoint_auth_method: "private_key_jwt",
		grant_types: ["client_credentials"],
		dpop_bound_access_tokens: true,
		device_serial: `SN-${number}`,
		device_model: "FW-100",
	});
	const headers = {
		authorization: `DPoP ${code}`,
		dpop,
		"content-type": "application/json",
		"content-length": Buffer.byteLength(body),
		// Each is somewhere else: the rate limit is per address, and of IPv6 per /64.
		"cf-connecting-ip": `2001:db8:0:${number.toString(16)}::1`,
	};
	return new Promise((resolve, reject) => {
		const sent = request(url, { method: "POST", headers }, (answer) => {
			if (cut === "at_the_answer") {
				sent.destroy();
				return resolve(null);
			}
			text(answer)
				.then((body) => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(body) }))
				.catch(reject);
		});
		sent.on("error", (error) => (cut === "never" ? reject(error) : resolve(null)));
		sent.end(body, () => {
			if (cut !== "when_sent") return;
			sent.destroy();
			resolve(null);
		});
	});
}

const CUTS: readonly Cut[] = ["when_sent", "at_the_answer", "never", "never", "never"];

/** As a firewall does it: until there is an answer. @returns it, and how often there was none */
async function activate(firewall: Firewall, code: string): Promise<{ answer: Answer; lost: number }> {
	const cut = CUTS[firewall.number % CUTS.length] ?? "never";
	const first = await register(firewall, code, cut);
	if (first !== null) return { answer: first, lost: 0 };
	const second = await register(firewall, code, firewall.number % 2 === 0 ? "at_the_answer" : "never");
	if (second !== null) return { answer: second, lost: 1 };
	const third = await register(firewall, code, "never");
	if (third === null) throw new Error("it was not to be cut off");
	return { answer: third, lost: 2 };
}

describe.each([
	["fixed", {}],
	["elastic", { kind: "elastic", lease_minutes: 15 }],
])(`%s: ${SEATS} seats, and ${FIREWALLS} firewalls at once, many of which are cut off and try again`, (_, terms) => {
	it("are 20 devices, each with its seat and its one id, and all others are told that there is none", async () => {
		const [firewalls, { path, code }] = [await createFirewalls(), await createLicense(terms)];
		const outcomes = await Promise.all(firewalls.map((firewall) => activate(firewall, code)));
		expect(outcomes.reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThan(FIREWALLS / 5);

		const idOf = ({ status, body }: Answer) => (status < 300 ? registered.parse(body).client_id : null);
		const ids = outcomes.map(({ answer }) => idOf(answer));
		const { devices } = devicePage.parse(await operate(service, "GET", `${path}/devices`));
		expect(devices.map(({ device }) => device).sort()).toEqual(ids.filter((id) => id !== null).sort());
		expect(devices.map(({ status }) => status)).toEqual(Array.from({ length: SEATS }, () => "active"));
		expect(new Set(ids).size).toBe(SEATS + 1);
		const { licenses } = licensePage.parse(await operate(service, "GET", `${path}/licenses`));
		expect(licenses.map(({ seats_taken: taken }) => taken)).toEqual([SEATS]);

		const again = await Promise.all(firewalls.map((firewall) => register(firewall, code, "never")));
		expect(again.map((answer) => answer && idOf(answer))).toEqual(ids);
		const refused = [...outcomes.map(({ answer }) => answer), ...again].filter(
			(answer) => (answer?.status ?? 0) >= 300,
		);
		expect(refused).toHaveLength((FIREWALLS - SEATS) * 2);
		for (const answer of refused) {
			const { error, error_description: description } = oauthError.parse(answer?.body);
			expect([answer?.status, error]).toEqual([403, "access_denied"]);
			expect(description).toContain("every seat of the license is taken");
		}
		expect(again.filter((answer) => answer?.status === 200)).toHaveLength(SEATS);
	});
});
