// Reads a tar as it comes, whatever the pieces, and keeps one header of it at a time: POSIX ustar and pax (POSIX.1-2017, pax,
// "ustar Interchange Format" and "pax Header Block"), and GNU's long names and base-256 numbers. Where readers of tars are known to
// differ, it is not read on: what is hidden from one of them may be written by another. Nothing is written anywhere.
import { type ArchiveEntry, type ArchiveVisitor, WalkEnded } from "./finding.ts";
import { hasTarSum } from "./package-type.ts";

const BLOCK = 512;
/** Bytes of one pax header or long name; those of real archives have hundreds. */
const MAX_META_BYTES = 65_536;
const MAX_PAX_DIGITS = 6;
/** What the eleven octal digits of a header have room for. */
const MAX_OCTAL_SIZE = 8 ** 11 - 1;
const UTF8 = new TextDecoder();

/** What headers before an entry say of it. */
interface Said {
	path?: string;
	target?: string;
	size?: number;
	isSparse?: boolean;
}

export class TarReader {
	readonly #visitor: ArchiveVisitor;
	readonly #block = new Uint8Array(BLOCK);
	#filled = 0;
	/** bytes that the content of the entry still has, and the zeros after it */
	#content = 0;
	#padding = 0;
	#meta: { readonly kind: string; readonly bytes: Uint8Array; filled: number } | null = null;
	#said: Said = {};
	#always: Said = {};
	#isEnded = false;

	constructor(visitor: ArchiveVisitor) {
		this.#visitor = visitor;
	}

