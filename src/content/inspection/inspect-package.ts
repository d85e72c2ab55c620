// Looks at the form of a package, streaming, with one piece of it in memory: what it is by its first bytes, and of an archive every
// entry, without writing any. An archive in an archive is a file. Whether the findings keep a package out is decided by who asks:
// nothing here is fit to be given to firewalls.
import { EntryNames, shown } from "./entry-names.ts";
import { type ArchiveEntry, type ArchiveVisitor, FINDINGS_KEPT, type Finding, WalkEnded } from "./finding.ts";
import { INSPECTION_LIMITS, type InspectionLimits } from "./limits.ts";
import { type PackageSource, readBytes, type Unpack, type Unpackers } from "./package-source.ts";
import { HEAD_BYTES, nameUnpacked, type PackageType, typeNamed, typeOf } from "./package-type.ts";
import { TarReader } from "./tar-reader.ts";
import { walkZip } from "./zip-reader.ts";

export interface InspectionOptions {
	/** of the package's file: what it says that it is must be so */
	readonly name: string;
	readonly unpackers: Unpackers;
	readonly limits?: InspectionLimits;
	/** bytes of a tar to read at most, or to unpack, then `isWhole` is false; not given = all of them */
	readonly budget?: { readonly read: number; readonly unpacked: number };
	/** called for each file, with its path; what it returns gets the file's content. A package that is no archive is one file */
	readonly onFile?: (path: string, size: number) => FileReader;
}

export interface FileReader {
	/** The bytes are the caller's: whoever keeps them copies them. */
	data(bytes: Uint8Array): void;
	end(): void;
}

export interface Inspection {
	readonly type: PackageType;
	/** of what is packed as a whole: the type of what is in it; null = it is not packed, or not unpacked here */
	readonly inner: PackageType | null;
	/** files, folders and links; null = it is no archive that is read here */
	readonly entries: number | null;
	/** bytes of all contents, unpacked, as far as it was read */
	readonly unpacked: number;
	/** whether all of it was looked at */
	readonly isWhole: boolean;
	/** the first `FINDINGS_KEPT` */
	readonly findings: readonly Finding[];
	readonly findingCount: number;
}

/** Of these the type alone is looked at, wherever it is. */
const NOT_UNPACKED: readonly PackageType[] = ["xz", "bzip2", "7z"];

const WITHOUT_CONTENT: readonly ArchiveEntry["kind"][] = ["folder", "symlink", "hardlink"];

/** A record of a pax header is reckoned as so many bytes of a budget: it costs more to read than the five or so that it has. */
const RECORD_BYTES = 512;

/** The budget is used up: no fault of the package. */
class BudgetSpent extends Error {}

/** @throws whatever the source throws when it cannot be read */
export async function inspectPackage(source: PackageSource, options: InspectionOptions): Promise<Inspection> {
	const walk = new Walk(source, options);
	const type = typeOf(await readBytes(source, 0, HEAD_BYTES));
	walk.judgeType(type, options.name);
	let [inner, isWhole]: [PackageType | null, boolean] = [null, true];
	try {
		if (type === "tar") await walk.tar(source.read(0), true);
		else if (type === "zip") isWhole = await walk.zip();
		else if (type === "gzip") inner = await walk.packed(options.unpackers.gzip, 0);
		else if (type === "clamav") inner = await walk.clamav();
		else if (type === "zstd") {
			isWhole = options.unpackers.zstd !== null;
			if (options.unpackers.zstd !== null) inner = await walk.packed(options.unpackers.zstd, 0);
		} else {
			await walk.file();
			isWhole = !NOT_UNPACKED.includes(type);
		}
	} catch (error) {
		if (error instanceof WalkEnded) walk.report(error.finding);
		else if (error instanceof BudgetSpent) isWhole = false;
		else throw error;
	}
	const { entries, unpacked, findings, findingCount } = walk;
	return { type, inner, entries, unpacked, isWhole, findings, findingCount };
}

class Walk implements ArchiveVisitor {
	readonly findings: Finding[] = [];
	findingCount = 0;
	entries: number | null = null;
	unpacked = 0;
	/** bytes of the package that were read */
	#packed = 0;
	#spent = 0;
	#isZip = false;
	/** a tar that is not packed */
	#isPlain = false;
	#reader: FileReader | null = null;
	#unreadable: { readonly error: unknown } | null = null;
	readonly #names = new EntryNames((finding) => this.report(finding));
	readonly #source: PackageSource;
	readonly #options: InspectionOptions;
	readonly #limits: InspectionLimits;

	constructor(source: PackageSource, options: InspectionOptions) {
		this.#source = source;
		this.#options = options;
		this.#limits = options.limits ?? INSPECTION_LIMITS;
	}

	report({ entry, ...finding }: Finding): void {
		this.findingCount += 1;
		if (this.findings.length < FINDINGS_KEPT)
			this.findings.push({ ...finding, entry: entry === null ? null : shown(entry) });
	}

	judgeType(type: PackageType, name: string): void {
		const named = typeNamed(name);
		const isWrong = named === null ? type === "html" : named !== type;
		const detail = `by its name it is ${named ?? "no page of HTML"}, and by its first bytes ${type}`;
		if (isWrong) this.report({ code: "wrong_type", entry: null, detail });
	}

	async tar(bytes: AsyncIterable<Uint8Array>, isPlain: boolean): Promise<void> {
		this.entries = 0;
		this.#isPlain = isPlain;
		const reader = new TarReader(this);
		for await (const chunk of bytes) {
			if (isPlain) this.#spend(chunk.length, "read");
			reader.push(chunk);
		}
		reader.end();
		this.#endFile();
	}

