// The ids of accounts, devices, auth codes and API keys. Each carries the name of its account's object and a keyed check, so
// garbage is thrown away before it touches (and so creates) any object. A good check only says that an id was minted here,
// not that the thing exists. Random bytes are always an argument.
import { equalInConstantTime } from "../signing/constant-time.ts";
import type { LookupKeys } from "../signing/keys/lookup-keys.ts";
import { letterOf, type Place } from "./place.ts";

/** Crockford's base32: no i, l, o, u. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const CHARACTER = "[0-9a-hjkmnp-tv-z]";
const CHECK_LENGTH = 6;
const OBJECT_NAME_LENGTH = 10;

export const ACCOUNT_ID = new RegExp(`^acct-${CHARACTER}{16}$`);
const DEVICE_ID = new RegExp(`^dev-${CHARACTER}{10}-${CHARACTER}{16}$`);
const CODE = new RegExp(`^${CHARACTER}{36}$`);
const API_KEY = new RegExp(`^pk_${CHARACTER}{32}$`);
const LICENSE_ID = new RegExp(`^lic-${CHARACTER}{8}$`);
const CODE_ID = new RegExp(`^code-${CHARACTER}{8}$`);
const KEY_ID = new RegExp(`^key-${CHARACTER}{8}$`);
const MESSAGE_ID = new RegExp(`^msg-${CHARACTER}{8}$`);
const HA_GROUP_ID = new RegExp(`^hag-${CHARACTER}{10}-${CHARACTER}{8}$`);
const PUBLISHER_ID = new RegExp(`^pub-${CHARACTER}{8}$`);
const MANUFACTURER_ID = new RegExp(`^mfr-${CHARACTER}{16}$`);
const WEBHOOK_ID = new RegExp(`^whk-${CHARACTER}{8}$`);

/** Every device id has this length. */
export const DEVICE_ID_LENGTH = 31;
/** Enough random bytes for any id: one per character, and an API key has 26. */
export const ID_RANDOM_BYTES = 26;
/** 36 characters in groups of four, each followed by a hyphen, and some slack for odd grouping. */
const MAX_CODE_INPUT_LENGTH = 72;

export interface AccountId {
	readonly id: string;
	readonly objectName: string;
}

export interface DeviceId {
	readonly id: string;
	/** name of the Account object that owns the device */
	readonly objectName: string;
}

export interface AuthCode {
	/** normal form, the only one that is hashed: 36 lower-case characters */
	readonly code: string;
	readonly objectName: string;
}

export interface ApiKey {
	readonly key: string;
}

type CheckedKind = "account" | "device" | "code" | "key";

/** A new account id, "acct-…". @param place where its object lives; null = near whoever asks for it first */
export async function mintAccountId(keys: LookupKeys, random: Uint8Array, place: Place | null = null): Promise<string> {
	const body = letterOf(place, random[0] ?? 0) + characters(random.subarray(1), OBJECT_NAME_LENGTH - 1);
	return `acct-${body}${await checkOf(keys, "account", body)}`;
}

/** A new id for a device of `accountId`, "dev-…". */
export async function mintDeviceId(keys: LookupKeys, accountId: string, random: Uint8Array): Promise<string> {
	return mintDeviceIdOf(keys, accountObjectName(accountId), random);
}

/** The same. @param objectName of the account */
export async function mintDeviceIdOf(keys: LookupKeys, objectName: string, random: Uint8Array): Promise<string> {
	const body = `${objectName}-${characters(random, 10)}`;
	return `dev-${body}${await checkOf(keys, "device", body)}`;
}

/** A new auth code of `accountId` in its normal form (100 random bits); show it through `formatCode`. */
export async function mintCode(keys: LookupKeys, accountId: string, random: Uint8Array): Promise<string> {
	const body = accountObjectName(accountId) + characters(random, 20);
	return body + (await checkOf(keys, "code", body));
}

/** A new API key, "pk_…" (130 random bits). */
export async function mintApiKey(keys: LookupKeys, random: Uint8Array): Promise<string> {
	const body = characters(random, 26);
	return `pk_${body}${await checkOf(keys, "key", body)}`;
}

/** A new license id; unique within its account only. */
export function mintLicenseId(random: Uint8Array): string {
	return `lic-${characters(random, 8)}`;
}

/** A new id by which operators speak of an auth code; unique within its account only. */
export function mintCodeId(random: Uint8Array): string {
	return `code-${characters(random, 8)}`;
}

/** A new id for an HA group of `accountId`. */
export function mintHaGroupId(accountId: string, random: Uint8Array): string {
	return `hag-${accountObjectName(accountId)}-${characters(random, 8)}`;
}

/** A new id by which operators speak of an API key. */
export function mintKeyId(random: Uint8Array): string {
	return `key-${characters(random, 8)}`;
}

/** A new id of a trusted publisher; unique within its product only. */
export function mintPublisherId(random: Uint8Array): string {
	return `pub-${characters(random, 8)}`;
}

/**
 * The id of a manufacturer is of its authority's key, so that it is the same with a renewed certificate, and once it is added again.
 * 80 bits: who wants the id of another has to find a key for it.
 * @param keyHash SHA-256 of the authority's SubjectPublicKeyInfo
 */
export function manufacturerIdOf(keyHash: Uint8Array): string {
	return `mfr-${characters(keyHash, 16)}`;
}

