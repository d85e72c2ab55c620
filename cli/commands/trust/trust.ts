// `parapet trust …`: who signs what. Private keys stay in files on this machine; the service gets what they have signed.
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { productName } from "../../../src/names.ts";
import type { RootSigned } from "../../../src/signing/tuf/metadata.ts";
import { signAll } from "../../../src/signing/tuf/sign.ts";
import { readOperand, readOptions } from "../../command-line/read-options.ts";
import { addSharedOptions, type OperatorContext, runAsOperator } from "../../command-line/run-as.ts";
import { collect, wholeNumber } from "../../command-line/values.ts";
import { CliError, UsageError } from "../../errors.ts";
import { readIfPresent } from "../../files/atomic-file.ts";
import { createOutput, formatTable, type Surroundings } from "../../terminal/output.ts";
import { handIn, readTrust, type Trust } from "../../trust/api.ts";
import { delegate, keysOf, makeRoot, makeTargets, type PublicKey } from "../../trust/files.ts";
import { makeKey, openKeyFile, readPublicKey, writeKeyFile } from "../../trust/key-file.ts";
import { addPassphraseOption, passphraseShape, readNewPassphrase, readPassphrase } from "../../trust/passphrase.ts";
import { writeRootFile } from "./root-file.ts";
import { rotate } from "./rotate.ts";
import { defineVerify } from "./verify.ts";

const DEFAULT_FOLDER = "trust";
const kinds = z.enum(["ed25519", "ecdsa"]);
const folderShape = { dir: z.string().default(DEFAULT_FOLDER), ...passphraseShape };

export function defineTrust(trust: Command, surroundings: Surroundings): void {
	defineInit(trust, surroundings);
	defineKey(trust, surroundings);
	defineDelegate(trust, surroundings);
	defineRotate(trust, surroundings);
	defineStatus(trust, surroundings);
	defineVerify(trust, surroundings);
}

function defineInit(trust: Command, surroundings: Surroundings): void {
	const init = trust
		.command("init")
		.description("make the root and targets keys, sign the first root and targets, and hand them in")
		.option("--dir <dir>", `new folder for the keys and for root.json, which devices get (default ${DEFAULT_FOLDER})`);
	addPassphraseOption(init);
	runAsOperator(init, surroundings, folderShape, async ({ api, options, output }) => {
		const passphrase = await readNewPassphrase(options.passphraseFile, surroundings);
		const { online, log, top } = await readTrust(api);
		if (top !== null) {
			const fix = "use `parapet trust rotate` to replace its keys";
			throw new CliError(`${api.server} has a root already`, { code: "already_exists", fix });
		}
		const [root, targets] = await Promise.all([makeKey("ed25519", passphrase), makeKey("ed25519", passphrase)]);
		const now = nowSeconds(surroundings);
		const parts = {
			root: [root.signer],
			rootThreshold: 1,
			targets: [targets.signer],
			targetsThreshold: 1,
			online,
			log,
		};
		const rootText = await signAll(makeRoot(1, parts, now), [root.signer]);
		const targetsText = await signAll(makeTargets(1, { keys: {}, roles: [] }, now), [targets.signer]);
		// The keys first: a root whose key is lost could never be replaced.
		const rootFile = await writeRootFile(options.dir, rootText);
		await writeKeyFile(join(options.dir, "root.key"), root);
		await writeKeyFile(join(options.dir, "targets.key"), targets);
		await handIn(api, { root: rootText, targets: targetsText });
		const answer = { root_key: root.signer.keyid, targets_key: targets.signer.keyid, root: rootFile };
		output.answer(answer, [
			`keys in ${options.dir}: root.key, targets.key; move them off this machine`,
			`${rootFile} is what devices get: \`parapet device activate --root ${rootFile}\``,
		]);
	});
}

