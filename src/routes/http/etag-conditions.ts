// If-None-Match and If-Match (RFC 9110 §13.1) where the ETag of the answer is known. The check has an ETag of its own kind: unchanged.ts.

/**
 * Whether the header names the ETag: `*`, or any of a list. Compared weakly (§8.8.3.2): proxies that compress make ETags weak.
 * @param etag with its quotes, without a comma inside
 */
export function namesEtag(header: string | undefined, etag: string): boolean {
	if (header === undefined) return false;
	return header.split(",").some((item) => {
		const named = item.trim();
		return named === "*" || opaqueTag(named) === opaqueTag(etag);
	});
}

function opaqueTag(etag: string): string {
	return etag.startsWith("W/") ? etag.slice(2) : etag;
}

/**
 * Whether If-Match lets the request pass: there is none, it is `*`, or it names the ETag. Compared strongly (§13.1.1).
 * @param etag strong, with its quotes, without a comma inside
 */
export function mayMatch(header: string | undefined, etag: string): boolean {
	if (header === undefined) return true;
	return header.split(",").some((item) => ["*", etag].includes(item.trim()));
}
