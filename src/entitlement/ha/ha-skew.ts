// Version skew: which products the devices of an HA group run in different versions. Pure.

/** Product → version; null = nothing is installed of it. A product that is not named is not known of. */
export type Versions = Readonly<Record<string, string | null>>;

export interface VersionsOfMember {
	readonly device: string;
	/** by its own word; null = it has never said */
	readonly installed: Versions | null;
	/** what its peer runs, as it sees it; null = it has never said */
	readonly peer: Versions | null;
}

export interface Skew {
	readonly product: string;
	/** of every device that is known of, in the order of the members */
	readonly versions: readonly { readonly device: string; readonly version: string | null }[];
}

/**
 * What a device runs: by its own word, or, while it has never said, by its peer's. In a group of more than two "the peer" is
 * nobody certain.
 */
export function versionsOf(member: VersionsOfMember, members: readonly VersionsOfMember[]): Versions {
	if (member.installed !== null) return member.installed;
	const others = members.filter(({ device }) => device !== member.device);
	return (others.length === 1 ? others[0]?.peer : null) ?? {};
}

/**
 * @param members those that count
 * @returns the products of which they run different versions, by name. Versions are the same or not; none is "newer"
 */
export function findSkew(members: readonly VersionsOfMember[]): readonly Skew[] {
	const known = members.map((member) => ({ device: member.device, runs: versionsOf(member, members) }));
	const products = [...new Set(known.flatMap(({ runs }) => Object.keys(runs)))].sort();
	return products
		.map((product) => ({
			product,
			versions: known.flatMap(({ device, runs }) => {
				const version = Object.hasOwn(runs, product) ? runs[product] : undefined;
				return version === undefined ? [] : [{ device, version }];
			}),
		}))
		.filter(({ versions }) => new Set(versions.map(({ version }) => version)).size > 1);
}
