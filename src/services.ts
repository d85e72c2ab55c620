// The composition root: the only file that constructs adapters. Once per isolate and environment; nothing here knows of a
// request.
import type { JWTVerifyGetKey } from "jose";
import { createInstanceClouds, type OpenInstanceCloud } from "./aws/instance-cloud.ts";
import { type Config, ConfigError, parseConfig } from "./config.ts";
import { serialShard } from "./entitlement/devices/serial-hash.ts";
import { placeOf } from "./entitlement/place.ts";
import type { Account } from "./objects/account/account.ts";
import type { HaLockOutcome, HaLockQuestion, HaLockReport } from "./objects/account/ha/ha-locks.ts";
import type { HaReport, HaReportOutcome } from "./objects/account/ha/ha-reports.ts";
import type { RenewalOutcome } from "./objects/account/seats/seat-desk.ts";
import { answerInTime } from "./objects/answer-in-time.ts";
import { CENSUS_NAME, DIRECTORY_NAME, type NamedRecordStore, recordStores, TRUST_NAME } from "./objects/bindings.ts";
import type { Census } from "./objects/census/census.ts";
import { createCredentialReader, type ReadCredential } from "./objects/directory/credential-reader.ts";
import type { Directory } from "./objects/directory/directory.ts";
import { accountAt, objectAt } from "./objects/places.ts";
import type { Product } from "./objects/product/product.ts";
import { createRecordOrigin } from "./objects/record-origin.ts";
import { useOnce } from "./objects/replay/replay-shard.ts";
import type { SerialIndex } from "./objects/serials/serial-index.ts";
import type { Trust } from "./objects/trust/trust.ts";
import { createHaMemory, type HaMemory } from "./routes/http/ha-memory.ts";
import { rateLimits } from "./routes/http/rate-limit.ts";
import { createWordQueue, type WordQueue } from "./routes/http/word-queue.ts";
import { type AccessSettings, accessKeysUrl } from "./signing/access-assertion.ts";
import { createKeyCache, type ImportKey } from "./signing/device-proofs/key-cache.ts";
import { createProofMemory, type ProofMemory } from "./signing/device-proofs/proof-memory.ts";
import { createCdnUrlSigner } from "./signing/download-urls/cdn-url-signer.ts";
import { createS3Presigner } from "./signing/download-urls/s3-presigner.ts";
import { createEdgeUrlSigner, type UrlSigner } from "./signing/download-urls/url-signer.ts";
import { hashSecret, importLookupKeys, type LookupKeys } from "./signing/keys/lookup-keys.ts";
import { importMacKeyring, type MacKeyring } from "./signing/keys/mac-keyring.ts";
import { type CiIssuerKeys, keysUrlOf } from "./signing/oidc/ci-issuers.ts";
import { createRemoteKeys } from "./signing/oidc/remote-keys.ts";
import { createPulseSigner, type PulseSigner } from "./signing/pulse-signer.ts";
import { createRecordSeal } from "./signing/sealed/record-seal.ts";
import { createUploadUrlSigner, type UploadUrlSigner } from "./signing/upload-urls.ts";
import { createLocationCopies, locationSeconds } from "./storage/cache/location-copies.ts";
import { createRecordCache } from "./storage/cache/record-cache.ts";
import { systemClock } from "./storage/clock.ts";
import { createPackageReader, type PackageReader } from "./storage/packages/package-reader.ts";
import type { PackageStore } from "./storage/packages/package-store.ts";
import type { PartStore } from "./storage/packages/part-store.ts";
import { createR2PackageStore } from "./storage/packages/r2-package-store.ts";
import { createR2PartStore } from "./storage/packages/r2-part-store.ts";
import { createR2HistoryFiles, type HistoryFiles } from "./storage/r2-history-files.ts";
import { createR2LogFiles, type LogFile } from "./storage/r2-log-store.ts";
import { createR2TrustFileStore, type TrustFileStore } from "./storage/r2-trust-file-store.ts";
import { createRecords, type Records } from "./storage/records.ts";
import { createReplicatedRecordStore, readSettingsFor } from "./storage/replicated/replicated-record-store.ts";
import { createSealedStore } from "./storage/sealed-records.ts";
import { createHistory, type History, noHistory } from "./telemetry/history.ts";
import { createR2HistoryWriter } from "./telemetry/r2-history.ts";
import { createAnalyticsEngineSink, silentSink, type TelemetrySink } from "./telemetry/sink.ts";
import { createStreamHistoryWriter, type HistoryStream } from "./telemetry/stream-history.ts";

