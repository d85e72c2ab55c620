// The clock of the objects. What a device claims about time never comes in here.

/** @returns unix seconds */
export function nowSeconds(): number {
	return Math.floor(Date.now() / 1_000);
}
