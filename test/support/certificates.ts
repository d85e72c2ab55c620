// Certificates made up for tests: an authority, and what it issues. A writer of DER and no more, so that tests in workerd, which has no
// library for it, have the same as those that end TLS connections in Node.

export type Subject = readonly (readonly [type: string, value: string])[];

export interface Issued {
	readonly der: Uint8Array<ArrayBuffer>;
	readonly pem: string;
	/** PKCS #8 */
	readonly keyPem: string;
	readonly publicKey: CryptoKey;
	readonly serial: Uint8Array<ArrayBuffer>;
	/** SHA-256 in hexadecimal */
	readonly fingerprint: string;
	/** the same as `cnf.x5t#S256` has it */
	readonly x5t: string;
	/** the value of RFC 9440's header */
	readonly header: string;
}

export interface Order {
	readonly subject: Subject;
	/** unix seconds; left out = a day ago, and in 90 days */
	readonly notBefore?: number;
	readonly notAfter?: number;
	readonly key?: "P-256" | "P-384" | "Ed25519" | "RSA";
	/** of a server: its four bytes */
	readonly address?: readonly number[];
	/** bytes that make it larger */
	readonly padding?: number;
	/** BasicConstraints (RFC 5280 §4.2.1.9); left out = it says nothing of that */
	readonly constraints?: Uint8Array<ArrayBuffer>;
}

export interface Authority extends Issued {
	readonly name: Subject;
	issue(order: Order): Promise<Issued>;
	/** @returns it with another certificate for the same key; name, and end in unix seconds: left out = the same, and in 90 days */
	renew(name?: Subject, notAfter?: number): Promise<Authority>;
	/** @returns its list of those that were revoked (RFC 5280 §5), PEM */
	revoke(...certificates: Issued[]): Promise<string>;
}

const DAY = 86_400;
const TYPES: Readonly<Record<string, string>> = {
	CN: "2.5.4.3",
	serialNumber: "2.5.4.5",
	C: "2.5.4.6",
	O: "2.5.4.10",
	OU: "2.5.4.11",
};
/** By the kind of key that signs: AlgorithmIdentifier, and what WebCrypto calls it. */
const SIGNATURES = {
	"P-256": { id: () => tlv(0x30, oid("1.2.840.10045.4.3.2")), by: { name: "ECDSA", hash: "SHA-256" } },
	"P-384": { id: () => tlv(0x30, oid("1.2.840.10045.4.3.3")), by: { name: "ECDSA", hash: "SHA-384" } },
	RSA: { id: () => tlv(0x30, oid("1.2.840.113549.1.1.11"), tlv(0x05)), by: { name: "RSASSA-PKCS1-v1_5" } },
	Ed25519: { id: () => tlv(0x30, oid("1.3.101.112")), by: { name: "Ed25519" } },
} as const;

const IS_AUTHORITY = tlv(0x30, tlv(0x01, bytes(0xff)));

/** @param name of the authority, most particular part last */
export async function makeAuthority(name: Subject, kind: NonNullable<Order["key"]> = "P-256"): Promise<Authority> {
	return authorityWith(name, await makeKeys(kind));
}

async function authorityWith(name: Subject, keys: Keys, notAfter?: number): Promise<Authority> {
	const self = await sign(
		{ subject: name, constraints: IS_AUTHORITY, ...(notAfter !== undefined && { notAfter }) },
		name,
		keys,
		keys,
	);
	return {
		...self,
		name,
		renew: (other = name, end = undefined) => authorityWith(other, keys, end),
		issue: async (order) => sign(order, name, await makeKeys(order.key ?? "P-256"), keys),
		revoke: (...certificates) => listRevoked(certificates, name, keys),
	};
}

interface Keys {
	readonly kind: NonNullable<Order["key"]>;
	readonly publicKey: CryptoKey;
	readonly privateKey: CryptoKey;
}

async function makeKeys(kind: NonNullable<Order["key"]>): Promise<Keys> {
	const usages: ("sign" | "verify")[] = ["sign", "verify"];
	const rsa = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" };
	const algorithm =
		kind === "RSA"
			? { name: "RSASSA-PKCS1-v1_5", ...rsa }
			: kind === "Ed25519"
				? { name: "Ed25519" }
				: { name: "ECDSA", namedCurve: kind };
	return { ...((await crypto.subtle.generateKey(algorithm, true, usages)) as Omit<Keys, "kind">), kind };
}

