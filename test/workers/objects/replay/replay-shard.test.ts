// Which use of an assertion is the first: an id counts for its own device, and for as long as it can be replayed.
import { expect, it } from "vitest";
import { useOnce } from "../../../../src/objects/replay/replay-shard.ts";
import { bindings } from "../../../support/object-bindings.ts";

const NOW = Math.floor(Date.now() / 1_000);
const use = (device: string, jti: string) => useOnce(bindings.REPLAY_GUARD, device, jti, NOW + 60, NOW);

/** @returns ids of two devices that one object remembers */
async function neighbours(): Promise<readonly [string, string]> {
	const byShard = new Map<number, string>();
	for (let number = 0; ; number++) {
		const id = `dev-0123456789-${String(number).padStart(16, "0")}`;
		const [shard = 0] = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id)));
		const other = byShard.get(shard);
		if (other !== undefined) return [other, id];
		byShard.set(shard, id);
	}
}

it("a device cannot use up the assertion ids of another that is remembered in the same place", async () => {
	const [first, second] = await neighbours();
	expect([await use(first, "jti-1"), await use(second, "jti-1")]).toEqual([true, true]);
	expect([await use(first, "jti-1"), await use(second, "jti-1")]).toEqual([false, false]);
	expect(await use(first, "jti-2")).toBe(true);
});

it("the shards of a place are others than those elsewhere, since none of them moves", async () => {
	const at = (place: "weur" | "oc" | null) => useOnce(bindings.REPLAY_GUARD, "dev-c", "jti", NOW + 60, NOW, place);
	expect([await at(null), await at("weur"), await at("oc")]).toEqual([true, true, true]);
	expect([await at(null), await at("weur"), await at("oc")]).toEqual([false, false, false]);
});

it("a device's id and its assertion's id are told apart, wherever the one ends", async () => {
	expect(await use("dev-a", "b-jti")).toBe(true);
	expect(await use("dev-ab", "-jti")).toBe(true);
});
