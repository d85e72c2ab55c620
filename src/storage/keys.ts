// Every key that Parapet persists under, in one place: they are an interface with the past (docs/storage-schema.md).
// Records live in the replicated store, packages in object storage.

export const HEADS_KEY = "heads";

export function deviceKey(deviceId: string): string {
	return `device:${deviceId}`;
}

/** @param haGroup id of an HA group */
export function haGroupKey(haGroup: string): string {
	return `ha:${haGroup}`;
}

export function productKey(product: string, revision: number): string {
	return `product:${product}@${revision}`;
}

export function messagesKey(revision: number): string {
	return `messages@${revision}`;
}

export function deniedKey(revision: number): string {
	return `denied@${revision}`;
}

/**
 * The parts of a list of denials (content/denied-list.ts). Their number is in the name, since it says what is in which part: one
 * of three never stands for one of four, however much later it is.
 * @param parts as the list names them; undefined = none
 */
export function deniedPartKeys(parts: { readonly count: number; readonly revision: number } | undefined): string[] {
	const { count, revision } = parts ?? { count: 0, revision: 0 };
	return Array.from({ length: count }, (_, part) => `denied-${part}-of-${count}@${revision}`);
}

/** A record's key in Redis, where other programs may keep data in the same database. */
export function redisKey(key: string): string {
	return `parapet:${key}`;
}

/** @param sha256 of the payload, 64 lower-case hexadecimal digits */
export function packageKey(sha256: string): string {
	return `packages/${sha256}`;
}

/** @returns the digest of the package under a key; null = it is not the key of a package */
export function packageDigest(key: string): string | null {
	return /^packages\/([0-9a-f]{64})$/.exec(key)?.[1] ?? null;
}

/** A second upload of a package that is there, while its bytes are checked; deleted right after. */
export function uploadKey(id: string): string {
	return `uploads/${id}`;
}

/**
 * A part of a package that is on its way up. @param upload its product and the SHA-256 of the whole
 * @param part SHA-256 of the part; "" = what the keys of all parts begin with
 */
export function partKey(upload: { readonly product: string; readonly sha256: string }, part: string): string {
	return uploadKey(`${upload.product}/${upload.sha256}/${part}`);
}

/** A pulse in its public bucket, under the path that it also has at the service. @param name by `PulseSigner` */
export function pulseKey(name: string): string {
	return `p/${name}`;
}

/** A file of the TUF repository in the public bucket, under the path that it also has at the service. @param file 3.crs.json */
export function tufKey(file: string): string {
	return `tuf/${file}`;
}

/** A file of the transparency log in the public bucket, under the path that it also has at the service. @param path checkpoint */
export function logKey(path: string): string {
	return `tlog/${path}`;
}

export interface RecordOwner {
	readonly owner: "account" | "product" | "directory";
	/** device or HA group id for an account, product name for a product; empty for the directory, of which there is one */
	readonly name: string;
}

/** Which object writes the record under a key. @throws TypeError for a key that is none of the above */
export function parseRecordKey(key: string): RecordOwner {
	if (key.startsWith("device:")) return { owner: "account", name: key.slice("device:".length) };
	if (key.startsWith("ha:")) return { owner: "account", name: key.slice("ha:".length) };
	if (key.startsWith("product:")) return { owner: "product", name: key.slice("product:".length, key.lastIndexOf("@")) };
	if (key === HEADS_KEY || /^(messages|denied(-\d+-of-\d+)?)@/.test(key)) return { owner: "directory", name: "" };
	throw new TypeError("not the key of a record");
}