async function sign(
	{ subject, notBefore, notAfter, address, padding = 0, constraints }: Order,
	issuer: Subject,
	own: Keys,
	by: Keys,
): Promise<Issued> {
	const now = Math.floor(Date.now() / 1000);
	const extensions = [
		...(constraints === undefined ? [] : [tlv(0x30, oid("2.5.29.19"), tlv(0x01, bytes(0xff)), tlv(0x04, constraints))]),
		...(address === undefined
			? []
			: [tlv(0x30, oid("2.5.29.17"), tlv(0x04, tlv(0x30, tlv(0x87, Uint8Array.from(address)))))]),
		...(padding === 0 ? [] : [tlv(0x30, oid("1.3.6.1.4.1.99999.1"), tlv(0x04, new Uint8Array(padding)))]),
	];
	const serial = Uint8Array.from([0x11, ...crypto.getRandomValues(new Uint8Array(15))]);
	const body = tlv(
		0x30,
		tlv(0xa0, tlv(0x02, bytes(2))),
		tlv(0x02, serial),
		SIGNATURES[by.kind].id(),
		nameOf(issuer),
		tlv(0x30, timeOf(notBefore ?? now - DAY), timeOf(notAfter ?? now + 90 * DAY)),
		nameOf(subject),
		new Uint8Array((await crypto.subtle.exportKey("spki", own.publicKey)) as ArrayBuffer),
		...(extensions.length === 0 ? [] : [tlv(0xa3, tlv(0x30, ...extensions))]),
	);
	const der = await signed(body, by);
	const pkcs8 = new Uint8Array((await crypto.subtle.exportKey("pkcs8", own.privateKey)) as ArrayBuffer);
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
	return {
		der,
		pem: pem("CERTIFICATE", der),
		keyPem: pem("PRIVATE KEY", pkcs8),
		publicKey: own.publicKey,
		serial,
		fingerprint: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
		x5t: base64(digest).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
		header: `:${base64(der)}:`,
	};
}

async function listRevoked(certificates: readonly Issued[], issuer: Subject, by: Keys): Promise<string> {
	const now = Math.floor(Date.now() / 1000);
	const entries = certificates.map(({ serial }) => tlv(0x30, tlv(0x02, serial), timeOf(now - DAY)));
	const times = [timeOf(now - DAY), timeOf(now + DAY)];
	const body = tlv(
		0x30,
		tlv(0x02, bytes(1)),
		SIGNATURES[by.kind].id(),
		nameOf(issuer),
		...times,
		tlv(0x30, ...entries),
	);
	return pem("X509 CRL", await signed(body, by));
}

async function signed(body: Uint8Array<ArrayBuffer>, { privateKey, kind }: Keys): Promise<Uint8Array<ArrayBuffer>> {
	const { id, by } = SIGNATURES[kind];
	const signature = new Uint8Array(await crypto.subtle.sign(by, privateKey, body));
	return tlv(0x30, body, id(), tlv(0x03, bytes(0), by.name === "ECDSA" ? derSignature(signature) : signature));
}

/** What Cloudflare says of a certificate of a connection. @param bent what it says otherwise */
export function tlsClientAuth(certificate: Issued | null, bent: Readonly<Record<string, unknown>> = {}) {
	const none = {
		certPresented: "0",
		certVerified: "NONE",
		certRevoked: "0",
		certFingerprintSHA256: "",
		certRFC9440: "",
	};
	if (certificate === null) return { ...none, ...bent };
	return {
		...{ certPresented: "1", certVerified: "SUCCESS", certRevoked: "0" },
		...{ certFingerprintSHA256: certificate.fingerprint, certRFC9440: certificate.header },
		...bent,
	};
}

/** A Name (RFC 5280 §4.1.2.4). */
export function nameOf(subject: Subject): Uint8Array<ArrayBuffer> {
	return tlv(
		0x30,
		...subject.map(([type, value]) =>
			tlv(0x31, tlv(0x30, oid(TYPES[type] ?? type), tlv(type === "C" ? 0x13 : 0x0c, new TextEncoder().encode(value)))),
		),
	);
}

function timeOf(seconds: number): Uint8Array<ArrayBuffer> {
	const iso = new Date(seconds * 1000).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
	const year = Number(iso.slice(0, 4));
	return year < 2050 ? tlv(0x17, new TextEncoder().encode(iso.slice(2))) : tlv(0x18, new TextEncoder().encode(iso));
}

/** From r and s, one after the other. */
function derSignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
	const integer = (digits: Uint8Array) => {
		const start = digits.findIndex((byte) => byte !== 0);
		const kept = digits.subarray(start);
		return (kept[0] ?? 0) >= 0x80 ? tlv(0x02, bytes(0), kept) : tlv(0x02, kept);
	};
	return tlv(0x30, integer(raw.subarray(0, raw.length / 2)), integer(raw.subarray(raw.length / 2)));
}

export function oid(dotted: string): Uint8Array<ArrayBuffer> {
	const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
	const arcs = [first * 40 + second, ...rest].flatMap((arc) => {
		const digits = [arc & 0x7f];
		for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
			digits.unshift((left & 0x7f) | 0x80);
		return digits;
	});
	return tlv(0x06, Uint8Array.from(arcs));
}

function bytes(...values: number[]): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(values);
}

/** An element of DER. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	const length = contents.reduce((sum, content) => sum + content.length, 0);
	const digits: number[] = [];
	for (let left = length; left > 0; left >>= 8) digits.unshift(left & 0xff);
	const head = length < 0x80 ? [tag, length] : [tag, 0x80 + digits.length, ...digits];
	const whole = new Uint8Array(head.length + length);
	whole.set(head);
	let at = head.length;
	for (const content of contents) {
		whole.set(content, at);
		at += content.length;
	}
	return whole;
}

function base64(data: Uint8Array): string {
	return btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
}

function pem(label: string, data: Uint8Array): string {
	return `-----BEGIN ${label}-----\n${base64(data).replaceAll(/.{64}/g, "$&\n")}\n-----END ${label}-----\n`;
}
