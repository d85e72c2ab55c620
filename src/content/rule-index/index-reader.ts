// Reads a rule index as its bytes come, line by line. One that nobody has read before is read strictly: each line, their order, and
// what they come to in all.
import {
	type IndexedRule,
	indexKey,
	MAX_INDEXED_CVES,
	MAX_INDEXED_RULES,
	MAX_LINE_LENGTH,
	parseHead,
	parseRule,
	RuleIndexError,
} from "./rule-index.ts";

export interface IndexTotals {
	readonly rules: number;
	/** that block */
	readonly blocking: number;
	/** each once, in their order */
	readonly cves: readonly string[];
}

/** A line that was read, and its number in the index. */
export interface IndexLine {
	readonly text: string;
	readonly number: number;
	/** what it says, where it was checked; null = it was not parsed */
	readonly rule: IndexedRule | null;
}

/** @returns what the line says @throws RuleIndexError where it is none */
export type CheckLine = (text: string, number: number) => IndexedRule;

export class IndexReader {
	readonly #pieces: AsyncIterator<Uint8Array>;
	readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
	readonly #check: CheckLine | null;
	#lines: string[] = [];
	#at = 0;
	/** what has come of a line that has not ended */
	#rest = "";
	#number = 0;
	#isOver = false;

	/** @param check is told each rule's line as it is read; null = they were checked before */
	constructor(bytes: AsyncIterable<Uint8Array>, check: CheckLine | null = null) {
		this.#pieces = bytes[Symbol.asyncIterator]();
		this.#check = check;
	}

	/** To be asked first. @returns SHA-256 of the package that it is of @throws RuleIndexError */
	async head(): Promise<string> {
		while (this.#at >= this.#lines.length && !this.#isOver) await this.#read();
		this.#number = 1;
		this.#at = 1;
		return parseHead(this.#lines[0] ?? "");
	}

	/**
	 * @returns the line of the next rule, at once where its bytes have come; null = there are no more
	 * @throws RuleIndexError, or rejects with it
	 */
	next(): IndexLine | null | Promise<IndexLine | null> {
		if (this.#at >= this.#lines.length) return this.#isOver ? null : this.#read().then(() => this.next());
		this.#number += 1;
		const text = this.#lines[this.#at] ?? "";
		this.#at += 1;
		return { text, number: this.#number, rule: this.#check?.(text, this.#number) ?? null };
	}

	async #read(): Promise<void> {
		const { done, value } = await this.#pieces.next();
		this.#lines = (this.#rest + this.#decode(done ? undefined : value)).split("\n");
		this.#at = 0;
		this.#rest = this.#lines.pop() ?? "";
		if (this.#rest.length > MAX_LINE_LENGTH) throw new RuleIndexError("a line of it does not end");
		if (!done) return;
		this.#isOver = true;
		if (this.#rest !== "") throw new RuleIndexError("its last line does not end: it was cut");
	}

	#decode(bytes: Uint8Array | undefined): string {
		try {
			return this.#decoder.decode(bytes, { stream: bytes !== undefined });
		} catch {
			throw new RuleIndexError("not UTF-8");
		}
	}
}

/** Adds up the rules of an index, and lets none pass that is wrong or out of its order. */
export class IndexTally {
	readonly #cves = new Set<string>();
	#rules = 0;
	#blocking = 0;
	#key = "";

	/** @throws RuleIndexError */
	readonly add: CheckLine = (text, number) => {
		const rule = parseRule(text, number);
		const key = indexKey(rule);
		if (key <= this.#key) throw new RuleIndexError(`line ${number}: ${key} does not come after ${this.#key}`);
		this.#key = key;
		this.#count(rule);
		return rule;
	};

	#count(rule: IndexedRule): void {
		this.#rules += 1;
		if (rule.isBlocking === true) this.#blocking += 1;
		for (const cve of rule.cves) this.#cves.add(cve);
		if (this.#rules > MAX_INDEXED_RULES) throw new RuleIndexError(`it has more than ${MAX_INDEXED_RULES} rules`);
		if (this.#cves.size > MAX_INDEXED_CVES) throw new RuleIndexError(`it names more than ${MAX_INDEXED_CVES} CVEs`);
	}

	get totals(): IndexTotals {
		return { rules: this.#rules, blocking: this.#blocking, cves: [...this.#cves].toSorted() };
	}
}
