// The demo's signatures: throw-away keys for operators and publisher, made with the first run and kept beside its firewall, so that
// verification is never off. Their passphrase lies beside them: whoever has this folder could sign, which real keys must not allow.
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { TufSigner } from "../../../src/signing/tuf/keys.ts";
import { signAll } from "../../../src/signing/tuf/sign.ts";
import { CliError } from "../../errors.ts";
import { readIfPresent, writeAtomically } from "../../files/atomic-file.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { handIn, readTrust, type Trust } from "../../trust/api.ts";
import { delegate, makeRoot, makeTargets, type PublicKey } from "../../trust/files.ts";
import { makeKey, openKeyFile, writeKeyFile } from "../../trust/key-file.ts";
import type { StepResult } from "./steps.ts";

export interface DemoTrust {
	/** the root that the demo's firewall gets; text of its file */
	readonly root: string;
	readonly publisher: TufSigner;
	readonly keyFile: string;
	readonly passphraseFile: string;
}

export interface TrustStepOptions {
	readonly api: OperatorApi;
	readonly products: readonly string[];
	/** where keys and root are kept */
	readonly folder: string;
	readonly nowMs: () => number;
}

/** Sets the repository up, or takes what an earlier run has set up, and has the demo's publisher sign for every product. */
export async function ensureTrust(options: TrustStepOptions): Promise<StepResult<DemoTrust>> {
	const { api, products, folder, nowMs } = options;
	const now = Math.floor(nowMs() / 1000);
	const trust = await readTrust(api);
	const passphraseFile = join(folder, "passphrase");
	const keyFile = join(folder, "publisher.key");
	const publisher =
		trust.top === null
			? await setUp(options, trust, now)
			: await takeUp(options, trust.top, { passphraseFile, keyFile }, now);
	const root = await readFile(join(folder, "root.json"), "utf8");
	const made = trust.top === null;
	const line = `a publisher's key signs ${products.join(", ")}; keys in ${folder}${made ? "" : " (in place)"}`;
	return { value: { root, publisher, keyFile, passphraseFile }, facts: { folder, products, made }, line };
}

/** @returns the publisher of an earlier run, who signs for products that are new too */
async function takeUp(
	options: TrustStepOptions,
	top: NonNullable<Trust["top"]>,
	{ passphraseFile, keyFile }: Pick<DemoTrust, "passphraseFile" | "keyFile">,
	now: number,
): Promise<TufSigner> {
	const { folder } = options;
	const passphrase = await readIfPresent(passphraseFile);
	if (passphrase === null) {
		throw new CliError(`the service has a root, and its keys are not in ${folder}`, {
			code: "no_key",
			fix: "give the service its folder back, or let both start afresh",
		});
	}
	const publisher = await openKeyFile(keyFile, passphrase);
	await delegateMissing(options, top, passphrase, publisher, now);
	return publisher;
}

async function setUp(
	{ api, products, folder }: TrustStepOptions,
	{ online, log }: Trust,
	now: number,
): Promise<TufSigner> {
	// What a service that is gone knew is of no use.
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder, { recursive: true, mode: 0o700 });
	const passphrase = randomBytes(24).toString("base64url");
	await writeAtomically(join(folder, "passphrase"), passphrase);
	const make = async (name: string) => {
		const key = await makeKey("ed25519", passphrase);
		await writeKeyFile(join(folder, `${name}.key`), key);
		return key.signer;
	};
	const [root, targets, publisher] = await Promise.all([make("root"), make("targets"), make("publisher")]);
	const parts = { root: [root], rootThreshold: 1, targets: [targets], targetsThreshold: 1, online, log };
	const rootText = await signAll(makeRoot(1, parts, now), [root]);
	await writeAtomically(join(folder, "root.json"), rootText);
	const delegations = delegateAll({ keys: {}, roles: [] }, products, publisher);
	await handIn(api, { root: rootText, targets: await signAll(makeTargets(1, delegations, now), [targets]) });
	return publisher;
}

/** Other packages than at the first run may be of other products. */
async function delegateMissing(
	{ api, products, folder }: TrustStepOptions,
	{ targets }: NonNullable<Trust["top"]>,
	passphrase: string,
	publisher: TufSigner,
	now: number,
): Promise<void> {
	const { version, delegations } = targets.signed;
	const missing = products.filter((product) => delegations.roles.every(({ name }) => name !== product));
	if (missing.length === 0) return;
	const key = await openKeyFile(join(folder, "targets.key"), passphrase);
	const next = makeTargets(version + 1, delegateAll(delegations, missing, publisher), now);
	await handIn(api, { targets: await signAll(next, [key]) });
}

function delegateAll(
	delegations: Parameters<typeof delegate>[0],
	products: readonly string[],
	publisher: PublicKey,
): ReturnType<typeof delegate> {
	return products.reduce((all, product) => delegate(all, product, [publisher], 1), delegations);
}
