// Whether two ways to write a URI name one target: RFC 9449 §4.3 (9) compares `htu` after syntax-based and scheme-based
// normalisation (RFC 3986 §6.2.2 and §6.2.3), without query and fragment.

/** A URI with an authority (RFC 3986 §2, §3). Of anything else each URL parser makes something of its own. */
const URI =
	/^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[A-Za-z0-9._~:?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/;

/** @param claimed by anybody @param actual of the request, under the service's own origin */
export function isSameTarget(claimed: string, actual: string): boolean {
	// As nearly every client writes it.
	if (claimed === actual) return true;
	const one = readTarget(claimed);
	const other = readTarget(actual);
	return one !== null && other !== null && one === other;
}

/** @returns the normal form of a URI, up to its query; null where it is none, or names a user */
function readTarget(uri: string): string | null {
	const url = URI.test(uri) ? URL.parse(uri) : null;
	if (url === null || url.username !== "" || url.password !== "" || url.origin === "null") return null;
	// Case of scheme and host, default port, dot segments and the empty path are the parser's work.
	return url.origin + url.pathname.replaceAll(/%[0-9A-Fa-f]{2}/g, normalEscape);
}

/** RFC 3986 §6.2.2.1, §6.2.2.2: an unreserved character stands for itself, other escapes are in capitals. */
function normalEscape(escaped: string): string {
	const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
	return /^[A-Za-z0-9._~-]$/.test(character) ? character : escaped.toUpperCase();
}
