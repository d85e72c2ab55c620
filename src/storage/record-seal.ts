// The port to what makes and knows the MACs of records.

/** What a MAC is made over. */
export interface SealedFields {
	readonly key: string;
	readonly version: number;
	/** unix seconds; null = for ever */
	readonly until: number | null;
	/** JSON, as JSON.stringify writes the body */
	readonly body: string;
}

export interface RecordSeal {
	seal(fields: SealedFields): Promise<{ readonly kid: string; readonly mac: string }>;
	/** @returns whether the MAC is the one of these fields, by a key of that id; takes anything, from anyone */
	verify(fields: SealedFields, kid: string, mac: string): Promise<boolean>;
}
