// A change of a license in a large account, with a store as far and as slow as KV: devices ask for their records at once while all are
// written anew. In virtual time, whatever the machine. What one call costs is in test/workers/objects/large-objects.test.ts.
import { expect, test } from "vitest";
import type { RecordStoreName } from "../../src/storage/record-store-names.ts";
import { RUNS_TIMEOUT_MS, runs } from "../support/runs.ts";
import { Deployment } from "./deployment.ts";
import { NO_FAULTS } from "./faults.ts";
import { createRandom } from "./random.ts";
import { VirtualTime } from "./virtual-time.ts";

const START_MS = 1_800_000_000_000;
const NOW = START_MS / 1_000;
const NAME = "aaaaaaaaaa";
const DEVICES = runs(6_000, 100_000);
/** Each device comes for a token within this time of the change, s. */
const ASKING_SECONDS = runs(60, 300);
const STORES: RecordStoreName[] = ["kv"];
const idOf = (number: number) => `dev-${NAME}-${String(number).padStart(16, "0")}`;
const TERMS = {
	...{ products: [{ product: "crs" }], seats: 1_000_000, startsAt: NOW - 1, endsAt: NOW + 9_999_999, graceSeconds: 0 },
	...{ delaySeconds: 0, emergencyDelaySeconds: 0, criticalSeconds: 0, leaseSeconds: 0 },
	...({ overage: "refuse", kind: "fixed" } as const),
};

test("all records are written as fast as six connections to KV and those of four writers can, and next to none waits meanwhile", {
	timeout: RUNS_TIMEOUT_MS,
}, async () => {
	const [time, random] = [new VirtualTime(START_MS), createRandom(1)];
	const world = { time, random, locations: 1, areWritesLate: false, faults: NO_FAULTS };
	const deployment = new Deployment({ world, storeNames: STORES, tokenTtlSeconds: 3_600, onCommit: () => {} });
	const account = deployment.account(NAME);
	const count = (query: string) => Number(account.disk.rows(query)[0]?.["n"]);
	const by = () => ({ actor: "operator", now: Math.floor(time.nowMs() / 1_000) });
	/** @returns what work gives, `seconds` later */
	const after = async <T>(seconds: number, work: Promise<T>): Promise<T> => {
		work.catch(() => {});
		await time.runUntil(time.nowMs() + seconds * 1_000);
		return work;
	};

	await time.instead(random, async () => {
		const call = account.call.bind(account);
		const prepare = async () => {
			await call(0, (object) => object.create({ ...by(), id: `acct-${NAME}000000`, name: "large" }));
			await call(0, (object) => object.createLicense({ ...by(), id: "lic-a", terms: TERMS }));
			const code = { id: "code-a", hash: "hash-a", license: "lic-a", uses: 10, serial: null, model: null };
			await call(0, (object) => object.createCode({ ...by(), ...code, expiresAt: NOW + 9_999_999 }));
			const jwk = { kty: "OKP", crv: "Ed25519", x: "key" } as const;
			const firewall = { serial: "FW-0", model: "PA-440", labels: {}, dpopBound: true, jkt: "jkt-0" };
			const claims = { ...firewall, jwk, codeHash: "hash-a", candidateDeviceId: idOf(0), now: by().now };
			await call(0, (object) => object.activate(claims));
		};
		await after(60, prepare());
		const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)";
		const id = `'dev-${NAME}-' || printf('%016d', i)`;
		const columns = "status, license, model, labels, jwk, dpop_bound, activated_at";
		account.disk.rows(
			`INSERT INTO devices (id, version, serial, jkt, ${columns}) ${numbers}
				SELECT ${id}, 1, 'FW-' || i, 'jkt-' || i, ${columns} FROM n, (SELECT ${columns} FROM devices LIMIT 1)`,
			DEVICES - 1,
		);
		account.disk.rows(`INSERT INTO seats ${numbers} SELECT ${id}, 'lic-a', NULL FROM n`, DEVICES - 1);

		const changed = call(0, (object) =>
			object.changeLicense({ ...by(), id: "lic-a", terms: { endsAt: NOW + 999_999 } as never }),
		);
		const startMs = time.nowMs();
		let mostWaiting = 0;
		let asked = 0;
		let done = 0;
		let seconds = 0;
		const unfinished = "SELECT COUNT(*) AS n FROM account WHERE renewed_to IS NOT NULL OR license_epoch = 0";
		while (seconds === 0 || asked < DEVICES) {
			const until = Math.min(DEVICES, Math.ceil(((time.nowMs() - startMs) / 1_000 / ASKING_SECONDS) * DEVICES));
			for (; asked < until; asked++) {
				const number = (asked * 7_919) % DEVICES;
				void call(0, (object) => object.readRecord(`device:${idOf(number)}`)).then((text) => {
					if (text?.includes('"licenseEpoch":1')) done += 1;
				});
			}
			await time.runUntil(time.nowMs() + 1_000);
			mostWaiting = Math.max(mostWaiting, count("SELECT COUNT(*) AS n FROM outbox"));
			if (seconds === 0 && count(unfinished) === 0) seconds = (time.nowMs() - startMs) / 1_000;
			if (time.nowMs() - startMs > DEVICES * 100 + 600_000) throw new Error("the records are not written anew");
		}
		await changed;
		await time.runUntil(time.nowMs() + 1_000);
		expect(mostWaiting).toBeLessThan(500);
		expect(asked).toBe(DEVICES);
		// Each device that asks is told what holds now, long before its record is written.
		expect(done).toBe(DEVICES);
		// 300 ms each, thirty at a time: 1,000 s for 100,000, where six connections alone take 5,000.
		const least = (DEVICES * 0.3) / 30;
		expect(seconds).toBeGreaterThan(least * 0.9);
		expect(seconds).toBeLessThan(least * 1.6 + 60);
		// The goal: all records of 100,000 devices within half an hour.
		expect(seconds * (100_000 / DEVICES)).toBeLessThan(1_800 + 60 * (100_000 / DEVICES));
	});
	deployment.close();
});
