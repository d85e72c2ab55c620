// A package file on the publisher's disk: which release its name says it is, and the payload inside it. What firewalls
// read is the payload, so .gz and .zst are unpacked before anything is hashed or sent.
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { CliError } from "../errors.ts";

export interface PackageName {
	/** undefined when the name does not say */
	readonly product: string | undefined;
	readonly version: string | undefined;
	/** the payload's file name: without .gz or .zst */
	readonly payloadName: string;
	readonly packing: "none" | "gzip" | "zstd";
}

const PACKINGS: readonly (readonly [RegExp, string, PackageName["packing"]])[] = [
	[/\.tgz$/i, ".tar", "gzip"],
	[/\.gz$/i, "", "gzip"],
	[/\.(zst|zstd)$/i, "", "zstd"],
];
const PRODUCT_AND_VERSION = /^([a-z][a-z0-9-]*?)[-_]v?(\d[A-Za-z0-9._+-]*)$/;

/** Reads `crs-4.27.0.tar.gz` as product crs, version 4.27.0, payload crs-4.27.0.tar. */
export function parsePackageName(path: string): PackageName {
	const name = basename(path);
	const packed = PACKINGS.find(([ending]) => ending.test(name));
	const payloadName = packed === undefined ? name : name.replace(packed[0], packed[1]);
	// One ending of letters is a file type, not a part of the version.
	const match = PRODUCT_AND_VERSION.exec(payloadName.replace(/\.[A-Za-z]+$/, ""));
	return { product: match?.[1], version: match?.[2], payloadName, packing: packed?.[2] ?? "none" };
}

export interface Payload {
	/** of a file that holds exactly the payload */
	readonly path: string;
	readonly size: number;
	/** hexadecimal */
	readonly sha256: string;
	/** Removes the temporary file, if there is one. */
	dispose(): Promise<void>;
}

/**
 * Unpacks a package file, streaming, and takes the payload's size and digest.
 * @throws CliError when the file cannot be read, is damaged or holds nothing
 */
export async function openPayload(path: string): Promise<Payload> {
	const { packing, payloadName } = parsePackageName(path);
	const folder = packing === "none" ? undefined : await mkdtemp(join(tmpdir(), "parapet-publish-"));
	const dispose = async () => {
		if (folder !== undefined) await rm(folder, { recursive: true, force: true });
	};
	const payloadPath = folder === undefined ? path : join(folder, payloadName);
	try {
		if (packing !== "none") {
			const unpack = packing === "gzip" ? createGunzip() : createZstdDecompress();
			await pipeline(createReadStream(path), unpack, createWriteStream(payloadPath, { mode: 0o600 }));
		}
		const { size } = await stat(payloadPath);
		if (size === 0) throw new Error("it holds nothing");
		return { path: payloadPath, size, sha256: await hashFile(payloadPath), dispose };
	} catch (cause) {
		await dispose();
		throw new CliError(`cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
			code: "unreadable_package",
			fix: "check that the file exists and is whole",
			cause,
		});
	}
}

/** @returns the SHA-256 of a file, hexadecimal */
export async function hashFile(path: string): Promise<string> {
	const hash = createHash("sha256");
	await pipeline(createReadStream(path), hash);
	return hash.digest("hex");
}

/** A stream that passes bytes through and tells how many have passed. */
export function createByteCounter(onCount: (bytes: number) => void): Transform {
	let passed = 0;
	return new Transform({
		transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
			passed += chunk.length;
			onCount(passed);
			done(null, chunk);
		},
	});
}
