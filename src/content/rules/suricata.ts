// Rules of Suricata and Snort (2 and 3): an action, a header, and options in parentheses. One that is commented out is none.
// Those of Suricata's firewall mode say how far their action reaches: `accept:hook`, `drop:packet` (Suricata 8, "Firewall Mode Design").
import { cvesIn, type LineReader, MAX_JOINED_LINES, type OnRule } from "./rule.ts";

const RULE =
	/^(alert|log|pass|accept|drop|sdrop|block|reject|rejectsrc|rejectdst|rejectboth|react|rewrite|config|file_id)(:[a-z]+(,[a-z:]+)*)?\s/i;
const BLOCKING = /^(drop|sdrop|block|reject|react)/i;
/** What Snort 3 takes behind a rule. */
const COMMENT_BEHIND = /\)\s*#[^")]*$/;
/** They change with every revision, and match nothing. */
const IDLE_OPTIONS = new Set(["rev", "metadata"]);

export function readSuricata(file: string, onRule: OnRule): LineReader {
	let parts: string[] = [];
	/** the line before goes on in this one */
	let isJoined = false;
	const finish = () => {
		const text = parts.join(" ");
		parts = [];
		isJoined = false;
		if (RULE.test(text)) tellRule(file, text, onRule);
	};
	return {
		line(raw) {
			const line = raw.trim().replace(COMMENT_BEHIND, ")");
			const isNew = !isJoined && RULE.test(line);
			if (!isJoined && (line.startsWith("#") || (parts.length === 0 && !isNew))) return;
			// A rule that does not end takes none of the next with it.
			if (isNew) finish();
			isJoined = line.endsWith("\\");
			parts.push(isJoined ? line.slice(0, -1).trim() : line);
			// Snort 3 lets options stand below each other without a word of it.
			if ((!isJoined && line.endsWith(")")) || parts.length > MAX_JOINED_LINES) finish();
		},
		end: finish,
	};
}

function tellRule(file: string, text: string, onRule: OnRule): void {
	const open = text.indexOf("(");
	const close = text.lastIndexOf(")");
	if (open < 0 || close < open) return;
	const options = splitOptions(text.slice(open + 1, close));
	const optionOf = (name: string) =>
		options
			.find((option) => option.startsWith(`${name}:`))
			?.slice(name.length + 1)
			.trim();
	const sid = optionOf("sid");
	if (sid === undefined || !/^\d+$/.test(sid)) return;
	const gid = optionOf("gid") ?? "1";
	const working = options.filter((option) => !IDLE_OPTIONS.has(option.split(":", 1)[0] ?? ""));
	const header = text.slice(0, open).replace(/\s+/g, " ").trim();
	const message = optionOf("msg")?.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1") ?? "";
	const references = options
		.map((option) => /^reference:\s*cve,\s*(.+)$/i.exec(option)?.[1])
		.filter((one) => one !== undefined);
	const cves = cvesIn([...options, ...references.map((one) => `CVE-${one.replace(/^(cve|can)-?/i, "")}`)].join("\n"));
	const id = gid === "1" ? sid : `${gid}:${sid}`;
	const shape = { id, format: "suricata", file, message, cves } as const;
	onRule({ ...shape, text: `${header} (${working.join("; ")})`, isBlocking: BLOCKING.test(header) });
}

/** By semicolons, but for those in quotes and behind a backslash. */
function splitOptions(text: string): string[] {
	const options: string[] = [];
	let [from, isQuoted] = [0, false];
	for (let at = 0; at < text.length; at += 1) {
		const char = text[at];
		if (char === "\\") at += 1;
		else if (char === '"') isQuoted = !isQuoted;
		else if (char === ";" && !isQuoted) {
			options.push(text.slice(from, at).trim());
			from = at + 1;
		}
	}
	return [...options, text.slice(from).trim()].filter((option) => option !== "");
}
