// Which releases a product's role file names: the version with this very digest. What the file does not name is not signed.
import { bytesName } from "../../names.ts";
import type { Release, Signing } from "./product-record.ts";

/** What a product's role file names, as far as the service needs it. */
export interface SignedRole {
	/** of the role file */
	readonly version: number;
	/** SHA-256 by release, and by variant of one (names.ts, `bytesName`); empty where too few of the keys of now have signed the file */
	readonly digests: Readonly<Record<string, string>>;
}

/** @param digests SHA-256 by `bytesName`, of a trusted role file @returns whether it names the package, and every variant */
export function isSigned(
	{ version, sha256, variants = [] }: Pick<Release, "version" | "sha256" | "variants">,
	digests: Readonly<Record<string, string>>,
): boolean {
	const isNamed = (name: string, digest: string) => Object.hasOwn(digests, name) && digests[name] === digest;
	return isNamed(version, sha256) && variants.every((one) => isNamed(bytesName(version, one.variant), one.sha256));
}

/** @param digests by `bytesName` @returns how many releases they name, variants not counted */
export function countReleases(digests: Readonly<Record<string, string>>): number {
	return Object.keys(digests).filter((name) => !name.includes("@")).length;
}

/**
 * @returns the releases with the mark of those that are signed; where all must be, only these and the withdrawn ones. A withdrawn release
 * is offered to nobody, signed or not, and a device that runs it must hear that it has to leave it: its publisher may have taken
 * it out of the role file.
 */
export function signedOf(
	releases: readonly Release[],
	signing: Signing,
	digests: Readonly<Record<string, string>>,
): Release[] {
	const marked = releases.map((release) =>
		isSigned(release, digests) ? { ...release, signed: true as const } : release,
	);
	return signing === "required" ? marked.filter(({ signed, withdrawn }) => signed || withdrawn) : marked;
}
