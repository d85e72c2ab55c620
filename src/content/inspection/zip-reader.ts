// Reads a zip (PKWARE APPNOTE 6.3.10) by its directory, which stands at its end and alone says what is in it; then its contents, one
// after the other, where they can be unpacked. What the directory says and the entries say must be one, and nothing may lie between
// them: readers that go from entry to entry, and those that look for another end, would find what is not seen here.
import { type ArchiveEntry, type ArchiveVisitor, WalkEnded } from "./finding.ts";
import type { InspectionLimits } from "./limits.ts";
import { type PackageSource, readBytes, type Unpackers } from "./package-source.ts";

const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const LOCATOR_BYTES = 20;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
/** Bytes of the directory that are held at once; that of 100,000 entries with names of 100 bytes has 15 MB. */
const MAX_DIRECTORY_BYTES = 16 * 2 ** 20;
const MAX_LINK_BYTES = 4_096;
const STORED = 0;
const DEFLATED = 8;
const UTF8 = new TextDecoder();

interface ZipEntry {
	readonly name: Uint8Array;
	readonly path: string;
	readonly isEncrypted: boolean;
	readonly method: number;
	/** bytes */
	readonly packed: number;
	readonly size: number;
	/** of its local header */
	readonly offset: number;
	readonly kind: ArchiveEntry["kind"];
}

/**
 * @param onFinding of single entries: `encrypted`, `unknown_packing`
 * @throws WalkEnded where it cannot be read on
 */
export async function walkZip(
	source: PackageSource,
	limits: Pick<InspectionLimits, "entries">,
	unpackers: Unpackers,
	visitor: ArchiveVisitor,
	onFinding: (code: "encrypted" | "unknown_packing", entry: ZipEntry) => void,
): Promise<void> {
	const { entries, directory } = await readDirectory(source, limits.entries);
	expectApart(entries, directory);
	for (const [index, entry] of entries.entries()) {
		const { path, kind, size } = entry;
		if (entry.isEncrypted) onFinding("encrypted", entry);
		else if (entry.method !== STORED && entry.method !== DEFLATED) onFinding("unknown_packing", entry);
		const content = await openContent(source, entry, entries[index + 1]?.offset ?? directory, unpackers);
		const target = kind === "symlink" ? await readLink(entry, content) : null;
		visitor.entry({ path, kind, size, target });
		if (kind === "file" && content !== null) await passContent(entry, content, visitor);
	}
}

async function readDirectory(source: PackageSource, maxEntries: number) {
	const tailLength = Math.min(source.size, END_BYTES + MAX_COMMENT_BYTES + LOCATOR_BYTES);
	const tail = await readBytes(source, source.size - tailLength, tailLength);
	const view = viewOf(tail);
	let end = tail.length - END_BYTES;
	while (
		end >= 0 &&
		!(view.getUint32(end, true) === 0x06054b50 && end + END_BYTES + u16(view, end + 20) === tail.length)
	)
		end -= 1;
	if (end < 0) throw new WalkEnded("truncated", "its directory is not there");
	for (let at = end + 1; at + 4 <= tail.length; at += 1)
		if (view.getUint32(at, true) === 0x06054b50) throw new WalkEnded("ambiguous", "its comment has another end in it");
	let [count, length, offset] = [u16(view, end + 10), view.getUint32(end + 12, true), view.getUint32(end + 16, true)];
	const locator = end - LOCATOR_BYTES;
	if (locator >= 0 && view.getUint32(locator, true) === 0x07064b50) {
		const large = viewOf(await readBytes(source, u64(view, locator + 8), 56));
		if (large.byteLength < 56 || large.getUint32(0, true) !== 0x06064b50)
			throw new WalkEnded("damaged", "its directory is not where it says");
		const said = [u64(large, 32), u64(large, 40), u64(large, 48)] as const;
		// Some readers go by the large numbers wherever they are, others only where the small ones have no room.
		const isOne =
			isOrLarge(count, said[0], 0xffff) &&
			isOrLarge(length, said[1], 0xffffffff) &&
			isOrLarge(offset, said[2], 0xffffffff);
		if (!isOne) throw new WalkEnded("ambiguous", "it has two directories");
		[count, length, offset] = said;
	}
	if (count > maxEntries) throw new WalkEnded("too_many_entries", `${count} entries; ${maxEntries} may be`);
	if (length > MAX_DIRECTORY_BYTES) throw new WalkEnded("too_many_entries", `its directory has ${length} bytes`);
	if (offset + length > source.size) throw new WalkEnded("damaged", "its directory is not where it says");
	const bytes = await readBytes(source, offset, length);
	const entries: ZipEntry[] = [];
	for (let at = 0; at < bytes.length; ) {
		const entry = readEntry(bytes.subarray(at));
		at += entry.length;
		entries.push(entry.entry);
		if (entries.length > count) break;
	}
	if (entries.length !== count) throw new WalkEnded("damaged", `its directory says ${count} entries, and has others`);
	return { entries: entries.toSorted((a, b) => a.offset - b.offset), directory: offset };
}