	/** @returns whether its contents were looked at too, and where its links lead */
	async zip(): Promise<boolean> {
		this.#isZip = true;
		this.entries = 0;
		await walkZip(this.#source, this.#limits, this.#options.unpackers, this, (code, { path }) =>
			this.report({ code, entry: path, detail: "its content cannot be looked at" }),
		);
		this.#endFile();
		return this.#options.unpackers.deflate !== null;
	}

	/** Its 512 bytes of header, then a tar, packed or (.cld) not. @returns the type of the tar; null = there is none */
	async clamav(): Promise<PackageType | null> {
		const inner = typeOf(await readBytes(this.#source, HEAD_BYTES, HEAD_BYTES));
		if (inner === "gzip") return this.packed(this.#options.unpackers.gzip, HEAD_BYTES);
		if (inner !== "tar") throw new WalkEnded("damaged", "after its header there is no archive");
		await this.tar(this.#source.read(HEAD_BYTES), true);
		return inner;
	}

	/** @param offset at which the packed bytes begin @returns the type of what comes out */
	async packed(unpack: Unpack, offset: number): Promise<PackageType> {
		const bytes = this.#unpacked(unpack, offset)[Symbol.asyncIterator]();
		const first: Uint8Array[] = [];
		for (let length = 0; length < HEAD_BYTES; ) {
			const { done, value } = await bytes.next();
			if (done === true) break;
			first.push(value);
			length += value.length;
		}
		const inner = typeOf(joined(first));
		this.judgeType(inner, nameUnpacked(this.#options.name));
		const all = { [Symbol.asyncIterator]: () => chained(first, bytes) };
		if (inner === "tar") {
			await this.tar(all, false);
			return inner;
		}
		await this.#passFile(all);
		return inner;
	}

	/** Neither packed nor an archive. */
	async file(): Promise<void> {
		this.unpacked = this.#source.size;
		if (this.#options.onFile === undefined) return;
		await this.#passFile(this.#source.read(0));
	}

	entry(entry: ArchiveEntry): void {
		this.#endFile();
		this.entries = (this.entries ?? 0) + 1;
		if (this.entries > this.#limits.entries)
			throw new WalkEnded("too_many_entries", `more than the ${this.#limits.entries} entries that may be`);
		const path = this.#names.add(entry);
		// In a zip it is the length of a link's target. Of a tar some readers skip these bytes, and others read entries from them.
		if (!this.#isZip && WITHOUT_CONTENT.includes(entry.kind) && entry.size > 0)
			this.report({ code: "damaged", entry: entry.path, detail: "it is no file, and says that it has bytes" });
		if (entry.kind !== "file") return;
		this.unpacked += entry.size;
		if (this.unpacked > this.#limits.unpacked)
			throw new WalkEnded("too_large", `more than the ${this.#limits.unpacked} bytes that may be, unpacked`);
		// What is packed as a whole is judged as it comes.
		if (this.#isZip) this.#judgeRatio(this.unpacked, this.#source.size);
		this.#reader = (path === null ? null : this.#options.onFile?.(path, entry.size)) ?? null;
	}

	record(): void {
		this.#spend(RECORD_BYTES, this.#isPlain ? "read" : "unpacked");
	}

	data(bytes: Uint8Array): void {
		this.#reader?.data(bytes);
	}

	async #passFile(bytes: AsyncIterable<Uint8Array>): Promise<void> {
		const reader = this.#options.onFile?.(this.#options.name, this.#source.size);
		for await (const chunk of bytes) reader?.data(chunk);
		reader?.end();
	}

	#endFile(): void {
		this.#reader?.end();
		this.#reader = null;
	}

	async *#unpacked(unpack: Unpack, offset: number): AsyncGenerator<Uint8Array, undefined> {
		let length = 0;
		try {
			for await (const chunk of unpack(this.#counted(offset))) {
				length += chunk.length;
				this.#spend(chunk.length, "unpacked");
				if (length > this.#limits.unpacked) throw new WalkEnded("too_large", "it unpacks to more than may be");
				this.#judgeRatio(length, this.#packed);
				if (this.entries === null) this.unpacked = length;
				yield chunk;
			}
		} catch (error) {
			if (this.#unreadable !== null) throw this.#unreadable.error;
			if (error instanceof WalkEnded || error instanceof BudgetSpent) throw error;
			throw new WalkEnded("damaged", "it cannot be unpacked to its end");
		}
	}

	/** What goes wrong here is the source's, and not the bytes'. */
	async *#counted(offset: number): AsyncGenerator<Uint8Array, undefined> {
		try {
			for await (const chunk of this.#source.read(offset)) {
				this.#packed += chunk.length;
				yield chunk;
			}
		} catch (error) {
			this.#unreadable = { error };
			throw error;
		}
	}

	#judgeRatio(unpacked: number, packed: number): void {
		const { ratio, ratioAbove } = this.#limits;
		if (unpacked > ratioAbove && unpacked > packed * ratio)
			throw new WalkEnded("bomb", `it unpacks to more than ${ratio} times its bytes`);
	}

	#spend(bytes: number, what: "read" | "unpacked"): void {
		this.#spent += bytes;
		if (this.#spent > (this.#options.budget?.[what] ?? Number.POSITIVE_INFINITY)) throw new BudgetSpent();
	}
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
	const bytes = new Uint8Array(HEAD_BYTES);
	let filled = 0;
	for (const chunk of chunks) {
		bytes.set(chunk.subarray(0, HEAD_BYTES - filled), filled);
		filled = Math.min(HEAD_BYTES, filled + chunk.length);
	}
	return bytes.subarray(0, filled);
}

async function* chained(first: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
	yield* first;
	yield* { [Symbol.asyncIterator]: () => rest };
}
