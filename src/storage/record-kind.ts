// What a read of a record brings with it: how fresh a record of its kind has to be, and the request on whose behalf it is read.

export interface RecordKind<T> {
	/** Checks the body; throws when it is not of this kind. The result is kept and shared, so it must be plain data. */
	readonly parse: (body: unknown) => T;
	/** seconds during which the copy is taken without asking; Infinity = the record is immutable */
	readonly freshSeconds: number;
	/** seconds after that during which the copy is still given while (or although) a newer one is asked for */
	readonly staleSeconds: number;
	/** seconds after its last good reading during which the copy is given, and noted, when nobody can be asked; 0 = never */
	readonly lastGoodSeconds: number;
}

/** The clock of one request, and what its reads tell it. */
export interface ReadScope {
	readonly nowMs: number;
	/** keeps the request alive while a stale copy is renewed behind the answer */
	readonly waitUntil: (work: Promise<unknown>) => void;
	/** called for each copy that is given because nobody could be asked. @param readMs when it was last read, unix ms */
	readonly noteLastGood: (readMs: number) => void;
}
