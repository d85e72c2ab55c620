// One product whose release goes by the standard plan, and what happens to it: units take permits and report, persons say their words,
// alarms ring at times that the test chooses.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { headsRecord } from "../../../src/content/heads-record.ts";
import { productRecord } from "../../../src/content/releases/product-record.ts";
import type { PermitInput } from "../../../src/objects/product/rollouts/permit-question.ts";
import type { ReportInput } from "../../../src/objects/product/rollouts/rollout-desk.ts";
import { STANDARD } from "../../../src/rollout/built-in-plans.ts";
import type { Reported } from "../../../src/rollout/lease.ts";
import type { Plan } from "../../../src/rollout/plan.ts";
import { bindings } from "../object-bindings.ts";
import { readStored } from "../stored-record.ts";

export const HOUR = 3_600;
export const DAY = 24 * HOUR;
export const NOW = Math.floor(Date.now() / 1_000);
export const CI = { actor: "ci", now: NOW };
export const METADATA = { notes: "", urgency: "routine", models: null, engine: {}, entries: null } as const;
export const VERSION = "2.0.0";
export const product = () => bindings.PRODUCT.getByName("crs");

export async function startRollout(plan: Plan = STANDARD): Promise<void> {
	await product().create({ ...CI, name: "crs", title: "Rules", plan, team: "detection" });
	await product().addPackage({
		...CI,
		claimedUntil: Number.MAX_SAFE_INTEGER,
		version: VERSION,
		sha256: "a".repeat(64),
		size: 1,
		name: "crs.tar",
	});
	await product().release({ ...CI, version: VERSION, metadata: METADATA, salt: "salt" });
}

export async function view(now = NOW) {
	const found = await product().rollout(VERSION, now);
	if (found === null) throw new Error("no rollout");
	return found;
}

export async function say(
	by: string,
	kind: "approve" | "override" | "resume" = "approve",
	now = NOW,
	team = "detection",
) {
	const { evidenceHash: evidence } = await view(now);
	return product().approveRollout({ actor: by, now, version: VERSION, kind, team, evidence });
}

/** Unit n of an account of its own, unless it says otherwise. */
export function unit(n: number, changes: Partial<PermitInput> = {}): PermitInput {
	const device = `dev-${String(n).padStart(10, "0")}-0123456789abcdef`;
	return { version: VERSION, channel: "stable", unit: device, device, peers: [], model: "FW-1", now: NOW, ...changes };
}
export const take = (n: number, changes: Partial<PermitInput> = {}) => product().takePermit(unit(n, changes));

export async function report(n: number, reported: Reported, changes: Partial<ReportInput> = {}): Promise<void> {
	const { version, device } = unit(n);
	const lease = await leaseAt(changes.device ?? device);
	await product().hearReport({ version, device, lease, reported, detail: null, now: NOW, ...changes });
}

/** @returns `at` of the device's lease, as its last permit says it; 0 = it has none */
export const leaseAt = (device: string): Promise<number> =>
	runInDurableObject(product(), (_, { storage: { sql } }) => {
		const [lease] = sql.exec<{ at: number }>("SELECT at FROM leases WHERE device = ?", device).toArray();
		return lease?.at ?? 0;
	});

/** Rings each alarm that is set for then or earlier: one that rings counts as the time it was set to. */
export async function ring(until: number): Promise<void> {
	for (;;) {
		const at = await runInDurableObject(product(), (_, { storage }) => storage.getAlarm());
		if (at === null || at > until * 1_000) return;
		await runDurableObjectAlarm(product());
	}
}

/** @returns what the edges know of it */
export async function publishedRollout() {
	// Devices do not wait for the stores; whoever releases does, and to release again what is released changes nothing.
	await product().release({ ...CI, version: VERSION, metadata: METADATA, salt: "salt" });
	const heads = await bindings.RECORDS.get("heads");
	if (heads === null) return undefined;
	const key = `product:crs@${headsRecord.parse(readStored("heads", heads).body).products["crs"]}`;
	const record = productRecord.parse(readStored(key, (await bindings.RECORDS.get(key)) ?? "").body);
	return record.releases.find(({ version }) => version === VERSION)?.rollout;
}
