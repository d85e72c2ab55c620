// If-None-Match (RFC 9110 §13.1.2) where the ETag of the answer is known. The check has an ETag of its own kind: unchanged.ts.

/**
 * Whether the header names the ETag: `*`, or any of a list. Compared weakly, because proxies that compress make ETags weak.
 * @param etag strong, with its quotes, without a comma inside
 */
export function namesEtag(header: string | undefined, etag: string): boolean {
	if (header === undefined) return false;
	return header.split(",").some((item) => {
		const named = item.trim();
		return named === "*" || named === etag || named === `W/${etag}`;
	});
}
