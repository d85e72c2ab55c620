// Three regions of one deployment, on the bundle that is deployed, in real time: what one does the others learn, how soon,
// and what a region does that is cut off from all others. The stores' lags are the harness's; the times are reported.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { locationSeconds } from "../../src/storage/cache/location-copies.ts";
import { HEADS_KEY } from "../../src/storage/keys.ts";
import type { RecordStoreName } from "../../src/storage/record-store-names.ts";
import { revocationBound } from "../../src/storage/revocation-bound.ts";
import { describeWhereRedisIs } from "./support/redis.ts";
import {
	addFirewall,
	createScene,
	eventually,
	eventuallyNoToken,
	eventuallyOffered,
	publishIn,
	reportTimes,
	requestRevocation,
	type Scene,
	timeUntilOffered,
} from "./support/regions.ts";
import { expectComeBack, expectRefusal, RegionFirewall, timeUntilRefused } from "./support/regions-firewall.ts";
import { HEADS_FRESH_SECONDS, type Regions, startRegions } from "./support/regions-start.ts";

/** A test of some stores only; for the others there is none, rather than one that is skipped. */
const onlyIf = (applies: boolean): typeof it | (() => void) => (applies ? it : () => {});

const NEVER_MS = Number.POSITIVE_INFINITY;
/** What a machine that is busy with other things may add to a lag. */
const MACHINE_MS = 3_000;
/** How often old stores are asked again, to show that nothing comes of it. */
const OLD_READS = 2;

