// What is true, and what was promised: the status of every device as its Account has committed it, when a refusal had reached
// every store, and whether an answer may be what it is. It looks at disks and stores from outside and changes nothing.

import { accountObjectName } from "../../src/entitlement/ids.ts";
import type { Account } from "../../src/objects/account/account.ts";
import { deniedKey, deviceKey, HEADS_KEY, productKey } from "../../src/storage/keys.ts";
import { HEADS_LIFE_SECONDS } from "../../src/storage/sealed-records.ts";
import type { Deployment } from "./deployment.ts";
import type { Answer, Isolate, Question } from "./isolate.ts";
import type { ObjectHost } from "./objects.ts";

export interface DeviceChange {
	readonly status: string;
	readonly version: number;
	readonly atMs: number;
	/** when every store had it, with the heads that name it; null = not yet */
	deliveredMs: number | null;
	/** version of `heads` that has the news, once the Directory has it */
	headsVersion: number | null;
}

export type Violation = "wrong_allow" | "wrong_refusal" | "lost" | "regressed" | "heads_to_nowhere";

export interface Finding {
	readonly violation: Violation;
	readonly detail: string;
}

export interface Asked {
	readonly isolate: Isolate;
	readonly question: Question;
	readonly deviceId: string;
	readonly product: string;
	/** when the request arrived */
	readonly atMs: number;
}

interface LedgerOptions {
	readonly deployment: Deployment;
	readonly boundSeconds: number;
	readonly lastGoodSeconds: number;
	/** end of the grace, unix seconds, of the license that a device is under */
	readonly licenseEnd: (deviceId: string) => number;
}

const LOOK_MS = 200;
/** An isolate takes a key for absent this long (record-cache.ts), and a request may begin before. */
const ABSENT_MS = 2_500;

export class Ledger {
	readonly findings: Finding[] = [];
	readonly #devices = new Map<string, DeviceChange[]>();
	readonly #options: LedgerOptions;
	#isLooking = false;

	constructor(options: LedgerOptions) {
		this.#options = options;
	}

	changesOf(deviceId: string): readonly DeviceChange[] {
		return this.#devices.get(deviceId) ?? [];
	}

	/** Takes down what an account has committed. */
	note({ disk }: Pick<ObjectHost<Account>, "disk">): void {
		const atMs = this.#options.deployment.world.time.nowMs();
		for (const row of disk.rows("SELECT id, version, status FROM devices")) {
			const { id, version, status } = row as { id: string; version: number; status: string };
			const changes = this.#devices.get(id) ?? [];
			if (changes.at(-1)?.version === version) continue;
			this.#devices.set(id, [...changes, { status, version, atMs, deliveredMs: null, headsVersion: null }]);
			this.#look();
		}
	}

