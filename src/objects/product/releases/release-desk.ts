// The releases of a product: takes packages, releases versions and withdraws them. Each method is synchronous and runs in its
// caller's transaction; how a release then reaches the fleet is the work of rollout-desk.ts.

import { mayBind } from "../../../content/package-claim.ts";
import type { Channel } from "../../../content/releases/channel.ts";
import { inOfferOrder } from "../../../content/releases/offer-order.ts";
import { isInChannel } from "../../../content/releases/on-channel.ts";
import type { Release, VersionOrder } from "../../../content/releases/product-record.ts";
import { currentOf, hasRoomFor } from "../../../content/releases/recorded-releases.ts";
import { judgeRevertTarget, type UnfitTarget } from "../../../content/releases/revert-target.ts";
import { isSigned } from "../../../content/releases/signed-releases.ts";
import { findOutOfBounds } from "../../../content/releases/size-bounds.ts";
import { findUnreached } from "../../../content/releases/variant.ts";
import { compareVendorVersions } from "../../../content/releases/vendor-version.ts";
import { requirementsKey } from "../../../content/requires/requires.ts";
import type { Plan } from "../../../rollout/plan.ts";
import { MAX_ACTIVE_ROLLOUTS } from "../../../rollout/rollout.ts";
import type { Change, WriteProductAudit } from "../../audit.ts";
import type { ProductInfo } from "../product-row.ts";
import type { ProductTables } from "../product-tables.ts";
import type { RolloutDesk } from "../rollouts/rollout-desk.ts";
import type { RolloutTables } from "../rollouts/rollout-tables.ts";
import type { AddedPackage, BeyondSize, Discarded, NoRoom, Promoted, Released, Unfit, Withdrawn } from "./outcomes.ts";
import { differingMetadata, type PackageContent, type ReleaseEntry, type ReleaseMetadata } from "./release-row.ts";
import type { WithdrawalLog } from "./withdrawal-log.ts";

export interface NewPackage extends Change, PackageContent {
	readonly version: string;
	/** end of the upload's claim on the digest, unix seconds */
	readonly claimedUntil: number;
}

export interface NewRelease {
	readonly version: string;
	readonly metadata: ReleaseMetadata;
	/** also a version that is older than one that is released (a backport) */
	readonly allowOlder?: boolean;
	/** also one that is much larger or smaller than the current release; the trail keeps who said so */
	readonly allowSize?: boolean;
	/** why that is so, for the trail; an edge of before has none */
	readonly sizeReason?: string;
	/** not given = stable */
	readonly channel?: Channel;
	/** not given = the product's for the channel */
	readonly plan?: Plan;
	/** unix seconds before which its rollout does not begin; not given = at once */
	readonly startsAt?: number;
	/** random, for the buckets of its rollout */
	readonly salt: string;
}

/** From beta to stable; all but the channel as of a new release. */
export type Promotion = Pick<
	NewRelease,
	"version" | "allowOlder" | "allowSize" | "sizeReason" | "plan" | "startsAt" | "salt"
>;

export interface ReleaseDeskParts {
	readonly tables: ProductTables;
	/** what versions have beside their packages: variants, deltas, rule indexes */
	readonly beside: readonly { drop(version: string): void }[];
	readonly withdrawals: Pick<WithdrawalLog, "note">;
	readonly rollouts: RolloutTables;
	readonly rolloutDesk: RolloutDesk;
	readonly audit: WriteProductAudit;
	readonly publish: (now: number) => void;
	/** has the product's validator asked about the version, where there is one */
	readonly ask: (change: Change, version: string, sha256: string) => void;
	/** nobody waits for the validator any more */
	readonly forget: (version: string) => void;
}

export class ReleaseDesk {
	readonly #parts: ReleaseDeskParts;

	constructor(parts: ReleaseDeskParts) {
		this.#parts = parts;
	}

