// Could a device have a release now, or soon? The lock of an HA group asks it: one device of a group waits for another to be the first, but
// not for one that is kept from the release. Pure. What is not known keeps no device from it, and neither does how far the release's
// rollout has come: the devices of a group are one unit of it.
import { decideEntitlement } from "../../entitlement/decide.ts";
import type { DeviceProfile } from "../../entitlement/devices/device-record.ts";
import type { Entitled } from "../../entitlement/entitled.ts";
import { pinOf, putOff } from "../../entitlement/policy/device-policy.ts";
import { termsOf } from "../../entitlement/terms.ts";
import { channelOf } from "./channel.ts";
import { isInChannel } from "./on-channel.ts";
import type { ProductRecord, Release } from "./product-record.ts";
import { isLicensed, readyAt } from "./select-release.ts";
import { engineInRange } from "./vendor-version.ts";

/** What of a release decides for whom it is. */
export type WantedRelease = Pick<
	Release,
	"version" | "channel" | "models" | "engine" | "releasedAt" | "urgency" | "impact" | "classes"
> & {
	/** versions that are offered before it: who runs one of these stays with it */
	readonly newer: readonly string[];
	/** who may have its product; not given = whoever has a license for it */
	readonly entitled?: Entitled;
};

/** @param record of its product, releases as `inOfferOrder` puts them; null = not known */
export function wantedRelease(
	{ version, channel, models, engine, releasedAt, urgency, impact, classes }: Release,
	record: ProductRecord | null,
	entitled: Entitled,
): WantedRelease {
	const releases = record?.releases ?? [];
	const before = releases.slice(
		0,
		Math.max(
			0,
			releases.findIndex((one) => one.version === version),
		),
	);
	const newer = before.filter(({ withdrawn }) => !withdrawn).map((one) => one.version);
	return { version, channel, models, engine, releasedAt, urgency, impact, classes, newer, entitled };
}

export interface KnownDevice {
	readonly profile: DeviceProfile;
	/** null = it has not said */
	readonly engine: string | null;
	/** version of the product; null = none, or it has not said */
	readonly installed: string | null;
}

/**
 * @param within seconds: what comes by time alone within so many is as good as there
 * @param now unix seconds
 * @returns false where its license, its channel, its model or engine, its account's policy, or what it runs keeps the device from the release
 */
export function couldHave(
	release: WantedRelease,
	product: string,
	{ profile, engine, installed }: KnownDevice,
	within: number,
	now: number,
): boolean {
	const entitlement = decideEntitlement(profile, product, now, release.entitled);
	if (entitlement.decision === "refused") return false;
	const terms = termsOf(entitlement, profile.policy);
	if (!isInChannel(release, { channel: channelOf(profile, product) })) return false;
	if (release.models !== null && !release.models.includes(profile.model)) return false;
	if (engine !== null && !engineInRange(engine, release.engine)) return false;
	if (!isLicensed(release, terms, now) || readyAt(release, terms) > now + within) return false;
	const pin = profile.policy === null ? null : pinOf(profile.policy, product);
	if (pin !== null && pin.version !== release.version) return false;
	if (installed !== null && release.newer.includes(installed) && pin?.downgrade !== true) return false;
	const install = {
		isEmergency: release.urgency === "emergency",
		isRevert: false,
		isFirst: installed === null,
		impact: release.impact,
	};
	const off = putOff(profile.policy, install, now);
	return off === null || off.until <= now + within;
}
