// What a release requires of other products, looked at when it is published: that there is what would do, that no circle is made, and that
// its rollout goes with theirs. Strongly consistent: the Products and the Directory are asked, no record.

import type { Channel } from "../../content/releases/channel.ts";
import { REQUIREMENT_CLAIM_SECONDS } from "../../content/requires/circle.ts";
import { describeRequirement, meetsRequirement, type Requirement } from "../../content/requires/requires.ts";
import type { CircleLink } from "../../objects/directory/requirement-list.ts";
import type { ReleaseEntry } from "../../objects/product/releases/release-row.ts";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";
import { requireProducts } from "../http/known-names.ts";

export interface RequiringRelease {
	readonly product: string;
	readonly version: string;
	readonly channel: Channel;
	readonly requires: readonly Requirement[];
}

/** What follows for the rollout of a release that requires others. */
export interface TiedRollout {
	/** of a rollout under way that brings what is required: with the same buckets both come to the same devices first */
	readonly salt?: string;
}

/**
 * Of a release that is to be published. The same again, after it was, looks at nothing: it changes nothing.
 * @returns what its rollout shares with those of what it requires
 * @throws ProblemError `invalid_request` for a product that does not exist, itself, or a range where versions have no order;
 * `prerequisite_not_released`, `circular_requires`
 */
export async function tieNewRelease(scope: RequestScope, release: RequiringRelease): Promise<TiedRollout> {
	const known = await scope.services.objects.product(release.product).find(release.version);
	if (known === null || known.status !== "uploaded") return {};
	const { product, requires } = release;
	const own = requires.findIndex((one) => one.product === product);
	if (own >= 0) throw misread(own, "a release cannot require its own product");
	const names = requires.map((one) => one.product);
	await requireProducts(scope, "requires", names);
	const tied = await tie(scope, release);
	await claim(scope, release, names);
	return tied;
}

/** Of one that goes from beta to stable: it has its claim. @throws as above, but for `circular_requires` */
export async function tiePromoted(scope: RequestScope, product: string, version: string): Promise<TiedRollout> {
	const release = await scope.services.objects.product(product).find(version);
	const isPromoted = release?.channel === "beta" && release.status !== "withdrawn";
	return isPromoted && release.requires !== undefined
		? tie(scope, { channel: "stable", requires: release.requires })
		: {};
}

async function tie(
	scope: RequestScope,
	{ channel, requires }: Pick<RequiringRelease, "channel" | "requires">,
): Promise<TiedRollout> {
	const found = await Promise.all(requires.map((one, index) => findFitting(scope, one, index, channel)));
	const unmet = requires.filter((_, index) => found[index]?.length === 0);
	if (unmet.length > 0) {
		const where = channel === "stable" ? "on stable" : "on either channel";
		const detail = `nothing that is released ${where} would do: ${unmet.map(describeRequirement).join("; ")}`;
		throw new ProblemError("prerequisite_not_released", { detail, extras: { unmet: [...unmet] } });
	}
	// What everybody may have holds nobody up.
	const underWay = requires.flatMap(({ product }, index) => {
		const fitting = found[index] ?? [];
		const [newest] = fitting;
		return newest === undefined || fitting.some(({ outAt }) => outAt !== null) ? [] : [[product, newest] as const];
	});
	// One set of buckets can be shared: with the one that has come least far, or the device would wait for it all the same.
	const [last] = underWay.toSorted(([, a], [, b]) => (b.releasedAt ?? 0) - (a.releasedAt ?? 0));
	if (last === undefined) return {};
	const view = await scope.services.objects.product(last[0]).rollout(last[1].version, scope.now);
	return view === null ? {} : { salt: view.rollout.salt };
}

/** @returns releases that would do and that devices of the channel can come to, newest first */
async function findFitting(
	{ services }: RequestScope,
	requirement: Requirement,
	index: number,
	channel: Channel,
): Promise<readonly ReleaseEntry[]> {
	const object = services.objects.product(requirement.product);
	const [info, releases] = await Promise.all([object.info(), object.list()]);
	const isRange = requirement.min !== undefined || requirement.max !== undefined;
	if (info?.versionOrder === "none" && isRange)
		throw misread(index, `versions of ${requirement.product} have no order: say \`exactly\` which, or none for any`);
	return releases.filter(
		(one) =>
			!["uploaded", "superseded", "withdrawn"].includes(one.status) &&
			(one.channel === "stable" || one.channel === channel) &&
			meetsRequirement(requirement, one.version),
	);
}

/**
 * Exact at two publishers at the same time: the Directory knows all claims, and takes none that closes a circle. A claim whose release did
 * not come about, or was withdrawn, is taken back here, where it is in the way.
 */
async function claim(scope: RequestScope, { product, version }: RequiringRelease, required: readonly string[]) {
	const directory = () => scope.services.objects.directory();
	const wanted = { product, version, required, now: scope.now };
	let claimed = await directory().claimRequirements(wanted);
	if (!claimed.ok && claimed.reason === "circle") {
		const areStale = await Promise.all(claimed.links.map((link) => isStale(scope, link)));
		const stale = claimed.links.filter((_, index) => areStale[index]);
		if (stale.length > 0) claimed = await directory().claimRequirements({ ...wanted, stale });
	}
	if (claimed.ok) return;
	if (claimed.reason === "unknown_product") throw misread(required.indexOf(claimed.product), "is no product");
	const { circle, links } = claimed;
	const releases = links.map((link) => ({ product: link.product, version: link.version, requires: link.required }));
	throw new ProblemError("circular_requires", { detail: circle.join(" requires "), extras: { circle, releases } });
}

async function isStale({ services, now }: RequestScope, { product, version, claimedAt }: CircleLink): Promise<boolean> {
	const release = await services.objects.product(product).find(version);
	if (release !== null && release.status !== "uploaded") return ["withdrawn", "superseded"].includes(release.status);
	return claimedAt + REQUIREMENT_CLAIM_SECONDS < now;
}

function misread(index: number, message: string): ProblemError {
	return new ProblemError("invalid_request", { extras: { errors: [{ field: `requires.${index}`, message }] } });
}
