// The devices of an account over HTTP: taken over with the keys that they have, listed as they could be taken over again.
import { exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accountObjectName } from "../../../../../src/entitlement/ids.ts";
import { Firewall } from "../../../../support/firewall.ts";
import { createFleet, type Fleet, publish } from "../../../../support/fleet.ts";
import { bindings, replaceStores } from "../../../../support/object-bindings.ts";
import { operate, operated, operatorRequest, send, sendUndeclared } from "../../../../support/service.ts";
import { FakeRecordStore } from "../../../../support/stand-ins/fake-record-store.ts";
import { expectOAuthError, expectProblem } from "../../../support/expectations.ts";
import { newProduct, permitOf } from "../../../support/fixtures.ts";

interface Result {
	readonly result: string;
	readonly device?: string;
	readonly status?: string;
	readonly code?: string;
	readonly errors?: readonly { readonly field: string }[];
}
type Line = Record<string, unknown>;
interface Page {
	readonly devices: readonly (Line & { readonly device: string })[];
	readonly next: string | null;
}

let product: string;
let fleet: Fleet;
beforeEach(async () => {
	product = await newProduct();
	fleet = await createFleet({ products: [product], seats: 5 });
});
afterEach(() => {
	vi.restoreAllMocks();
});

async function take(devices: readonly unknown[], account = fleet.account): Promise<Result[]> {
	const answer = await operated<{ results: Result[] }>("POST", `/v1/accounts/${account}/devices`, { devices });
	return answer.results;
}

let serials = 0;
async function lineOf(firewall: Firewall, more: Line = {}): Promise<Line> {
	serials += 1;
	return { serial: `FW-${serials}`, model: "PA-440", jwk: firewall.publicJwk, license: fleet.license, ...more };
}

describe("an imported firewall", () => {
	it.each(["ES256", "Ed25519"] as const)("gets a token with its %s key, and downloads a release", async (algorithm) => {
		await publish(product, "1.0.0", "rules");
		const firewall = await Firewall.create(algorithm);
		const [result] = await take([await lineOf(firewall, { dpop_bound: false })]);
		expect(result).toMatchObject({ result: "created", status: "active" });
		firewall.clientId = result?.device ?? "";
		await firewall.authenticate();
		const { version, url } = await permitOf(firewall, product);
		expect([version, await (await send(url)).text()]).toEqual(["1.0.0", "rules"]);
	});

	it("that is suspended gets no token before it is reinstated", async () => {
		const firewall = await Firewall.create();
		const [result] = await take([await lineOf(firewall, { status: "suspended", dpop_bound: false })]);
		expect(result).toMatchObject({ result: "created", status: "suspended" });
		firewall.clientId = result?.device ?? "";
		await expectOAuthError(await firewall.requestToken(), 400, "unauthorized_client");
		await operated("POST", `/v1/devices/${firewall.clientId}/reinstate`, {});
		await firewall.authenticate();
	});

	it("gets no token without a proof by its key, unless the line says that it may", async () => {
		const firewall = await Firewall.create();
		const [result] = await take([await lineOf(firewall, {})]);
		firewall.clientId = result?.device ?? "";
		expect((await firewall.requestToken()).ok).toBe(false);
		await firewall.authenticate(true);
		await take([await lineOf(firewall, { dpop_bound: false })]);
		await firewall.authenticate();
	});
});

