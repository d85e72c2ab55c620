// What can be wrong with a package before anybody is offered it. Only its form is judged, never what is in its files: signature
// packages hold, and must hold, bytes that look like malware.

/** More than these are counted, and not kept. */
export const FINDINGS_KEPT = 20;

export type FindingCode =
	| "wrong_type"
	| "damaged"
	| "truncated"
	| "trailing_bytes"
	| "too_many_entries"
	| "too_large"
	| "bomb"
	| "overlapping_entries"
	| "ambiguous"
	| "encrypted"
	| "unknown_packing"
	| "absolute_path"
	| "traversal"
	| "bad_name"
	| "special_file"
	| "link_outside"
	| "through_link"
	| "duplicate"
	| "case_collision";

export interface Finding {
	readonly code: FindingCode;
	/** path in the archive, as it is there, shortened; null = the package as a whole */
	readonly entry: string | null;
	/** in words, lower case, without the entry */
	readonly detail: string;
}

/** What an archive says of one of its entries. */
export interface ArchiveEntry {
	/** as it is there, whatever that may be */
	readonly path: string;
	/** special: a device, a pipe, a sparse file, or what is not known */
	readonly kind: "file" | "folder" | "symlink" | "hardlink" | "special";
	/** bytes of its content */
	readonly size: number;
	/** of a link, as it is there; null = it is none, or it is not known */
	readonly target: string | null;
}

/** Who walks with the reader of an archive. */
export interface ArchiveVisitor {
	/** Once for each entry, before its content. */
	entry(entry: ArchiveEntry): void;
	/** Once for each record of a header that goes before entries: there may be as many as nobody can count in a request. */
	record(): void;
	/** A piece of the content of the file that was named last. Whoever keeps it copies it. */
	data(bytes: Uint8Array): void;
}

/** Ends a walk at once: nothing after it could be told apart from nonsense, or there would be too much of it. */
export class WalkEnded extends Error {
	override readonly name = "WalkEnded";
	readonly finding: Finding;

	constructor(code: FindingCode, detail: string, entry: string | null = null) {
		super(detail);
		this.finding = { code, detail, entry };
	}
}
