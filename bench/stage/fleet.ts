// Thousands of devices without thousands of activations: ids, keys and tokens are made here with Parapet's own code and the
// benchmark's own secrets, and device records go straight into the store in their documented form. What is measured with
// them are real requests.
import { randomBytes, webcrypto } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from "jose";
import type { DeviceProfile, DevicePublicKey, DeviceRecord } from "../../src/entitlement/device-record.ts";
import { ID_RANDOM_BYTES, mintDeviceId } from "../../src/entitlement/ids.ts";
import { signAccessToken } from "../../src/signing/access-token.ts";
import { accessTokenHash } from "../../src/signing/dpop.ts";
import { importLookupKeys, pseudonymOf, pseudonymPeriod } from "../../src/signing/lookup-keys.ts";
import { importTokenKeyring } from "../../src/signing/token-keyring.ts";
import { deviceKey } from "../../src/storage/keys.ts";
import { formatRecord } from "../../src/storage/record-store.ts";
import { HOST } from "../load/requests.ts";
import type { SeedRecord } from "../workerd/probe-worker.ts";
import { VERSIONS } from "./operator.ts";

export const ISSUER = `https://${HOST}`;

export interface FleetDevice {
	readonly id: string;
	/** bearer */
	readonly token: string;
	/** the same, bound to the key */
	readonly boundToken: string;
	readonly privateKey: CryptoKey;
	readonly publicJwk: DevicePublicKey;
}

export interface Fleet {
	/**
	 * makes devices with a key, a record and tokens
	 * @param dpopBound whether they have promised to bring a DPoP proof to each token request
	 */
	makeDevices(count: number, dpopBound: boolean): Promise<{ devices: FleetDevice[]; records: SeedRecord[] }>;
	/** makes bearer tokens of further devices, all with one key, which a bearer never shows */
	makeTokens(count: number): Promise<string[]>;
}

const TOKEN_TTL_SECONDS = 3600;
const A_YEAR_SECONDS = 365 * 86_400;
/** Cryptography of Node runs on few threads; more at a time only costs memory. */
const BATCH = 256;

/** @param secrets as the service has them @param account whose devices they are @param now unix seconds */
export async function createFleet(
	secrets: { readonly TOKEN_KEYS: string; readonly LOOKUP_KEY: string },
	account: string,
	now: number,
): Promise<Fleet> {
	const keyring = await importTokenKeyring(secrets.TOKEN_KEYS);
	const lookupKeys = await importLookupKeys(secrets.LOOKUP_KEY);
	const grant = { from: now - A_YEAR_SECONDS, until: now + A_YEAR_SECONDS, grace: 0, critical: 0, delay: 0 };
	const grants = Object.fromEntries(Object.keys(VERSIONS).map((product) => [product, grant]));

	async function makeProfile(): Promise<DeviceProfile> {
		const id = await mintDeviceId(lookupKeys, account, randomBytes(ID_RANDOM_BYTES));
		const described = { status: "active", model: "FW-100", labels: { site: "berlin" } } as const;
		return { id, account, ...described, haGroup: null, hold: null, licenseEpoch: 0, lease: null, grants };
	}

	async function signToken(device: DeviceProfile, jkt: string | null): Promise<string> {
		const pseudonym = await pseudonymOf(lookupKeys, device.id, pseudonymPeriod(now));
		const jti = webcrypto.randomUUID();
		return signAccessToken(keyring, { issuer: ISSUER, device, pseudonym, jkt, jti, now, expiresIn: TOKEN_TTL_SECONDS });
	}

	async function makeDevice(dpopBound: boolean): Promise<{ device: FleetDevice; record: SeedRecord }> {
		const profile = await makeProfile();
		const pair = await generateKeyPair("ES256", { extractable: true });
		const { x = "", y = "" } = await exportJWK(pair.publicKey);
		const jwk: DevicePublicKey = { kty: "EC", crv: "P-256", x, y };
		const jkt = await calculateJwkThumbprint(jwk);
		const token = await signToken(profile, null);
		const boundToken = await signToken(profile, jkt);
		const key = deviceKey(profile.id);
		const body: DeviceRecord = {
			...profile,
			serial: profile.id.slice(-16),
			license: "lic-00000000",
			jwk,
			jkt,
			dpopBound,
			activatedAt: now,
		};
		return {
			device: { id: profile.id, token, boundToken, privateKey: pair.privateKey, publicJwk: jwk },
			record: { key, text: formatRecord(key, { version: 1, body }) },
		};
	}

	return {
		async makeDevices(count, dpopBound) {
			const made = await inBatches(count, () => makeDevice(dpopBound));
			return { devices: made.map(({ device }) => device), records: made.map(({ record }) => record) };
		},
		makeTokens: (count) => inBatches(count, async () => signToken(await makeProfile(), null)),
	};
}

/** A DPoP proof (RFC 9449 §4.2). @param path of the request @param token to be named, if there is one */
export async function makeProof(
	{ privateKey, publicJwk }: FleetDevice,
	{ method, path, token, now }: { method: string; path: string; token: string | null; now: number },
): Promise<string> {
	const ath = token === null ? {} : { ath: await accessTokenHash(token) };
	return new SignJWT({ htm: method, htu: ISSUER + path, iat: now, jti: webcrypto.randomUUID(), ...ath })
		.setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: publicJwk })
		.sign(privateKey);
}

/** The body of a token request with a client assertion (RFC 7523). */
export async function makeTokenForm({ id, privateKey }: FleetDevice, now: number): Promise<string> {
	const assertion = await new SignJWT({
		iss: id,
		sub: id,
		aud: ISSUER,
		iat: now,
		exp: now + 60,
		jti: webcrypto.randomUUID(),
	})
		.setProtectedHeader({ alg: "ES256" })
		.sign(privateKey);
	return new URLSearchParams({
		grant_type: "client_credentials",
		client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
		client_assertion: assertion,
	}).toString();
}

/** @returns what `make` gives for 0 … count - 1, a bounded number at a time */
export async function inBatches<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
	const made: T[] = [];
	while (made.length < count) {
		const from = made.length;
		const size = Math.min(BATCH, count - from);
		made.push(...(await Promise.all(Array.from({ length: size }, (_, offset) => make(from + offset)))));
	}
	return made;
}
