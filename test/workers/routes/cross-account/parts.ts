// What the cross-account matrix knows that the service's description does not say: which fields name something of an
// account's, which name nothing of it, and how an operation with credentials of its own is asked for another's things.
import { mintAccountId, mintDeviceId } from "../../../../src/entitlement/ids.ts";
import { importLookupKeys } from "../../../../src/signing/keys/lookup-keys.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { type Estate, inAYear, LINE } from "./estate.ts";
import type { Field, Operation } from "./operations.ts";

const keys = await importLookupKeys(TEST_SECRETS.LOOKUP_KEY);
const random = () => crypto.getRandomValues(new Uint8Array(26));
/** Ids that were minted here, of nobody. */
const nobodysAccount = await mintAccountId(keys, random());
const nobodysDevice = await mintDeviceId(keys, nobodysAccount, random());

export interface Subject {
	readonly own: (estate: Estate, operation: Operation) => string;
	/** of the right form, and nobody's: whoever asks for another's must be answered the same */
	readonly nobodys: string;
	/** for names that begin with the account's object: how many characters of them name it */
	readonly head?: number;
	/** names a place in a list, or something outside the service: another's is not refused, and leads to nothing of theirs */
	readonly harmless?: (operation: Operation) => boolean;
}

const ACCOUNT_HEAD = "acct-".length + 10;
const DEVICE_HEAD = "dev-".length + 10;
const GROUP_HEAD = "hag-".length + 10;
const device = { own: ({ firewall }: Estate) => firewall.clientId, nobodys: nobodysDevice, head: DEVICE_HEAD };
const group = { own: ({ haGroup }: Estate) => haGroup, nobodys: "hag-0000000000-00000000", head: GROUP_HEAD };
const serial = { own: (estate: Estate) => estate.serial, nobodys: "SN-of-nobody", harmless: () => true };
const isOfStorage = ({ name }: Operation) => name === "POST /v1/packages/collect";
const isOfClaims = ({ path }: Operation) => path.endsWith("/claims");
const isTrail = ({ path }: Operation) => path.endsWith("/events");

/** Fields that name something of an account's, by name. */
export const SUBJECTS: Readonly<Record<string, Subject>> = {
	account: { own: ({ account }) => account, nobodys: nobodysAccount, head: ACCOUNT_HEAD },
	device,
	/** that join an HA group */
	devices: device,
	group,
	ha_group: group,
	/** of a list of devices it is a filter, under which nothing is found */
	license: {
		own: ({ license }) => license,
		nobodys: "lic-00000000",
		harmless: ({ name }) => name === "GET /v1/accounts/{account}/devices",
	},
	/** of a transfer */
	to: { own: ({ otherLicense }) => otherLicense, nobodys: "lic-00000000" },
	code: { own: ({ codeId }) => codeId, nobodys: "code-00000000" },
	message: { own: ({ message }) => message, nobodys: "msg-00000000" },
	webhook: { own: ({ webhook }) => webhook, nobodys: "whk-00000000" },
	/** where a page begins */
	after: {
		own: (estate, operation) => {
			if (isTrail(operation)) return estate.event;
			if (isOfStorage(operation)) return "0".repeat(64);
			if (operation.name.endsWith("/codes")) return estate.codeId;
			if (isOfClaims(operation)) return estate.serial;
			return operation.name.endsWith("/ha-groups") ? estate.haGroup : estate.firewall.clientId;
		},
		nobodys: "evt-0000000000-1",
		harmless: (operation) => isOfStorage(operation) || isOfClaims(operation),
	},
	offer: { own: ({ offer }) => offer, nobodys: "of-nobody" },
	permit: { own: ({ permit }) => permit, nobodys: "of-nobody" },
	serial,
	serial_prefix: serial,
	/** a device is found by its serial number too */
	instance: serial,
};

