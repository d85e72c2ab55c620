// The auth code of an instance's launch. It follows from the launch itself, so the same event brings the same code however
// often it is delivered, and the code is stored nowhere.
import { decodeBase64url } from "../../signing/formats/base64url.ts";
import type { LookupKeys } from "../../signing/keys/lookup-keys.ts";
import type { MacKeyring } from "../../signing/keys/mac-keyring.ts";
import { sealFields } from "../../signing/sealed/framed-mac.ts";
import { mintCode } from "../ids.ts";

export interface Launch {
	readonly account: string;
	readonly license: string;
	readonly instance: string;
	/** what tells this launch from others of the same instance, e.g. the token of the lifecycle action */
	readonly token: string;
}

/**
 * @returns the launch's code by each key of the ring, in its normal form; by the present key first, by the others because
 * the launch may have been announced before these keys were replaced. Nobody without the keys can make them
 * @throws RangeError if a field holds a line feed
 */
export async function launchCodes(keys: LookupKeys, keyring: MacKeyring, launch: Launch): Promise<string[]> {
	const { account, license, instance, token } = launch;
	return Promise.all(
		[...keyring.byKid.values()].map(async ({ kid, launch: key }) => {
			const mac = decodeBase64url(
				await sealFields(key, ["parapet-launch", "1", kid, account, license, instance, token]),
			);
			if (mac === null) throw new Error("a MAC that is no base64url");
			return mintCode(keys, account, mac);
		}),
	);
}
