// The auth code of an instance's launch. It follows from the launch itself, so the same event brings the same code however
// often it is delivered, and the code is stored nowhere.
import { decodeBase64url } from "../signing/base64url.ts";
import { sealFields } from "../signing/framed-mac.ts";
import type { LookupKeys } from "../signing/lookup-keys.ts";
import { mintCode } from "./ids.ts";

export interface Launch {
	readonly account: string;
	readonly license: string;
	readonly instance: string;
	/** what tells this launch from others of the same instance, e.g. the token of the lifecycle action */
	readonly token: string;
}

/**
 * @returns the code in its normal form, with as many bits as one from random bytes; nobody without the key can make it
 * @throws RangeError if a field holds a line feed
 */
export async function launchCode(keys: LookupKeys, { account, license, instance, token }: Launch): Promise<string> {
	const mac = decodeBase64url(await sealFields(keys.launch, ["1", account, license, instance, token]));
	if (mac === null) throw new Error("a MAC that is no base64url");
	return mintCode(keys, account, mac);
}
