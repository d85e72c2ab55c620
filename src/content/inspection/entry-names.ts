// Names of entries, as whoever unpacks the archive meets them: what leaves the folder that it is unpacked in, what is there twice,
// and what is one name on some systems.
import type { ArchiveEntry, Finding, FindingCode } from "./finding.ts";
import { LinkTree } from "./link-tree.ts";

const MAX_NAME_BYTES = 4_096;
const SHOWN = 200;

export class EntryNames {
	/** folded path → path, of all but folders */
	readonly #seen = new Map<string, string>();
	readonly #folders = new Map<string, string>();
	/** by folded paths */
	readonly #links = new LinkTree();
	readonly #report: (finding: Finding) => void;

	constructor(report: (finding: Finding) => void) {
		this.#report = report;
	}

	/** @returns the path from the folder that it is unpacked in, without `.` and doubled slashes; null = it has none that is sound */
	add(entry: ArchiveEntry): string | null {
		const fault = judgeName(entry.path);
		if (fault !== null) {
			this.#tell(entry, ...fault);
			return null;
		}
		const parts = partsOf(entry.path);
		const path = parts.join("/");
		if (this.#links.has(fold(path).split("/").slice(0, -1)))
			this.#tell(entry, "through_link", "it would be written through a link of the same archive");
		if (entry.kind === "special") this.#tell(entry, "special_file", "it is neither file, folder nor link");
		if (entry.kind === "symlink") this.#addSymlink(entry, parts);
		if (entry.kind === "hardlink") this.#judgeHardlink(entry);
		this.#note(entry, path);
		return path;
	}

	#addSymlink(entry: ArchiveEntry, parts: readonly string[]): void {
		this.#links.add(fold(parts.join("/")).split("/"));
		if (entry.target === null) return;
		const { target } = entry;
		const up = /^(\.\.\/)*(\.\.$)?/.exec(target)?.[0].split("/").filter(Boolean).length ?? 0;
		const rest = target.replace(/^(\.\.(\/|$))*/, "");
		// After a name, `..` may lead out: the name can be a link itself.
		const isInside = judgeName(rest) === null || rest === "";
		if (target === "" || isAbsolute(target) || !isInside || up > parts.length - 1)
			this.#tell(entry, "link_outside", `it links to ${shown(target)}, which is or may be outside of the archive`);
	}

	#judgeHardlink(entry: ArchiveEntry): void {
		const target = entry.target ?? "";
		const path = judgeName(target) === null ? partsOf(target).join("/") : null;
		if (path === null || this.#seen.get(fold(path)) !== path || this.#links.has(fold(path).split("/")))
			this.#tell(entry, "link_outside", `it links to ${shown(target)}, which is no file before it in the archive`);
	}

	#note(entry: ArchiveEntry, path: string): void {
		const folded = fold(path);
		const isFolder = entry.kind === "folder";
		const before = this.#seen.get(folded) ?? this.#folders.get(folded);
		// Archives name a folder as often as they like.
		if (before !== undefined && !(isFolder && this.#folders.get(folded) === path)) {
			if (before === path) this.#tell(entry, "duplicate", "it is there twice: which one counts is the reader's choice");
			else this.#tell(entry, "case_collision", `${shown(before)} is the same name on some systems`);
		}
		(isFolder ? this.#folders : this.#seen).set(folded, path);
	}

	#tell(entry: ArchiveEntry, code: FindingCode, detail: string): void {
		this.#report({ code, entry: entry.path, detail });
	}
}

/** @returns what is wrong with the name by itself; null = nothing */
function judgeName(path: string): readonly [FindingCode, string] | null {
	if (isAbsolute(path)) return ["absolute_path", "it begins at the root"];
	// To some readers a backslash parts folders, to others it is a letter.
	if (path.split(/[/\\]/).includes("..")) return ["traversal", "it leads out of the folder that it is unpacked in"];
	if (path === "" || path.length > MAX_NAME_BYTES) return ["bad_name", "it has no name, or a very long one"];
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
	if (/[\u0000-\u001f\u007f\ufffd]/.test(path)) return ["bad_name", "its name has control characters, or is not UTF-8"];
	return null;
}

function isAbsolute(path: string): boolean {
	return /^([/\\]|[A-Za-z]:[/\\])/.test(path);
}

function partsOf(path: string): string[] {
	return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** One text of names that are one somewhere: without case (ß is ss, as APFS has it), however letters are made, whichever way a slash leans. */
function fold(path: string): string {
	return path.replaceAll("\\", "/").normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

/** For people and logs: printable, and not too long. */
export function shown(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
	const printable = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
	return printable.length > SHOWN ? `${printable.slice(0, SHOWN)}…` : printable;
}
