// The MACs of records, by the keys that MAC_KEYS gives for this purpose alone. An object seals with the first key, everybody
// verifies with each; a record sealed with a key that was dropped counts as forged, and its owner is asked instead.
import type { RecordSeal, SealedFields } from "../../storage/record-seal.ts";
import { importMacKeyring, type MacKeyring } from "../keys/mac-keyring.ts";
import { sealFields, verifyFields } from "./framed-mac.ts";

function fieldsOf({ key, version, until, body }: SealedFields, kid: string): string[] {
	return ["parapet-record-1", kid, key, String(version), until === null ? "" : String(until), body];
}

export function createRecordSeal({ current, byKid }: MacKeyring): RecordSeal {
	return {
		seal: async (fields) => ({
			kid: current.kid,
			mac: await sealFields(current.record, fieldsOf(fields, current.kid)),
		}),
		async verify(fields, kid, mac) {
			const keySet = byKid.get(kid);
			return keySet !== undefined && verifyFields(keySet.record, fieldsOf(fields, kid), mac);
		},
	};
}

/** The same for objects, which are made synchronously: the keys are imported with the first record. @param macKeys MAC_KEYS */
export function createLazyRecordSeal(macKeys: string): RecordSeal {
	let known: RecordSeal | null = null;
	// The keys are kept, not the promise of them: a promise belongs to the call that made it.
	const open = async () => {
		known ??= createRecordSeal(await importMacKeyring(macKeys));
		return known;
	};
	return {
		seal: async (fields) => (await open()).seal(fields),
		verify: async (fields, kid, mac) => (await open()).verify(fields, kid, mac),
	};
}