export function isManufacturerId(text: string): boolean {
	return MANUFACTURER_ID.test(text);
}

/** A new message id. */
export function mintMessageId(random: Uint8Array): string {
	return `msg-${characters(random, 8)}`;
}

/** A new id of a webhook endpoint; unique within its account, product or deployment only. */
export function mintWebhookId(random: Uint8Array): string {
	return `whk-${characters(random, 8)}`;
}

/** The account id in `text`; null if it was not minted here. */
export async function parseAccountId(keys: LookupKeys, text: string): Promise<AccountId | null> {
	if (!ACCOUNT_ID.test(text) || !(await hasGoodCheck(keys, "account", text.slice(5)))) return null;
	return { id: text, objectName: accountObjectName(text) };
}

/** The device id in `text`; null if it was not minted here. */
export async function parseDeviceId(keys: LookupKeys, text: string): Promise<DeviceId | null> {
	if (!DEVICE_ID.test(text) || !(await hasGoodCheck(keys, "device", text.slice(4)))) return null;
	return { id: text, objectName: accountObjectName(text) };
}

/** The auth code in `text`, in any case and with any hyphens; null if it was not minted here. */
export async function parseCode(keys: LookupKeys, text: string): Promise<AuthCode | null> {
	if (text.length > MAX_CODE_INPUT_LENGTH) return null;
	const code = normaliseCode(text);
	if (!CODE.test(code) || !(await hasGoodCheck(keys, "code", code))) return null;
	return { code, objectName: accountObjectName(code) };
}

/** The API key in `text`; null if it was not minted here. */
export async function parseApiKey(keys: LookupKeys, text: string): Promise<ApiKey | null> {
	if (!API_KEY.test(text) || !(await hasGoodCheck(keys, "key", text.slice(3)))) return null;
	return { key: text };
}

/** Whether `text` has the form of a device id. */
export function hasDeviceIdForm(text: string): boolean {
	return DEVICE_ID.test(text);
}

/** Whether `text` has the form of a license id. */
export function isLicenseId(text: string): boolean {
	return LICENSE_ID.test(text);
}

/** Whether `text` has the form of an auth code's id. */
export function isCodeId(text: string): boolean {
	return CODE_ID.test(text);
}

/** Whether `text` has the form of an HA group's id. */
export function isHaGroupId(text: string): boolean {
	return HA_GROUP_ID.test(text);
}

/** Whether `text` has the form of an API key's id. */
export function isKeyId(text: string): boolean {
	return KEY_ID.test(text);
}

/** Whether `text` has the form of a trusted publisher's id. */
export function isPublisherId(text: string): boolean {
	return PUBLISHER_ID.test(text);
}

/** Whether `text` has the form of a message id. */
export function isMessageId(text: string): boolean {
	return MESSAGE_ID.test(text);
}

/** Whether `text` has the form of a webhook endpoint's id. */
export function isWebhookId(text: string): boolean {
	return WEBHOOK_ID.test(text);
}

/**
 * The name of the Account object that an account id, a device id, an HA group's id or a code (normal form) belongs to. Looks at the form only.
 * @throws TypeError for anything else
 */
export function accountObjectName(id: string): string {
	// First, because nearly every request of a device asks.
	if (DEVICE_ID.test(id)) return id.slice(4, 4 + OBJECT_NAME_LENGTH);
	if (ACCOUNT_ID.test(id)) return id.slice(5, 5 + OBJECT_NAME_LENGTH);
	if (HA_GROUP_ID.test(id)) return id.slice(4, 4 + OBJECT_NAME_LENGTH);
	if (CODE.test(id)) return id.slice(0, OBJECT_NAME_LENGTH);
	throw new TypeError("neither an account id, nor a device id, nor an HA group's, nor a code");
}

/** A code as people see it: nine groups of four upper-case characters. */
export function formatCode(code: string): string {
	return (code.toUpperCase().match(/.{4}/g) ?? []).join("-");
}

/** Lower case, no hyphens, and the three letters that people write for digits (Crockford: I and L are 1, O is 0). */
function normaliseCode(text: string): string {
	return text.toLowerCase().replaceAll("-", "").replaceAll("o", "0").replaceAll(/[il]/g, "1");
}

/** 32 divides 256, so the low five bits of a random byte make an unbiased character. */
function characters(random: Uint8Array, count: number): string {
	if (random.length < count) throw new RangeError(`an id needs ${count} random bytes, got ${random.length}`);
	let text = "";
	for (const byte of random.subarray(0, count)) text += ALPHABET.charAt(byte & 31);
	return text;
}

async function hasGoodCheck(keys: LookupKeys, kind: CheckedKind, text: string): Promise<boolean> {
	const check = await checkOf(keys, kind, text.slice(0, -CHECK_LENGTH));
	return equalInConstantTime(check, text.slice(-CHECK_LENGTH));
}

/** The first 30 bits of the body's MAC as six characters: one garbage id in a billion passes. */
async function checkOf(keys: LookupKeys, kind: CheckedKind, body: string): Promise<string> {
	const mac = await crypto.subtle.sign("HMAC", keys.id, new TextEncoder().encode(`${kind}\n${body}`));
	const bits = new DataView(mac).getUint32(0);
	let check = "";
	for (let shift = 27; shift >= 2; shift -= 5) check += ALPHABET.charAt((bits >>> shift) & 31);
	return check;
}
