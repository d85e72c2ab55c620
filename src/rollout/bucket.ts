// Who comes early is drawn anew for each release, and anyone who knows the salt can draw it again: so nobody is a guinea pig for
// ever, a growing fraction only adds, and an HA group is in or out as a whole.

/**
 * @param salt the release's own
 * @param unit the device's HA group, or the device where it has none
 * @returns a number from 0 up to 1, evenly spread: the first 32 bits of SHA-256(salt, unit)
 */
export async function bucketOf(salt: string, unit: string): Promise<number> {
	// A zero byte between them: no salt and unit run together into another pair.
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${salt}\0${unit}`));
	return new DataView(digest).getUint32(0) / 2 ** 32;
}