/** Fields of text that name nothing of an account's: free text, and what the whole deployment shares. With a good value. */
const PLAIN: Readonly<Record<string, (estate: Estate) => unknown>> = {
	product: ({ product }) => product,
	products: ({ product }) => product,
	version: () => "1.0.0",
	installed: () => "1.0.0",
	engine: () => "1.0.0",
	damaged: () => "crs",
	failed: () => "crs@1.0.0",
	permitted: () => "crs@1.0.0",
	installed_at: () => "crs@1.0.0@1767225600",
	heard_until: () => "1767225600",
	/** rules of a product's content */
	top_rules: () => ["942100"],
	ha_peer: () => "crs@1.0.0",
	min: () => "1.0.0",
	max: () => "2.0.0",
	model: () => "FW-100",
	models: () => "FW-100",
	countries: () => "DE",
	label: () => "site=berlin",
	labels: () => ({ site: "berlin" }),
	locale: () => "en",
	name: () => "A name",
	title: () => "A title",
	body: () => "A body",
	notes: () => "Notes",
	reason: () => "a test",
	detail: () => "a_word",
	subject: () => "a test",
	scopes: () => "operate",
	url: () => "https://hooks.example.com/another",
	type: () => "device",
	types: () => "device",
	token: () => "a-launch",
	key: () => "key-00000000",
	by: () => "somebody",
	/** one of a device's two copies */
	keep: () => LINE,
	lineage: () => "none",
	anchors: () => "{}",
	time_zone: () => "Europe/Zurich",
	/** of a file of the history */
	date: () => "2026-11-28",
	hour: () => "22",
	file: () => "a.ndjson.gz",
	/** of a trusted publisher of a product */
	issuer: () => "https://gitlab.com",
	repository: () => "acme/rules",
	repository_id: () => "1296269",
	owner_id: () => "583231",
	workflow: () => "release.yml",
	publisher: () => "pub-00000000",
	manufacturer: () => "mfr-0000000000000000",
	certificate: () => "-----BEGIN CERTIFICATE-----",
	subject_token: () => "a.b.c",
	/** of a backup */
	backup: () => "b".repeat(64),
	sha256: () => "b".repeat(64),
	table: () => "licenses",
	/** of the transparency log */
	level: () => "0",
	tile: () => "000",
	/** nobody's; whose it is depends on the account before it */
	pseudonym: () => "AAAAAAAAAAAAAAAA",
	month: () => "2026-11",
	/** of a window, by the clock */
	from: () => "22:00",
	until: () => "04:00",
};

/** The value of a required field that is about nothing. */
export function plainValue(field: Field, estate: Estate): unknown {
	const { name, schema } = field;
	if (schema.const !== undefined) return schema.const;
	if (schema.enum !== undefined) return schema.enum[0];
	const plain = PLAIN[name];
	if (plain !== undefined) return plain(estate);
	if (schema.format === "date-time") return inAYear();
	if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 1;
	if (schema.type === "boolean") return false;
	throw new Error(`no value for ${field.key}`);
}

