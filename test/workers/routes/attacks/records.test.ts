// A thief who may write to the stores: nothing that is put there without the deployment's keys is believed, by no route.
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { formatRecord } from "../../../../src/storage/record-store.ts";
import { Firewall } from "../../../support/firewall.ts";
import { publish } from "../../../support/fleet.ts";
import { operate } from "../../../support/service.ts";
import { storedIn } from "../../../support/stored-record.ts";
import { Edge } from "../../support/edge.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { newScene, type Scene } from "../../support/fixtures.ts";

let scene: Scene;
let edge: Edge;
let key: string;
beforeEach(async () => {
	scene = await newScene({}, false);
	edge = new Edge("kv,redis");
	key = `device:${scene.firewall.clientId}`;
});

/** Both stores show this from now on. */
function plant(planted: string, text: string): void {
	edge.kv.tell = (asked, real) => (asked === planted ? text : real);
	edge.redis.tell = edge.kv.tell;
}

async function body<T extends object>(of: string): Promise<T> {
	return (await storedIn(env.RECORDS, of))?.body as T;
}

test("a device's record with another key makes nobody that device, and the device goes on", async () => {
	const thief = await Firewall.create();
	const record = { ...(await body(key)), jwk: thief.publicJwk, jkt: await thief.thumbprint(), dpopBound: false };
	plant(key, formatRecord(key, { version: 999, body: record }));
	thief.clientId = scene.firewall.clientId;
	await expectOAuthError(await edge.token(thief), 401, "invalid_client");
	expect((await edge.token(scene.firewall)).status).toBe(200);
});

test("another device's sealed record under a device's key is refused, and does not stay in the isolate", async () => {
	const other = await newScene({}, false);
	plant(key, (await env.RECORDS.get(`device:${other.firewall.clientId}`)) ?? "");
	expect((await edge.token(scene.firewall)).status).toBe(200);
	plant(key, (await env.RECORDS.get(key)) ?? "");
	expect((await edge.token(scene.firewall)).status).toBe(200);
});

test("a product's record with other bytes is offered to nobody", async () => {
	const { denied: _, products } = await body<{ denied: number; products: Record<string, number> }>("heads");
	const productKey = `product:${scene.product}@${products[scene.product]}`;
	const record = await body<{ releases: { sha256: string }[] }>(productKey);
	const releases = record.releases.map((release) => ({ ...release, sha256: "ab".repeat(32) }));
	plant(productKey, formatRecord(productKey, { version: 999, body: { ...record, releases } }));
	await edge.authenticate(scene.firewall);
	const { products: answers } = await edge.check(scene.firewall, `?installed=${scene.product}`);
	expect(answers[0]?.offer?.sha256).toBe(scene.content.sha256);
});

test("a forged `heads` neither hides a release nor lifts a denial", async () => {
	const before = await env.RECORDS.get("heads");
	await publish(scene.product, "2.0.0", "newer");
	await operate("POST", `/v1/devices/${scene.firewall.clientId}/suspend`, { reason: "a test" });
	const { products, messages } = await body<{ products: object; messages: number }>("heads");
	plant("heads", formatRecord("heads", { version: 9_999, body: { products, messages, denied: 0 } }));
	await expectProblem(await edge.get(scene.firewall, "/v1/check"), "device_refused");
	expect(before).not.toBeNull();
});

test("nothing under a key's hash makes an API key", async () => {
	const forged = "pk_0123456789abcdefghjkmnpqrstvwxyz";
	for (const name of ["credential:", "credential:any"]) {
		plant(
			name,
			formatRecord(name, { version: 1, body: { id: "key-x", subject: "x", scopes: ["operate"], revoked: false } }),
		);
		await expectProblem(await edge.sendJson("GET", "/v1/accounts", forged), "unauthenticated");
	}
	expect(edge.kv.reads.filter((name) => name.startsWith("credential"))).toEqual([]);
});
