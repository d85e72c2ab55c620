// Under what the index of serial numbers keeps a device: a hash, since serial numbers do not leave the place of their account. Not a
// cryptographic one: whoever reads the index asks the account whether the serial number is the same.
import { foldSerial } from "../../names.ts";

/** Each can hold some ten million devices; the daily round calls all of them for every 200 devices. */
const SHARDS = 16;
const PRIME = 0x01000193;
/** Two of 32 bits, which begin otherwise: numbers of one fleet that meet in both are rare. */
const BEGINNINGS = [0x811c9dc5, 0x9dc5811c];

/** @returns 16 hexadecimal digits by FNV-1a, the same for each way to write the serial number */
export function hashSerial(serial: string): string {
	const text = foldSerial(serial);
	const parts = BEGINNINGS.map((beginning) => {
		let hash = beginning;
		for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
		return (hash >>> 0).toString(16).padStart(8, "0");
	});
	return parts.join("");
}

/** @returns name of the object that has the devices of this serial number */
export function serialShard(hash: string): string {
	return String(Number.parseInt(hash.slice(6, 8), 16) % SHARDS);
}
