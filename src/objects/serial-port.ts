// What the accounts tell the index of serial numbers (objects/serials).

export interface SerialEntry {
	/** see entitlement/devices/serial-hash.ts */
	readonly hash: string;
	/** id */
	readonly device: string;
}

/** The index as an Account knows it. */
export interface SerialPort {
	/** Takes devices of one shard; those that it knows change nothing. */
	note(shard: string, entries: readonly SerialEntry[]): Promise<void>;
}