function readEntry(bytes: Uint8Array): { readonly entry: ZipEntry; readonly length: number } {
	const view = viewOf(bytes);
	if (bytes.length < ENTRY_BYTES || view.getUint32(0, true) !== 0x02014b50)
		throw new WalkEnded("damaged", "its directory cannot be read");
	const [nameLength, extraLength, commentLength] = [u16(view, 28), u16(view, 30), u16(view, 32)];
	const length = ENTRY_BYTES + nameLength + extraLength + commentLength;
	if (length > bytes.length) throw new WalkEnded("damaged", "its directory cannot be read");
	const name = bytes.slice(ENTRY_BYTES, ENTRY_BYTES + nameLength);
	const path = UTF8.decode(name);
	const sizes = { size: view.getUint32(24, true), packed: view.getUint32(20, true), offset: view.getUint32(42, true) };
	const extra = bytes.subarray(ENTRY_BYTES + nameLength, ENTRY_BYTES + nameLength + extraLength);
	readLargeSizes(sizes, viewOf(extra));
	expectOneName(name, extra);
	const isUnix = u16(view, 4) >> 8 === 3;
	const kind = kindOf(path, isUnix ? (view.getUint32(38, true) >>> 16) & 0o170000 : 0);
	return {
		entry: { ...sizes, name, path, kind, isEncrypted: (u16(view, 8) & 1) === 1, method: u16(view, 10) },
		length,
	};
}

/** APPNOTE 4.5.3: those that are 0xffffffff stand in the extra field, in this order. */
function readLargeSizes(sizes: { size: number; packed: number; offset: number }, extra: DataView): void {
	for (let at = 0; at + 4 <= extra.byteLength; at += 4 + u16(extra, at + 2)) {
		if (u16(extra, at) !== 1) continue;
		let value = at + 4;
		for (const name of ["size", "packed", "offset"] as const) {
			if (sizes[name] !== 0xffffffff) continue;
			if (value + 8 > extra.byteLength) throw new WalkEnded("damaged", "its directory cannot be read");
			sizes[name] = u64(extra, value);
			value += 8;
		}
	}
}

/** APPNOTE 4.6.9: a name in UTF-8 beside the name; the readers that know of it go by it. */
function expectOneName(name: Uint8Array, extra: Uint8Array): void {
	const view = viewOf(extra);
	for (let at = 0; at + 4 <= extra.length; at += 4 + u16(view, at + 2)) {
		if (u16(view, at) !== 0x7075) continue;
		const other = extra.subarray(at + 9, at + 4 + u16(view, at + 2));
		if (other.length !== name.length || !other.every((byte, index) => byte === name[index]))
			throw new WalkEnded("ambiguous", "an entry has two names", UTF8.decode(name));
	}
}

/** @param mode type of the file as Unix has it; 0 = not said */
function kindOf(path: string, mode: number): ArchiveEntry["kind"] {
	if (path.endsWith("/") || mode === 0o040000) return "folder";
	if (mode === 0o120000) return "symlink";
	return mode === 0 || mode === 0o100000 ? "file" : "special";
}

