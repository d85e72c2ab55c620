// ECDSA signatures over P-256 in the two forms that there are: DER (RFC 3279 §2.2.3), which TUF writes, and the two numbers one
// after the other, which WebCrypto takes and gives. Strict: one DER text per signature.

const NUMBER_BYTES = 32;
const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** @param signature r and s, 32 bytes each */
export function toDer(signature: Uint8Array): Uint8Array<ArrayBuffer> {
	const numbers = [
		derInteger(signature.subarray(0, NUMBER_BYTES)),
		derInteger(signature.subarray(NUMBER_BYTES)),
	].flat();
	return Uint8Array.from([SEQUENCE, numbers.length, ...numbers]);
}

/** @returns r and s, 32 bytes each; null where it is not the DER form of such a pair */
export function fromDer(der: Uint8Array): Uint8Array<ArrayBuffer> | null {
	const signature = new Uint8Array(2 * NUMBER_BYTES);
	let at = 2;
	for (const end of [NUMBER_BYTES, 2 * NUMBER_BYTES]) {
		const length = der[at + 1] ?? 0;
		const digits = der.subarray(at + 2, at + 2 + length);
		const number = digits[0] === 0 ? digits.subarray(1) : digits;
		if (number.length > NUMBER_BYTES) return null;
		signature.set(number, end - number.length);
		at += 2 + length;
	}
	// Whatever else the bytes could have been, encoding the numbers again shows.
	const again = toDer(signature);
	return again.length === der.length && again.every((byte, index) => byte === der[index]) ? signature : null;
}

function derInteger(number: Uint8Array): number[] {
	const first = number.findIndex((byte) => byte !== 0);
	const digits = first === -1 ? [0] : Array.from(number.subarray(first));
	// The highest bit would be the sign.
	if ((digits[0] ?? 0) >= 0x80) digits.unshift(0);
	return [INTEGER, digits.length, ...digits];
}
