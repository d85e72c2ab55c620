// What `parapet doctor` says of the bootstrap key: it has no end and names nobody, so it is to be on only while there is no
// other key that operates. Pure.
import type { Finding, Status } from "./findings.ts";

// Without --env wrangler takes what CLOUDFLARE_ENV names, or production.
const SET = "npx wrangler secret put BOOTSTRAP_KEY --env= (staging: --env=staging)";

/** @param keys whether the bootstrap key is accepted, and how many API keys of scope `operate` are good (null = not known) */
export function judgeBootstrapKey({ bootstrap, operate }: Status["keys"]): Finding {
	const what = "bootstrap key";
	const others = operate === null ? "" : `, ${operate} API ${operate === 1 ? "key operates" : "keys operate"}`;
	if (bootstrap === "on") {
		const first = operate === 0 ? "make a key of scope operate, then " : "";
		return { verdict: "notice", what, finding: `on${others}`, fix: `${first}switch it off: ${SET}, and enter off` };
	}
	if (operate !== 0) return { verdict: "good", what, finding: `off${others}` };
	const fix = `nobody can operate: ${SET}, enter a new one, make a key of scope operate with it`;
	return { verdict: "bad", what, finding: `off${others}`, fix };
}
