// Operators and publishers of a running service: their keys, and the files that they sign and hand in.
import type { TufSigner } from "../../../src/signing/tuf/keys.ts";
import { type Target, targetPath } from "../../../src/signing/tuf/metadata.ts";
import { signAll } from "../../../src/signing/tuf/sign.ts";
import { roleFileOf, rootOf, targetsOf } from "./files.ts";
import { newSigner } from "./keys.ts";

export interface Operators {
	readonly root: TufSigner;
	readonly targets: TufSigner;
	readonly online: TufSigner;
}

export interface Delegated {
	readonly product: string;
	readonly signers: readonly TufSigner[];
	readonly threshold?: number;
}

/** @param online a key that the service signs with */
export async function newOperators(online: Pick<TufSigner, "keyid" | "key">): Promise<Operators> {
	const [root, targets] = await Promise.all([newSigner(), newSigner("ecdsa")]);
	const sign = () => Promise.reject(new Error("the service's private key stays there"));
	return { root, targets, online: { ...online, sign } };
}

export async function rootFile({ root, targets, online }: Operators, version: number, now: number, by = [root]) {
	return signAll(rootOf(version, { root: [root], targets: [targets], online: [online] }, now), by);
}

export async function targetsFile(
	{ targets }: Operators,
	version: number,
	delegated: readonly Delegated[],
	now: number,
) {
	return signAll(targetsOf(version, delegated, now), [targets]);
}

/** @param releases SHA-256 by version */
export async function roleFile(
	product: string,
	version: number,
	releases: Readonly<Record<string, string>>,
	by: readonly TufSigner[],
	now: number,
): Promise<string> {
	const targets = Object.entries(releases).map(([name, sha256]): [string, Target] => [
		targetPath(product, name),
		{ length: 1, hashes: { sha256 } },
	]);
	return signAll(roleFileOf(version, Object.fromEntries(targets), now), by);
}