/** Entries that share bytes make petabytes of a few: D. Fifield, "A better zip bomb", WOOT 2019. */
function expectApart(entries: readonly ZipEntry[], directory: number): void {
	for (const [index, { offset, packed, name, path }] of entries.entries()) {
		const next = entries[index + 1]?.offset ?? directory;
		if (offset + LOCAL_BYTES + name.length + packed > next)
			throw new WalkEnded("overlapping_entries", "its bytes are those of another entry too", path);
	}
}

/** @param next where the next entry begins, or the directory @returns null = it is not looked at: it is encrypted, packed in an unknown way, or nothing is unpacked here */
async function openContent(
	source: PackageSource,
	entry: ZipEntry,
	next: number,
	{ deflate }: Unpackers,
): Promise<AsyncIterable<Uint8Array> | null> {
	if (deflate === null) return null;
	const header = await readBytes(source, entry.offset, LOCAL_BYTES + entry.name.length);
	const view = viewOf(header);
	const isOne =
		header.length === LOCAL_BYTES + entry.name.length &&
		view.getUint32(0, true) === 0x04034b50 &&
		u16(view, 8) === entry.method &&
		u16(view, 26) === entry.name.length &&
		entry.name.every((byte, index) => header[LOCAL_BYTES + index] === byte);
	if (!isOne) throw new WalkEnded("damaged", "the directory says something else of it than it says itself", entry.path);
	const start = entry.offset + LOCAL_BYTES + entry.name.length + u16(view, 28);
	const extra = await readBytes(source, start - u16(view, 28), u16(view, 28));
	expectOneName(entry.name, extra);
	// What follows an entry whose sizes were not known when it was begun: APPNOTE 4.3.9, with or without its sign, small or large.
	const isLate = (u16(view, 6) & 8) !== 0;
	const gaps = isLate ? [12, 16, 20, 24] : [0];
	if (!gaps.includes(next - start - entry.packed))
		throw new WalkEnded("ambiguous", "after it there are bytes of no entry", entry.path);
	const [packedSaid, sizeSaid] = [view.getUint32(18, true), view.getUint32(22, true)];
	const isSame = isOrLarge(packedSaid, entry.packed, 0xffffffff) && isOrLarge(sizeSaid, entry.size, 0xffffffff);
	if (!isSame && !(isLate && packedSaid === 0 && sizeSaid === 0))
		throw new WalkEnded("damaged", "the directory says another size of it than it says itself", entry.path);
	const packed = source.read(start, entry.packed);
	if (entry.isEncrypted || (entry.method !== STORED && entry.method !== DEFLATED)) return null;
	return entry.method === STORED ? packed : deflate(packed);
}

async function passContent(
	{ size, path }: ZipEntry,
	content: AsyncIterable<Uint8Array>,
	visitor: Pick<ArchiveVisitor, "data">,
): Promise<void> {
	let passed = 0;
	try {
		for await (const bytes of content) {
			passed += bytes.length;
			if (passed > size) break;
			visitor.data(bytes);
		}
	} catch (cause) {
		if (cause instanceof WalkEnded) throw cause;
		throw new WalkEnded("damaged", "its content cannot be unpacked", path);
	}
	if (passed !== size) throw new WalkEnded("damaged", `it says that it has ${size} bytes, and has others`, path);
}

/** @returns null = it is not known where the contents are not looked at; "" = nowhere that can be */
async function readLink(entry: ZipEntry, content: AsyncIterable<Uint8Array> | null): Promise<string | null> {
	if (content === null) return null;
	if (entry.size > MAX_LINK_BYTES) return "";
	const target = new Uint8Array(entry.size);
	let filled = 0;
	await passContent(entry, content, {
		data: (bytes) => {
			target.set(bytes, filled);
			filled += bytes.length;
		},
	});
	return UTF8.decode(target);
}

function viewOf(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @param room the number that says that another stands elsewhere */
function isOrLarge(said: number, value: number, room: number): boolean {
	return said === value || said === room;
}

function u16(view: DataView, at: number): number {
	return view.getUint16(at, true);
}

/** What is no safe integer is beyond every size, and is refused as such. */
function u64(view: DataView, at: number): number {
	return Number(view.getBigUint64(at, true));
}
