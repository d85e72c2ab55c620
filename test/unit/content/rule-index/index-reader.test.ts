import { describe, expect, it } from "vitest";
import { IndexReader, IndexTally } from "../../../../src/content/rule-index/index-reader.ts";
import { RuleIndexError } from "../../../../src/content/rule-index/rule-index.ts";

const HEAD = `{"rule_index":1,"package":"${"ab".repeat(32)}"}`;
const line = (id: string, ...more: unknown[]) =>
	JSON.stringify(["suricata", id, "0123456789abcdef", 1, "a", ["CVE-2021-44228"], ...more]);

async function read(bytes: string | Uint8Array) {
	const tally = new IndexTally();
	async function* pieces() {
		yield typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
	}
	const reader = new IndexReader(pieces(), tally.add);
	const sha256 = await reader.head();
	while ((await reader.next()) !== null);
	return { sha256, ...tally.totals };
}

it("reads what an index has in all", async () => {
	expect(await read([HEAD, line("1"), line("2", 3), ""].join("\n"))).toEqual({
		sha256: "ab".repeat(32),
		...{ rules: 2, blocking: 2, cves: ["CVE-2021-44228"] },
	});
});

describe("is refused", () => {
	const rule = (change: (fields: unknown[]) => void) => {
		const fields = JSON.parse(line("1"));
		change(fields);
		return `${HEAD}\n${JSON.stringify(fields)}\n`;
	};
	it.each([
		["without its head", `${line("1")}\n`, "line 1"],
		["empty", "", "line 1"],
		["with a head of another version", `{"rule_index":2,"package":"${"ab".repeat(32)}"}\n`, "line 1"],
		["cut", `${HEAD}\n${line("1")}`, "it was cut"],
		["with a line that does not end", `${HEAD}\n${"x".repeat(9_000)}`, "does not end"],
		["with a line that is too long", `${HEAD}\n${"x".repeat(9_000)}\n`, "line 2: longer"],
		["with what is no JSON", `${HEAD}\n[1,\n`, "line 2: not JSON"],
		["with an object for a rule", `${HEAD}\n{}\n`, "line 2: not a list"],
		["out of order", `${HEAD}\n${line("2")}\n${line("1")}\n`, "line 3: suricata:1 does not come after suricata:2"],
		["with an id twice", `${HEAD}\n${line("1")}\n${line("1")}\n`, "line 3"],
		["with an unknown format", rule((fields) => (fields[0] = "sigma")), "format"],
		["with a number for an id", rule((fields) => (fields[1] = 2 ** 63)), "id"],
		["with an id that moves the cursor", rule((fields) => (fields[1] = "1\u001b[2J")), "id"],
		["with a digest of another length", rule((fields) => (fields[2] = "ab")), "digest"],
		["with another word for blocking", rule((fields) => (fields[3] = true)), "blocks"],
		["with a message that is too long", rule((fields) => (fields[4] = "x".repeat(161))), "message"],
		["with half of a character", rule((fields) => (fields[4] = "\ud83d")), "message"],
		["with a CVE in another form", rule((fields) => (fields[5] = ["cve-2021-44228"])), "CVEs"],
		["with too many CVEs", rule((fields) => (fields[5] = Array(65).fill("CVE-2021-44228"))), "CVEs"],
		["with a rule that is there once, said twice", rule((fields) => fields.push(1)), "how often"],
	])("%s", async (_, text, says) => {
		const refused = await read(text).catch((error: unknown) => error);
		expect(refused).toBeInstanceOf(RuleIndexError);
		expect((refused as Error).message).toContain(says);
	});

	it("with a line that never ends, without waiting for its end", async () => {
		let given = 0;
		async function* pieces() {
			yield new TextEncoder().encode(`${HEAD}\n`);
			for (; given < 1_000; given++) yield new Uint8Array(1_024).fill(0x78);
		}
		const reader = new IndexReader(pieces());
		await reader.head();
		await expect(reader.next()).rejects.toThrow("does not end");
		expect(given).toBeLessThan(20);
	});

	it("where it is not UTF-8", async () => {
		await expect(read(new Uint8Array([...new TextEncoder().encode(HEAD), 10, 0xff, 10]))).rejects.toThrow("not UTF-8");
	});
});
