// A unit asks for a permit: what the rules have to know of it, read from the rows of the permits that were given before.
import type { Channel } from "../../content/channel.ts";
import { accountObjectName } from "../../entitlement/ids.ts";
import type { PermitQuestion, PermitRefusal } from "../../rollout/lease.ts";
import { type Rollout, stepOf } from "../../rollout/rollout.ts";
import type { LeaseTables } from "./lease-tables.ts";

export interface PermitInput {
	readonly version: string;
	/** of the product that the device is on */
	readonly channel: Channel;
	readonly unit: string;
	readonly device: string;
	/** the other devices of its HA group, as its account knows them now */
	readonly peers: readonly string[];
	readonly model: string;
	/** labels `site` and `region`; null or left out = it has none */
	readonly site?: string | null;
	readonly region?: string | null;
	/** unix seconds */
	readonly now: number;
}

/** `endsAt`: unix seconds by which the device has to be healthy; null = everybody may have the release, nobody waits for a word. */
export type PermitOutcome =
	| { readonly ok: true; readonly endsAt: number | null }
	| { readonly ok: false; readonly reason: PermitRefusal; readonly retryAfter: number };

/** @param frozen until when no further unit may try the release; null = they may */
export function questionOf(
	{ version, unit, device, peers, model, site: siteLabel = null, region = null }: PermitInput,
	rollout: Rollout,
	leases: LeaseTables,
	frozen: number | null,
): PermitQuestion & { readonly account: string; readonly site: string | null } {
	const { step } = rollout;
	const { cohort } = stepOf(rollout);
	const account = accountObjectName(device);
	// Two customers may call their sites the same.
	const site = siteLabel === null ? null : `${account} ${siteLabel}`;
	return {
		...{ device, account, site, frozen },
		unitLeases: leases.ofUnit(version, unit, [device, ...peers]),
		isKnownModel: leases.hasModel(version, step, model),
		unitsOfAccount: leases.unitsOfAccount(version, step, account),
		siteSince: site === null ? null : leases.siteSince(version, site),
		unitsOfModel: "modelShare" in cohort ? leases.unitsOf(version, step, "model", model) : 0,
		unitsOfRegion: "regionShare" in cohort && region !== null ? leases.unitsOf(version, step, "region", region) : 0,
	};
}
