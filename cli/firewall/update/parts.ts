// The parts of packages under downloads/. A part can be had again, so it is given up wherever it is no longer offered or its
// room is needed: nothing half downloaded keeps a firewall from an update.
import { readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { FirewallHome } from "../home/firewall-state.ts";
import type { CheckedProduct } from "../wire-types.ts";
import { etagPathOf } from "./part-etag.ts";

/** What stays free beside a package, for the files in which a firewall writes down what it does. */
const RESERVED_BYTES = 256 * 1024;

/** The package that a part is of. */
export interface PartOf {
	readonly product: string;
	readonly sha256: string;
	readonly size: number;
}

/** A firewall's home, as far as files go. */
type Folder = Pick<FirewallHome, "folder">;

const nameOf = ({ product, sha256 }: Pick<PartOf, "product" | "sha256">) => `${product}@${sha256}.part`;
const folderOf = (home: Folder) => join(home.folder, "downloads");

/** Where a package grows while it is downloaded; by digest, so that a new permit goes on where an old one stopped. */
export function partPathOf(home: Folder, of: Pick<PartOf, "product" | "sha256">): string {
	return join(folderOf(home), nameOf(of));
}

/** Where the delta grows that is to make a package. */
export function deltaPathOf(home: Folder, of: Pick<PartOf, "product" | "sha256">, deltaSha256: string): string {
	return `${partPathOf(home, of)}.${deltaSha256}.delta`;
}

/** @returns whether so many bytes more have room */
export async function hasRoomBeside(home: Folder, size: number): Promise<boolean> {
	return (await freeBytes(home)) >= size + RESERVED_BYTES;
}

/**
 * Removes the parts of what is not offered any more.
 * @param products of a check's answer
 * @param only the one product that was asked about; the others' parts stay. undefined = all were
 */
export async function dropOldParts(
	home: Folder,
	products: readonly CheckedProduct[],
	only: string | undefined,
): Promise<void> {
	const offered = products.flatMap(({ product, status, offer }) =>
		status === "offered" && offer != null ? [nameOf({ product, sha256: offer.sha256 })] : [],
	);
	const isOffered = (name: string) => offered.some((own) => name === own || name.startsWith(`${own}.`));
	await dropParts(home, (name) => isOffered(name) || (only !== undefined && !name.startsWith(`${only}@`)));
}

/** @returns how many went */
export async function dropParts(home: Folder, isKept: (name: string) => boolean = () => false): Promise<number> {
	const folder = folderOf(home);
	const dropped = (await readdir(folder).catch(() => [])).filter((name) => !isKept(name));
	for (const name of dropped) await rm(join(folder, name), { recursive: true, force: true });
	return dropped.length;
}

/**
 * Sees that the rest of a package has room, and gives up parts where it has none: those of other packages first.
 * @returns null = it has; else how many bytes are needed and free
 */
export async function makeRoomFor(home: Folder, part: PartOf): Promise<string | null> {
	if (await hasRoom(home, part)) return null;
	await dropParts(home, (name) => name === nameOf(part) || name === etagPathOf(nameOf(part)));
	if (await hasRoom(home, part)) return null;
	await dropParts(home);
	return describeNeed(home, part);
}

/** @returns how many bytes a whole package needs, and how many there are */
export async function describeNeed(home: Folder, { size }: PartOf): Promise<string> {
	return `${size + RESERVED_BYTES} bytes are needed in ${home.folder}, ${await freeBytes(home)} are free`;
}

async function hasRoom(home: Folder, part: PartOf): Promise<boolean> {
	const done = await stat(partPathOf(home, part)).then(
		({ size }) => size,
		() => 0,
	);
	return (await freeBytes(home)) >= part.size - done + RESERVED_BYTES;
}

/** @returns bytes that an update may take: what is free, and what parts hold, which are given up for it; null = the file system cannot say */
export async function availableBytes(home: Folder): Promise<number | null> {
	const free = await freeBytes(home);
	if (!Number.isFinite(free)) return null;
	const folder = folderOf(home);
	const names = await readdir(folder).catch(() => []);
	const sizes = await Promise.all(
		names.map((name) =>
			stat(join(folder, name)).then(
				({ size }) => size,
				() => 0,
			),
		),
	);
	return Math.max(0, sizes.reduce((sum, size) => sum + size, free) - RESERVED_BYTES);
}

/** What the file system has left for this user; some cannot say, and are tried. */
async function freeBytes({ folder }: Folder): Promise<number> {
	const found = await statfs(folder).catch(() => null);
	return found === null || found.blocks === 0 ? Number.POSITIVE_INFINITY : found.bavail * found.bsize;
}
