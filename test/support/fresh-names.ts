// Names and addresses that no test has used before, in this file or in another that shares its runtime.

/** As in ids: src/entitlement/ids.ts. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const file = Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => ALPHABET.charAt(byte & 31)).join("");
let accounts = 0;
let products = 0;
let addresses = 0;

/** @returns an object name in the form of an account's */
export function freshName(): string {
	accounts += 1;
	return `t${file}${String(accounts).padStart(4, "0")}`;
}

/** @returns a product's name, and which of the file's products it is, from 1 */
export function freshProduct(): { readonly name: string; readonly number: number } {
	products += 1;
	return { name: `product-${file}-${products}`, number: products };
}

const network = Array.from(crypto.getRandomValues(new Uint16Array(2)), (part) => part.toString(16)).join(":");

/** @returns a unique local IPv6 address (RFC 4193) in a /64 of its own, since limits count by that */
export function newAddress(): string {
	addresses += 1;
	return `fd00:${network}:${addresses.toString(16)}::1`;
}
