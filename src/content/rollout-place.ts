// From when on is a release on its way for this device? The device's unit is its HA group, or itself: a group comes as a whole.
import type { DeviceProfile } from "../entitlement/device-record.ts";
import { bucketOf } from "../rollout/bucket.ts";
import { type Reach, reachedAt } from "../rollout/reach.ts";
import { type DeviceCircumstances, matchesAudience } from "./audience.ts";
import { channelOf } from "./channel.ts";
import type { ProductRecord } from "./product-record.ts";

/** @returns what rollouts count as one: the device's HA group, or the device */
export function unitOf({ id, haGroup }: Pick<DeviceProfile, "id" | "haGroup">): string {
	return haGroup ?? id;
}

/** By the salt of each release that lets anybody in: the bucket of one unit. */
export type Buckets = ReadonlyMap<string, number>;
export const NO_BUCKETS: Buckets = new Map();

/** Takes no time where no release is on its way in the device's channel. */
export async function bucketsOf(
	records: Iterable<ProductRecord | null>,
	device: Pick<DeviceProfile, "id" | "haGroup" | "labels">,
): Promise<Buckets> {
	const salts: string[] = [];
	for (const record of records) {
		const isOnBeta = record !== null && channelOf(device, record.product) === "beta";
		for (const { rollout, channel } of record?.releases ?? [])
			if (rollout?.open && (isOnBeta || channel === "stable")) salts.push(rollout.salt);
	}
	if (salts.length === 0) return NO_BUCKETS;
	const unit = unitOf(device);
	return new Map(await Promise.all(salts.map(async (salt) => [salt, await bucketOf(salt, unit)] as const)));
}

/** @returns unix seconds from which a release on its way is for the device; Infinity = not by time alone */
export function admittedAt(
	reach: Reach,
	device: DeviceProfile,
	circumstances: DeviceCircumstances,
	buckets: Buckets,
): number {
	const bucket = buckets.get(reach.salt);
	if (bucket === undefined) return Number.POSITIVE_INFINITY;
	if (reach.ring !== null && device.labels.ring !== reach.ring) return Number.POSITIVE_INFINITY;
	if (reach.audience !== null && !matchesAudience(reach.audience, device, circumstances))
		return Number.POSITIVE_INFINITY;
	return reachedAt(reach, bucket);
}