	/** @throws WalkEnded where it is no tar from here on */
	push(bytes: Uint8Array): void {
		let at = 0;
		while (at < bytes.length) {
			if (this.#isEnded) {
				if (bytes.subarray(at).some((byte) => byte !== 0))
					throw new WalkEnded("trailing_bytes", "something follows the end of the archive");
				return;
			}
			if (this.#content > 0) {
				const piece = bytes.subarray(at, at + this.#content);
				this.#take(piece);
				this.#content -= piece.length;
				at += piece.length;
			} else if (this.#padding > 0) {
				const skipped = Math.min(this.#padding, bytes.length - at);
				this.#padding -= skipped;
				at += skipped;
			} else {
				const piece = bytes.subarray(at, at + BLOCK - this.#filled);
				this.#block.set(piece, this.#filled);
				this.#filled += piece.length;
				at += piece.length;
				if (this.#filled === BLOCK) this.#header();
			}
			if (this.#content === 0 && this.#meta !== null) this.#readMeta();
		}
	}

	/** The bytes have ended. @throws WalkEnded where the archive has not */
	end(): void {
		if (!this.#isEnded) throw new WalkEnded("truncated", "it ends before the archive does");
	}

	#take(piece: Uint8Array): void {
		if (this.#meta === null) {
			this.#visitor.data(piece);
		} else {
			this.#meta.bytes.set(piece, this.#meta.filled);
			this.#meta.filled += piece.length;
		}
	}

	#header(): void {
		this.#filled = 0;
		const block = this.#block;
		if (block.every((byte) => byte === 0)) {
			this.#isEnded = true;
			return;
		}
		if (!hasTarSum(block)) throw new WalkEnded("damaged", "a header of the archive has another sum than it says");
		const kind = String.fromCharCode(block[156] ?? 0);
		const own = readNumber(block, 124, 12);
		if ("xgLK".includes(kind)) {
			if (own > MAX_META_BYTES) throw new WalkEnded("damaged", "a header of the archive is longer than any real one");
			this.#meta = { kind, bytes: new Uint8Array(own), filled: 0 };
			this.#expect(own);
			return;
		}
		const said = { ...this.#always, ...this.#said };
		this.#said = {};
		const entry = entryOf(block, kind, said, own);
		// Writers say a size in pax where the header has no room for it; readers without pax go by the header.
		if (entry.size !== own && entry.size <= MAX_OCTAL_SIZE) throw ambiguous("its headers give it two sizes", entry);
		this.#expect(hasContent(entry.kind, kind) ? entry.size : 0);
		this.#visitor.entry(entry);
	}

	#expect(size: number): void {
		this.#content = size;
		this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
	}

	#readMeta(): void {
		const { kind, bytes } = this.#meta ?? { kind: "", bytes: new Uint8Array() };
		this.#meta = null;
		const readRecords = () => readPax(bytes, () => this.#visitor.record());
		if (kind === "L") this.#say({ path: textOf(bytes) });
		else if (kind === "K") this.#say({ target: textOf(bytes) });
		else if (kind === "x") this.#say(readRecords());
		else Object.assign(this.#always, expectNoName(readRecords()));
	}

	/** Which of two words counts is the reader's choice: the first, the last, or GNU's before pax. */
	#say(said: Said): void {
		for (const key of ["path", "target", "size"] as const)
			if (said[key] !== undefined && this.#said[key] !== undefined && said[key] !== this.#said[key])
				throw new WalkEnded("ambiguous", "headers of an entry say two things of it", this.#said.path ?? null);
		Object.assign(this.#said, said);
	}
}

function ambiguous(detail: string, { path }: ArchiveEntry): WalkEnded {
	return new WalkEnded("ambiguous", detail, path);
}

/** No writer says for all entries what only one can have, and not every reader hears it. */
function expectNoName(said: Said): Said {
	if (said.path !== undefined || said.target !== undefined || said.size !== undefined)
		throw new WalkEnded("ambiguous", "a header gives all entries one name or size", said.path ?? null);
	return said;
}

function entryOf(block: Uint8Array, kind: string, said: Said, ownSize: number): ArchiveEntry {
	const isUstar = textOf(block.subarray(257, 262)) === "ustar";
	// GNU's own format has times where ustar has the prefix.
	const prefix = isUstar && block[263] === 0x30 ? textOf(block.subarray(345, 500)) : "";
	const name = textOf(block.subarray(0, 100));
	const path = said.path ?? (prefix === "" ? name : `${prefix}/${name}`);
	const target = said.target ?? textOf(block.subarray(157, 257));
	const size = said.size ?? ownSize;
	const isLink = kind === "1" || kind === "2";
	return { path, kind: said.isSparse === true ? "special" : kindOf(kind, path), size, target: isLink ? target : null };
}

function kindOf(kind: string, path: string): ArchiveEntry["kind"] {
	switch (kind) {
		case "0":
		case "7":
		case "\0":
			return path.endsWith("/") ? "folder" : "file"; // as before POSIX
		case "1":
			return "hardlink";
		case "2":
			return "symlink";
		case "5":
			return "folder";
		default:
			return "special";
	}
}

/** Links, devices and pipes have no content whatever their size says; what is not known has, as POSIX wants it read. */
function hasContent(kind: ArchiveEntry["kind"], flag: string): boolean {
	return kind === "file" || (kind === "special" && !"346".includes(flag));
}

/** @throws WalkEnded where it is no number, or one that no file has */
function readNumber(block: Uint8Array, offset: number, length: number): number {
	const field = block.subarray(offset, offset + length);
	const first = field[0] ?? 0;
	// GNU, for what octal has no room for: the first bit set, then base 256.
	const value = first >= 0x80 ? field.subarray(1).reduce((sum, byte) => sum * 256 + byte, first & 0x7f) : octal(field);
	if (!Number.isSafeInteger(value)) throw new WalkEnded("damaged", "a header of the archive has no size that can be");
	return value;
}

function octal(field: Uint8Array): number {
	const digits = /^[\0 ]*([0-7]*)[\0 ]*$/.exec(String.fromCharCode(...field))?.[1];
	return digits === undefined ? Number.NaN : Number.parseInt(`0${digits}`, 8);
}

/** pax: records of `<length> <key>=<value>\n`, the length that of the whole record. @param onRecord called before each is read */
function readPax(bytes: Uint8Array, onRecord: () => void): Said {
	const said: Said = {};
	for (let at = 0; at < bytes.length; ) {
		onRecord();
		const [blank, equals] = [bytes.indexOf(0x20, at), bytes.indexOf(0x3d, at)];
		const digits = blank - at > MAX_PAX_DIGITS ? "" : UTF8.decode(bytes.subarray(at, blank));
		const end = at + Number(digits);
		if (!/^\d+$/.test(digits) || end > bytes.length || equals < blank + 2 || equals >= end || bytes[end - 1] !== 0x0a)
			throw new WalkEnded("damaged", "a pax header of the archive cannot be read");
		const [key, value] = [bytes.subarray(blank + 1, equals), bytes.subarray(equals + 1, end - 1)].map((part) =>
			UTF8.decode(part),
		) as [string, string];
		if (key === "path") said.path = value;
		if (key === "linkpath") said.target = value;
		if (key === "size") said.size = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
		if (key.startsWith("GNU.sparse.")) said.isSparse = true;
		at = end;
	}
	if (Number.isNaN(said.size)) throw new WalkEnded("damaged", "a pax header of the archive has no size that can be");
	return said;
}

/** Up to the first NUL; what is no UTF-8 becomes U+FFFD, which no sound name has. */
function textOf(bytes: Uint8Array): string {
	const end = bytes.indexOf(0);
	return UTF8.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