for (const [recordStore, cut] of [
	["kv", "refuses"],
	["redis", "refuses"],
	["redis,kv", "silent"],
] as const) {
	const suite = recordStore.includes("redis") ? describeWhereRedisIs : describe;
	suite(`three regions, RECORD_STORE=${recordStore}`, () => {
		let regions: Regions;
		let scene: Scene;
		let lagMs: { readonly least: number; readonly most: number };
		beforeAll(async () => {
			regions = await startRegions(recordStore);
			const lags = regions.stores.map((name) => regions.lagsMs[name]);
			lagMs = { least: Math.min(...lags), most: Math.max(...lags) };
			scene = await createScene(regions);
		});
		afterAll(() => regions?.stop());

		const report = (what: string, timesMs: Record<string, number>) =>
			reportTimes(`RECORD_STORE=${recordStore}: ${what}`, timesMs);

		describe("while all are connected,", () => {
			afterEach(async () => {
				await regions.east.rejoin();
				await regions.west.rejoin();
			});

			it("a release that is published in one is offered in the others after the store's lag, and a second each of its location and isolate", async () => {
				const timesMs = await timeUntilOffered(regions, scene, "1.1.0", regions.west);
				report("publish to offered", timesMs);
				const freshMs = (locationSeconds(HEADS_FRESH_SECONDS) + HEADS_FRESH_SECONDS) * 1_000;
				expect(timesMs.home).toBeLessThan(freshMs + MACHINE_MS);
				for (const remote of [timesMs.east, timesMs.west]) {
					expect(remote).toBeGreaterThanOrEqual(lagMs.least);
					expect(remote).toBeLessThan(lagMs.most + freshMs + MACHINE_MS);
				}
			});

			it("a device that is revoked in one is refused in all, within the bound, and never let in again", async () => {
				const { product } = scene;
				const firewall = await addFirewall(regions, product, scene.code);
				const watch = timeUntilRefused(regions.all, firewall, product);
				expect(await (await requestRevocation(regions.east, firewall)).json()).toMatchObject({ published: true });
				const publishedMs = performance.now();
				const lastAllowedMs = await watch;
				const timesMs = Object.fromEntries([...lastAllowedMs].map(([place, ms]) => [place.name, ms - publishedMs]));
				report("revoke to last answer", timesMs);
				const bound = revocationBound(regions.stores, HEADS_FRESH_SECONDS);
				for (const ms of Object.values(timesMs)) {
					expect(ms).toBeLessThan((bound.locationSeconds + bound.isolateSeconds) * 1_000 + lagMs.most + MACHINE_MS);
				}
				for (const region of regions.all) await eventuallyNoToken(region, firewall);
			});

			it("a device that was just activated in one can use another at once, whose stores do not know it", async () => {
				const { east, west } = regions;
				west.setLags({ kv: NEVER_MS, redis: NEVER_MS });
				const firewall = await RegionFirewall.activate(east, regions.issuer, scene.code);
				const { objects } = await west.counts();
				const startedMs = performance.now();
				await firewall.authenticate(west);
				const offer = await firewall.offer(west, scene.product);
				expect((await firewall.requestPermit(west, offer?.capability ?? "")).status).toBe(201);
				report("activated elsewhere to permit", { west: performance.now() - startedMs });
				expect((await west.counts()).objects).toBeGreaterThan(objects);
			});

			onlyIf(recordStore === "kv")("one that hears of a release before its record comes asks the object", async () => {
				const { home, west } = regions;
				west.holdKv(`product:${scene.product}@`);
				const { objects } = await west.counts();
				await publishIn(home, scene.product, "1.2.0");
				await eventuallyOffered(west, scene, "1.2.0");
				expect((await west.counts()).objects).toBeGreaterThan(objects);
			});

			// With two stores the next test says more.
			onlyIf(recordStore !== "redis,kv")("a release once offered stays, though the store is older", async () => {
				const { home, west } = regions;
				west.setLags({ kv: NEVER_MS, redis: NEVER_MS });
				await west.setLines({ kv: "refuses", redis: "refuses" });
				await publishIn(home, scene.product, "1.3.0");
				await eventuallyOffered(west, scene, "1.3.0");
				await west.setLines({ kv: "answers", redis: "answers" });
				await expectNoReturn("1.3.0", recordStore === "kv" ? "kv" : "redis");
			});

			onlyIf(recordStore === "redis,kv")("a release from Redis stays, though KV is older", async () => {
				const { home, west } = regions;
				west.setLags({ kv: NEVER_MS });
				// Or KV would be heard where Redis takes its time.
				await west.setLines({ kv: "refuses" });
				await publishIn(home, scene.product, "1.3.0");
				await eventuallyOffered(west, scene, "1.3.0");
				await west.setLines({ kv: "answers", redis: "refuses" });
				await expectNoReturn("1.3.0", "kv");
			});

			/** Asks in west while the store, which holds an older release there, is read again. */
			async function expectNoReturn(version: string, store: RecordStoreName): Promise<void> {
				const { home, west } = regions;
				const { product, firewall } = scene;
				const before = await west.counts();
				await eventually(`${store} is read again`, async () => {
					const answer = await firewall.check(west, product);
					expect(answer).not.toHaveProperty("degraded");
					expect(answer.products[0]?.offer?.version).toBe(version);
					return (await west.counts())[store] >= before[store] + OLD_READS;
				});
				// On a busy machine one reading may take too long; not all of them.
				const after = await west.counts();
				expect(after.objects - before.objects).toBeLessThan(after[store] - before[store]);
				expect(await west.storedVersion(store, HEADS_KEY)).toBeLessThan(
					(await home.storedVersion(store, HEADS_KEY)) ?? 0,
				);
			}
		});

		// In order: the last test mends what the others look at.
		describe(`one that is cut off from stores and objects (each ${cut})`, () => {
			let cutAt: number;
			let versionBefore: string | undefined;
			let stranger: RegionFirewall;
			let refusedBefore: RegionFirewall;
			let offerBefore: string;
			let revokedMeanwhile: RegionFirewall;

			beforeAll(async () => {
				const { home, east, west } = regions;
				const { product, code } = scene;
				refusedBefore = await addFirewall(regions, product, code);
				revokedMeanwhile = await addFirewall(regions, product, code);
				offerBefore = (await refusedBefore.offer(west, product))?.capability ?? "";
				await requestRevocation(west, refusedBefore);
				await timeUntilRefused([west], refusedBefore, product);
				versionBefore = await scene.firewall.version(west, product);
				await west.cutOff(cut);
				cutAt = Date.now();
				await publishIn(east, scene.product, "2.0.0");
				await requestRevocation(home, revokedMeanwhile);
				stranger = await (await RegionFirewall.activate(east, regions.issuer, code)).authenticate(east);
			});

			it("goes on with the devices that it knows, and says since when it has heard nothing", async () => {
				const { west } = regions;
				const { product, firewall } = scene;
				const answer = await eventually("west says that it is cut off", async () => {
					const checked = await firewall.check(west, product);
					return checked.degraded && checked;
				});
				const asOf = Date.parse(answer.as_of ?? "");
				expect(asOf).toBeLessThanOrEqual(cutAt);
				expect(asOf).toBeGreaterThan(cutAt - 5_000);
				const offer = answer.products[0]?.offer;
				expect(offer?.version).toBe(versionBefore);
				const requests = [firewall.requestPermit(west, offer?.capability ?? ""), firewall.requestToken(west)];
				expect((await Promise.all(requests)).map(({ status }) => status)).toEqual([201, 200]);
				expect(await firewall.check(west, product)).toMatchObject({ degraded: true });
			});

			it("does not hold up the others", async () => {
				const { home, east } = regions;
				for (const region of [home, east]) {
					const answer = await eventuallyOffered(region, scene, "2.0.0");
					expect(answer).not.toHaveProperty("degraded");
				}
				await timeUntilRefused([home, east], revokedMeanwhile, scene.product);
			});

			it("refuses strangers, and says when to come back", async () => {
				const { west } = regions;
				const offer = await stranger.offer(west, scene.product);
				const requests = [stranger.requestPermit(west, offer?.capability ?? ""), stranger.requestToken(west)];
				for (const reply of await Promise.all(requests)) expectComeBack(reply);
			});

			// An operator would wait for an object for as long as the platform does.
			onlyIf(cut === "refuses")("refuses operators, and says when to come back", async () => {
				expectComeBack(await requestRevocation(regions.west, stranger));
			});

			it("does not let in a device that it had refused", async () => {
				const { west } = regions;
				const [check, permit, token] = await Promise.all([
					refusedBefore.requestCheck(west, scene.product),
					refusedBefore.requestPermit(west, offerBefore),
					refusedBefore.requestToken(west),
				]);
				expectRefusal(check);
				expectRefusal(permit);
				expect(token).toMatchObject({ status: 400, body: { error: "unauthorized_client" } });
			});

			it("cannot know of what was revoked since, and says that it is cut off to that device too", async () => {
				expect(await revokedMeanwhile.check(regions.west, scene.product)).toMatchObject({ degraded: true });
			});

			it("is like the others again when it returns", async () => {
				const { west } = regions;
				const { product } = scene;
				const startedMs = performance.now();
				const refused = timeUntilRefused([west], revokedMeanwhile, product);
				await west.rejoin();
				await eventuallyOffered(west, scene, "2.0.0");
				report("return to the new release", { west: performance.now() - startedMs });
				// An answer that began with an old copy says so, although another request has brought the new one meanwhile.
				await eventually("no answer is old", async () => !("degraded" in (await scene.firewall.check(west, product))));
				await refused;
				report("return to the refusal", { west: performance.now() - startedMs });
				await eventuallyNoToken(west, revokedMeanwhile);
				await stranger.authenticate(west);
				const offer = await stranger.offer(west, product);
				expect((await stranger.requestPermit(west, offer?.capability ?? "")).status).toBe(201);
				expectRefusal(await refusedBefore.requestCheck(west, product));
			});
		});
	});
}
