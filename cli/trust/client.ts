// The way of a TUF client through the repository, by tuf-js: what the service offers is only installed if this says so. The client
// keeps what it has seen in a folder of its own, so that nothing older is taken later.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { readIfPresent, writeAtomically } from "../files/atomic-file.ts";

const ROOT_FILE = "root.json";
const TIMEOUT_MS = 30_000;

export interface SignedTarget {
	readonly sha256: string;
	/** bytes */
	readonly size: number;
	/** its place in the order in which its publisher signed releases; 0 where the publisher does not say */
	readonly sequence: number;
	/** of a variant: the models that it is for; not given = it is none */
	readonly models?: readonly string[];
	/** of the package of a release: models that have a variant of their own; not given = none has */
	readonly except?: readonly string[];
}

/** The metadata could not be had, or is not what its signers have signed: nothing is known of any release. */
export class TrustError extends CliError {}

export interface TrustClient {
	/** @returns what is signed under the path; null = nothing is @throws TrustError */
	find(path: string): Promise<SignedTarget | null>;
}

/** Keeps a root as the first one, unless there is one. @param root text of the file */
export async function pinRoot(folder: string, root: string): Promise<void> {
	if (!(await hasRoot(folder))) await writeAtomically(join(folder, ROOT_FILE), root);
}

export async function hasRoot(folder: string): Promise<boolean> {
	return (await readIfPresent(join(folder, ROOT_FILE))) !== null;
}

/**
 * Brings the folder's metadata up to date: TUF specification 1.0 §5, from the root on.
 * @param folder with `pinRoot`ed root @param server origin
 * @throws TrustError
 */
export async function openTrustClient(folder: string, server: string): Promise<TrustClient> {
	await mkdir(folder, { recursive: true, mode: 0o700 });
	// Loaded here: a firewall without a pinned root never waits for it.
	const { Updater } = await import("tuf-js");
	const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
		try {
			return await work();
		} catch (cause) {
			const detail = cause instanceof Error ? cause.message : String(cause);
			const fix = "nothing was replaced; tell the publisher and the operator, and try again later";
			throw new TrustError(`what the service offers cannot be verified: ${detail}`, { code: "untrusted", fix, cause });
		}
	};
	const updater = await attempt(async () => {
		const config = { fetchTimeout: TIMEOUT_MS };
		const made = new Updater({ metadataDir: folder, metadataBaseUrl: `${server}/tuf`, config });
		await made.refresh();
		return made;
	});
	return {
		find: (path) =>
			attempt(async () => {
				const target = await updater.getTargetInfo(path);
				const sha256 = target?.hashes["sha256"];
				if (target === undefined || sha256 === undefined) return null;
				const { sequence, variant, models, except } = target.custom;
				return {
					...{ sha256, size: target.length, sequence: Number.isSafeInteger(sequence) ? Number(sequence) : 0 },
					...(typeof variant === "string" && { models: textsIn(models) }),
					...(except !== undefined && { except: textsIn(except) }),
				};
			}),
	};
}

/** What a publisher says beside the digest is of any form. */
function textsIn(said: unknown): string[] {
	return Array.isArray(said) ? said.filter((one) => typeof one === "string") : [];
}
