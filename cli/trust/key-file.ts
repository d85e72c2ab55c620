// A private key of a TUF role in a file: the public half readable, the private one as an encrypted JWK (RFC 7516, RFC 7517 §7) under
// a passphrase (PBES2, RFC 7518 §4.8). The file alone signs nothing, so it may lie on a stick or in a CI's store of files.
import { open } from "node:fs/promises";
import { CompactEncrypt, compactDecrypt } from "jose";
import { z } from "zod";
import { createSigner, keyIdOf, type TufKey, type TufSigner, tufKey } from "../../src/signing/tuf/keys.ts";
import { CliError, systemFault } from "../errors.ts";
import { readIfPresent } from "../files/atomic-file.ts";
import { parseJson } from "../json.ts";

/** As OWASP advises for PBKDF2 with SHA-512 and more: 0.2 s of one core for each guess. */
const ITERATIONS = 600_000;
const MIN_PASSPHRASE_LENGTH = 12;

const keyFile = z.object({ keyid: z.string(), key: tufKey, encrypted: z.string() });
const privateJwk = z.looseObject({ kty: z.enum(["EC", "OKP"]) });

export interface NewKey {
	readonly signer: TufSigner;
	/** content of its file */
	readonly text: string;
}

/** @throws CliError for a passphrase that is too short */
export async function makeKey(kind: "ed25519" | "ecdsa", passphrase: string): Promise<NewKey> {
	if (passphrase.length < MIN_PASSPHRASE_LENGTH) {
		throw new CliError(`the passphrase has less than ${MIN_PASSPHRASE_LENGTH} characters`, { code: "weak_passphrase" });
	}
	const algorithm = kind === "ed25519" ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: "P-256" };
	const pair = (await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as CryptoKeyPair;
	const jwk = JSON.stringify(await crypto.subtle.exportKey("jwk", pair.privateKey));
	const encrypted = await new CompactEncrypt(new TextEncoder().encode(jwk))
		.setProtectedHeader({ alg: "PBES2-HS512+A256KW", enc: "A256GCM", cty: "jwk+json" })
		.setKeyManagementParameters({ p2c: ITERATIONS })
		.encrypt(new TextEncoder().encode(passphrase));
	const signer = await createSigner(pair);
	const { keyid, key } = signer;
	return { signer, text: `${JSON.stringify({ keyid, key, encrypted }, null, "\t")}\n` };
}

/** Writes it where nothing is yet: a key that is written over is lost. */
export async function writeKeyFile(path: string, { text }: NewKey): Promise<void> {
	try {
		const file = await open(path, "wx", 0o600);
		await file.writeFile(text);
		await file.sync();
		await file.close();
	} catch (cause) {
		throw new CliError(`cannot write ${path}: ${systemFault(cause)}`, { code: "unwritable", cause });
	}
}

/** @returns the public half; needs no passphrase @throws CliError */
export async function readPublicKey(path: string): Promise<{ keyid: string; key: TufKey }> {
	const { keyid, key } = await readKeyFile(path);
	return { keyid, key };
}

/** @throws CliError when there is no such file, or the passphrase is another */
export async function openKeyFile(path: string, passphrase: string): Promise<TufSigner> {
	const { keyid, encrypted } = await readKeyFile(path);
	const plain = await compactDecrypt(encrypted, new TextEncoder().encode(passphrase), {
		keyManagementAlgorithms: ["PBES2-HS512+A256KW"],
		maxPBES2Count: ITERATIONS,
	}).catch((cause: unknown) => {
		throw new CliError(`the passphrase does not open ${path}`, {
			code: "wrong_passphrase",
			fix: "set PARAPET_KEY_PASSPHRASE, or give --passphrase-file FILE",
			cause,
		});
	});
	const jwk = privateJwk.parse(parseJson(new TextDecoder().decode(plain.plaintext)));
	const algorithm = jwk.kty === "OKP" ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: "P-256" };
	const privateKey = await crypto.subtle.importKey("jwk", jwk as JsonWebKey, algorithm, false, ["sign"]);
	const { d: _, key_ops: __, ...publicJwk } = jwk as JsonWebKey;
	const publicKey = await crypto.subtle.importKey("jwk", publicJwk, algorithm, true, ["verify"]);
	const signer = await createSigner({ publicKey, privateKey });
	if (signer.keyid !== keyid) throw notAKey(path);
	return signer;
}

async function readKeyFile(path: string): Promise<z.infer<typeof keyFile>> {
	const text = await readIfPresent(path);
	if (text === null)
		throw new CliError(`there is no key file ${path}`, {
			code: "no_key",
			fix: "make one with `parapet trust key FILE`",
		});
	const read = keyFile.safeParse(parseJson(text));
	if (!read.success || (await keyIdOf(read.data.key)) !== read.data.keyid) throw notAKey(path);
	return read.data;
}

function notAKey(path: string): CliError {
	return new CliError(`${path} is not a key file`, {
		code: "not_a_key",
		fix: "make one with `parapet trust key FILE`",
	});
}