	/**
	 * Binds a version to bytes that are stored already; nobody is offered them before `release`.
	 * @param input claimedUntil: end of the upload's claim on the digest, unix seconds; shortly before that it is too late
	 * @param now of the object, unix seconds: the call may have been long under way
	 */
	addPackage(input: NewPackage, now: number): AddedPackage {
		const { tables, audit } = this.#parts;
		const known = tables.release(input.version);
		if (known !== null) {
			return known.sha256 === input.sha256
				? { ok: true, kind: "same", release: known }
				: { ok: false, reason: "version_exists" };
		}
		// From then on the bytes may be removed as nobody's.
		if (!mayBind(input.claimedUntil, now)) return { ok: false, reason: "claim_ended" };
		tables.insertPackage(input.version, input, input.now, input.actor);
		audit(input, "package.add", input.version, input.sha256);
		return { ok: true, kind: "new", release: this.#releaseOrThrow(input.version) };
	}

	/**
	 * Sends a version on its way. The same metadata again changes nothing, but for another start of a rollout that has not begun; other
	 * metadata is a conflict.
	 */
	release(input: Change & NewRelease): Released {
		const { tables, rolloutDesk, audit } = this.#parts;
		const { version, metadata, channel = "stable", salt, startsAt = 0 } = input;
		const info = tables.info();
		const known = tables.release(version);
		if (known === null || info === null) return { ok: false, reason: "no_package" };
		if (known.status === "withdrawn") return { ok: false, reason: "withdrawn" };
		if (known.status !== "uploaded") {
			// What was released on beta and promoted since was released so.
			const isSameChannel = channel === known.channel || (channel === "beta" && known.betaReleasedAt !== null);
			const fields = [...differingMetadata(known, metadata), ...(isSameChannel ? [] : ["channel"])];
			if (fields.length > 0) return { ok: false, reason: "release_exists", fields };
			const isMoved = input.startsAt !== undefined && rolloutDesk.reschedule(input, version, input.startsAt);
			return { ok: true, kind: isMoved ? "rescheduled" : "same" };
		}
		const fit = this.#judge(info, { ...known, ...metadata }, channel, input);
		if (!fit.ok) return fit;
		tables.publish(version, metadata, channel, input.now);
		const requires = metadata.requires === undefined ? "" : `, requires ${requirementsKey(metadata.requires)}`;
		audit(input, "release.publish", version, `${known.sha256}${channel === "beta" ? ", beta" : ""}${requires}`);
		if (fit.beyond !== null) audit(input, "release.size_allowed", version, describeBeyond(fit.beyond, input));
		this.#parts.ask(input, version, known.sha256);
		const plan = input.plan ?? (channel === "beta" ? info.betaPlan : null) ?? info.plan;
		rolloutDesk.start(input, { version, channel, plan, salt, startsAt });
		return { ok: true, kind: "new" };
	}

	/** Sends a release that everybody on beta may have on its way to stable, by a rollout of its own. Again it changes nothing. */
	promote(input: Change & Promotion): Promoted {
		const { tables, rolloutDesk, audit } = this.#parts;
		const { version, salt, startsAt = 0 } = input;
		const info = tables.info();
		const known = tables.release(version);
		if (known === null || info === null || known.status === "uploaded") return { ok: false, reason: "not_released" };
		if (known.status === "withdrawn") return { ok: false, reason: "withdrawn" };
		if (known.channel === "stable") return { ok: true, kind: "same" };
		if (known.outAt === null) return { ok: false, reason: "not_through" };
		const fit = this.#judge(info, known, "stable", input);
		if (!fit.ok) return fit;
		tables.promote(version, input.now);
		audit(input, "release.promote", version, "stable");
		if (fit.beyond !== null) audit(input, "release.size_allowed", version, describeBeyond(fit.beyond, input));
		this.#parts.ask(input, version, known.sha256);
		rolloutDesk.start(input, { version, channel: "stable", plan: input.plan ?? info.plan, salt, startsAt });
		return { ok: true, kind: "new" };
	}

	/** Forgets a version that was never released, and what it has beside its package: their bytes are nobody's then, and go with the next collection. */
	discard(input: Change & { version: string }): Discarded {
		const { tables, beside, audit } = this.#parts;
		const { version } = input;
		const known = tables.release(version);
		if (known === null) return { ok: false, reason: "no_package" };
		if (known.status !== "uploaded") return { ok: false, reason: "released" };
		tables.discard(version);
		for (const desk of beside) desk.drop(version);
		audit(input, "release.discard", version, known.sha256);
		return { ok: true, kind: "new", sha256: known.sha256 };
	}

	/**
	 * Nobody is offered the version from now on; what runs it is offered another. Final, and harmless when repeated; another target may
	 * be named afterwards.
	 * @param input revertTo: where devices go back to that run it; not given = to the newest below it, or to the target that it has
	 */
	withdraw(input: Change & { version: string; reason: string; revertTo?: string }): Withdrawn {
		const { tables, withdrawals, rolloutDesk, audit, publish } = this.#parts;
		const { version, reason, now } = input;
		const known = tables.release(version);
		if (known === null || known.status === "uploaded") return { ok: false, reason: "not_released" };
		const { revertTo: target = known.revertTo } = input;
		if (known.status === "withdrawn" && target === known.revertTo) return { ok: true, changed: false };
		const why = target === null ? null : this.#judgeTarget(known, target);
		if (target !== null && why !== null) return { ok: false, reason: "unfit_target", target, why };
		if (known.status !== "withdrawn") withdrawals.note(version, now);
		this.#parts.forget(version);
		tables.withdraw(version, reason, now);
		if (target !== null) tables.setRevertTarget(version, target);
		audit(input, "release.withdraw", version, target === null ? reason : `back to ${target}: ${reason}`);
		rolloutDesk.end(input, version, `withdrawn: ${reason}`);
		publish(now);
		return { ok: true, changed: true };
	}

	/** @returns why devices cannot go back from the one to the other; null = they can */
	#judgeTarget(bad: ReleaseEntry, to: string): UnfitTarget | null {
		const { tables } = this.#parts;
		const info = tables.info();
		const target = tables.release(to);
		const recorded = new Map<string, PlacedRelease>(tables.recordedReleases().map((one) => [one.version, one]));
		// Either may have left the record since, and comes back to it.
		for (const end of [bad, target]) if (isPlaced(end)) recorded.set(end.version, end);
		const newestFirst = [...recorded.values()].toSorted((a, b) => b.sequence - a.sequence);
		const line = inOfferOrder(newestFirst, info?.versionOrder ?? "none").map(({ version }) => version);
		const isOffered = info?.signing !== "required" || (target !== null && isSigned(target, info.role?.digests ?? {}));
		return judgeRevertTarget(bad, target, line, isOffered);
	}

