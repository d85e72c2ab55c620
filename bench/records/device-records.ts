// Device records as a fleet would have them, by the million, in the form in which the stores hold them. Every field is as
// long as a real one; coordinates of keys, thumbprints and ids are random bytes, for a real key pair costs more than the
// record and is of the same length.
import { randomBytes } from "node:crypto";
import type { DeviceRecord, Grant } from "../../src/entitlement/devices/device-record.ts";
import { deviceKey } from "../../src/storage/keys.ts";
import { formatRecord } from "../../src/storage/record-store.ts";
import { RECORD_LIFE_SECONDS } from "../../src/storage/sealed-records.ts";

export interface StoredDevice {
	readonly key: string;
	/** the stored form */
	readonly text: string;
	readonly record: DeviceRecord;
}

/** When the records were written, unix seconds. */
export const NOW = 1_790_000_000;
const DAY = 86_400;
const PRODUCTS = ["threats", "antivirus", "crs", "url-db"] as const;
const MODELS = ["FW-100", "FW-220R", "FW-450", "FW-1410", "FW-5260-DC", "VM-300"] as const;
const SITES = ["berlin", "oslo-dc2", "sao-paulo", "singapore-1", "ny5", "branch-00417"] as const;
const DEVICES_PER_ACCOUNT = 500;
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Random bytes in large portions: one call per record would cost more than the record. */
const POOL_BYTES = 1 << 20;
let pool = Buffer.alloc(0);
function take(bytes: number): Buffer {
	if (pool.length < bytes) pool = randomBytes(POOL_BYTES);
	const taken = pool.subarray(0, bytes);
	pool = pool.subarray(bytes);
	return taken;
}

function base32(characters: number): string {
	let text = "";
	for (const byte of take(characters)) text += ALPHABET[byte % ALPHABET.length];
	return text;
}

const base64url = () => take(32).toString("base64url");

function pick<T>(choices: readonly T[], index: number): T {
	const choice = choices[index % choices.length];
	if (choice === undefined) throw new RangeError("nothing to pick from");
	return choice;
}

/** Lengths of fields follow the device's number, so that any run of them is the same mixture; contents are random. */
export function* makeDeviceRecords(count: number): Generator<StoredDevice> {
	let account = "";
	for (let number = 0; number < count; number++) {
		if (number % DEVICES_PER_ACCOUNT === 0) account = base32(16);
		yield makeDeviceRecord(number, account);
	}
}

function makeDeviceRecord(number: number, account: string): StoredDevice {
	const id = `dev-${account.slice(0, 10)}-${base32(16)}`;
	// Two to four products, none to three labels.
	const products = PRODUCTS.slice(0, 2 + (number % 3));
	const labels = Object.entries({ site: pick(SITES, number), role: "edge", ring: "broad" }).slice(0, number % 4);
	const record: DeviceRecord = {
		id,
		account: `acct-${account}`,
		status: number % 100 === 99 ? "suspended" : "active",
		model: pick(MODELS, number),
		labels: Object.fromEntries(labels),
		haGroup: null,
		hold: null,
		licenseEpoch: 0,
		lease: null,
		policy: null,
		grants: Object.fromEntries(products.map((product) => [product, grantOf(number)])),
		serial: `SN${String(number).padStart(10, "0")}`,
		license: `lic-${base32(8)}`,
		jwk: { kty: "EC", crv: "P-256", x: base64url(), y: base64url() },
		jkt: base64url(),
		dpopBound: number % 5 !== 0,
		activatedAt: NOW - (number % 700) * DAY,
	};
	const key = deviceKey(id);
	return { key, text: formatRecord(key, { version: 1 + (number % 12), body: sealed(record) }), record };
}

/** As it would stand in a store; the MAC is none, and as long as one. */
function sealed(content: DeviceRecord) {
	return { kid: "k1", until: NOW + RECORD_LIFE_SECONDS, mac: base64url(), content };
}

function grantOf(number: number): Grant {
	const from = NOW - (number % 700) * DAY;
	const delays = { delay: number % 4 === 0 ? 2 * DAY : 0, emergencyDelay: 0 };
	return { from, until: from + 1095 * DAY, grace: 30 * DAY, critical: 0, ...delays };
}
