// AWS Signature Version 4, in the Authorization header and in the query, as a server checks it: an independent reading of "Create a signed
// AWS API request" with node:crypto, for what signs with a library. The query and the path are expected as they were sent.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export interface SignedRequest {
	readonly method: string;
	readonly url: string;
	/** names in lower case */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

export interface SignatureScope {
	readonly accessKeyId: string;
	/** YYYYMMDD */
	readonly date: string;
	readonly region: string;
	readonly service: string;
}

export type SignatureVerdict =
	| { readonly ok: true; readonly scope: SignatureScope }
	| { readonly ok: false; readonly why: string };

const AUTHORIZATION =
	/^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const encode = (text: string) =>
	encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** @param secretOf the secret of an access key; undefined = there is no such key */
export function verifySignature(
	request: SignedRequest,
	secretOf: (accessKeyId: string) => string | undefined,
): SignatureVerdict {
	const { headers } = request;
	const parts = AUTHORIZATION.exec(headers["authorization"] ?? "");
	if (parts === null) return { ok: false, why: "no authorization" };
	const [, accessKeyId = "", date = "", region = "", service = "", signedHeaders = "", signature = ""] = parts;
	const secret = secretOf(accessKeyId);
	if (secret === undefined) return { ok: false, why: "unknown key" };
	const names = signedHeaders.split(";");
	const owed = Object.keys(headers).filter((name) => name === "content-type" || name.startsWith("x-amz-"));
	const missing = ["host", ...owed].find((name) => !names.includes(name));
	if (missing !== undefined) return { ok: false, why: `${missing} is not signed` };
	if (names.join() !== [...names].sort().join()) return { ok: false, why: "signed headers are not in order" };
	const { pathname, searchParams } = new URL(request.url);
	const canonical = [
		request.method,
		pathname,
		canonicalQuery([...searchParams]),
		...names.map((name) => headerLine(headers, name)),
		"",
		signedHeaders,
		sha256(request.body),
	].join("\n");
	const time = headers["x-amz-date"] ?? "";
	if (!time.startsWith(date)) return { ok: false, why: "the date of the key is another day's" };
	const scope = { accessKeyId, date, region, service };
	if (!timingSafeEqual(signatureOf(canonical, time, scope, secret), Buffer.from(signature, "hex")))
		return { ok: false, why: "the signature is wrong" };
	return { ok: true, scope };
}

/**
 * The same of a presigned URL, which has a life and does not sign the content: whoever keeps it holds it against the headers that are signed.
 * @param now unix seconds
 */
export function verifyPresigned(
	request: Omit<SignedRequest, "body">,
	secretOf: (accessKeyId: string) => string | undefined,
	now: number,
): SignatureVerdict {
	const { headers } = request;
	const { pathname, searchParams } = new URL(request.url);
	const given = (name: string) => searchParams.get(`X-Amz-${name}`) ?? "";
	const [accessKeyId = "", date = "", region = "", service = ""] = given("Credential").split("/");
	const secret = secretOf(accessKeyId);
	if (given("Algorithm") !== "AWS4-HMAC-SHA256" || secret === undefined) return { ok: false, why: "unknown key" };
	const signedHeaders = given("SignedHeaders");
	const names = signedHeaders.split(";");
	const missing = Object.keys(headers).find((name) => name.startsWith("x-amz-") && !names.includes(name));
	if (missing !== undefined) return { ok: false, why: `${missing} is not signed` };
	const canonical = [
		request.method,
		pathname,
		canonicalQuery([...searchParams].filter(([name]) => name !== "X-Amz-Signature")),
		...names.map((name) => headerLine(headers, name)),
		"",
		signedHeaders,
		"UNSIGNED-PAYLOAD",
	].join("\n");
	const scope = { accessKeyId, date, region, service };
	const signature = Buffer.from(given("Signature"), "hex");
	const expected = signatureOf(canonical, given("Date"), scope, secret);
	if (signature.length !== expected.length || !timingSafeEqual(expected, signature))
		return { ok: false, why: "the signature is wrong" };
	const [, year, month, day, hour, minute, second] =
		/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(given("Date")) ?? [];
	const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) / 1_000;
	if (!(now < signedAt + Number(given("Expires")))) return { ok: false, why: "it has expired" };
	return { ok: true, scope };
}

function canonicalQuery(pairs: readonly [string, string][]): string {
	return pairs
		.map(([name, value]) => [encode(name), encode(value)] as const)
		.sort(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1))
		.map((pair) => pair.join("="))
		.join("&");
}

function headerLine(headers: SignedRequest["headers"], name: string): string {
	return `${name}:${(headers[name] ?? "").trim().replaceAll(/ +/g, " ")}`;
}

function signatureOf(canonical: string, time: string, scope: SignatureScope, secret: string): Buffer {
	const { date, region, service } = scope;
	const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), "aws4_request");
	return hmac(
		key,
		["AWS4-HMAC-SHA256", time, `${date}/${region}/${service}/aws4_request`, sha256(canonical)].join("\n"),
	);
}
