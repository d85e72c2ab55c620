// Stores that answer with something that is not the present record: spoilt, of another key, or from the past.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { publish } from "../../../support/fleet.ts";
import { Edge } from "../../support/edge.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { newFirewall, newScene, type Scene, setStatus } from "../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();
/** Past everything that an isolate takes without asking. */
const LATER = 20 * SECOND;

let scene: Scene;
beforeEach(async () => {
	scene = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
});
afterEach(() => {
	vi.restoreAllMocks();
});

const objectCalls = ({ account, product, directory }: Edge) => account.calls + product.calls + directory.calls;

describe("corrupt record", () => {
	const spoilt: readonly (readonly [string, (key: string, text: string) => string])[] = [
		["garbage", () => "\u0000\ufffd{"],
		["an empty text", () => ""],
		["{}", () => "{}"],
		["null", () => "null"],
		["HTML", () => "<html><title>502 Bad Gateway</title></html>"],
		["half of it", (_, text) => text.slice(0, text.length / 2)],
		[
			"another id's record",
			(key, text) => text.replace(`"key":"${key}"`, `"key":"${key.slice(0, -1)}${key.endsWith("x") ? "y" : "x"}"`),
		],
		["a version that is none", (_, text) => text.replace(/"version":\d+/, '"version":"new"')],
	];
	const spoil = (change: (key: string, text: string) => string) => (key: string, text: string | null) =>
		text === null ? null : change(key, text);

	test.each(spoilt)("%s in the first store: the second one answers", async (_, change) => {
		const edge = new Edge("redis,kv");
		edge.redis.tell = spoil(change);
		expect(await edge.permitted(scene.firewall, scene.product)).not.toHaveProperty("degraded");
		expect((await edge.token(scene.firewall)).status).toBe(200);
		expect([edge.kv.reads, objectCalls(edge)]).toEqual([edge.redis.reads, 0]);
	});

	const inAll = [...spoilt, ["a body of another kind", (_: string, text: string) => bodiless(text)] as const];
	test.each(inAll)("%s in all stores: the objects are asked", async (_, change) => {
		const edge = new Edge("redis,kv");
		edge.redis.tell = spoil(change);
		edge.kv.tell = spoil(change);
		expect(await edge.permitted(scene.firewall, scene.product)).not.toHaveProperty("degraded");
		expect((await edge.token(scene.firewall)).status).toBe(200);
		expect(objectCalls(edge)).toBeGreaterThanOrEqual(2);
	});

	test.each(inAll)("%s in all stores, and no objects: the last good copy, or a 503", async (_, change) => {
		const edge = new Edge();
		const { firewall } = scene;
		await edge.check(firewall);
		await edge.get(firewall, "/v1/entitlements");
		const stranger = await newFirewall(scene.code, false);
		edge.kv.tell = spoil(change);
		edge.setOwners("fails");
		moveTo(LATER);
		expect(await edge.check(firewall)).toMatchObject({ degraded: true, as_of: timeAfter(0) });
		expect((await edge.token(firewall)).status).toBe(200);
		await expectOAuthError(await edge.token(stranger), 503, "temporarily_unavailable");
	});

	test("a lower version than the isolate has seen: it stays with what it knows, and says nothing of old copies", async () => {
		const edge = new Edge();
		const { firewall, product } = scene;
		const other = await newFirewall(scene.code, false);
		await edge.kv.freeze();
		const past = edge.kv.tell;
		edge.kv.tell = (_, text) => text;
		await publish(product, "1.1.0", "new rules");
		await setStatus(other, "revoke");
		expect(await edge.offered(firewall, product)).toBe("1.1.0");
		await expectOAuthError(await edge.token(other), 400, "unauthorized_client");
		edge.kv.tell = past;
		moveTo(LATER);
		const answer = await edge.check(firewall, `?installed=${product}`);
		expect(answer.products[0]?.offer?.version).toBe("1.1.0");
		expect(answer).not.toHaveProperty("degraded");
		await expectProblem(await edge.get(other, "/v1/check"), "device_refused");
		await expectOAuthError(await edge.token(other), 400, "unauthorized_client");
	});
});

/** The record under its key, with a version that nobody has seen and nothing in it. */
function bodiless(text: string): string {
	const { key, version } = JSON.parse(text) as { key: string; version: number };
	return JSON.stringify({ key, version: version + 1, body: { nothing: true } });
}

