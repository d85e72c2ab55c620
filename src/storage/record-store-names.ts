// RECORD_STORE: which stores a deployment keeps its records in. The edge and the objects read it here, so they agree.

/** Persisted as lanes of the outbox: a name must not change while rows may wait under it. */
export type RecordStoreName = "kv" | "redis";

/** The stores in the order in which they are read; all of them are written. */
const CHOICES: Readonly<Record<string, readonly RecordStoreName[]>> = {
	kv: ["kv"],
	redis: ["redis"],
	"redis,kv": ["redis", "kv"],
	"kv,redis": ["kv", "redis"],
};

/**
 * @param text undefined when the deployment names none, which means KV alone
 * @throws TypeError when the text is none of the four choices
 */
export function parseRecordStoreNames(text: string | undefined): readonly RecordStoreName[] {
	const choice = text === undefined ? "kv" : text;
	const names = Object.hasOwn(CHOICES, choice) ? CHOICES[choice] : undefined;
	if (names === undefined) throw new TypeError(`RECORD_STORE must be one of ${Object.keys(CHOICES).join(" | ")}`);
	return names;
}
