// The keys that a command signs with.
import type { TufSigner } from "../../src/signing/tuf/keys.ts";
import type { Surroundings } from "../terminal/output.ts";
import { readPassphrase } from "./passphrase.ts";

/** @returns none where no key file is given; then no passphrase is asked for either */
export async function openSigners(
	{
		signKey = [],
		passphraseFile,
	}: { readonly signKey?: readonly string[] | undefined; readonly passphraseFile?: string | undefined },
	surroundings: Surroundings,
): Promise<TufSigner[]> {
	if (signKey.length === 0) return [];
	const passphrase = await readPassphrase(passphraseFile, surroundings);
	// Loaded where a key is given: what opens it takes longer to load than most commands to run.
	const { openKeyFile } = await import("./key-file.ts");
	return Promise.all(signKey.map((file) => openKeyFile(file, passphrase)));
}
