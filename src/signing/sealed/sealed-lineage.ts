// The value by which copies of a device are told apart (entitlement/devices/lineage.ts), as a device carries it from one token request
// to the next. Sealed and bound to the device, so that nobody makes one up. It does not end: a device may be away for a year.
import type { Lineage } from "../../entitlement/devices/lineage.ts";
import type { MacKeyring } from "../keys/mac-keyring.ts";
import { openClaims, type SealPurpose, sealClaims } from "./sealed-claims.ts";

const FORMAT_VERSION = "1";
export const LINEAGE_MAX_LENGTH = 256;

export async function sealLineage(keyring: MacKeyring, device: string, lineage: Lineage): Promise<string> {
	return sealClaims(keyring.current, purposeOf(device), lineage);
}

/** @returns null for what is no lineage of this device, or is sealed with a key that is gone: as if it had brought none */
export async function openLineage(keyring: MacKeyring, device: string, text: string): Promise<Lineage | null> {
	const opened = await openClaims(keyring, purposeOf(device), text);
	if (!opened.ok) return null;
	const { anchor, day } = opened.claims as Partial<Lineage>;
	return typeof anchor === "string" && typeof day === "number" ? { anchor, day } : null;
}

function purposeOf(device: string): SealPurpose {
	return { key: "token", frame: ["parapet-lineage", FORMAT_VERSION, device], maxLength: LINEAGE_MAX_LENGTH };
}
