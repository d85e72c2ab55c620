// AWS Signature Version 4 in the Authorization header as a server checks it: an independent reading of "Create a signed AWS
// API request" with node:crypto, for what signs with a library. The query and the path are expected as they were sent.
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
	const url = new URL(request.url);
	const query = [...url.searchParams]
		.map(([name, value]) => [encode(name), encode(value)] as const)
		.sort(([a, b], [c, d]) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1))
		.map((pair) => pair.join("="));
	const canonical = [
		request.method,
		url.pathname,
		query.join("&"),
		...names.map((name) => `${name}:${(headers[name] ?? "").trim().replaceAll(/ +/g, " ")}`),
		"",
		signedHeaders,
		sha256(request.body),
	].join("\n");
	const time = headers["x-amz-date"] ?? "";
	if (!time.startsWith(date)) return { ok: false, why: "the date of the key is another day's" };
	const scope = `${date}/${region}/${service}/aws4_request`;
	const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), "aws4_request");
	const expected = hmac(key, ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n"));
	if (!timingSafeEqual(expected, Buffer.from(signature, "hex"))) return { ok: false, why: "the signature is wrong" };
	return { ok: true, scope: { accessKeyId, date, region, service } };
}
