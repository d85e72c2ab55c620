// Thousands of devices without thousands of activations: ids, keys and tokens are made here with Parapet's own code and the
// benchmark's own secrets, and device records go straight into the store in their documented form. What is measured with
// them are real requests.
import { randomBytes, webcrypto } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import type { DeviceProfile, DevicePublicKey, DeviceRecord } from "../../src/entitlement/devices/device-record.ts";
import { ID_RANDOM_BYTES, mintDeviceId } from "../../src/entitlement/ids.ts";
import { importLookupKeys, pseudonymOf, pseudonymPeriod } from "../../src/signing/keys/lookup-keys.ts";
import { importMacKeyring } from "../../src/signing/keys/mac-keyring.ts";
import { sealAccessToken } from "../../src/signing/sealed/access-token.ts";
import { createRecordSeal } from "../../src/signing/sealed/record-seal.ts";
import { deviceKey } from "../../src/storage/keys.ts";
import { formatRecord } from "../../src/storage/record-store.ts";
import { sealRecord } from "../../src/storage/sealed-records.ts";
import { HOST } from "../load/requests.ts";
import type { SeedRecord } from "../workerd/probe-worker.ts";
import { inBatches } from "./batches.ts";
import { VERSIONS } from "./operator.ts";
import type { Lasting } from "./perishable.ts";

export const ISSUER = `https://${HOST}`;

export interface FleetDevice {
	readonly profile: DeviceProfile;
	readonly privateKey: CryptoKey;
	readonly publicJwk: DevicePublicKey;
	/** thumbprint of the key */
	readonly jkt: string;
}

export interface Fleet {
	/**
	 * makes devices with a key and a record
	 * @param dpopBound whether they have promised to bring a DPoP proof to each token request
	 */
	makeDevices(count: number, dpopBound: boolean): Promise<{ devices: FleetDevice[]; records: SeedRecord[] }>;
	/** makes further devices without a key, which a bearer token never shows */
	makeProfiles(count: number): Promise<DeviceProfile[]>;
	/** signs bearer tokens, one for each device */
	signTokens(profiles: readonly DeviceProfile[]): Promise<Lasting<readonly string[]>>;
	/** signs tokens that are bound to the devices' keys */
	signBoundTokens(devices: readonly FleetDevice[]): Promise<Lasting<readonly string[]>>;
}

const TOKEN_TTL_SECONDS = 3600;
const A_YEAR_SECONDS = 365 * 86_400;

/** @param secrets as the service has them @param account whose devices they are @param now the clock, unix seconds */
export async function createFleet(
	secrets: { readonly MAC_KEYS: string; readonly LOOKUP_KEY: string },
	account: string,
	now: () => number,
): Promise<Fleet> {
	const keyring = await importMacKeyring(secrets.MAC_KEYS);
	const lookupKeys = await importLookupKeys(secrets.LOOKUP_KEY);
	const seal = createRecordSeal(keyring);
	const madeAt = now();
	const grant = {
		from: madeAt - A_YEAR_SECONDS,
		until: madeAt + A_YEAR_SECONDS,
		grace: 0,
		critical: 0,
		delay: 0,
		emergencyDelay: 0,
	};
	const grants = Object.fromEntries(Object.keys(VERSIONS).map((product) => [product, grant]));

	async function makeProfile(): Promise<DeviceProfile> {
		const id = await mintDeviceId(lookupKeys, account, randomBytes(ID_RANDOM_BYTES));
		const described = { status: "active", model: "FW-100", labels: { site: "berlin" } } as const;
		return { id, account, ...described, haGroup: null, hold: null, licenseEpoch: 0, lease: null, grants, policy: null };
	}

	async function signToken(device: DeviceProfile, jkt: string | null, at: number): Promise<string> {
		const pseudonym = await pseudonymOf(lookupKeys, device.id, pseudonymPeriod(at));
		const jti = webcrypto.randomUUID();
		return sealAccessToken(keyring, {
			...{ issuer: ISSUER, device, pseudonym, jkt, jti },
			...{ now: at, expiresIn: TOKEN_TTL_SECONDS },
		});
	}

	async function makeDevice(dpopBound: boolean): Promise<{ device: FleetDevice; record: SeedRecord }> {
		const profile = await makeProfile();
		const pair = await generateKeyPair("ES256", { extractable: true });
		const { x = "", y = "" } = await exportJWK(pair.publicKey);
		const jwk: DevicePublicKey = { kty: "EC", crv: "P-256", x, y };
		const jkt = await calculateJwkThumbprint(jwk);
		const key = deviceKey(profile.id);
		const body: DeviceRecord = {
			...profile,
			serial: profile.id.slice(-16),
			license: "lic-00000000",
			jwk,
			jkt,
			dpopBound,
			activatedAt: madeAt,
		};
		return {
			device: { profile, privateKey: pair.privateKey, publicJwk: jwk, jkt },
			record: { key, text: formatRecord(key, await sealRecord(seal, key, { version: 1, body }, madeAt)) },
		};
	}

	async function signEach<T>(
		items: readonly T[],
		sign: (item: T, at: number) => Promise<string>,
	): Promise<Lasting<readonly string[]>> {
		const at = now();
		return { value: await inBatches(items, (item) => sign(item, at)), endsAt: at + TOKEN_TTL_SECONDS };
	}

	return {
		async makeDevices(count, dpopBound) {
			const made = await inBatches(Array(count).keys(), () => makeDevice(dpopBound));
			return { devices: made.map(({ device }) => device), records: made.map(({ record }) => record) };
		},
		makeProfiles: (count) => inBatches(Array(count).keys(), makeProfile),
		signTokens: (profiles) => signEach(profiles, (profile, at) => signToken(profile, null, at)),
		signBoundTokens: (devices) => signEach(devices, ({ profile, jkt }, at) => signToken(profile, jkt, at)),
	};
}
