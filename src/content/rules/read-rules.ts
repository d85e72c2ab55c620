// Which files of a package have rules, and in which form: by the ending of the name, and for those endings that many use by what
// stands in them.
import { isClamavFile, readClamav } from "./clamav.ts";
import { readModSecurity } from "./mod-security.ts";
import type { LineReader, OnRule } from "./rule.ts";
import { readSuricata } from "./suricata.ts";
import { readYara } from "./yara.ts";

/** @returns null = by its name it has no rules of a form that is read here */
export function rulesOf(path: string, onRule: OnRule): LineReader | null {
	const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
	if (ending === "rules") return readSuricata(path, onRule);
	// Other configuration has no SecRule, and so gives no rules. An example is not loaded.
	if (ending === "conf") return readModSecurity(path, onRule);
	if (ending === "yar" || ending === "yara") return readYara(path, onRule);
	return isClamavFile(ending) ? readClamav(path, ending, onRule) : null;
}