/** The Durable Objects, by the names that ids carry. A stub is cheap and breaks on error, so each call gets a new one. */
export interface Objects {
	account(objectName: string): DurableObjectStub<Account>;
	product(product: string): DurableObjectStub<Product>;
	directory(): DurableObjectStub<Directory>;
	trust(): DurableObjectStub<Trust>;
	census(): DurableObjectStub<Census>;
	/** @param hash see entitlement/devices/serial-hash.ts */
	serials(hash: string): DurableObjectStub<SerialIndex>;
	/** Keeps, renews or takes back the seat of a device under an elastic license. */
	renewSeat(objectName: string, deviceId: string, now: number): Promise<RenewalOutcome>;
	/** Tells what a device of an HA group says of itself. */
	reportHa(objectName: string, report: HaReport): Promise<HaReportOutcome>;
	/** Asks for a device's turn in its HA group. */
	askHaLock(objectName: string, question: HaLockQuestion): Promise<HaLockOutcome>;
	/** Tells what became of such a turn. */
	hearHaLock(objectName: string, report: HaLockReport): Promise<void>;
	/**
	 * @param owner of the key that signed it @param until unix seconds @param account name of its object @param by see ReplayGuard.use
	 * @returns false when the assertion or proof was used before
	 */
	useOnce(
		owner: string,
		jti: string,
		until: number,
		now: number,
		account: string,
		by?: string | null,
	): Promise<boolean>;
}

export interface Services {
	readonly config: Config;
	/** id of the Worker's version */
	readonly version: string;
	readonly records: Records;
	/** whose API key it is; by its keyed hash */
	readonly readCredential: ReadCredential;
	/** each by itself, in the order in which they are read; for requests there is `records` */
	readonly stores: readonly NamedRecordStore[];
	readonly packages: PackageStore;
	readonly parts: PartStore;
	readonly packageReader: PackageReader;
	readonly urlSigner: UrlSigner;
	/** null = parts of packages come through this service only */
	readonly uploadUrls: UploadUrlSigner | null;
	readonly pulses: PulseSigner;
	readonly trustFiles: Pick<TrustFileStore, "get">;
	/** the transparency log, by path below /tlog/; null where there is no such file */
	readonly logFiles: (path: string) => Promise<LogFile | null>;
	readonly macKeyring: MacKeyring;
	readonly lookupKeys: LookupKeys;
	/** null = there is no bootstrap key */
	readonly bootstrapKeyHash: string | null;
	readonly importKey: ImportKey;
	readonly proofs: ProofMemory;
	readonly haMemory: HaMemory;
	/** what devices say, on its way to their accounts */
	readonly words: WordQueue;
	readonly limits: ReturnType<typeof rateLimits>;
	readonly objects: Objects;
	/** the AWS of an account, where the auto-scaling hook acts */
	readonly openInstanceCloud: OpenInstanceCloud;
	readonly telemetry: TelemetrySink;
	/** Cloudflare Access before the console; null = there is none */
	readonly access: { readonly settings: AccessSettings; readonly keys: JWTVerifyGetKey } | null;
	/** whose ID tokens are taken in exchange for a token to publish */
	readonly ciIssuers: readonly CiIssuerKeys[];
	readonly history: History;
	readonly historyFiles: HistoryFiles;
	/** the console's static files; null where something else than wrangler runs the Worker */
	readonly consoleFiles: Fetcher | null;
}

