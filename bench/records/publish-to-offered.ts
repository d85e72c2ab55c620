// How long it takes from a publisher's call in one region until firewalls in others are offered the release: three regions
// on this machine, with real Redis replicas and copies of KV, both of which lag as told.
import { measurePublishToOffered } from "../../test/e2e/support/regions.ts";
import { showProgress } from "../progress.ts";
import { median } from "../statistics.ts";

export interface PublishToOffered {
	readonly store: "kv" | "redis";
	/** how far the copies of the store lagged */
	readonly lagMs: number;
	readonly headsFreshSeconds: number;
	readonly releases: number;
	/** ms, of all releases in all regions but home */
	readonly p50: number;
	readonly max: number;
}

/** @param releases that are published with each store @throws when a release is not offered within seconds */
export async function measureRegions(releases: number): Promise<readonly PublishToOffered[]> {
	const measured: PublishToOffered[] = [];
	for (const store of ["kv", "redis"] as const) {
		showProgress(`publishing in three regions, RECORD_STORE=${store}`);
		const { lagsMs, headsFreshSeconds, samples } = await measurePublishToOffered(store, { count: releases });
		const away = [...samples.east, ...samples.west];
		const lagMs = lagsMs[store] ?? 0;
		measured.push({ store, lagMs, headsFreshSeconds, releases, p50: median(away), max: Math.max(...away) });
	}
	return measured;
}
