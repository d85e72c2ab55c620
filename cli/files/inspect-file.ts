// The form of a package on the publisher's disk, before a byte of it is sent (src/content/inspection).
import { type FileHandle, open } from "node:fs/promises";
import { pipeline, Readable, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Finding } from "../../src/content/inspection/finding.ts";
import {
	type Inspection,
	type InspectionOptions,
	inspectPackage,
} from "../../src/content/inspection/inspect-package.ts";
import { type PackageSource, type Unpackers, unpackBy } from "../../src/content/inspection/package-source.ts";
import { CliError, systemFault } from "../errors.ts";

const READ_BYTES = 65_536;

const UNPACKERS: Unpackers = {
	gzip: (packed) => unpacked(packed, createGunzip()),
	// It came with Node 22.15.
	zstd: typeof createZstdDecompress === "function" ? (packed) => unpacked(packed, createZstdDecompress()) : null,
	deflate: unpackBy("deflate-raw"),
};

export interface FileInspection extends Pick<InspectionOptions, "name" | "onFile"> {
	readonly onRead?: (done: number, total: number) => void;
}

/** @throws CliError `unreadable_package` when it cannot be read */
export async function inspectFile(path: string, { onRead, ...options }: FileInspection): Promise<Inspection> {
	try {
		await using file = await open(path);
		const { size } = await file.stat();
		const read: PackageSource["read"] = (offset, length = size) =>
			readFrom(file, offset, length, (done) => onRead?.(done, size));
		return await inspectPackage({ size, read }, { ...options, unpackers: UNPACKERS });
	} catch (cause) {
		const fix = "check that the file exists and is whole";
		throw new CliError(`cannot read ${path}: ${systemFault(cause)}`, { code: "unreadable_package", fix, cause });
	}
}

/** @param what "crs 4.28.0" @throws CliError `unsafe_package` where it has findings */
export function expectSound({ findings, findingCount }: Inspection, what: string): void {
	if (findingCount === 0) return;
	const more = findingCount > findings.length ? [`and ${findingCount - findings.length} more`] : [];
	const lines = [...findings.map(describeFinding), ...more].map((line) => `\n  ${line}`).join("");
	throw new CliError(`${what} is no package that firewalls should unpack:${lines}`, {
		code: "unsafe_package",
		fix: "make the package anew without these: nothing was sent. Only its form is judged, never what is in its files",
	});
}

/** One line, for people. */
export function describeFinding({ code, entry, detail }: Finding): string {
	return `${code}: ${entry === null ? "" : `${entry}: `}${detail}`;
}

function unpacked(packed: AsyncIterable<Uint8Array>, unpacker: Transform): AsyncIterable<Uint8Array> {
	// Whoever reads what comes out meets the error there.
	pipeline(Readable.from(packed, { objectMode: false }), unpacker, () => {});
	return unpacker;
}

async function* readFrom(
	file: FileHandle,
	offset: number,
	length: number,
	onRead: (end: number) => void,
): AsyncGenerator<Uint8Array> {
	for (let [at, left] = [offset, length]; left > 0; ) {
		const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, left));
		const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
		if (bytesRead === 0) return;
		at += bytesRead;
		left -= bytesRead;
		onRead(at);
		yield buffer.subarray(0, bytesRead);
	}
}