/**
 * Of stored text. Parsed it takes 1.5 times that (V8, measured on devices, products and tiny records alike, with what the
 * cache counts for an entry): at most 38 MB of the isolate's 128, which is 25,000 devices of 800 bytes.
 */
const MAX_CACHED_BYTES = 25_000_000;

/** For so long an isolate gathers what devices say of themselves. */
const WORDS_GATHER_MS = 1_000;

/** @throws ConfigError naming everything that is missing or not acceptable */
async function createServices(env: Env): Promise<Services> {
	const config = parseConfig({ ...env });
	const place = config.objectPlace;
	// Not where something else than wrangler runs the Worker.
	const version = (env.CF_VERSION_METADATA as WorkerVersionMetadata | undefined)?.id ?? "unknown";
	const [macKeyring, lookupKeys] = await Promise.all([
		importMacKeyring(config.macKeys),
		importLookupKeys(config.lookupKey),
	]);
	const settings = readSettingsFor(config.recordStores.length);
	const stores = recordStores(env, settings.timeoutMs);
	const seal = createRecordSeal(macKeyring);
	const location = createLocationCopies({
		store: createReplicatedRecordStore({ stores, clock: systemClock, random: Math.random, settings }),
		origin: createRecordOrigin(env),
		seal,
		cache: await caches.open(`records ${version}`),
		issuer: config.issuer,
		headsSeconds: locationSeconds(config.headsFreshSeconds),
		lastGoodSeconds: config.lastGoodSeconds,
		clock: systemClock,
	});
	const cache = createRecordCache({
		store: location.store,
		seal,
		origin: location.origin,
		lastGoodOf: location.lastGood,
		maxBytes: MAX_CACHED_BYTES,
	});
	const packages = createR2PackageStore(env.PACKAGES);
	return {
		config,
		version,
		records: createRecords(cache, config),
		readCredential: createCredentialReader(
			() => objectAt(env.DIRECTORY, DIRECTORY_NAME, place),
			config.deviceFreshSeconds,
		),
		stores: stores.map(({ name, store }) => ({ name, store: createSealedStore(store, seal, systemClock) })),
		packages,
		parts: createR2PartStore(env.PACKAGES),
		packageReader: createPackageReader(packages, caches.default, config.issuer),
		urlSigner: createUrlSigner(config, macKeyring),
		uploadUrls: config.uploadS3 === null ? null : createUploadUrlSigner(config.uploadS3),
		pulses: createPulseSigner(lookupKeys),
		trustFiles: createR2TrustFileStore(env.PULSES),
		logFiles: createR2LogFiles(env.PULSES),
		macKeyring,
		lookupKeys,
		bootstrapKeyHash: config.bootstrapKey === null ? null : await hashSecret(lookupKeys, "key", config.bootstrapKey),
		importKey: createKeyCache(),
		proofs: createProofMemory(),
		haMemory: createHaMemory(),
		words: createWordQueue({
			send: (objectName, words) => accountAt(env.ACCOUNT, objectName).hearDevices(words),
			clock: systemClock,
			gatherMs: config.isLocal ? 0 : WORDS_GATHER_MS,
			lost: (count) => console.warn(`${count} words of devices about their state were lost`),
		}),
		limits: rateLimits(env),
		objects: {
			account: (objectName) => accountAt(env.ACCOUNT, objectName),
			product: (product) => objectAt(env.PRODUCT, product, place),
			directory: () => objectAt(env.DIRECTORY, DIRECTORY_NAME, place),
			trust: () => objectAt(env.TRUST, TRUST_NAME, place),
			census: () => objectAt(env.CENSUS, CENSUS_NAME, place),
			serials: (hash) => objectAt(env.SERIAL_INDEX, serialShard(hash), place),
			renewSeat: (objectName, deviceId, now) =>
				answerInTime<RenewalOutcome>(accountAt(env.ACCOUNT, objectName).renewSeat({ deviceId, now })),
			reportHa: (objectName, report) =>
				answerInTime<HaReportOutcome>(accountAt(env.ACCOUNT, objectName).reportHa(report)),
			askHaLock: (objectName, question) =>
				answerInTime<HaLockOutcome>(accountAt(env.ACCOUNT, objectName).askHaLock(question)),
			hearHaLock: (objectName, report) => answerInTime(accountAt(env.ACCOUNT, objectName).hearHaLock(report)),
			useOnce: (owner, jti, until, now, account, by) =>
				useOnce(env.REPLAY_GUARD, owner, jti, until, now, placeOf(account) ?? place, by),
		},
		openInstanceCloud: createInstanceClouds({
			credentials: config.awsCredentials,
			endpoint: config.awsEndpoint,
			fetch: (url, init) => fetch(url, init),
		}),
		telemetry: env.ANALYTICS === undefined ? silentSink : createAnalyticsEngineSink(env.ANALYTICS, version),
		access: openAccess(config),
		ciIssuers: config.ciIssuers.map((issuer) => ({ ...issuer, keys: remoteKeys(keysUrlOf(issuer)) })),
		history: openHistory(env, config, version),
		historyFiles: createR2HistoryFiles(env.HISTORY),
		consoleFiles: (env.ASSETS as Fetcher | undefined) ?? null,
	};
}

