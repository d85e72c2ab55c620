// Records with a seal that costs nothing, for tests of what is around seals: anybody could make it.

import type { RecordSeal, SealedFields } from "../../../src/storage/record-seal.ts";
import type { FoundRecord, RecordReader } from "../../../src/storage/record-store.ts";

function markOf({ key, version, until, body }: SealedFields): string {
	return `${key} ${version} ${until} ${body.length}`;
}

export const PLAIN_SEAL: RecordSeal = {
	seal: async (fields) => ({ kid: "plain", mac: markOf(fields) }),
	verify: async (fields, kid, mac) => kid === "plain" && mac === markOf(fields),
};

/** What a record looks like in a store, sealed for ever. */
export function sealedForEver(key: string, { version, body, bytes }: FoundRecord): FoundRecord {
	const fields = { key, version, until: null, body: JSON.stringify(body) };
	return { version, bytes, body: { kid: "plain", until: null, mac: markOf(fields), content: body } };
}

/** A store that seals what it holds as it is read, with PLAIN_SEAL. */
export function sealedReader(store: RecordReader): RecordReader {
	return {
		async get(key) {
			const found = await store.get(key);
			return found === null ? null : sealedForEver(key, found);
		},
	};
}
