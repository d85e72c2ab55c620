// RecordWriters in workerd: what they are given stands in KV when they answer, and an account's lane to KV uses them.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { recordLanes } from "../../../../src/objects/bindings.ts";
import { SPREAD_PUTS } from "../../../../src/objects/record-writer/spread-puts.ts";
import { freshName } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";

it("puts what it is given under its key", async () => {
	const key = `device:${freshName()}`;
	await env.RECORD_WRITER.getByName("aaaaaaaaaa.0").put(key, "sealed");
	expect(await env.RECORDS.get(key)).toBe("sealed");
});

it("writes what an account has more than its own connections take, and the account reads it back", async () => {
	const account = freshName();
	const writers: string[] = [];
	const seen = {
		getByName: (name: string) => {
			writers.push(name);
			return bindings.RECORD_WRITER.getByName(name);
		},
	};
	const [lane] = recordLanes({ ...bindings, RECORD_WRITER: seen }, () => account);
	expect(lane?.atOnce).toBe(SPREAD_PUTS);
	const keys = Array.from({ length: SPREAD_PUTS }, (_, index) => `device:dev-${account}-${index}`);
	await Promise.all(keys.map((key) => lane?.store.put(key, { version: 1, body: { key } })));
	for (const key of keys) expect(await lane?.store.get(key)).toMatchObject({ version: 1, body: { key } });
	expect(new Set(writers)).toEqual(new Set([0, 1, 2, 3].map((index) => `${account}.${index}`)));
	expect(writers).toHaveLength(SPREAD_PUTS - 6);
});
