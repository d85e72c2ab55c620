// The payload inside a package file on the publisher's disk. What firewalls read is the payload, so .gz and .zst are
// unpacked before anything is hashed or sent.
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { CliError, isMissing, systemFault } from "../errors.ts";
import { hashFile } from "./file-digest.ts";
import { parsePackageName } from "./package-name.ts";

export interface Payload {
	/** of a file that holds exactly the payload */
	readonly path: string;
	readonly size: number;
	/** hexadecimal */
	readonly sha256: string;
	/** Removes the temporary file, if there is one. */
	dispose(): Promise<void>;
}

/** @throws CliError when there is no such file, or it is something else */
export async function expectFile(path: string): Promise<void> {
	const found = await stat(path).catch((cause: unknown) => (isMissing(cause) ? null : undefined));
	if (found === undefined || found?.isFile()) return; // what cannot be looked at is said when it is read
	const why = found === null ? "there is no such file" : "it is no file";
	throw new CliError(`cannot read ${path}: ${why}`, { code: "unreadable_package", fix: "check the path" });
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
			await pipeline(createReadStream(path), unpacker(packing), createWriteStream(payloadPath, { mode: 0o600 }));
		}
		const { size } = await stat(payloadPath);
		if (size === 0) throw new Error("it holds nothing");
		return { path: payloadPath, size, sha256: await hashFile(payloadPath), dispose };
	} catch (cause) {
		await dispose();
		throw new CliError(`cannot read ${path}: ${systemFault(cause)}`, {
			code: "unreadable_package",
			fix: "check that the file exists and is whole",
			cause,
		});
	}
}

/** @throws Error where this Node has no zstd: it came with 22.15 */
function unpacker(packing: "gzip" | "zstd") {
	if (packing === "gzip") return createGunzip();
	if (typeof createZstdDecompress !== "function")
		throw new Error(`zstd needs Node 22.15, this is ${process.versions.node}`);
	return createZstdDecompress();
}
