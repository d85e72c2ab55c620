// The registration access token (RFC 7592 §3): lets a device give up its own registration. It is the MAC of the device's id,
// so it is stored nowhere and a repeated activation gives the same one, as long as its key is in the ring.

import type { MacKeyring } from "../keys/mac-keyring.ts";
import { sealFields, verifyFields } from "./framed-mac.ts";

const FORMAT_VERSION = "1";

/** The token of a device, `kid.mac`. */
export async function sealRegistrationToken(keyring: MacKeyring, clientId: string): Promise<string> {
	const { kid, registration } = keyring.current;
	return `${kid}.${await sealFields(registration, framed(kid, clientId))}`;
}

/** Whether `token` is one of ours for `clientId`. */
export async function verifyRegistrationToken(keyring: MacKeyring, token: string, clientId: string): Promise<boolean> {
	const dot = token.indexOf(".");
	const keySet = keyring.byKid.get(token.slice(0, Math.max(dot, 0)));
	if (keySet === undefined) return false;
	return verifyFields(keySet.registration, framed(keySet.kid, clientId), token.slice(dot + 1));
}

function framed(kid: string, clientId: string): readonly string[] {
	return ["parapet-registration", FORMAT_VERSION, kid, clientId];
}