describe("KV older than Redis", () => {
	/** KV stays behind; Redis learns of a release and of a revocation. */
	async function leaveKvBehind(edge: Edge): Promise<void> {
		await edge.kv.freeze();
		await publish(scene.product, "1.1.0", "new rules");
		await setStatus(scene.firewall, "revoke");
	}

	test("an isolate that has read the newer record keeps to it when Redis goes", async () => {
		const edge = new Edge("redis,kv");
		const other = await newFirewall(scene.code, false);
		await leaveKvBehind(edge);
		expect(await edge.offered(other, scene.product)).toBe("1.1.0");
		await expectOAuthError(await edge.token(scene.firewall), 400, "unauthorized_client");
		edge.redis.mood = "fails";
		moveTo(LATER);
		expect(await edge.offered(other, scene.product)).toBe("1.1.0");
		await expectProblem(await edge.get(scene.firewall, "/v1/check"), "device_refused");
		await expectOAuthError(await edge.token(scene.firewall), 400, "unauthorized_client");
	});

	test("one that starts without Redis is as old as KV, and never goes back once Redis is there", async () => {
		const edge = new Edge("redis,kv");
		const other = await newFirewall(scene.code, false);
		await leaveKvBehind(edge);
		edge.redis.mood = "fails";
		expect(await edge.offered(other, scene.product)).toBe("1.0.0");
		edge.redis.mood = "well";
		moveTo(LATER);
		expect(await edge.offered(other, scene.product)).toBe("1.1.0");
		edge.redis.mood = "mute";
		moveTo(2 * LATER);
		expect(await edge.offered(other, scene.product)).toBe("1.1.0");
		await expectProblem(await edge.get(scene.firewall, "/v1/check"), "device_refused");
	});
});

describe("replica behind primary", () => {
	test("its region is as old as the replica until that has caught up, also about a revocation", async () => {
		const near = new Edge("redis");
		const far = new Edge("redis");
		const { firewall, product } = scene;
		const other = await newFirewall(scene.code, false);
		await far.redis.freeze();
		await publish(product, "1.1.0", "new rules");
		await setStatus(firewall, "suspend");
		expect([await near.offered(other, product), await far.offered(other, product)]).toEqual(["1.1.0", "1.0.0"]);
		await expectProblem(await near.get(firewall, "/v1/check"), "device_refused");
		expect((await far.get(firewall, "/v1/check")).status).toBe(200);
		far.redis.tell = (_, text) => text;
		moveTo(LATER);
		expect(await far.offered(other, product)).toBe("1.1.0");
		await expectProblem(await far.get(firewall, "/v1/check"), "device_refused");
		await expectOAuthError(await far.token(firewall), 400, "unauthorized_client");
	});

	test("`heads` before the record it leads to: the object shows the record", async () => {
		const edge = new Edge("redis");
		await publish(scene.product, "1.1.0", "new rules");
		edge.redis.tell = (key, text) => (key.startsWith("product:") ? null : text);
		expect(await edge.offered(scene.firewall, scene.product)).toBe("1.1.0");
		expect([edge.product.calls, edge.directory.calls]).toEqual([1, 0]);
	});

	test("a device that it does not have yet: the object shows it", async () => {
		const edge = new Edge("redis");
		await edge.redis.freeze();
		const newcomer = await newFirewall(scene.code, false);
		expect((await edge.token(newcomer)).status).toBe(200);
		expect(edge.account.calls).toBe(1);
	});

	test("a released package can be downloaded before the replica knows of it", async () => {
		const near = new Edge("redis");
		const far = new Edge("redis");
		await far.redis.freeze();
		await publish(scene.product, "1.1.0", "new rules");
		const { url } = await near.permitted(scene.firewall, scene.product);
		expect((await far.download(url)).status).toBe(200);
	});
});

test("a token that was made from an old copy counts only with the device's record, once that can be read, though no deny list has the device yet", async () => {
	const edge = new Edge();
	const { firewall } = scene;
	await edge.check(firewall);
	await edge.token(firewall);
	edge.takeDown();
	moveTo(LATER);
	const answer = await edge.token(firewall);
	expect(answer.status).toBe(200);
	const { access_token: token } = (await answer.json()) as { access_token: string };
	const check = (accessToken: string) =>
		edge.send("/v1/check", { headers: { authorization: `Bearer ${accessToken}` } });
	expect((await check(token)).status).toBe(200);

	edge.restore();
	await edge.kv.freeze();
	const past = edge.kv.tell;
	await setStatus(firewall, "suspend");
	edge.kv.tell = (key, text) => (key.startsWith("device:") ? text : past(key, text));
	moveTo(3 * LATER);
	await expectProblem(await check(token), "device_refused");
	expect((await check(firewall.accessToken)).status).toBe(200);
});