function defineKey(trust: Command, surroundings: Surroundings): void {
	const key = trust
		.command("key <file>")
		.description("make a key for a publisher, or a new one for root or targets, in a file under a passphrase")
		.option("--kind <kind>", "ed25519 or ecdsa (P-256) (default: ed25519)");
	addPassphraseOption(key);
	addSharedOptions(key).action(async (path: string) => {
		const shape = z.object({ kind: kinds.default("ed25519"), json: z.boolean().default(false), ...passphraseShape });
		const options = readOptions(key, shape);
		const made = await makeKey(options.kind, await readNewPassphrase(options.passphraseFile, surroundings));
		await writeKeyFile(path, made);
		const { keyid } = made.signer;
		createOutput(surroundings, options.json).answer({ keyid, file: path }, `${path}: key ${keyid}`);
	});
}

function defineDelegate(trust: Command, surroundings: Surroundings): void {
	const command = trust
		.command("delegate <product>")
		.description("say which keys sign the releases of a product; signed with the targets key")
		.requiredOption("--signer <file>", "a publisher's key file; its passphrase is not needed. May be repeated", collect)
		.option("--threshold <n>", "how many of them must sign (default 1)")
		.option("--dir <dir>", `folder with targets.key (default ${DEFAULT_FOLDER})`);
	addPassphraseOption(command);
	const shape = { ...folderShape, signer: z.array(z.string()).min(1), threshold: wholeNumber.optional() };
	runAsOperator(command, surroundings, shape, async ({ api, options, operands, output }) => {
		const product = readOperand(operands, 0, "product", productName);
		const { threshold = 1 } = options;
		if (threshold < 1 || threshold > options.signer.length) {
			throw new UsageError(
				`--threshold ${threshold}: of ${options.signer.length} keys 1 to ${options.signer.length} can sign`,
			);
		}
		const signers = await Promise.all(options.signer.map(readPublicKey));
		const passphrase = await readPassphrase(options.passphraseFile, surroundings);
		const key = await openRoleKey(options.dir, "targets.key", passphrase);
		const { targets } = requireTop(await readTrust(api));
		const delegations = delegate(targets.signed.delegations, product, signers, threshold);
		const signed = makeTargets(targets.signed.version + 1, delegations, nowSeconds(surroundings));
		await handIn(api, { targets: await signAll(signed, [key]) });
		const keyids = signers.map(({ keyid }) => keyid);
		output.answer(
			{ product, keyids, threshold, targets_version: signed.version },
			`${product}: ${threshold} of ${keyids.length} keys sign (${keyids.map((id) => id.slice(0, 12)).join(", ")})`,
		);
	});
}

const rotateShape = {
	...folderShape,
	newRoot: z.string().optional(),
	newTargets: z.string().optional(),
};

function defineRotate(trust: Command, surroundings: Surroundings): void {
	const command = trust
		.command("rotate")
		.description(
			"sign a new root: with the service's present keys, and other root or targets keys where they are given",
		)
		.option("--new-root <file>", "key file that takes the place of root.key")
		.option("--new-targets <file>", "key file that takes the place of targets.key")
		.option("--dir <dir>", `folder with root.key, targets.key and root.json (default ${DEFAULT_FOLDER})`);
	addPassphraseOption(command);
	runAsOperator(
		command,
		surroundings,
		rotateShape,
		async ({ api, options, output }: OperatorContext<RotateOptions>) => {
			const passphrase = await readPassphrase(options.passphraseFile, surroundings);
			const rootKey = await openRoleKey(options.dir, "root.key", passphrase);
			const open = (file: string | undefined) => (file === undefined ? undefined : openKeyFile(file, passphrase));
			const trusted = await readTrust(api);
			const { root, targets } = requireTop(trusted);
			const [newRoot, newTargets] = await Promise.all([open(options.newRoot), open(options.newTargets)]);
			const keys: Record<"root" | "targets", readonly PublicKey[]> = {
				root: newRoot === undefined ? keysOf(root.signed.roles.root, root.signed.keys) : [newRoot],
				targets: newTargets === undefined ? keysOf(root.signed.roles.targets, root.signed.keys) : [newTargets],
			};
			const files = await rotate(
				{ root: root.signed, targets: targets.signed, online: trusted.online, log: trusted.log, keys },
				{ root: [rootKey, ...(newRoot === undefined ? [] : [newRoot])], targets: newTargets },
				nowSeconds(surroundings),
			);
			await handIn(api, files);
			const version = root.signed.version + 1;
			const file = await writeRootFile(options.dir, files.root);
			output.answer({ root_version: version, root: file, targets_resigned: files.targets !== undefined }, [
				`root ${version} is served, and in ${file}; devices find it by themselves`,
				...(newRoot === undefined ? [] : [`${options.newRoot} takes the place of root.key: put it there`]),
				...(newTargets === undefined ? [] : [`${options.newTargets} takes the place of targets.key: put it there`]),
			]);
		},
	);
}
type RotateOptions = z.infer<z.ZodObject<typeof rotateShape>>;

