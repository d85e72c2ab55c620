// Names and values of pulses: the same for one subject and revision everywhere, and telling nothing else.
import { beforeAll, expect, it } from "vitest";
import { importLookupKeys, type LookupKeys } from "../../../src/signing/keys/lookup-keys.ts";
import { createPulseSigner, PULSE_NAME } from "../../../src/signing/pulse-signer.ts";

let keys: LookupKeys;
let otherKeys: LookupKeys;
beforeAll(async () => {
	keys = await importLookupKeys("A".repeat(43));
	otherKeys = await importLookupKeys(`${"A".repeat(42)}E`);
});

it("every isolate gives a subject the same name, and a revision the same value", async () => {
	const [one, other] = [createPulseSigner(keys), createPulseSigner(keys)];
	expect(await one.nameOf({ product: "crs" })).toBe(await other.nameOf({ product: "crs" }));
	expect(await one.valueOf({ product: "crs" }, 7)).toBe(await other.valueOf({ product: "crs" }, 7));
});

it("no two of these share a name or a value: products, messages, a product called messages, revisions, deployments", async () => {
	const signer = createPulseSigner(keys);
	const elsewhere = createPulseSigner(otherKeys);
	const names = await Promise.all([
		signer.nameOf({ product: "crs" }),
		signer.nameOf({ product: "messages" }),
		signer.nameOf("messages"),
		elsewhere.nameOf({ product: "crs" }),
	]);
	const values = await Promise.all([
		signer.valueOf({ product: "crs" }, 1),
		signer.valueOf({ product: "crs" }, 11),
		signer.valueOf({ product: "crs1" }, 1),
		signer.valueOf("messages", 1),
		elsewhere.valueOf({ product: "crs" }, 1),
	]);
	expect(new Set(names).size).toBe(names.length);
	expect(new Set(values).size).toBe(values.length);
	for (const name of names) expect(name).toMatch(PULSE_NAME);
});

it("stays right when it has forgotten what it made", async () => {
	const signer = createPulseSigner(keys);
	const first = await signer.valueOf("messages", 0);
	for (let revision = 1; revision <= 5001; revision++) await signer.valueOf("messages", revision);
	expect(await signer.valueOf("messages", 0)).toBe(first);
});
