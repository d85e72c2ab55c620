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

describe("rules of Suricata and Snort are read in every form", () => {
	it("of the firewall mode, with how far their action reaches, and those that block", () => {
		const text = [
			...[
				"accept:hook tcp:all any any <> any 80 (sid:10;)",
				"drop:flow tls:client_hello_done any any -> any any (sid:11;)",
			],
			...["accept:hook http1:request_line any any -> any any ( \\", '\thttp.method; content:"GET"; sid:12;)'],
			...["accept:flow,alert ssh:any any any -> any any (sid:13;)", 'Drop tcp any any -> any any (msg:"e"; sid:14;)'],
			...[
				"config dns any any -> any any (config: logging disable, type tx; sid:15;)",
				"react http (react:page; sid:16;)",
			],
			'file_id (msg:"PDF"; file_meta:type PDF, id 22; sid:17; gid:4;)',
		].join("\n");
		expect(read("a.rules", text)?.map(({ id, isBlocking }) => [id, isBlocking])).toEqual([
			...[
				["10", false],
				["11", true],
				["12", false],
				["13", false],
				["14", true],
			],
			...[
				["15", false],
				["16", true],
				["4:17", false],
			],
		]);
	});

	it("one that does not end is none, and takes no other with it; one with a comment behind it ends before", () => {
		const text = [
			...["alert tcp any any -> any any (sid:1;) # of ours", "alert tcp any any -> any any (sid:2;)"],
			...["drop tcp any any -> any any (sid:3;", "#alert tcp any any -> any any (reference:cve,2020-1111; sid:9;)"],
			...["drop tcp any any -> any any (sid:4;)", "alert http", "(", "  # reference:cve,2020-1111;", "  sid:5;", ")"],
		].join("\n");
		const rules = read("a.rules", text);
		expect(rules?.map(({ id }) => id)).toEqual(["1", "2", "4", "5"]);
		expect(rules?.flatMap(({ cves }) => cves)).toEqual([]);
		expect(rules?.[0]?.text).toBe("alert tcp any any -> any any (sid:1)");
	});

	it("with CVEs as they were called at first, and as references have them", () => {
		const of = (reference: string) => read("a.rules", `alert tcp any any -> any any (reference: ${reference}; sid:1;)`);
		for (const reference of ["cve,CAN-2003-0109", "cve,can-2003-0109", "cve,2003-0109", "CVE, CVE-2003-0109"])
			expect(of(reference)?.[0]?.cves).toEqual(["CVE-2003-0109"]);
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

	it("are none where they are commented out, over several lines too, and then cover nothing", () => {
		const out = 'SecRule ARGS "@rx a" \\\n  "id:1,deny,msg:\'CVE-2021-44228\'"';
		const texts = [
			`#${out.replace("\n", "\n#")}\n${one(2)}`,
			`#${out}\n${one(2)}`,
			`# # ${out.replace("\\\n", "")}\n${one(2)}`,
			`# off for now \\\n${out}\n${one(2)}`,
		];
		for (const text of texts) expect(read("a.conf", text)?.map(({ id, cves }) => [id, cves])).toEqual([["2", []]]);
	});

	it("are read in quotes of either kind, in letters of either case, and as scripts", () => {
		const text =
			"SecAction 'id:1, phase:1, deny'\nSecRule ARGS '@rx a b' 'ID:2, phase:1, Deny'\nSecRuleScript /a.lua \"id:3,deny\"";
		const rules = read("a.conf", text);
		expect(brief(rules)).toEqual(["1", "2", "3"].map((id) => [id, true, ""]));
		expect(rules?.[1]?.text).toContain("@rx a b");
	});

	it("block where their phase does by default and they decide nothing themselves", () => {
		const text = [
			...['SecRule ARGS a "id:1,phase:2"', 'SecDefaultAction "phase:2,log,deny,status:403"', 'SecRule ARGS a "id:2"'],
			...['SecRule ARGS a "id:3,phase:request"', 'SecRule ARGS a "id:4,phase:1"', 'SecRule ARGS a "id:5,pass"'],
			...['SecRule ARGS a "id:6,chain"', 'SecRule ARGS b "t:none"', 'SecDefaultAction "phase:2,pass"'],
			'SecRule ARGS a "id:7"',
		].join("\n");
		const blocking = read("a.conf", text)?.filter(({ isBlocking }) => isBlocking);
		expect(blocking?.map(({ id }) => id)).toEqual(["2", "3", "6"]);
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

it("rules of YARA that are commented out are none, and cover nothing", () => {
	const off = "rule Old_CVE_2021_44228 : a b {\n  condition: { 6A } \n}";
	const commented = [`/*\n${off}\n*/`, off.replace(/^/gm, "// "), off.replace(/^/gm, "//")];
	for (const text of commented)
		expect(read("a.yar", `${text}\nrule New { condition: true }`)).toMatchObject([{ id: "New", cves: [] }]);
	const told = "// This rule tells of CVE-2021-44228\nrule New { condition: true }";
	expect(read("a.yar", told)).toMatchObject([{ id: "New", cves: ["CVE-2021-44228"] }]);
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
	expect(cvesIn("CVE\u20112021\u201145046 CVE\u20132021\u201345105 cve:2020-1111 CVE-2020 -3333")).toEqual([
		...["CVE-2021-45046", "CVE-2021-45105", "CVE-2020-1111"],
	]);
	expect(cvesIn("cve-2021-44228, CVE_2021_44228 (CVE 2014-6271) CVE-2014-62711234567 CVE-1899-1234")).toEqual([
		"CVE-2021-44228",
		"CVE-2014-6271",
	]);
});
