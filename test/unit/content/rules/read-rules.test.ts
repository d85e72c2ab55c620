import { describe, expect, it } from "vitest";
import { rulesOf } from "../../../../src/content/rules/read-rules.ts";
import { cvesIn, type Rule } from "../../../../src/content/rules/rule.ts";

/** @returns the rules of a file with these lines; null = its name has none */
function read(path: string, text: string): Rule[] | null {
	const rules: Rule[] = [];
	const reader = rulesOf(path, (rule) => void rules.push(rule));
	for (const line of text.split("\n")) reader?.line(line);
	reader?.end();
	return reader === null ? null : rules;
}
const brief = (rules: Rule[] | null) => rules?.map(({ id, isBlocking, message }) => [id, isBlocking, message]);

describe("rules of Suricata and Snort", () => {
	const log4j = `alert http any any -> $HOME_NET any (msg:"ET EXPLOIT log4j; \\"jndi\\""; content:"jndi|3a|"; pcre:"/\\;a/"; reference:cve,2021-44228; metadata:updated_at 2026_01_01; sid:2034647; rev:3;)`;

	it("have id, message, CVEs and whether they block", () => {
		const rules = read("et/a.rules", `# a comment\n${log4j}\ndrop tcp any any -> any any (msg:"b"; sid:7; gid:3;)\n`);
		expect(brief(rules)).toEqual([
			["2034647", false, 'ET EXPLOIT log4j; "jndi"'],
			["3:7", true, "b"],
		]);
		expect(rules?.[0]).toMatchObject({ file: "et/a.rules", format: "suricata", cves: ["CVE-2021-44228"] });
	});

	it("are the same whatever their revision and metadata, and others with another content or action", () => {
		const textOf = (line: string) => read("a.rules", line)?.[0]?.text;
		expect(textOf(log4j.replace("rev:3", "rev:4").replace("01_01", "02_02"))).toBe(textOf(log4j));
		expect(textOf(log4j.replace("jndi|3a|", "ldap"))).not.toBe(textOf(log4j));
		expect(textOf(log4j.replace("alert", "drop"))).not.toBe(textOf(log4j));
	});

	it("may go over several lines, and none is what is commented out or has no sid", () => {
		const text = [
			...["#alert tcp any any -> any any (sid:1;)", "alert tcp any any -> any any \\", '    (msg:"two"; \\', "sid:2;)"],
			...["alert http", "(", '    msg:"three";', "    sid:3;", ")", 'alert tcp any any -> any any (msg:"none";)'],
		].join("\n");
		expect(brief(read("a.rules", text))).toEqual([
			["2", false, "two"],
			["3", false, "three"],
		]);
	});
});

describe("rules of ModSecurity", () => {
	const one = (id: number, more = "pass") =>
		`SecRule ARGS "@rx a\\"b, 'c" \\\n    "id:${id},\\\n    phase:2,\\\n    ${more},\\\n    ver:'OWASP_CRS/4.27.0'"`;

	it("have id, message, CVEs of the comment above too, and whether they block", () => {
		const text = `# Shellshock, CVE-2014-7169\n#\n${one(932170, "block,\\\nmsg:'a, CVE-2014-6271'")}\n\n# CVE-2000-0001 is of nothing\n\n${one(1)}\nSecMarker END\nSecAction "id:2,deny"`;
		const rules = read("rules/a.conf", text);
		expect(brief(rules)).toEqual([
			["932170", true, "a, CVE-2014-6271"],
			["1", false, ""],
			["2", true, ""],
		]);
		expect(rules?.map(({ cves }) => cves)).toEqual([["CVE-2014-7169", "CVE-2014-6271"], [], []]);
	});

	it("are the same in every release but for what they do", () => {
		const textOf = (text: string) => read("a.conf", text)?.[0]?.text;
		expect(textOf(one(1).replace("4.27.0", "4.28.0"))).toBe(textOf(one(1)));
		expect(textOf(one(1).replace("@rx a", "@rx b"))).not.toBe(textOf(one(1)));
	});

	it("are one with what is chained to them, which may be what blocks", () => {
		const chain = `${one(5, "chain")}\nSecRule ARGS "@eq 0" "chain"\nSecRule ARGS "@eq 1" "deny"\n${one(6)}`;
		const rules = read("a.conf", chain);
		expect(brief(rules)).toEqual([
			["5", true, ""],
			["6", false, ""],
		]);
		expect(rules?.[0]?.text).toContain("@eq 1");
	});

	it("are none in examples, and none in other configuration", () => {
		expect(read("a.conf.example", one(1))).toBeNull();
		expect(read("a.conf", "listen 80;\nserver { }")).toEqual([]);
	});
});

it("rules of YARA have name, description and CVEs, and do not say whether they block", () => {
	const text = [
		...['import "pe"', "/* CVE-2000-1 { */ // {", "private rule helper { condition: true }"],
		...["rule Log4j_CVE_2021_44228 : exploit", "{", "  meta:", '    description = "a \\" { b"', "  strings:"],
		...[
			"    $a = { 6A 6E [2-4] ?? }",
			"    $b = /\\$\\{jndi:[^}]{1,9}\\/{/ // }",
			'    $c = "}"',
			"  condition:",
			"    any of them",
		],
		...["}", "rule one { condition: false } rule two { condition: 1/2 > 0 }"],
	].join("\n");
	const rules = read("a.yar", text);
	expect(brief(rules)).toEqual([
		["helper", null, "helper"],
		["Log4j_CVE_2021_44228", null, 'a \\" { b'],
		["one", null, "one"],
		["two", null, "two"],
	]);
	expect(rules?.[1]?.cves).toEqual(["CVE-2021-44228"]);
	const spaced = read("a.yara", "rule one\n{\n\tcondition: // why\n false\n}");
	expect(spaced?.[0]?.text).toBe(read("a.yara", "rule one { condition: false }")?.[0]?.text);
});

it.each([
	["daily.ndb", "Win.Trojan.Agent-1:1:*:deadbeef", "Win.Trojan.Agent-1", true],
	[
		"daily.ldb",
		"Unix.Exploit.CVE_2021_44228-1;Engine:51-255,Target:0;0;6a6e6469",
		"Unix.Exploit.CVE_2021_44228-1",
		true,
	],
	["daily.hsb", "aa".repeat(32).concat(":68:Eicar-Test:73"), "Eicar-Test", true],
	["daily.sfp", "aa".repeat(32).concat(":68:Good.File-1:73"), "Good.File-1", false],
	["daily.ign2", "Win.Trojan.Agent-1", "Win.Trojan.Agent-1", false],
])("signatures of ClamAV in %s have their name where their form has it", (file, line, id, isBlocking) => {
	expect(read(file, `# a comment\n${line}\n`)).toMatchObject([{ id, isBlocking, text: line, format: "clamav" }]);
});

it("CVEs are told however they are written", () => {
	expect(cvesIn("cve-2021-44228, CVE_2021_44228 (CVE 2014-6271) CVE-2014-62711234567 CVE-1899-1234")).toEqual([
		"CVE-2021-44228",
		"CVE-2014-6271",
	]);
});
