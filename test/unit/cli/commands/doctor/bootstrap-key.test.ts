// What the doctor says of the bootstrap key.
import { expect, test } from "vitest";
import { judgeBootstrapKey } from "../../../../../cli/commands/doctor/bootstrap-key.ts";

test.each([
	["on", 0, "notice", /^on, 0 API keys operate$/, /^make a key of scope operate, then switch it off/],
	[
		"on",
		1,
		"notice",
		/^on, 1 API key operates$/,
		/^switch it off: npx wrangler secret put BOOTSTRAP_KEY --env= \(staging: --env=staging\), and enter off$/,
	],
	["on", null, "notice", /^on$/, /^switch it off/],
	["off", 0, "bad", /^off, 0 API keys operate$/, /^nobody can operate/],
] as const)("%s, and %s other keys operate: %s, with what to do", (bootstrap, operate, verdict, finding, fix) => {
	const found = judgeBootstrapKey({ bootstrap, operate });
	expect(found.verdict).toBe(verdict);
	expect(found.finding).toMatch(finding);
	expect(found.fix).toMatch(fix);
});

test.each([1, null])("off, and %s other keys operate: good", (operate) => {
	expect(judgeBootstrapKey({ bootstrap: "off", operate }).verdict).toBe("good");
});
