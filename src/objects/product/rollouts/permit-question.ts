// A unit asks for a permit: what the rules have to know of it, read from the rows of the permits that were given before.
import type { Channel } from "../../../content/releases/channel.ts";
import { accountObjectName } from "../../../entitlement/ids.ts";
import type { Evidence } from "../../../rollout/evidence.ts";
import {
	decidePermit,
	type Lease,
	type PermitDecision,
	type PermitQuestion,
	type PermitRefusal,
} from "../../../rollout/lease.ts";
import { type Rollout, stepOf } from "../../../rollout/rollout.ts";
import type { ProductTables } from "../product-tables.ts";
import type { LeaseTables } from "./lease-tables.ts";
import type { RolloutTables } from "./rollout-tables.ts";

export interface PermitInput {
	readonly version: string;
	/** of the product that the device is on */
	readonly channel: Channel;
	readonly unit: string;
	readonly device: string;
	/** the other devices of its HA group, as its account knows them now */
	readonly peers: readonly string[];
	/** the version that an operator lets come to its HA group whatever became of it there; null or left out = none */
	readonly unlocked?: string | null;
	readonly model: string;
	/** labels `site` and `region`; null or left out = it has none */
	readonly site?: string | null;
	readonly region?: string | null;
	/** the permit that the device has, and no other */
	readonly isAgain?: boolean;
	/** unix seconds */
	readonly now: number;
}

/**
 * `lease`: its `at`, by which a report finds it, and unix seconds by which the device has to be healthy; null = everybody may have the
 * release, nobody waits for a word.
 */
export type PermitOutcome =
	| { readonly ok: true; readonly lease: { readonly at: number; readonly endsAt: number } | null }
	| { readonly ok: false; readonly reason: PermitRefusal; readonly retryAfter: number };

export interface PermitJudges {
	readonly releases: ProductTables;
	readonly rollouts: RolloutTables;
	readonly leases: LeaseTables;
	readonly evidence: (version: string, rollout: Rollout, now: number) => Evidence;
}

export interface JudgedPermit {
	readonly decision: PermitDecision;
	/** where the permit would count; null = no rollout was asked */
	readonly at: PermitPlace | null;
}

interface PermitPlace {
	readonly rollout: Rollout;
	readonly account: string;
	readonly site: string | null;
	/** the device's lease so far; null = none */
	readonly own: Lease | null;
}

const ENDED = { decision: { ok: false, reason: "ended", retryAfter: 0 }, at: null } as const;
const FREE = { decision: { ok: true, kind: "free" }, at: null } as const;

/** Writes nothing. @returns what the rules say to the unit now */
export function judgePermit(judges: PermitJudges, input: PermitInput): JudgedPermit {
	const { version, channel, now } = input;
	const { releases, rollouts, leases, evidence } = judges;
	const rollout = rollouts.rollout(version);
	const release = releases.release(version);
	if (rollout === null || release?.status === "withdrawn") return ENDED;
	// It left beta since the offer was made, or the release did.
	if (rollout.channel === "beta" && channel === "stable") return ENDED;
	const isOnBeta = channel === "beta" && release?.betaReleasedAt;
	if (isOnBeta && rollout.phase !== "halted" && rollout.phase !== "ended") return FREE;
	const { account, site, ...question } = questionOf(input, rollout, leases, releases.freezeTimes(version, now).until);
	const decision = decidePermit(rollout, evidence(version, rollout, now), question, now);
	const own = question.unitLeases.find(({ device }) => device === input.device) ?? null;
	return { decision, at: { rollout, account, site, own } };
}

/** @param frozen until when no further unit may try the release; null = they may */
function questionOf(
	{
		version,
		unit,
		device,
		peers,
		unlocked = null,
		model,
		site: siteLabel = null,
		region = null,
		isAgain = false,
	}: PermitInput,
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
		...{ device, peers, isUnlocked: unlocked === version, account, site, frozen, isAgain },
		unitLeases: leases.ofUnit(version, unit, [device, ...peers]),
		isKnownModel: leases.hasModel(version, step, model),
		unitsOfAccount: leases.unitsOfAccount(version, step, account),
		siteSince: site === null ? null : leases.siteSince(version, site),
		unitsOfModel: "modelShare" in cohort ? leases.unitsOf(version, step, "model", model) : 0,
		unitsOfRegion: "regionShare" in cohort && region !== null ? leases.unitsOf(version, step, "region", region) : 0,
	};
}
