// The service's side of trust: what it serves now, and handing in what was signed.
import { z } from "zod";
import { tufKey } from "../../src/signing/tuf/keys.ts";
import {
	type Metadata,
	type RoleSigned,
	type RootSigned,
	readMetadata,
	roleSigned,
	rootSigned,
	type TargetsSigned,
	targetsSigned,
} from "../../src/signing/tuf/metadata.ts";
import { CliError } from "../errors.ts";
import type { OperatorApi } from "../http/operator-api.ts";
import { parseJson } from "../json.ts";
import type { PublicKey } from "./files.ts";

const roleSummary = z.looseObject({
	product: z.string(),
	version: z.number().nullable(),
	expires: z.string().nullable(),
	keyids: z.array(z.string()),
	threshold: z.number(),
	trusted: z.boolean(),
	releases: z.number(),
});
const trustAnswer = z.looseObject({
	online: z.array(z.object({ keyid: z.string(), key: tufKey })),
	root: z.string().nullable(),
	targets: z.string().nullable(),
	timestamp: z.string().nullable(),
	// Not said by a service that has no log.
	log: z.looseObject({ origin: z.string(), keys: z.array(z.string()) }).optional(),
	roles: z.array(roleSummary.extend({ proposed: z.boolean() })),
});
export type TrustAnswer = z.infer<typeof trustAnswer>;
const roleAnswer = roleSummary.extend({ file: z.string().nullable(), proposal: z.string().nullable() });
export type RoleAnswer = z.infer<typeof roleAnswer>;
const handedIn = z.looseObject({
	version: z.number().nullish(),
	signatures: z.number().optional(),
	threshold: z.number(),
});

export interface Trust {
	readonly answer: TrustAnswer;
	/** the service's own keys, one for each entry of MAC_KEYS. A root names them all: whichever comes next, or back, may sign */
	readonly online: readonly PublicKey[];
	/** of the service's transparency log, which a root names too */
	readonly log: readonly string[];
	/** null = not set up */
	readonly top: { readonly root: Metadata<RootSigned>; readonly targets: Metadata<TargetsSigned> } | null;
}

export async function readTrust(api: OperatorApi): Promise<Trust> {
	const answer = await api.call("GET", "/v1/trust", "could not read the TUF repository", trustAnswer);
	const { online } = answer;
	if (online.length === 0) throw new CliError("the service names no key of its own", { code: "unexpected_answer" });
	const { root, targets } = answer;
	const top =
		root === null || targets === null
			? null
			: { root: parse(rootSigned, root, "root"), targets: parse(targetsSigned, targets, "targets") };
	return { answer, online, log: answer.log?.keys ?? [], top };
}

export async function handIn(api: OperatorApi, files: { root?: string; targets?: string }): Promise<void> {
	await api.call("PUT", "/v1/trust", "could not hand in what was signed", z.looseObject({}), files);
}

export async function readRole(api: OperatorApi, product: string): Promise<RoleAnswer> {
	return api.call("GET", `/v1/products/${product}/role`, `could not read the role file of ${product}`, roleAnswer);
}

/** @returns how many signatures are missing; 0 = it is served */
export async function handInRole(api: OperatorApi, product: string, file: string): Promise<number> {
	const what = `could not hand in the role file of ${product}`;
	const { status, answer } = await api.ask("PUT", `/v1/products/${product}/role`, what, handedIn, parseJson(file));
	return status === 202 ? answer.threshold - (answer.signatures ?? 0) : 0;
}

export function parseRole(text: string): Metadata<RoleSigned> {
	return parse(roleSigned, text, "role file");
}

function parse<Signed>(schema: z.ZodType<Signed>, text: string, name: string): Metadata<Signed> {
	const read = readMetadata(schema, text);
	if (read.ok) return read.metadata;
	throw new CliError(`the service's ${name} is not one: ${read.fault}`, { code: "unexpected_answer" });
}