	/** Looks until everything is delivered when that happens. */
	#look(): void {
		if (this.#isLooking) return;
		this.#isLooking = true;
		this.#options.deployment.world.time.after(LOOK_MS, () => {
			this.#isLooking = false;
			let isWaiting = false;
			for (const [id, changes] of this.#devices) {
				const change = changes.at(-1);
				if (change === undefined || change.deliveredMs !== null) continue;
				this.#noteDelivery(id, change);
				isWaiting ||= change.deliveredMs === null;
			}
			if (isWaiting) this.#look();
		});
	}

	#noteDelivery(deviceId: string, change: DeviceChange): void {
		const { deployment } = this.#options;
		const isEverywhere = (key: string, version: number) =>
			deployment.stores.every((store) => (store.newestVersion(key) ?? 0) >= version);
		if (!isEverywhere(deviceKey(deviceId), change.version)) return;
		if (change.headsVersion === null) {
			const { disk } = deployment.account(accountObjectName(deviceId));
			// While it waits here the Directory has not got it.
			if (
				disk.rows("SELECT 1 FROM outbox WHERE lane = 'directory' AND subject = ?", `access device ${deviceId}`).length >
				0
			)
				return;
			change.headsVersion = revisionOf(deployment, "heads");
		}
		if (isEverywhere(HEADS_KEY, change.headsVersion)) change.deliveredMs = deployment.world.time.nowMs();
	}

	/** Holds an answer against the truth. */
	judge(asked: Asked, answer: Answer): void {
		if (answer.outcome === "allowed") {
			const why = this.#whyNotAllowed(asked, answer.asOf);
			if (why !== null) this.#find("wrong_allow", asked, why);
		}
		if (answer.outcome === "refused") {
			this.#remember(asked, answer.by);
			if (this.#isWronglyRefused(asked, answer.by, answer.asOf)) this.#find("wrong_refusal", asked, `by ${answer.by}`);
		}
	}

	#whyNotAllowed({ isolate, question, deviceId, atMs }: Asked, asOf: number | null): string | null {
		const { boundSeconds, lastGoodSeconds, licenseEnd } = this.#options;
		const changes = this.changesOf(deviceId);
		const last = changes.at(-1);
		if (last === undefined) return "it was never active";
		if (asOf !== null && atMs - asOf * 1_000 > (lastGoodSeconds + 1) * 1_000)
			return `as of ${(atMs / 1_000 - asOf).toFixed()} s ago`;
		if (question !== "token" && question !== "unchanged" && atMs >= licenseEnd(deviceId) * 1_000)
			return "its license has ended";
		if (last.status === "active" || last.atMs > atMs) return null;
		const keptSinceMs = this.#keptSinceMs(last);
		if (asOf === null && last.deliveredMs !== null && atMs > keptSinceMs + boundSeconds * 1_000) {
			return `${last.status} for ${((atMs - last.atMs) / 1_000).toFixed(1)} s, everywhere for ${((atMs - last.deliveredMs) / 1_000).toFixed(1)} s`;
		}
		const seen = isolate.refused.get(deviceId);
		const isFirstRefusal = changes.filter(({ status }) => status !== "active").length === 1;
		if (seen === undefined || !isFirstRefusal) return null;
		if (atMs > seen.denial) return "this isolate knew of its denial";
		return atMs > seen.record && (question === "token" || question === "permit")
			? "this isolate knew its record"
			: null;
	}

	/** A device that is active and known to be everywhere has no reason to be refused. */
	#isWronglyRefused({ deviceId, atMs }: Asked, by: string, asOf: number | null): boolean {
		const changes = this.changesOf(deviceId);
		const last = changes.at(-1);
		if (last === undefined || last.status !== "active") return false;
		if (by === "license") return atMs < (this.#options.licenseEnd(deviceId) - 1) * 1_000;
		if (changes.every(({ status }) => status === "active")) return atMs > last.atMs + ABSENT_MS;
		if (asOf !== null || last.deliveredMs === null) return false;
		const recordMs = this.#keptSinceMs(last, deviceKey(deviceId), last.version);
		return atMs > Math.max(this.#keptSinceMs(last), recordMs) + this.#options.boundSeconds * 1_000;
	}

	/**
	 * What may hide a version that every store had: a location to which it takes longer than the store's maker promises, and
	 * an older version that lands late or comes back with a backup. The latter for as long as an old `heads` counts at most.
	 * @returns unix ms since which every store has the version, or had to have it; Infinity before it was delivered
	 */
	#keptSinceMs({ deliveredMs, headsVersion }: DeviceChange, key = HEADS_KEY, version = headsVersion ?? 0): number {
		let sinceMs = deliveredMs ?? Infinity;
		for (const { landings } of this.#options.deployment.stores) {
			let hiddenMs: number | null = null;
			let wasThere = false;
			for (const { atMs, version: landed, overdueMs } of landings.get(key) ?? []) {
				if (landed < version) {
					if (wasThere) hiddenMs ??= atMs;
					continue;
				}
				const firstMs = !wasThere || hiddenMs !== null ? atMs + overdueMs : 0;
				const latestMs = hiddenMs === null ? Infinity : hiddenMs + HEADS_LIFE_SECONDS * 1_000;
				sinceMs = Math.max(sinceMs, Math.min(firstMs, latestMs));
				hiddenMs = null;
				wasThere = true;
			}
			if (hiddenMs !== null) sinceMs = Math.max(sinceMs, hiddenMs + HEADS_LIFE_SECONDS * 1_000);
		}
		return sinceMs;
	}

	#remember({ isolate, deviceId }: Asked, by: string): void {
		const last = this.changesOf(deviceId).at(-1);
		if (last === undefined || last.status === "active" || by === "license") return;
		const now = this.#options.deployment.world.time.nowMs();
		const seen = isolate.refused.get(deviceId) ?? { denial: Infinity, record: Infinity };
		isolate.refused.set(
			deviceId,
			by === "denial"
				? { ...seen, denial: Math.min(seen.denial, now) }
				: { ...seen, record: Math.min(seen.record, now) },
		);
	}

	/** When all is over: has every store what the objects have, and did nothing ever go back? */
	close(isolates: readonly Isolate[]): void {
		for (const [id] of this.#devices) this.#expect(deviceKey(id), this.changesOf(id).at(-1)?.version ?? 0);
		const { deployment } = this.#options;
		for (const [name, { disk }] of deployment.products) {
			const revision = Number(disk.rows("SELECT revision FROM product")[0]?.["revision"] ?? 0);
			if (revision > 0) this.#expect(productKey(name, revision), revision);
			const pulse = deployment.pulses.revisionOf(name);
			if (pulse !== revision)
				this.findings.push({ violation: "lost", detail: `the pulse of ${name} is of ${pulse}, not ${revision}` });
		}
		const denied = revisionOf(deployment, "denied");
		if (denied > 0) this.#expect(deniedKey(denied), denied);
		this.#expect(HEADS_KEY, revisionOf(deployment, "heads"));
		for (const store of deployment.stores) {
			this.#findings(store.regressed, "regressed", store.name);
			this.#findings(store.headsToNowhere, "heads_to_nowhere", store.name);
		}
		this.#findings(deployment.pulses.regressed, "regressed", "pulses");
		for (const { regressed, location } of isolates) this.#findings(regressed, "regressed", `isolate at ${location}`);
	}

	#findings(count: number, violation: Violation, detail: string): void {
		for (let each = 0; each < count; each++) this.findings.push({ violation, detail });
	}

	#expect(key: string, version: number): void {
		for (const store of this.#options.deployment.stores) {
			const found = store.newestVersion(key);
			if (found === version) continue;
			const wasThere = store.landings.get(key)?.some(({ version: landed }) => landed >= version) ?? false;
			const violation = wasThere ? "regressed" : "lost";
			this.findings.push({ violation, detail: `${store.name} has ${key} ${found}, not ${version}` });
		}
	}

	#find(violation: Violation, { question, deviceId, atMs, isolate }: Asked, why: string): void {
		const at = (atMs / 1_000).toFixed(1);
		this.findings.push({
			violation,
			detail: `${question} of ${deviceId} at ${at} s in location ${isolate.location}: ${why}`,
		});
	}
}

function revisionOf({ directory }: Deployment, name: string): number {
	return Number(directory.disk.rows("SELECT revision FROM revisions WHERE name = ?", name)[0]?.["revision"] ?? 0);
}
