// A RecordWriter in workerd: what it is given stands in KV when it answers.
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { freshName } from "../../../support/fresh-names.ts";

it("puts what it is given under its key", async () => {
	const key = `device:${freshName()}`;
	await env.RECORD_WRITER.getByName("aaaaaaaaaa.0").put(key, "sealed");
	expect(await env.RECORDS.get(key)).toBe("sealed");
});
