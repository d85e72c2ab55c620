// Under what the Directory keeps whose a serial number is: a keyed hash, since serial numbers do not leave the place of their account.
import { foldSerial } from "../../../names.ts";
import { hashSecret, type LookupKeys } from "../../../signing/keys/lookup-keys.ts";

/** @param manufacturer id, which is of its key: so that removed and added again it has the same claims @returns the same for each way to write the serial number */
export function claimKey(keys: LookupKeys, manufacturer: string, serial: string): Promise<string> {
	return hashSecret(keys, "claim", `${manufacturer}\n${foldSerial(serial)}`);
}
