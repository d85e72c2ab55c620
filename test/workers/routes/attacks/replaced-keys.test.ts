// MAC_KEYS rotate: a key that leaves the ring takes with it what it has sealed, and everything that was given on the
// strength of an access token under it, whichever key was in front by then.
import { beforeEach, describe, expect, test } from "vitest";
import type { Firewall } from "../../../support/firewall.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { Edge } from "../../support/edge.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newScene, type Scene } from "../../support/fixtures.ts";

const OLD = TEST_SECRETS.MAC_KEYS;
const NEW = `local2:${"A".repeat(43)}`;
const edgeWith = (keys: string) => new Edge("kv", { MAC_KEYS: keys });

let scene: Scene;
let firewall: Firewall;
let query: string;
beforeEach(async () => {
	scene = await newScene({}, false);
	firewall = scene.firewall;
	query = `?installed=${scene.product}`;
});

async function offerAt(edge: Edge): Promise<string> {
	const { products } = await edge.check(firewall, query);
	return products[0]?.offer?.capability ?? "";
}

/** The rings of a routine rotation, as docs/operations.md has it. While a step is on its way, edges run with two of them. */
const ROTATION = [OLD, `${OLD},${NEW}`, `${NEW},${OLD}`];

describe.each([
	["is being appended", ROTATION[0], ROTATION[1]],
	["is being moved to the front", ROTATION[1], ROTATION[2]],
] as const)("while a new key %s", (_, before = "", after = "") => {
	test.each([
		["that has it already takes what one gives that has it not", before, after],
		["that has it not takes what one gives that has it already", after, before],
	])("an edge %s", async (__, giver, taker) => {
		const from = edgeWith(giver);
		const to = edgeWith(taker);
		await from.authenticate(firewall);
		const first = await from.get(firewall, `/v1/check${query}`);
		const offer = await offerAt(from);
		const headers = { "if-none-match": first.headers.get("etag") ?? "" };
		expect((await to.get(firewall, `/v1/check${query}`, headers)).status).toBe(304);
		const permit = await to.permit(firewall, offer);
		expect(permit.status).toBe(201);
		const { url } = (await permit.json()) as { url: string };
		expect((await from.download(url)).status).toBe(200);
	});
});

test("a new key that is put in front at once breaks what edges without it are given: so it is appended first", async () => {
	const ahead = edgeWith(`${NEW},${OLD}`);
	await ahead.authenticate(firewall);
	await expectProblem(await edgeWith(OLD).get(firewall, `/v1/check${query}`), "unauthenticated");
});

describe("a new key in front", () => {
	test("ends nothing: token, ETag and offer of the old key count, and new tokens are under the new one", async () => {
		const first = await edgeWith(OLD).get(firewall, `/v1/check${query}`);
		const offer = await offerAt(edgeWith(OLD));
		const edge = edgeWith(`${NEW},${OLD}`);
		const headers = { "if-none-match": first.headers.get("etag") ?? "" };
		expect((await edge.get(firewall, `/v1/check${query}`, headers)).status).toBe(304);
		expect((await edge.permit(firewall, offer)).status).toBe(201);
		await edge.authenticate(firewall);
		expect(firewall.accessToken).toMatch(/^local2\./);
		expect((await edge.check(firewall, query)).products[0]?.status).toBe("offered");
	});
});

describe("a key that is gone", () => {
	test("ends its tokens", async () => {
		await expectProblem(await edgeWith(NEW).get(firewall, `/v1/check${query}`), "unauthenticated");
	});

	test.each([
		["alone", OLD],
		["behind the new key", `${NEW},${OLD}`],
	])("ends the offers and ETags under its tokens, given while it was %s in the ring", async (_, keys) => {
		const before = edgeWith(keys);
		const first = await before.get(firewall, `/v1/check${query}`);
		const offer = await offerAt(before);
		expect((await before.permit(firewall, offer)).status).toBe(201);

		const after = edgeWith(NEW);
		await expectProblem(await after.permit(firewall, offer), "offer_invalid");
		const other = await newScene({}, false);
		await after.authenticate(other.firewall);
		await after.check(other.firewall, query);
		const headers = { "if-none-match": first.headers.get("etag") ?? "" };
		await expectProblem(await after.get(firewall, `/v1/check${query}`, headers), "unauthenticated");
	});

	test("leaves the device: it gets a token under the new key, and an offer with it", async () => {
		const after = edgeWith(NEW);
		await after.authenticate(firewall);
		expect((await after.permit(firewall, await offerAt(after))).status).toBe(201);
	});
});
