// From when on is a release on its way for this device? The device's unit is its HA group, or itself: a group comes as a whole.
import type { DeviceProfile } from "../../entitlement/devices/device-record.ts";
import { spreadWindow } from "../../entitlement/policy/device-policy.ts";
import { nextTime } from "../../entitlement/policy/weekly-windows.ts";
import { placeInFleet } from "../../place-in-fleet.ts";
import { bucketOf } from "../../rollout/bucket.ts";
import { HOLDBACK } from "../../rollout/control.ts";
import { type Reach, reachedAt } from "../../rollout/reach.ts";
import { type DeviceCircumstances, matchesAudience } from "../audience.ts";
import type { Message } from "../messages/message.ts";
import { needsBucket } from "../messages/message-waves.ts";
import { channelOf } from "./channel.ts";
import type { ProductRecord } from "./product-record.ts";

/** @returns what rollouts count as one: the device's HA group, or the device */
export function unitOf({ id, haGroup }: Pick<DeviceProfile, "id" | "haGroup">): string {
	return haGroup ?? id;
}

/** By the salt of each release that lets anybody in, and by the id of each message that is not for everybody: the bucket of one unit. */
export type Buckets = ReadonlyMap<string, number>;
export const NO_BUCKETS: Buckets = new Map();

/** Takes no time where no release is on its way in the device's channel, and each message is for everybody. */
export async function bucketsOf(
	records: Iterable<ProductRecord | null>,
	device: Pick<DeviceProfile, "id" | "haGroup" | "labels">,
	messages: readonly Pick<Message, "id" | "waves">[] = [],
): Promise<Buckets> {
	const salts = messages.filter(({ waves }) => needsBucket(waves)).map(({ id }) => id);
	for (const record of records) {
		const isOnBeta = record !== null && channelOf(device, record.product) === "beta";
		for (const { rollout, channel } of record?.releases ?? [])
			if ((rollout?.open || rollout?.control) && (isOnBeta || channel === "stable")) salts.push(rollout.salt);
	}
	if (salts.length === 0) return NO_BUCKETS;
	const unit = unitOf(device);
	return new Map(await Promise.all(salts.map(async (salt) => [salt, await bucketOf(salt, unit)] as const)));
}

/** @returns whether the release's step holds the unit back to the end, and watches it meanwhile */
export function isHeldBack(reach: Reach | null, buckets: Buckets): boolean {
	return reach?.control === true && (buckets.get(reach.salt) ?? 0) >= 1 - HOLDBACK;
}

/** @param now unix seconds @returns unix seconds from which a release on its way is for the device, past `now` or not; Infinity = not by time alone */
export function admittedAt(
	reach: Reach,
	device: DeviceProfile,
	circumstances: DeviceCircumstances,
	buckets: Buckets,
	now: number,
): number {
	const bucket = buckets.get(reach.salt);
	if (bucket === undefined) return Number.POSITIVE_INFINITY;
	if (reach.ring !== null && device.labels.ring !== reach.ring) return Number.POSITIVE_INFINITY;
	if (reach.audience !== null && !matchesAudience(reach.audience, device, circumstances))
		return Number.POSITIVE_INFINITY;
	const at = reachedAt(reach, bucket);
	if (reach.night === undefined || at === Number.POSITIVE_INFINITY) return at;
	return nextTime(zoneOf(device), nightsOf(device), Math.max(at, now), true);
}

/**
 * Whether the release's step, or one before it, is for devices like this: by what is fixed of the device, not by its bucket, its engine or
 * where it stands, which can have changed since it got its lease.
 */
export function couldBeIn({ ring, audience, earlier = [] }: Reach, device: DeviceProfile): boolean {
	return [{ ring, audience }, ...earlier].some(({ ring, audience }) => {
		const { engine: _engine, countries: _countries, ...fixed } = audience ?? {};
		const isOfRing = ring === null || device.labels.ring === ring;
		return isOfRing && matchesAudience(fixed, device, { engine: null, country: null });
	});
}

/** @returns unix seconds at which the night ends in which a device is let in; Infinity = it is let in at any time */
export function admittedUntil(reach: Reach, device: DeviceProfile, now: number): number {
	return reach.night === undefined ? Number.POSITIVE_INFINITY : nextTime(zoneOf(device), nightsOf(device), now, false);
}

/** From 1:00 to 5:00 each day. */
const NIGHTS = Array.from({ length: 7 }, (_, day) => ({ start: day * 86_400 + 3_600, length: 4 * 3_600 }));

/** Each device's begin at its own moment, or a country would ask as one. */
function nightsOf({ id }: DeviceProfile) {
	return NIGHTS.map((night) => spreadWindow(night, placeInFleet(id)));
}

/** That of its account's rules, which has its label's. */
function zoneOf({ policy }: DeviceProfile): string {
	return policy?.zone ?? "UTC";
}
