// What a package is by its first bytes, and what its name says that it is. A generator that has failed leaves a page of HTML under
// the name of an archive; that is noticed here and not on the first firewall.

/** data: anything else, which is nothing bad */
export type PackageType = "tar" | "gzip" | "zstd" | "zip" | "xz" | "bzip2" | "7z" | "clamav" | "html" | "data";

/** Bytes by which every type is known. */
export const HEAD_BYTES = 512;

const MAGIC: readonly (readonly [PackageType, readonly number[]])[] = [
	["gzip", [0x1f, 0x8b]],
	["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
	["zip", [0x50, 0x4b, 0x03, 0x04]],
	["zip", [0x50, 0x4b, 0x05, 0x06]], // of no entries
	["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
	["bzip2", [0x42, 0x5a, 0x68]],
	["7z", [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
	["clamav", [...new TextEncoder().encode("ClamAV-VDB:")]],
];
const HTML = /^\s*<(!doctype\s+html|html)[\s>]/i;

/** @param head the first bytes of a package, at most `HEAD_BYTES` of them */
export function typeOf(head: Uint8Array): PackageType {
	const known = MAGIC.find(([, magic]) => magic.every((byte, index) => head[index] === byte));
	if (known !== undefined) return known[0];
	if (head.length >= HEAD_BYTES && hasTarSum(head)) return "tar";
	return HTML.test(new TextDecoder().decode(head)) ? "html" : "data";
}

/** By its sum, which every tar has; `ustar` old ones do not have. POSIX.1-1988 §10.1.1: the sum of all bytes of the header, its own field taken as blanks. @param block 512 bytes */
export function hasTarSum(block: Uint8Array): boolean {
	let sum = 8 * 0x20;
	// Some writers of long ago added them as signed.
	let signed = sum;
	for (let index = 0; index < 512; index += 1) {
		if (index >= 148 && index < 156) continue;
		const byte = block[index] ?? 0;
		sum += byte;
		signed += byte > 127 ? byte - 256 : byte;
	}
	const said = /^[\0 ]*([0-7]+)[\0 ]/.exec(`${String.fromCharCode(...block.subarray(148, 156))} `)?.[1];
	return said !== undefined && (Number.parseInt(said, 8) === sum || Number.parseInt(said, 8) === signed);
}

const NAMED: readonly (readonly [RegExp, PackageType])[] = [
	[/\.(tgz|gz)$/i, "gzip"],
	[/\.(zst|zstd)$/i, "zstd"],
	[/\.tar$/i, "tar"],
	[/\.zip$/i, "zip"],
	[/\.xz$/i, "xz"],
	[/\.bz2$/i, "bzip2"],
	[/\.7z$/i, "7z"],
	[/\.(cvd|cld)$/i, "clamav"],
	[/\.html?$/i, "html"],
];

/** @param name of the package's file @returns null = its ending says nothing, so anything but a page of HTML may be in it */
export function typeNamed(name: string): PackageType | null {
	return NAMED.find(([ending]) => ending.test(name))?.[1] ?? null;
}

/** @returns the name of what is in a packed file: crs-1.tar for crs-1.tar.gz and crs-1.tgz */
export function nameUnpacked(name: string): string {
	return name.replace(/\.tgz$/i, ".tar").replace(/\.(gz|zst|zstd|cvd)$/i, "");
}