function openAccess({ access: settings }: Config): Services["access"] {
	return settings === null ? null : { settings, keys: remoteKeys(accessKeysUrl(settings)) };
}

function remoteKeys(url: URL): JWTVerifyGetKey {
	return createRemoteKeys(url, { ask: (href, init) => fetch(href, init), nowMs: () => systemClock.nowMs() });
}

/** @throws ConfigError when the binding that HISTORY_SINK asks for is not there */
function openHistory(
	env: { readonly HISTORY?: R2Bucket; readonly HISTORY_STREAM?: HistoryStream },
	{ historySink, historyGatherSeconds }: Config,
	version: string,
): History {
	const gatherMs = historyGatherSeconds * 1_000;
	if (historySink === "r2") {
		if (env.HISTORY === undefined) throw new ConfigError(["HISTORY_SINK is r2, and there is no bucket HISTORY"]);
		return createHistory(createR2HistoryWriter(env.HISTORY), version, gatherMs);
	}
	if (historySink === "off") return noHistory;
	if (env.HISTORY_STREAM === undefined) {
		throw new ConfigError(["HISTORY_SINK is pipelines, and there is no stream HISTORY_STREAM ([[pipelines]])"]);
	}
	return createHistory(createStreamHistoryWriter(env.HISTORY_STREAM), version, gatherMs);
}

/** The one place where it is decided where downloads come from. */
function createUrlSigner(config: Config, keyring: MacKeyring): UrlSigner {
	const { s3, downloadCdn, issuer, urlTtlSeconds: ttlSeconds } = config;
	if (downloadCdn !== null) return createCdnUrlSigner({ ...downloadCdn, ttlSeconds });
	return s3 === null
		? createEdgeUrlSigner({ keyring, origin: issuer, ttlSeconds })
		: createS3Presigner({ ...s3, ttlSeconds });
}

let servicesByEnv = new WeakMap<Env, Services>();

/** The services of an environment once they were made; undefined before. Synchronous, because nearly every request asks. */
export function knownServices(env: Env): Services | undefined {
	return servicesByEnv.get(env);
}

/** Makes the services, or finds them. Two first requests may both make them; the work is small and the result the same. */
export async function servicesFor(env: Env): Promise<Services> {
	const known = servicesByEnv.get(env);
	if (known !== undefined) return known;
	const services = await createServices(env);
	servicesByEnv.set(env, services);
	return services;
}

/** Forgets all services and what they remember, as a new isolate would. For tests that empty stores and objects under them. */
export function forgetServices(): void {
	servicesByEnv = new WeakMap();
}
