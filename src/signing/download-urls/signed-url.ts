// Signed download URLs: `/d/{sha256}/{name}?v=1&k={kid}&d={device8}&e={unix}[&p={delta}]&s={mac}`. The MAC covers host, path and every
// parameter, one per line, so no two URLs share a signed text. A URL says what may be fetched until when; who fetches it, and
// whether the package was withdrawn meanwhile, it does not.

import type { MacKeyring } from "../keys/mac-keyring.ts";
import { MAC_LENGTH, sealFields, verifyFields } from "../sealed/framed-mac.ts";

const FORMAT_VERSION = "1";
const MAX_URL_LENGTH = 1024;

export interface DownloadGrant {
	/** scheme and host, lower case, no slash at the end; without a default port, as a request's URL has it */
	readonly origin: string;
	readonly sha256: string;
	readonly name: string;
	/** first eight characters of the device's pseudonym: ties a download to a device in the logs, proves nothing */
	readonly device8: string;
	/** unix seconds */
	readonly expires: number;
	/** SHA-256 of a delta in whose bytes the package may be sent; not given = none */
	readonly delta?: string | undefined;
}

export type DownloadVerification =
	| {
			readonly ok: true;
			readonly sha256: string;
			readonly name: string;
			readonly device8: string;
			readonly kid: string;
			readonly expires: number;
			/** null = none */
			readonly delta: string | null;
	  }
	| { readonly ok: false; readonly reason: "not_found" | "invalid" }
	| { readonly ok: false; readonly reason: "expired"; readonly offBySeconds: number };

/** Scheme and host as `URL` writes them; the host is group 1. */
const ORIGIN = /^https?:\/\/([a-z0-9.-]+|\[[0-9a-f:]+\])(?::[1-9][0-9]{0,4})?$/;
const PATH = /^\/d\/([0-9a-f]{64})\/([A-Za-z0-9][A-Za-z0-9._-]{0,127})$/;
const DEVICE8 = /^[A-Za-z0-9_-]{8}$/;
const DELTA = /^([0-9a-f]{64})?$/;
const EXPIRES = /^[1-9][0-9]{9,10}$/;

/**
 * Signs a URL for one package.
 * @throws TypeError if a part has not the form that `verifyDownloadUrl` takes
 */
export async function signDownloadUrl(
	keyring: MacKeyring,
	{ origin, sha256, name, device8, expires, delta = "" }: DownloadGrant,
): Promise<string> {
	const path = `/d/${sha256}/${name}`;
	if (!ORIGIN.test(origin)) throw new TypeError("not an origin in normal form");
	if (!PATH.test(path) || !DEVICE8.test(device8) || !EXPIRES.test(String(expires)) || !DELTA.test(delta)) {
		throw new TypeError("not a download that a URL can be signed for");
	}
	const { kid, url } = keyring.current;
	const host = origin.slice(origin.indexOf("//") + 2);
	const e = String(expires);
	const mac = await sealFields(url, framed(host, path, { kid, device8, e, delta }));
	return origin + path + queryOf({ kid, device8, e, delta, mac });
}

/**
 * Verifies a URL. `not_found`: the path is no package's, the signature is not looked at; `expired`: good but for the time.
 * @param url absolute URL of the request, as received
 */
export async function verifyDownloadUrl(
	keyring: MacKeyring,
	{ url, now }: { readonly url: string; readonly now: number },
): Promise<DownloadVerification> {
	if (url.length > MAX_URL_LENGTH) return { ok: false, reason: "invalid" };
	const hostAt = url.indexOf("//") + 2;
	const pathAt = url.indexOf("/", hostAt);
	const end = url.indexOf("?", pathAt);
	const queryAt = end === -1 ? url.length : end;
	const path = url.slice(pathAt, queryAt);
	const [, sha256, name] = PATH.exec(path) ?? [];
	if (sha256 === undefined || name === undefined) return { ok: false, reason: "not_found" };

	const query = readQuery(url.slice(queryAt));
	if (query === null) return { ok: false, reason: "invalid" };
	const { kid, device8, e, delta, mac } = query;
	const keySet = keyring.byKid.get(kid);
	if (keySet === undefined) return { ok: false, reason: "invalid" };
	const fields = framed(url.slice(hostAt, pathAt), path, query);
	if (!(await verifyFields(keySet.url, fields, mac))) return { ok: false, reason: "invalid" };
	const expires = Number(e);
	if (now >= expires) return { ok: false, reason: "expired", offBySeconds: now - expires };
	return { ok: true, sha256, name, device8, kid, expires, delta: delta === "" ? null : delta };
}

interface QueryFields {
	readonly kid: string;
	readonly device8: string;
	readonly e: string;
	/** "" = none, and then not in the query */
	readonly delta: string;
}
interface SignedQuery extends QueryFields {
	readonly mac: string;
}

/** Exactly our parameters, in our order, once: the parameters read are written again and must give the same text. */
function readQuery(query: string): SignedQuery | null {
	const [, kid = "", device8 = "", e = "", ...rest] = query.split("&").map((pair) => pair.slice(pair.indexOf("=") + 1));
	const mac = rest.pop() ?? "";
	const delta = rest[0] ?? "";
	if (mac.length !== MAC_LENGTH || !DEVICE8.test(device8) || !EXPIRES.test(e) || !DELTA.test(delta)) return null;
	const read = { kid, device8, e, delta, mac };
	return query === queryOf(read) ? read : null;
}

function queryOf({ kid, device8, e, delta, mac }: SignedQuery): string {
	return `?v=${FORMAT_VERSION}&k=${kid}&d=${device8}&e=${e}${delta === "" ? "" : `&p=${delta}`}&s=${mac}`;
}

function framed(host: string, path: string, { kid, device8, e, delta }: QueryFields): readonly string[] {
	return ["parapet-url", "1", host, path, FORMAT_VERSION, kid, device8, e, delta];
}
