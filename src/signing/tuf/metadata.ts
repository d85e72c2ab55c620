// The files of a TUF repository (TUF specification 1.0, §4): their form, and what Parapet asks of it beyond the specification.
// Read strictly: a member that nobody knows is a fault in what operators and publishers send, not something to pass on.
import { z } from "zod";
import { bytesName, PRODUCT_NAME, sha256Hex, variantName, versionName } from "../../names.ts";
import { parseStrictJsonText } from "../formats/strict-json.ts";
import { tufKey } from "./keys.ts";

/** tuf-js takes a time that grows with the square of it: 50 ms for a thousand. */
export const MAX_TARGETS = 1_000;
export const MAX_METADATA_BYTES = 1_048_576;
const MAX_KEYS = 50;
/** With as many, root and targets still fit into one request. */
const MAX_ROLES = 150;
/** A target's `custom` holds objects and lists of them. */
const MAX_DEPTH = 10;

export const TOP_LEVEL_ROLES = ["root", "targets", "snapshot", "timestamp"] as const;
export type TopLevelRole = (typeof TOP_LEVEL_ROLES)[number];

const keyid = z.string().regex(/^[0-9a-f]{64}$/);
const keys = z.record(keyid, tufKey).refine((all) => Object.keys(all).length <= MAX_KEYS, `at most ${MAX_KEYS} keys`);
const base = {
	spec_version: z.string().regex(/^1\.\d+\.\d+$/, "the metadata is of another major version of TUF than 1"),
	version: z.int().min(1),
	expires: z.iso.datetime({ precision: 0 }),
};
const role = z
	.strictObject({ keyids: z.array(keyid).min(1).max(MAX_KEYS), threshold: z.int().min(1) })
	.refine(({ keyids }) => new Set(keyids).size === keyids.length, "a key is named twice")
	.refine(({ keyids, threshold }) => threshold <= keyids.length, "the threshold is more than there are keys");

/** Which keys a role has, and how many of them must sign. */
export type RoleKeys = z.infer<typeof role>;

export const rootSigned = z.strictObject({
	_type: z.literal("root"),
	...base,
	consistent_snapshot: z.literal(true),
	keys,
	roles: z.strictObject({ root: role, targets: role, snapshot: role, timestamp: role }),
	// Beyond the specification, which has clients leave alone what they do not know: devices that know it install by no role file that the
	// log under these keys (C2SP signed-note) does not have.
	"x-parapet-log": z.strictObject({ keys: z.array(z.string().max(300)).min(1).max(MAX_KEYS) }).optional(),
});
export type RootSigned = z.infer<typeof rootSigned>;

const productRole = z
	.string()
	.regex(PRODUCT_NAME)
	.refine((name) => !(TOP_LEVEL_ROLES as readonly string[]).includes(name), "TUF uses the name itself");
const delegation = z
	.strictObject({ name: productRole, paths: z.array(z.string()), terminating: z.literal(true), ...role.shape })
	.refine(({ keyids, threshold }) => threshold <= keyids.length, "the threshold is more than there are keys")
	.refine(({ keyids }) => new Set(keyids).size === keyids.length, "a key is named twice")
	.refine(
		({ name, paths }) => paths.length === 1 && paths[0] === pathsOf(name),
		"a product's role is for the paths of that product alone",
	);
export type Delegation = z.infer<typeof delegation>;

/** The top-level targets: they name nothing to install, only who signs for which product. */
export const targetsSigned = z.strictObject({
	_type: z.literal("targets"),
	...base,
	targets: z.record(z.string(), z.never()),
	delegations: z
		.strictObject({ keys, roles: z.array(delegation).max(MAX_ROLES) })
		.refine(({ roles }) => new Set(roles.map(({ name }) => name)).size === roles.length, "a product is named twice"),
});
export type TargetsSigned = z.infer<typeof targetsSigned>;

const target = z.strictObject({
	length: z.int().min(0),
	// One digest: which of several a client takes is not defined.
	hashes: z.strictObject({ sha256: sha256Hex }),
	custom: z.record(z.string().max(64), z.json()).optional(),
});
export type Target = z.infer<typeof target>;

/** A product's role file: what its publisher says the releases are. */
export const roleSigned = z.strictObject({
	_type: z.literal("targets"),
	...base,
	targets: z
		.record(z.string(), target)
		.refine((all) => Object.keys(all).length <= MAX_TARGETS, `at most ${MAX_TARGETS} targets: leave old releases out`),
});
export type RoleSigned = z.infer<typeof roleSigned>;

export interface SnapshotSigned {
	readonly _type: "snapshot";
	readonly spec_version: string;
	readonly version: number;
	readonly expires: string;
	readonly meta: Readonly<Record<string, { readonly version: number }>>;
}

export interface TimestampSigned {
	readonly _type: "timestamp";
	readonly spec_version: string;
	readonly version: number;
	readonly expires: string;
	readonly meta: {
		readonly "snapshot.json": {
			readonly version: number;
			readonly length: number;
			readonly hashes: { readonly sha256: string };
		};
	};
}

const signatures = z
	.array(
		z.strictObject({
			keyid,
			sig: z
				.string()
				.max(512)
				.regex(/^([0-9a-f]{2})+$/),
		}),
	)
	.max(MAX_KEYS)
	.refine((all) => new Set(all.map(({ keyid: id }) => id)).size === all.length, "a key has signed twice");
export type Signature = z.infer<typeof signatures>[number];

export interface Metadata<Signed> {
	readonly signatures: readonly Signature[];
	readonly signed: Signed;
}

export type ReadMetadata<Signed> =
	| { readonly ok: true; readonly metadata: Metadata<Signed> }
	| { readonly ok: false; readonly reason: "not_metadata"; readonly fault: string };

/** @returns the pattern of a product's target paths: `<product>/<version>` */
export function pathsOf(product: string): string {
	return `${product}/*`;
}

/**
 * The path stays one segment below the product's, or the delegations that there are would not cover a variant's (TUF §4.5: a `*` matches
 * no slash).
 * @param variant not given = of the package for all models without one
 * @returns the path of a release's target
 */
export function targetPath(product: string, version: string, variant?: string): string {
	return `${product}/${bytesName(version, variant)}`;
}

/** @returns the version of a target path of the product, and of a variant's `version@variant`; null where it is none */
export function versionOfPath(product: string, path: string): string | null {
	const [name, bytes = "", ...rest] = path.split("/");
	const [version, variant, ...more] = bytes.split("@");
	const isVariant = variant === undefined || variantName.safeParse(variant).success;
	const isNamed = name === product && rest.length === 0 && more.length === 0;
	return isNamed && isVariant && versionName.safeParse(version).success ? bytes : null;
}

/** @param schema of `signed` @param text of the file, as it came */
export function readMetadata<Signed>(schema: z.ZodType<Signed>, text: string): ReadMetadata<Signed> {
	const json = parseStrictJsonText(text, MAX_DEPTH);
	if (!json.ok)
		return { ok: false, reason: "not_metadata", fault: `it is no JSON that everybody reads alike (${json.defect})` };
	const read = z.strictObject({ signatures, signed: schema }).safeParse(json.value);
	if (read.success) return { ok: true, metadata: read.data as Metadata<Signed> };
	const [issue] = read.error.issues;
	const fault = `${issue?.path.join(".").slice(0, 200)}: ${issue?.message.slice(0, 200)}`;
	return { ok: false, reason: "not_metadata", fault };
}
