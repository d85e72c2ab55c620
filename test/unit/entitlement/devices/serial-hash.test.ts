// The hash by which devices are found by their serial number: the same in either case, and spread over the shards.
import { expect, it } from "vitest";
import { hashSerial, serialShard } from "../../../../src/entitlement/devices/serial-hash.ts";

it("is the same however the letters are written, and pinned: the index keeps it", () => {
	expect(hashSerial("FW-Abc-1")).toBe(hashSerial("fw-aBC-1"));
	expect(hashSerial("a").slice(0, 8)).toBe("e40c292c"); // FNV-1a of 32 bits, from its authors' test vectors
});

it("spreads the numbers of a fleet over 16 shards, and none meet", () => {
	const hashes = Array.from({ length: 32_000 }, (_, number) => hashSerial(`FW-${String(number).padStart(8, "0")}`));
	expect(new Set(hashes).size).toBe(32_000);
	const sizes = Map.groupBy(hashes, serialShard);
	expect(sizes.size).toBe(16);
	for (const own of sizes.values()) expect(Math.abs(own.length - 2_000)).toBeLessThan(400);
});
