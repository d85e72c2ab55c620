// HMAC-SHA256 (RFC 2104, FIPS 180-4) in script, without a promise: for a short text a call of WebCrypto costs more than the MAC
// itself (docs/decisions/macs-in-script.md). No branch and no index depends on the key or the text. Texts have some KB at most;
// signatures, and digests of files, are WebCrypto's.

/** Makes MACs under one key, which stays inside. */
export interface MacKey {
	/** The MAC of the text in UTF-8, 32 bytes. */
	mac(text: string): Uint8Array<ArrayBuffer>;
}

const BLOCK_BYTES = 64;
const MAC_BYTES = 32;
/** 0x80 after the text, and eight bytes for its length. */
const PADDING_BYTES = 9;
/** Longer texts get a buffer of their own; UTF-16 makes three bytes of a unit at most. */
const BUFFER_BYTES = 16_384;

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS = Int32Array.from(firstPrimes(64), (prime) => fractionBits(Math.cbrt(prime)));
/** The same of the square roots of the first eight. */
const START = Int32Array.from(firstPrimes(8), (prime) => fractionBits(Math.sqrt(prime)));

const encoder = new TextEncoder();
// One call at a time uses these, since none waits.
const buffer = new Uint8Array(BUFFER_BYTES);
const schedule = new Int32Array(64);
const state = new Int32Array(8);
const outerBlock = new Uint8Array(BLOCK_BYTES);

/** @param key of 64 bytes at most */
export function createMacKey(key: Uint8Array): MacKey {
	if (key.length > BLOCK_BYTES) throw new RangeError(`a key of ${key.length} bytes is too long`);
	const inner = stateAfter(key, 0x36);
	const outer = stateAfter(key, 0x5c);
	return {
		mac(text) {
			const room = text.length * 3 + PADDING_BYTES + BLOCK_BYTES;
			const bytes = room <= BUFFER_BYTES ? buffer : new Uint8Array(room);
			state.set(inner);
			absorb(bytes, encoder.encodeInto(text, bytes).written);
			writeState(outerBlock);
			state.set(outer);
			absorb(outerBlock, MAC_BYTES);
			const mac = new Uint8Array(MAC_BYTES);
			writeState(mac);
			return mac;
		},
	};
}

/** The state when the padded key, the first block of a hash, was taken in. */
function stateAfter(key: Uint8Array, pad: number): Int32Array {
	const block = new Uint8Array(BLOCK_BYTES);
	block.set(key);
	state.set(START);
	compress(
		block.map((byte) => byte ^ pad),
		0,
	);
	return state.slice();
}

/** Takes in the last `length` bytes of a text whose first block was the key, with their padding, which is written behind them. */
function absorb(bytes: Uint8Array, length: number): void {
	const end = Math.ceil((length + PADDING_BYTES) / BLOCK_BYTES) * BLOCK_BYTES;
	bytes.fill(0, length, end);
	bytes[length] = 0x80;
	// Four of the eight bytes are enough for any text that fits into memory.
	writeWord(bytes, end - 4, (BLOCK_BYTES + length) * 8);
	for (let at = 0; at < end; at += BLOCK_BYTES) compress(bytes, at);
}

/** FIPS 180-4 §6.2.2: takes one block into `state`. */
function compress(bytes: Uint8Array, start: number): void {
	const w = schedule;
	for (let t = 0, at = start; t < 16; t++, at += 4) {
		w[t] = (at8(bytes, at) << 24) | (at8(bytes, at + 1) << 16) | (at8(bytes, at + 2) << 8) | at8(bytes, at + 3);
	}
	for (let t = 16; t < 64; t++) {
		const x = at32(w, t - 15);
		const y = at32(w, t - 2);
		const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
		const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
		w[t] = s1 + at32(w, t - 7) + s0 + at32(w, t - 16);
	}
	let a = at32(state, 0);
	let b = at32(state, 1);
	let c = at32(state, 2);
	let d = at32(state, 3);
	let e = at32(state, 4);
	let f = at32(state, 5);
	let g = at32(state, 6);
	let h = at32(state, 7);
	for (let t = 0; t < 64; t++) {
		const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
		const t1 = (h + s1 + ((e & f) ^ (~e & g)) + at32(ROUND_CONSTANTS, t) + at32(w, t)) | 0;
		const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
		const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
		h = g;
		g = f;
		f = e;
		e = (d + t1) | 0;
		d = c;
		c = b;
		b = a;
		a = (t1 + t2) | 0;
	}
	state[0] = at32(state, 0) + a;
	state[1] = at32(state, 1) + b;
	state[2] = at32(state, 2) + c;
	state[3] = at32(state, 3) + d;
	state[4] = at32(state, 4) + e;
	state[5] = at32(state, 5) + f;
	state[6] = at32(state, 6) + g;
	state[7] = at32(state, 7) + h;
}

function writeState(bytes: Uint8Array): void {
	for (let word = 0; word < 8; word++) writeWord(bytes, word * 4, at32(state, word));
}

/** Big-endian. */
function writeWord(bytes: Uint8Array, at: number, word: number): void {
	bytes[at] = word >>> 24;
	bytes[at + 1] = word >>> 16;
	bytes[at + 2] = word >>> 8;
	bytes[at + 3] = word;
}

function at8(bytes: Uint8Array, index: number): number {
	return bytes[index] ?? 0;
}

function at32(words: Int32Array, index: number): number {
	return words[index] ?? 0;
}

function firstPrimes(count: number): number[] {
	const primes: number[] = [];
	for (let number = 2; primes.length < count; number++) {
		if (primes.every((prime) => number % prime !== 0)) primes.push(number);
	}
	return primes;
}

function fractionBits(root: number): number {
	return ((root - Math.floor(root)) * 2 ** 32) | 0;
}