	/** May the release go on its way in the channel? @returns beyond: in what it is out of bounds all the same; null = it is within */
	#judge(
		info: ProductInfo,
		release: ReleaseEntry,
		channel: Channel,
		{ allowOlder, allowSize }: Pick<NewRelease, "allowOlder" | "allowSize">,
	): { readonly ok: true; readonly beyond: BeyondSize | null } | Unfit {
		const unreached = findUnreached(release.variants ?? [], release.models);
		if (unreached !== null) return { ok: false, reason: "unreached_variant", ...unreached };
		if (info.signing === "required" && !isSigned(release, info.role?.digests ?? {}))
			return { ok: false, reason: "unsigned" };
		const newest = allowOlder === true ? null : this.#newestAbove(release.version, info.versionOrder, channel);
		if (newest !== null) return { ok: false, reason: "older_version", newest };
		const beyond = this.#beyondSize(info, release, channel);
		if (beyond !== null && allowSize !== true) return { ok: false, reason: "size_out_of_bounds", ...beyond };
		const noRoom = this.#noRoomFor(release, channel);
		return noRoom === null ? { ok: true, beyond } : { ok: false, reason: noRoom };
	}

	/** @returns why nothing more can go on its way in the channel; null = it can */
	#noRoomFor({ models, engine, requires }: ReleaseMetadata, channel: Channel): NoRoom | null {
		const { tables, rollouts } = this.#parts;
		if (
			!hasRoomFor(tables.recordedReleases(), { models, engine, channel, ...(requires && { requires: [...requires] }) })
		)
			return "too_many_audiences";
		return rollouts.active(channel).length >= MAX_ACTIVE_ROLLOUTS ? "too_many_rollouts" : null;
	}

	/** @returns the newest release for devices on the channel that is newer than the version; null = none is, or versions have no order */
	#newestAbove(version: string, order: VersionOrder, channel: Channel): string | null {
		if (order !== "vendor") return null;
		const offered = this.#parts.tables
			.recordedReleases()
			.filter((release) => !release.withdrawn && isInChannel(release, { channel }));
		const [newest] = offered.map((release) => release.version).sort((a, b) => compareVendorVersions(b, a));
		return newest !== undefined && compareVendorVersions(newest, version) > 0 ? newest : null;
	}

	/**
	 * Compared with whatever devices that it is for have now, whichever audience that was released to; where all of that was withdrawn, with
	 * what was out last.
	 */
	#beyondSize({ sizeBounds }: ProductInfo, next: ReleaseEntry, channel: Channel): BeyondSize | null {
		const { tables } = this.#parts;
		const out = tables.recordedReleases().filter((one) => isInChannel(one, { channel }) && one.rollout === null);
		const current = currentOf(
			out.filter((one) => !one.withdrawn),
			next,
		);
		for (const { version, withdrawn } of current.length > 0 ? current : currentOf(out, next)) {
			const known = tables.release(version);
			const found = findOutOfBounds(sizeBounds, known, next);
			if (found !== null) return { ...found, current: version, withdrawn };
			for (const { variant, size } of next.variants ?? []) {
				const before = known?.variants?.find((one) => one.variant === variant);
				const was = before === undefined ? null : { size: before.size, entries: null };
				const grown = findOutOfBounds(sizeBounds, was, { size, entries: null });
				if (grown !== null) return { ...grown, current: version, withdrawn, variant };
			}
		}
		return null;
	}

	#releaseOrThrow(version: string): ReleaseEntry {
		const release = this.#parts.tables.release(version);
		if (release === null) throw new Error(`release ${version} vanished inside a transaction`);
		return release;
	}
}

type PlacedRelease = Pick<Release, "version" | "sequence" | "channel">;

function isPlaced<R extends Pick<ReleaseEntry, "sequence" | "channel">>(
	release: R | null,
): release is R & PlacedRelease {
	return release !== null && release.sequence !== null && release.channel !== null;
}

function describeBeyond(
	{ what, from, to, current, variant }: BeyondSize,
	{ sizeReason }: Pick<NewRelease, "sizeReason">,
): string {
	const whose = variant === undefined ? "" : `variant ${variant}: `;
	return `${whose}${what} ${to}, against ${from} of ${current}${sizeReason === undefined ? "" : `: ${sizeReason}`}`;
}