/** About no account, or about all of them: for those who publish and operate, whose keys are the deployment's. */
export const OF_THE_DEPLOYMENT = [
	"GET /v1/status",
	"POST /v1/backup/seal",
	"GET /v1/fleet",
	"GET /v1/fleet/products/{product}",
	"GET /v1/fleet/installed",
	"GET /v1/fleet/silent",
	"GET /v1/fleet/trust",
	"GET /v1/fleet/problems",
	"GET /v1/history/files",
	"GET /v1/history/traffic",
	"GET /v1/history/files/{date}/{hour}/{file}",
	"POST /v1/products",
	"GET /v1/products",
	"GET /v1/products/{product}",
	"PATCH /v1/products/{product}",
	"GET /v1/manufacturers",
	"POST /v1/manufacturers",
	"DELETE /v1/manufacturers/{manufacturer}",
	"GET /v1/products/{product}/publishers",
	"POST /v1/products/{product}/publishers",
	"DELETE /v1/products/{product}/publishers/{publisher}",
	"POST /oauth2/products/{product}/token",
	"GET /v1/products/{product}/disabled-rules",
	"GET /v1/products/{product}/validator",
	"PUT /v1/products/{product}/validator",
	"DELETE /v1/products/{product}/validator",
	"PUT /v1/products/{product}/releases/{version}/validation",
	"POST /v1/products/{product}/releases/{version}/validation/override",
	"POST /v1/products/{product}/disabled-rules/disable",
	"POST /v1/products/{product}/disabled-rules/enable",
	"GET /v1/products/{product}/rollouts",
	"GET /v1/products/{product}/releases/{version}/rollout",
	"POST /v1/products/{product}/releases/{version}/rollout/words",
	"POST /v1/products/{product}/releases/{version}/rollout/halt",
	"GET /v1/products/{product}/releases/{version}/rollout/log",
	"GET /v1/products/{product}/releases",
	"PUT /v1/products/{product}/releases/{version}",
	"PUT /v1/products/{product}/releases/{version}/package",
	"PUT /v1/products/{product}/releases/{version}/package/parts",
	"PUT /v1/products/{product}/uploads/{sha256}/parts/{part}",
	"POST /v1/products/{product}/uploads/{sha256}/parts/{part}/url",
	"GET /v1/products/{product}/uploads/{sha256}",
	"DELETE /v1/products/{product}/uploads/{sha256}",
	"GET /v1/products/{product}/releases/{version}/package-link",
	"PUT /v1/products/{product}/releases/{version}/delta",
	"PUT /v1/products/{product}/releases/{version}/rule-index",
	"GET /v1/products/{product}/releases/{version}/rule-index",
	"GET /v1/products/{product}/changes",
	"GET /v1/products/{product}/changes/{channel}",
	"GET /v1/products/{product}/coverage/{cve}",
	"POST /v1/products/{product}/releases/{version}/bases",
	"POST /v1/products/{product}/releases/{version}/promote",
	"POST /v1/products/{product}/releases/{version}/withdraw",
	"GET /v1/products/{product}/events",
	"GET /v1/products/{product}/role",
	"PUT /v1/products/{product}/role",
	"GET /v1/trust",
	"PUT /v1/trust",
	"POST /v1/products/{product}/webhooks",
	"GET /v1/products/{product}/webhooks",
	"DELETE /v1/products/{product}/webhooks/{webhook}",
	"POST /v1/products/{product}/webhooks/{webhook}/rotate",
	"POST /v1/products/{product}/webhooks/{webhook}/enable",
	"POST /v1/products/{product}/webhooks/{webhook}/test",
	"GET /v1/events",
	"POST /v1/webhooks",
	"GET /v1/webhooks",
	"DELETE /v1/webhooks/{webhook}",
	"POST /v1/webhooks/{webhook}/rotate",
	"POST /v1/webhooks/{webhook}/enable",
	"POST /v1/webhooks/{webhook}/test",
	"POST /v1/accounts",
	"GET /v1/accounts",
	"POST /v1/messages",
	"GET /v1/messages/all",
	"GET /v1/messages/{message}/receipts",
	"DELETE /v1/messages/{message}",
	"PATCH /v1/messages/{message}",
	"POST /v1/keys",
	"GET /v1/keys",
	"DELETE /v1/keys/{key}",
	"GET /.well-known/oauth-authorization-server",
	"GET /.well-known/parapet",
	"GET /v1/echo",
	"GET /v1/echo/sample",
	"GET /p/{name}",
	"GET /tlog/checkpoint",
	"GET /tlog/tile/{level}/{tile}",
	"GET /tuf/{file}",
];

/** @returns what the matrix does not know of an operation, as what to do about it */
export function unknownsOf(operation: Operation, ownWays: readonly string[]): string[] {
	const { name, fields, schemes } = operation;
	if (OF_THE_DEPLOYMENT.includes(name) || ownWays.includes(name)) return [];
	const unknown = fields.filter(
		({ name: field, schema }) => isText(schema) && !(field in SUBJECTS) && !(field in PLAIN),
	);
	const isAboutSomebody = schemes.includes("accessToken") || fields.some(({ name: field }) => field in SUBJECTS);
	return [
		...unknown.map(
			({ key }) =>
				`add ${key} of ${name} to the matrix: to SUBJECTS if it names something of an account's, else to PLAIN`,
		),
		...(isAboutSomebody
			? []
			: [`add ${name} to the matrix: to OF_THE_DEPLOYMENT, or to OWN_WAYS with cases of its own`]),
	];
}

/** Whether it can name something: a text that is free. */
function isText({ type, enum: words, const: word, format }: Field["schema"]): boolean {
	return (
		(type === undefined || type === "string") && words === undefined && word === undefined && format !== "date-time"
	);
}
