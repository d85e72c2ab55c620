// The bound that `parapet doctor` prints and /.well-known/parapet promises, in virtual time: a device is suspended, every
// store has it, and an isolate is asked again and again while each store takes as long as its makers say that it may.
import { describe, expect, test } from "vitest";
import type { RecordStoreName } from "../../src/storage/record-store-names.ts";
import { revocationBound } from "../../src/storage/revocation-bound.ts";
import { runs } from "../support/runs.ts";
import { Deployment } from "./deployment.ts";
import { NO_FAULTS } from "./faults.ts";
import { Isolate, type Question } from "./isolate.ts";
import { createRandom } from "./random.ts";
import { VirtualTime } from "./virtual-time.ts";

const START_MS = 1_800_000_000_000;
const NOW = START_MS / 1_000;
const DEVICE = "dev-aaaaaaaaaa-0000000000000001";
const FAR_AWAY = 1;
const LIFETIMES = { headsFreshSeconds: 5, deviceFreshSeconds: 10, lastGoodSeconds: 86_400, tokenTtlSeconds: 3_600 };
const MOST_MS = { kv: 30_000, redis: 1_000 };

interface Situation {
	readonly store: RecordStoreName;
	readonly question: Question;
	/** of the requests, before the suspension and after */
	readonly everyMs: number;
	/** of the first request after the start */
	readonly offsetMs: number;
}

/** @returns seconds after every store had the suspension at which the last request came that was still allowed */
async function lastAllowed({ store, question, everyMs, offsetMs }: Situation): Promise<number> {
	const random = createRandom(1);
	const time = new VirtualTime(START_MS);
	return time.instead(random, async () => {
		const world = { time, random, locations: 2, areWritesLate: false, faults: NO_FAULTS };
		const deployment = new Deployment({ world, storeNames: [store], tokenTtlSeconds: 3_600, onCommit: () => {} });
		deployment[store].spreadMs = () => MOST_MS[store];
		const account = deployment.account("aaaaaaaaaa");
		const change = { actor: "operator", now: NOW };
		const terms = {
			products: [{ product: "crs" }],
			seats: 1,
			startsAt: NOW - 1,
			endsAt: NOW + 9_999_999,
			graceSeconds: 0,
			delaySeconds: 0,
			emergencyDelaySeconds: 0,
			criticalSeconds: 0,
			overage: "refuse" as const,
			kind: "fixed" as const,
			leaseSeconds: 0,
		};
		const code = {
			id: "code-a",
			hash: "hash-a",
			license: "lic-a",
			uses: 1,
			serial: null,
			model: null,
			expiresAt: NOW + 9_999,
		};
		const firewall = { serial: "FW-1", model: "PA-440", labels: {}, dpopBound: true, jkt: "thumbprint" };
		const jwk = { kty: "OKP", crv: "Ed25519", x: "key" } as const;
		const setUp = async () => {
			await account.call(0, (object) => object.create({ ...change, id: "acct-aaaaaaaaaa000000", name: "Test" }));
			await account.call(0, (object) => object.createLicense({ ...change, id: "lic-a", terms }));
			await account.call(0, (object) => object.createCode({ ...change, ...code }));
			await account.call(0, (object) =>
				object.activate({ ...firewall, jwk, codeHash: "hash-a", candidateDeviceId: DEVICE, now: NOW }),
			);
			await deployment.directory.call(0, (object) => object.advanceProduct({ product: "none", revision: 1 }));
		};
		const setting = setUp();
		await time.runUntil(START_MS + 120_000);
		await setting;

		const isolate = new Isolate(deployment, FAR_AWAY, LIFETIMES);
		// Another of the same location, whose reading the first one may take when it is as old as it may be.
		const neighbour = new Isolate(deployment, FAR_AWAY, LIFETIMES);
		const first = await whileTimePasses(time, isolate.ask("token", DEVICE, "crs", null));
		const token = first.outcome === "allowed" ? (first.token ?? null) : null;
		let lastMs = 0;
		for (let atMs = time.nowMs(); atMs < START_MS + 400_000; atMs += 1_100) {
			time.at(atMs, () => void neighbour.ask("check", DEVICE, "messages", token));
		}
		for (let atMs = time.nowMs() + offsetMs; atMs < START_MS + 400_000; atMs += everyMs) {
			time.at(atMs, () => {
				void isolate.ask(question, DEVICE, "messages", token).then(({ outcome }) => {
					if (outcome === "allowed") lastMs = atMs;
				});
			});
		}
		const suspend = { ...change, deviceId: DEVICE, status: "suspended", reason: "" } as const;
		let deliveredMs = 0;
		time.at(START_MS + 200_000, () => {
			void account
				.call(0, (object) => object.setDeviceStatus(suspend))
				.then((result) => {
					expect(result).toMatchObject({ ok: true, published: true });
					deliveredMs = time.nowMs();
				});
		});
		await time.runUntil(START_MS + 400_000);
		deployment.close();
		expect(deliveredMs).toBeGreaterThan(0);
		return (lastMs - deliveredMs) / 1_000;
	});
}

async function whileTimePasses<T>(time: VirtualTime, work: Promise<T>): Promise<T> {
	await time.runUntil(time.nowMs() + 5_000);
	return work;
}

describe.each(["kv", "redis"] as const)("a device that was suspended, records in %s", (store) => {
	const { headsFreshSeconds } = LIFETIMES;
	const bound = revocationBound([store], headsFreshSeconds).seconds;
	const situations: Situation[] = [];
	for (const question of ["check", "token"] as const) {
		for (const everyMs of [700, 4_900, 7_000, 9_700, 9_950]) {
			for (let step = 0; step < 8; step += runs(2, 1))
				situations.push({ store, question, everyMs, offsetMs: step * 1_237 });
		}
	}

	test("is allowed nothing any more when the bound is over, and the bound is not loose", async () => {
		const lasts: number[] = [];
		for (const situation of situations) lasts.push(await lastAllowed(situation));
		const worst = Math.max(...lasts);
		expect(worst).toBeLessThanOrEqual(bound);
		expect(worst).toBeGreaterThan(bound / 2);
	}, 60_000);
});