function defineStatus(trust: Command, surroundings: Surroundings): void {
	const status = trust
		.command("status")
		.description("versions, ends and keys of root, targets and the role of each product");
	runAsOperator(status, surroundings, {}, async ({ api, output }) => {
		const { answer, top } = await readTrust(api);
		if (top === null) {
			output.answer(answer, "not set up; `parapet trust init` does");
			return;
		}
		const { root, targets } = top;
		const named = root.signed.roles.timestamp.keyids;
		const isOnline = answer.online.some(({ keyid }) => named.includes(keyid));
		const rows = [
			["root", root.signed.version, root.signed.expires, threshold(root.signed.roles.root), "yes"],
			["targets", targets.signed.version, targets.signed.expires, threshold(root.signed.roles.targets), "yes"],
			["log", undefined, undefined, logThreshold(root.signed), logWord(root.signed, answer.log?.keys ?? [])],
			["timestamp", undefined, undefined, threshold(root.signed.roles.timestamp), isOnline ? "yes" : "no: rotate"],
			...answer.roles.map((role) => [role.product, role.version, role.expires, threshold(role), wordFor(role)]),
		];
		output.answer(answer, formatTable(["ROLE", "VERSION", "EXPIRES", "KEYS", "SIGNED"], rows));
	});
}

function logThreshold({ "x-parapet-log": log }: RootSigned): string {
	return `1 of ${log?.keys.length ?? 0}`;
}

/** @param keys of the service's log now */
function logWord({ "x-parapet-log": log }: RootSigned, keys: readonly string[]): string {
	if (log === undefined) return "not demanded of devices";
	return keys.some((key) => log.keys.includes(key)) ? "yes" : "no: rotate";
}

function threshold(role: { readonly keyids: readonly string[]; readonly threshold: number }): string {
	return `${role.threshold} of ${role.keyids.length}`;
}

function wordFor({ version, trusted, proposed }: Trust["answer"]["roles"][number]): string {
	const word = version === null ? "nothing yet" : trusted ? "yes" : "no: sign again";
	return proposed ? `${word}, one waits for signatures` : word;
}

/** @throws CliError naming --dir where the folder has no such file */
async function openRoleKey(folder: string, name: string, passphrase: string) {
	const path = join(folder, name);
	if ((await readIfPresent(path)) !== null) return openKeyFile(path, passphrase);
	const fix = `name the folder that \`parapet trust init\` made, with ${name} in it: --dir FOLDER`;
	throw new CliError(`there is no ${path}`, { code: "no_key", fix });
}

function requireTop({ top }: Trust): NonNullable<Trust["top"]> {
	if (top !== null) return top;
	throw new CliError("there is no root yet", { code: "not_set_up", fix: "`parapet trust init` makes it" });
}

function nowSeconds({ nowMs }: Surroundings): number {
	return Math.floor(nowMs() / 1000);
}
