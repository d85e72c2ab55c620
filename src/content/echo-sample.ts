// Bytes that everybody knows beforehand: a device fetches them to see whether what is between it and the service lets downloads pass
// as they are. They say nothing, compress to nothing worth the while and look like no known type of file.

const SAMPLE_BYTES = 1_024;

/** Byte `i` is the high byte of `i * 40503` modulo 65536 (Knuth's multiplicative hash). */
export const ECHO_SAMPLE: Uint8Array<ArrayBuffer> = Uint8Array.from(
	{ length: SAMPLE_BYTES },
	(_, index) => ((index * 40_503) & 0xffff) >> 8,
);

/** hex; test/unit/content/echo-sample.test.ts computes it */
export const ECHO_SAMPLE_SHA256 = "36468d322b4a2b1502f34ed1af5d8f79aa4fb4f6abc800bcb04a418fcd3c17c8";
