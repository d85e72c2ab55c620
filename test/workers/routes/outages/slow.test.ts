// Stores that are worse than gone: they take their time, or answer now and then. What is measured is virtual time, all of
// it spent waiting.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { REPLICATED_READ_SETTINGS } from "../../../../src/storage/replicated/replicated-record-store.ts";
import { Edge } from "../../support/edge.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { newScene, type Scene } from "../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";
import { inVirtualTime } from "../../support/virtual-time.ts";

const { timeAfter, moveTo } = useFrozenClock();
const { hedgeMs, timeoutMs } = REPLICATED_READ_SETTINGS;
/** Two stores that do not answer in time, and then the object, which is given a second. */
const dueRecordMs = hedgeMs + timeoutMs + 1_000;

let scene: Scene;
beforeEach(async () => {
	scene = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
});
afterEach(() => {
	vi.restoreAllMocks();
});

describe("slow store", () => {
	test.each([
		["redis,kv", "redis"],
		["kv,redis", "kv"],
	] as const)(
		"the first of %s takes 2 s: each read costs 40 ms, no object is asked, nothing is old",
		async (stores, slow) => {
			const edge = new Edge(stores);
			edge[slow].mood = "slow";
			const { firewall, product } = scene;
			const check = await inVirtualTime(edge, () => edge.check(firewall, `?installed=${product}`));
			expect(check.value.products[0]?.offer?.version).toBe("1.0.0");
			expect(check.value).not.toHaveProperty("degraded");
			expect(edge[slow].reads.length).toBeGreaterThan(1);
			expect(check.waitedMs).toBe(edge[slow].reads.length * hedgeMs);
			expect(check.waitedMs).toBeLessThanOrEqual(250);
			const token = await inVirtualTime(edge, () => edge.token(firewall));
			expect([token.value.status, token.waitedMs]).toEqual([200, hedgeMs]);
			const permit = await inVirtualTime(edge, () => edge.permitted(firewall, product));
			expect(permit.value).not.toHaveProperty("degraded");
			expect([edge.directory.calls, edge.product.calls, edge.account.calls]).toEqual([0, 0, 0]);
		},
	);

	test("both take 2 s: each read costs 190 ms, and then the object answers", async () => {
		expect(hedgeMs + timeoutMs).toBe(190);
		const edge = new Edge("redis,kv");
		edge.setStores("slow");
		const token = await inVirtualTime(edge, () => edge.token(scene.firewall));
		expect([token.value.status, token.waitedMs]).toEqual([200, hedgeMs + timeoutMs]);
	});

	test("after 20 slow calls it is left alone, and costs nothing", async () => {
		// This isolate reads anew with each request.
		const edge = new Edge("redis,kv", { HEADS_FRESH_SECONDS: "0", DEVICE_FRESH_SECONDS: "0" });
		edge.redis.mood = "slow";
		const ask = () => inVirtualTime(edge, () => edge.get(scene.firewall, "/v1/entitlements"));
		expect((await ask()).waitedMs).toBeGreaterThanOrEqual(hedgeMs);
		while (edge.redis.reads.length < REPLICATED_READ_SETTINGS.breaker.minCalls) await ask();
		const { value, waitedMs } = await ask();
		expect([value.status, waitedMs]).toEqual([200, 0]);
		expect(edge.redis.reads).toHaveLength(REPLICATED_READ_SETTINGS.breaker.minCalls);
	});

	test("objects that take 2 s as well cost a known device a second more for each due record, and then it is answered", async () => {
		const edge = new Edge("redis,kv");
		const { firewall, product } = scene;
		await edge.permitted(firewall, product);
		edge.setStores("slow");
		edge.setOwners("slow");
		moveTo(60 * SECOND);
		const { value, waitedMs } = await inVirtualTime(edge, () => edge.check(firewall, `?installed=${product}`));
		expect(value).toMatchObject({ degraded: true, as_of: timeAfter(0) });
		expect(waitedMs).toBe(dueRecordMs);
		const offer = value.products[0]?.offer?.capability ?? "";
		moveTo(120 * SECOND);
		const permit = await inVirtualTime(edge, () => edge.permit(firewall, offer));
		moveTo(180 * SECOND);
		const token = await inVirtualTime(edge, () => edge.token(firewall));
		moveTo(240 * SECOND);
		const entitlements = await inVirtualTime(edge, () => edge.get(firewall, "/v1/entitlements"));
		expect([permit.value.status, token.value.status, entitlements.value.status]).toEqual([201, 200, 200]);
		// A token asks for the device's record and for `heads` at once, the others for one after the other.
		const waits = [permit, token, entitlements].map(({ waitedMs }) => waitedMs / dueRecordMs);
		expect(waits).toEqual([2, 1, 2]);
		const next = await inVirtualTime(edge, () => edge.check(firewall));
		expect(next.waitedMs).toBeLessThanOrEqual(dueRecordMs);
	});

	test("and one that nobody knows a 503 after that time", async () => {
		const edge = new Edge("redis,kv");
		edge.setStores("slow");
		edge.setOwners("slow");
		const check = await inVirtualTime(edge, () => edge.get(scene.firewall, "/v1/check"));
		await expectProblem(check.value, "unavailable");
		// Until then nobody at this location asks the Directory again, and the token fails sooner.
		moveTo(60 * SECOND);
		const token = await inVirtualTime(edge, () => edge.token(scene.firewall));
		await expectOAuthError(token.value, 503, "temporarily_unavailable");
		for (const { waitedMs } of [check, token]) expect(waitedMs).toBe(dueRecordMs);
	});
});

describe("half-broken store", () => {
	test.each([
		["redis,kv", "redis"],
		["kv,redis", "kv"],
	] as const)("every second call of the first of %s fails: the other one covers for it", async (stores, broken) => {
		const edge = new Edge(stores);
		edge[broken].mood = "half-broken";
		const { firewall, product } = scene;
		for (let round = 0; round < 30; round++) {
			moveTo(round * 20 * SECOND);
			expect(await edge.check(firewall, `?installed=${product}`)).not.toHaveProperty("degraded");
			expect((await edge.token(firewall)).status).toBe(200);
			expect(await (await edge.get(firewall, "/v1/entitlements")).json()).not.toHaveProperty("degraded");
		}
		expect([edge.directory.calls, edge.product.calls, edge.account.calls]).toEqual([0, 0, 0]);
	});

	test("one that stands alone: what fails twice is asked of its object", async () => {
		const edge = new Edge("kv");
		edge.kv.mood = "half-broken";
		const { firewall, product } = scene;
		for (let round = 0; round < 30; round++) {
			moveTo(round * 20 * SECOND);
			expect(await edge.check(firewall, `?installed=${product}`)).not.toHaveProperty("degraded");
			expect(await (await edge.get(firewall, "/v1/entitlements")).json()).not.toHaveProperty("degraded");
		}
		const asked = edge.directory.calls + edge.product.calls + edge.account.calls;
		expect(asked).toBeGreaterThan(0);
		expect(asked).toBeLessThan(edge.kv.reads.length);
	});
});
