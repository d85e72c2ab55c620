// What a release requires of other products, and whether a device has it: installed already, or offered by the very answer that offers
// the release, which then is to be installed after it. Pure; who may have what of the other product is decided by its own walk.
import { z } from "zod";
import { productName, versionName } from "../../names.ts";
import { compareVendorVersions, engineInRange } from "../releases/vendor-version.ts";

const MAX_REQUIREMENTS = 8;

/** Both ends belong to the range, as with an engine's. Neither an end nor `exactly`: any version. */
const shape = {
	product: productName,
	min: versionName.optional(),
	max: versionName.optional(),
	/** this version and no other: all that there is where versions have no order */
	exactly: versionName
		.optional()
		.meta({ description: "This version and no other: without it `min` up to `max`, both included", example: "4.26" }),
};

/** As records have it: a later version of the service may say more. */
export const requirement = z.object(shape);
export type Requirement = Readonly<z.infer<typeof requirement>>;

/** As a publisher says it. */
export const requirements = z
	.array(
		z
			.strictObject(shape)
			.refine(
				({ min, max, exactly }) => exactly === undefined || (min === undefined && max === undefined),
				"either `exactly` or a range",
			)
			.refine(
				({ min, max }) => min === undefined || max === undefined || compareVendorVersions(min, max) <= 0,
				"no version lies in a range with a minimum above its maximum",
			),
	)
	.min(1)
	.max(MAX_REQUIREMENTS)
	.refine((list) => new Set(list.map(({ product }) => product)).size === list.length, "a product is named twice");

/** @returns whether the version of the required product is one that will do */
export function meetsRequirement({ min, max, exactly }: Requirement, version: string): boolean {
	return exactly === undefined ? engineInRange(version, { min, max }) : version === exactly;
}

/** @returns `base >= 4.26, <= 5`, as people are told */
export function describeRequirement({ product, min, max, exactly }: Requirement): string {
	if (exactly !== undefined) return `${product} = ${exactly}`;
	const ends = [...(min === undefined ? [] : [`>= ${min}`]), ...(max === undefined ? [] : [`<= ${max}`])];
	return ends.length === 0 ? product : `${product} ${ends.join(", ")}`;
}

/** @returns the same text for requirements that say the same, in whatever order; "" for none */
export function requirementsKey(requires: readonly Requirement[] = []): string {
	return requires.map(describeRequirement).sort().join("; ");
}

/**
 * not_named: the question does not say what the device has of the product; not_entitled: no license lets the device have it; withdrawn,
 * halted: what there is of it that would do; not_released: nothing that would do is known; put_off: by the account's policy; not_offered:
 * something would do, and has not come to the device
 */
export const BLOCK_REASONS = [
	"not_named",
	"not_entitled",
	"withdrawn",
	"halted",
	"not_released",
	"put_off",
	"not_offered",
] as const;
export type BlockReason = (typeof BLOCK_REASONS)[number];

/** What a device has of a required product, and what of it the same answer offers. */
export interface Prerequisite {
	readonly installed: string | null;
	/** whether that is to stay: false where it was withdrawn, or does not work on the device */
	readonly isSound: boolean;
	/** null = nothing is */
	readonly offered: string | null;
	/** why nothing that would do is, where that is so */
	readonly reason: BlockReason;
}

/** @returns null = the answer is still being looked for, so that the two require each other */
export type FindPrerequisite = (requirement: Requirement) => Prerequisite | null;

export interface Blocker {
	readonly requirement: Requirement;
	readonly installed: string | null;
	readonly reason: BlockReason;
}

/** Of each required product: the version that the device has and that will do; null = it comes with the same answer, and is to be installed first. */
export type Needs = readonly (readonly [product: string, version: string | null])[];

export type JudgedRequirements =
	| { readonly ok: true; readonly needs: Needs }
	| { readonly ok: false; readonly missing: readonly Blocker[] };

/**
 * What counts is what the device has once it has done all that the answer says: an offer that would not do holds the release, although
 * what is installed would, and so does what is to leave the device.
 */
export function judgeRequirements(requires: readonly Requirement[], find: FindPrerequisite): JudgedRequirements {
	const missing: Blocker[] = [];
	const needs: [string, string | null][] = [];
	for (const requirement of requires) {
		const { installed = null, isSound = false, offered = null, reason = "not_offered" } = find(requirement) ?? {};
		const has = installed !== null && isSound && meetsRequirement(requirement, installed) ? installed : null;
		const isMet = offered === null ? has !== null : meetsRequirement(requirement, offered);
		if (isMet) needs.push([requirement.product, has]);
		else missing.push({ requirement, installed, reason });
	}
	return missing.length === 0 ? { ok: true, needs } : { ok: false, missing };
}

const NOTHING: readonly string[] = [];

/** @returns the products whose offers are to be installed before this one's */
export function afterOf(needs: Needs | undefined): readonly string[] {
	return needs === undefined ? NOTHING : needs.flatMap(([product, version]) => (version === null ? [product] : []));
}

/** What stays on the device and does not go with a release. */
export interface Holder {
	readonly product: string;
	/** installed */
	readonly version: string;
	readonly requirement: Requirement;
}

/** @returns who holds that version back; none = nobody */
export type FindHolders = (version: string) => readonly Holder[];

/** What of a release says whether anybody new gets it. */
interface FittingRelease {
	readonly version: string;
	readonly withdrawn: boolean;
	/** null = everybody may have it */
	readonly rollout: { readonly closed: string | null } | null;
}

/**
 * Why nothing that would do is offered, by what is known of the releases of the required product.
 * @param releases of its record
 */
export function reasonOf(
	requirement: Requirement,
	releases: readonly FittingRelease[],
): "withdrawn" | "halted" | "not_released" | "not_offered" {
	const fitting = releases.filter(({ version }) => meetsRequirement(requirement, version));
	if (fitting.length === 0) return "not_released";
	const live = fitting.filter(({ withdrawn }) => !withdrawn);
	if (live.length === 0) return "withdrawn";
	const isStopped = ({ rollout }: FittingRelease) => rollout?.closed === "halted" || rollout?.closed === "ended";
	return live.every(isStopped) ? "halted" : "not_offered";
}
