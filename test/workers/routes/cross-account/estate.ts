// An account with one of everything that an account can have, all its own, and a way to tell whether anything of it was
// changed or shown: what its object and the record stores hold, to the byte, and every text that no other account has.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { deniedKey, deviceKey, HEADS_KEY, messagesKey } from "../../../../src/storage/keys.ts";
import { makeAuthority } from "../../../support/certificates.ts";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet, type Fleet } from "../../../support/fleet.ts";
import { operated } from "../../../support/service.ts";
import { storedIn } from "../../../support/stored-record.ts";
import { offerOf, permitOf } from "../../support/fixtures.ts";

export interface Estate extends Fleet {
	readonly objectName: string;
	readonly product: string;
	readonly otherLicense: string;
	/** an HA group without devices, under `license` */
	readonly haGroup: string;
	/** by which operators speak of the code */
	readonly codeId: string;
	readonly firewall: Firewall;
	/** the same device with a token that is bound to no key; `firewall` has a bound one */
	readonly bearer: string;
	readonly serial: string;
	readonly offer: string;
	readonly permit: string;
	/** signed, for downloading */
	readonly url: string;
	/** for its devices alone */
	readonly message: string;
	readonly webhook: string;
	readonly webhookUrl: string;
	readonly webhookSecret: string;
	/** id of the newest event in the account's trail */
	readonly event: string;
}

/** Of whoever makes all of the estates' appliances. Not made with the module: workerd has no clock then. */
let maker: ReturnType<typeof makeAuthority> | undefined;

let estates = 0;

/** @param product that is published; its licenses cover it */
export async function newEstate(product: string): Promise<Estate> {
	estates += 1;
	const own = `${estates}-${crypto.randomUUID()}`;
	const fleet = await createFleet({ products: [product], license: { ends_at: inAYear() } });
	const { account, license } = fleet;
	const at = `/v1/accounts/${account}`;
	const terms = { products: [product], seats: 10, ends_at: inAYear() };
	const { license: otherLicense } = await operated<{ license: string }>("POST", `${at}/licenses`, terms);
	for (const action of ["suspend", "reinstate"]) {
		await operated("POST", `${at}/licenses/${otherLicense}/${action}`, { reason: `Reason ${own}` });
	}
	const { ha_group: haGroup } = await operated<{ ha_group: string }>("POST", `${at}/ha-groups`, {
		...{ name: `Group ${own}`, mode: "active-active", license },
	});
	const { codes } = await operated<{ codes: { id: string }[] }>("GET", `${at}/codes`);
	const webhookUrl = `https://hooks.example.com/${own}`;
	const { webhook, secret } = await operated<{ webhook: string; secret: string }>("POST", `${at}/webhooks`, {
		url: webhookUrl,
	});
	const { id: message } = await operated<{ id: string }>("POST", "/v1/messages", {
		severity: "info",
		title: `Title ${own}`,
		body: `Body ${own}`,
		ends_at: inAYear(),
		audience: { accounts: [account] },
	});

	const firewall = await Firewall.create();
	const serial = `SN-${own}`;
	maker ??= makeAuthority([["CN", "Maker of estates"]]);
	await operated("POST", "/v1/manufacturers", { name: "Maker", certificate: (await maker).pem });
	await operated("POST", `${at}/claims`, { serials: [serial], license });
	await firewall.activate(fleet.code, { serial, labels: { site: `site-${own}` } });
	const { accessToken: bearer } = await firewall.authenticate(false);
	await firewall.authenticate(true);
	const offer = (await offerOf(firewall, product)).capability;
	const { permit, url } = await permitOf(firewall, product);
	const { next: event } = await operated<{ next: string }>("GET", `${at}/events?limit=500`);
	const objectName = account.slice("acct-".length, "acct-".length + 10);
	await copyDevice(objectName, firewall.clientId);
	await settle(objectName);
	const made = {
		...fleet,
		message,
		objectName,
		product,
		license,
		otherLicense,
		haGroup,
		codeId: codes[0]?.id ?? "",
		firewall,
		bearer,
	};
	return { ...made, serial, offer, permit, url, webhook, webhookUrl, webhookSecret: secret, event };
}

export function inAYear(): string {
	return new Date(Date.now() + 365 * 86_400_000).toISOString();
}

/** A line of a device of which two copies live. */
export const LINE = "AAAAAAAAAAAA";

