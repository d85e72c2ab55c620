// Imported device keys, kept by thumbprint for the life of the isolate: importing costs twice a verification. Bounded,
// oldest out first, so that a stream of strangers cannot make it grow.
import type { DevicePublicKey } from "../../entitlement/devices/device-record.ts";
import { importDeviceKey } from "./device-key.ts";

/** About 1 KB each. */
const MAX_KEYS = 5000;

/** @returns the key of `jwk`, whose thumbprint is `jkt`; @throws DOMException where `importDeviceKey` does */
export type ImportKey = (jwk: DevicePublicKey, jkt: string) => Promise<CryptoKey>;

export function createKeyCache(maxKeys: number = MAX_KEYS): ImportKey {
	const keys = new Map<string, CryptoKey>();
	return async (jwk, jkt) => {
		const known = keys.get(jkt);
		if (known !== undefined) return known;
		const key = await importDeviceKey(jwk);
		if (keys.size >= maxKeys) {
			const oldest = keys.keys().next();
			if (!oldest.done) keys.delete(oldest.value);
		}
		keys.set(jkt, key);
		return key;
	};
}
