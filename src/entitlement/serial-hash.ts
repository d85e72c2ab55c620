// Under what the index of serial numbers keeps a device: a hash, since serial numbers do not leave the place of their account.
import { foldSerial } from "../names.ts";

/** Each can hold some ten million devices; the daily round calls all of them for every 200 devices. */
const SHARDS = 16;

/** @returns SHA-256 in hexadecimal, the same for each way to write the serial number */
export async function hashSerial(serial: string): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(foldSerial(serial)));
	return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @returns name of the object that has the devices of this serial number */
export function serialShard(hash: string): string {
	return String(Number.parseInt(hash.slice(0, 2), 16) % SHARDS);
}
