// Which object owns a record: asked when no store has it yet, as with a device that was activated a second ago elsewhere.
import { accountObjectName } from "../entitlement/ids.ts";
import { parseRecordKey } from "../storage/keys.ts";
import { parseRecord, type RecordOrigin } from "../storage/record-store.ts";
import { DIRECTORY_NAME, objectPlace } from "./bindings.ts";
import { accountAt, type ObjectNamespace, objectAt } from "./places.ts";

type RecordOwners = ObjectNamespace<{ readRecord(key: string): Promise<string | null> }>;

/** The objects that own records. */
export interface OriginBindings {
	readonly ACCOUNT: RecordOwners;
	readonly PRODUCT: RecordOwners;
	readonly DIRECTORY: RecordOwners;
	readonly OBJECT_PLACE?: string;
}

/** Callers have verified the id inside the key, so nothing here is asked of an object that was never made. */
export function createRecordOrigin(bindings: OriginBindings): RecordOrigin {
	const place = objectPlace(bindings);
	async function readText(key: string): Promise<string | null> {
		const { owner, name } = parseRecordKey(key);
		switch (owner) {
			case "account":
				return accountAt(bindings.ACCOUNT, accountObjectName(name)).readRecord(key);
			case "product":
				return objectAt(bindings.PRODUCT, name, place).readRecord(key);
			case "directory":
				return objectAt(bindings.DIRECTORY, DIRECTORY_NAME, place).readRecord(key);
		}
	}

	return {
		async read(key) {
			const text = await readText(key);
			return text === null ? null : parseRecord(key, text);
		},
	};
}