/** As after the days that it takes two copies to be told. */
async function copyDevice(objectName: string, device: string): Promise<void> {
	const line = (anchor: string) => JSON.stringify({ anchor, at: 1, country: null, colo: null, hasGoneOn: true });
	await runInDurableObject(env.ACCOUNT.getByName(objectName), (_, { storage }) => {
		const query = "INSERT OR REPLACE INTO device_lines (device, main, rival, forked_at) VALUES (?, ?, ?, 1)";
		storage.sql.exec(query, device, line(LINE), line("BBBBBBBBBBBB"));
	});
}

/** Rings the account's alarm for as long as something is due: its webhooks are told of all that happened. */
export async function settle(objectName: string): Promise<void> {
	const stub = () => env.ACCOUNT.getByName(objectName);
	for (let rings = 0; rings < 20; rings++) {
		const at = await runInDurableObject(stub(), (_, state) => state.storage.getAlarm());
		if (at === null || at > Date.now()) return;
		await runDurableObjectAlarm(stub());
	}
	throw new Error("the account never comes to rest");
}

/** What the words of the account's own devices change, behind answers that it does not wait for. */
const STATES = ["device_states", "fleet_summary", "message_receipts", "device_lines"];

/** Every row of every table of the account's object, whatever tables there are but those, as text. */
export async function contentOf({ objectName }: Estate): Promise<string> {
	const rows = await runInDurableObject(env.ACCOUNT.getByName(objectName), async (_, { storage }) => {
		const tables = storage.sql.exec<{ name: string }>(
			"SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
		);
		const names = [...tables]
			.map(({ name }) => name)
			.filter((name) => !/^(_cf_|sqlite_)/.test(name) && !STATES.includes(name));
		return names.map((name) => [name, [...storage.sql.exec(`SELECT * FROM "${name}"`)]]);
	});
	return JSON.stringify(rows, (_, value) => (value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value));
}

/** The records of the account's devices, and what the records that all devices share say of the account now. */
export async function recordsOf({ objectName }: Estate): Promise<readonly string[]> {
	const { keys } = await env.RECORDS.list({ prefix: deviceKey(`dev-${objectName}`) });
	const stored = async (name: string) => storedIn(env.RECORDS, name);
	const own = await Promise.all(keys.map(async ({ name }) => `${name} ${JSON.stringify(await stored(name))}`));
	const { body } = (await stored(HEADS_KEY)) as HeadsText;
	const shared = [HEADS_KEY, deniedKey(body.denied), messagesKey(body.messages)];
	const records = await Promise.all(shared.map(stored));
	return [
		...own,
		...records
			.flatMap((record) => (record === null ? [] : linesIn(record, "")))
			.filter((line) => line.includes(objectName)),
	];
}

interface HeadsText {
	readonly body: { readonly denied: number; readonly messages: number };
}

/** Each value with the names that lead to it. */
function linesIn(value: unknown, path: string): string[] {
	if (Array.isArray(value)) return value.flatMap((item) => linesIn(item, path));
	if (typeof value !== "object" || value === null) return [`${path} ${value}`];
	return Object.entries(value).flatMap(([name, inner]) => linesIn(inner, `${path}.${name}`));
}

/** Short words may stand in any answer. */
const MIN_LENGTH = 6;

/** The texts that the estate has and the other has not: ids, serial, labels, keys, what it was told and what it was given. */
export async function ownTextsOf(estate: Estate, other: Estate): Promise<readonly string[]> {
	const { firewall, objectName, code, bearer, offer, permit, url, webhookSecret } = estate;
	const shared = new Set(textsIn(await contentOf(other)));
	const stored = textsIn(await contentOf(estate)).filter((text) => !shared.has(text) && text.length >= MIN_LENGTH);
	const given = [firewall.accessToken, firewall.registrationToken, bearer, code, offer, permit, url, webhookSecret];
	return [...new Set([objectName, ...stored, ...given])];
}

/** The strings in a JSON text, also those in JSON that is itself a string there. */
function textsIn(json: string): string[] {
	const texts: string[] = [];
	JSON.parse(json, (_, value) => {
		if (typeof value !== "string") return value;
		texts.push(value);
		if (/^[[{]/.test(value)) texts.push(...textsIn(value));
		return value;
	});
	return texts;
}