describe("a batch", () => {
	it("answers for each line in its place, whatever the others are", async () => {
		const [one, other] = [await Firewall.create(), await Firewall.create()];
		const pair = await generateKeyPair("ES256", { extractable: true });
		const written: string[] = [];
		for (const name of ["log", "warn", "error"] as const)
			vi.spyOn(console, name).mockImplementation((...args) => void written.push(args.map(String).join(" ")));
		const secret = await exportJWK(pair.privateKey);
		const line = await lineOf(one);
		const body = {
			devices: [
				line,
				{ ...(await lineOf(other)), serial: "FW 1" },
				{ ...(await lineOf(other)), jwk: secret },
				{ ...(await lineOf(other)), license: "lic-00000000" },
				5,
				{ ...line, labels: { site: "paris" } },
				line,
			],
		};
		const answer = await sendUndeclared(`/v1/accounts/${fleet.account}/devices`, operatorRequest("POST", body));
		const text = await answer.text();
		const { results } = JSON.parse(text) as { results: Result[] };
		expect(results.map(({ result, code }) => code ?? result)).toEqual([
			...["created", "malformed", "private_key", "unknown_license", "malformed", "changed", "same"],
		]);
		expect(results[1]?.errors).toMatchObject([{ field: "serial" }]);
		const device = results[0]?.device ?? "";
		const shown = await operate("GET", `/v1/devices/${device}`);
		expect(await shown.json()).toMatchObject({ device, labels: { site: "paris" }, jwk: one.publicJwk, ha_group: null });
		for (const said of [text, ...written]) expect(said).not.toContain(secret.d);
		expect(written.length).toBeGreaterThan(0);
	});

	it("is refused as a whole where it is none", async () => {
		const path = `/v1/accounts/${fleet.account}/devices`;
		for (const body of [{}, { devices: [] }, { devices: {} }, { devices: Array(101).fill({}) }]) {
			await expectProblem(await operate("POST", path, body), "invalid_request");
		}
		const unknown = fleet.account.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
		const good = { devices: [{}] };
		await expectProblem(await operate("POST", `/v1/accounts/${unknown}/devices`, good), "invalid_identifier");
		await expectProblem(await operate("POST", path, { devices: ["x".repeat(65_536)] }), "content_too_large");
	});

	it("is put off while a store is so far behind that the records of ten batches wait for it", async () => {
		const stub = bindings.ACCOUNT.getByName(accountObjectName(fleet.account));
		const large = await createFleet({ products: [product], seats: 2_000 });
		const object = bindings.ACCOUNT.getByName(accountObjectName(large.account));
		const store = new FakeRecordStore();
		await replaceStores(object, { kv: store });
		store.break("before");
		const jwk = (number: number) => ({
			...{ kty: "OKP", crv: "Ed25519" },
			x: btoa(
				String.fromCharCode(
					...new Uint8Array(32).map((_, at) => (at === 0 ? number % 256 : at === 1 ? number >> 8 : 7)),
				),
			)
				.replaceAll("+", "-")
				.replaceAll("/", "_")
				.replaceAll("=", ""),
		});
		const lines = Array.from({ length: 1_100 }, (_, number) => ({
			...{ serial: `S-${number}`, model: "PA-440", jwk: jwk(number), license: large.license },
		}));
		const path = `/v1/accounts/${large.account}/devices`;
		for (let at = 0; at < 1_000; at += 100) {
			const answer = await operated("POST", path, { devices: lines.slice(at, at + 100) });
			expect(answer["waiting"]).toBe(at + 100);
		}
		const refusal = await operate("POST", path, { devices: lines.slice(1_000) });
		expect(Number(refusal.headers.get("retry-after"))).toBeLessThanOrEqual(5);
		await expectProblem(refusal, "unavailable");
		// No matter of another account.
		expect(await stub.listDevices()).toEqual([]);
		expect(await take([await lineOf(await Firewall.create())])).toMatchObject([{ result: "created" }]);
	});
});

describe("the list of an account's devices", () => {
	it("comes in pages of any size, each once, as lines of which another account becomes the same", async () => {
		const firewalls = await Promise.all(Array.from({ length: 5 }, () => Firewall.create()));
		const more = [
			{},
			{ labels: { site: "berlin" } },
			{ dpop_bound: true },
			{ status: "suspended" },
			{ model: "PA-1410" },
		];
		await take(await Promise.all(firewalls.map((one, index) => lineOf(one, more[index]))));
		const all = async (account: string, limit: number) => {
			const found: Line[] = [];
			for (let after: string | null = ""; after !== null; ) {
				const page: Page = await operated("GET", `/v1/accounts/${account}/devices?limit=${limit}&after=${after}`);
				expect(page.devices.length).toBeLessThanOrEqual(limit);
				found.push(...page.devices);
				after = page.next;
			}
			return found;
		};
		const found = await all(fleet.account, 2);
		expect(await all(fleet.account, 1_000)).toEqual(found);
		expect(new Set(found.map(({ device }) => device)).size).toBe(5);

		const there = await createFleet({ products: [product], seats: 5 });
		const lines = found.map(({ serial, model, jwk, labels, dpop_bound, status, device: id, activated_at }) => ({
			...{ serial, model, jwk, labels, dpop_bound, status, id, activated_at, license: there.license },
		}));
		expect((await take(lines, there.account)).map(({ result }) => result)).toEqual(Array(5).fill("created"));
		const essence = (devices: Line[]) =>
			devices
				.map(({ serial, model, jwk, jkt, labels, dpop_bound, status }) =>
					JSON.stringify([serial, model, jwk, jkt, labels, dpop_bound, status]),
				)
				.toSorted();
		expect(essence(await all(there.account, 1_000))).toEqual(essence(found));
	});

	it("shows one device, of an account that has it", async () => {
		const [result] = await take([await lineOf(await Firewall.create())]);
		expect(await operated("GET", `/v1/devices/${result?.device}`)).toMatchObject({ status: "active" });
		const other = await createFleet({ products: [product] });
		const stranger = await (await Firewall.create()).activate(other.code);
		await operated("POST", `/v1/devices/${stranger.clientId}/revoke`, {});
		expect(await operated("GET", `/v1/devices/${stranger.clientId}`)).toMatchObject({ status: "revoked" });
		await expectProblem(await operate("GET", `/v1/devices/${result?.device}0`), "invalid_identifier");
	});
});
