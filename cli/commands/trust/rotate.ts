// A new root after the one that is served, and the targets that go with it where their key is another.
import type { TufSigner } from "../../../src/signing/tuf/keys.ts";
import type { RootSigned, TargetsSigned } from "../../../src/signing/tuf/metadata.ts";
import { signAll } from "../../../src/signing/tuf/sign.ts";
import { makeRoot, makeTargets, type PublicKey } from "../../trust/files.ts";

export interface Rotation {
	readonly root: RootSigned;
	readonly targets: TargetsSigned;
	/** the service's keys of now */
	readonly online: readonly PublicKey[];
	/** the log's keys of now */
	readonly log: readonly string[];
	/** who signs from now on */
	readonly keys: Readonly<Record<"root" | "targets", readonly PublicKey[]>>;
}

/**
 * @param by root: of the root that is served, and of the new one; targets: only a new key
 * @param now unix seconds
 * @returns the files to hand in together
 */
export async function rotate(
	{ root, targets, online, log, keys }: Rotation,
	by: { readonly root: readonly TufSigner[]; readonly targets: TufSigner | undefined },
	now: number,
): Promise<{ root: string; targets?: string }> {
	const atMost = (threshold: number, count: number) => Math.min(threshold, count);
	const next = makeRoot(
		root.version + 1,
		{
			root: keys.root,
			rootThreshold: atMost(root.roles.root.threshold, keys.root.length),
			targets: keys.targets,
			targetsThreshold: atMost(root.roles.targets.threshold, keys.targets.length),
			online,
			log,
		},
		now,
	);
	const signed = await signAll(next, by.root);
	if (by.targets === undefined) return { root: signed };
	return {
		root: signed,
		targets: await signAll(makeTargets(targets.version + 1, targets.delegations, now), [by.targets]),
	};
}
