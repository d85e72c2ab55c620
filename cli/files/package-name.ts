// Which release a package file's name says it is, and how the file is packed.
import { basename } from "node:path";

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
