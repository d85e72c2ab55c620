// What is read out of the log of a Worker that does not start: its settings that are refused.
import { expect, it } from "vitest";
import { settingFaults } from "../../../../cli/worker/setting-faults.ts";

it("each setting that is refused is named once, however many requests found it so", () => {
	const log = [
		"[wrangler:info] Ready on http://127.0.0.1:8787",
		'\u001b[31m✘ [ERROR]\u001b[0m \u001b[1mnot configured: SUCCESS_REPORTS: Invalid option: expected one of "each"|"checks" (request one)\u001b[0m',
		"✘ [ERROR] not configured: UPLOAD_BYTES_PER_DAY: must be (much) more (request one)",
		'✘ [ERROR] not configured: SUCCESS_REPORTS: Invalid option: expected one of "each"|"checks" (request two)',
	];
	expect(settingFaults(log.join("\n\n"))).toEqual([
		'SUCCESS_REPORTS: Invalid option: expected one of "each"|"checks"',
		"UPLOAD_BYTES_PER_DAY: must be (much) more",
	]);
});

it("nothing is read out of a log of something else", () => {
	expect(settingFaults("wrangler: Address already in use\nnot configured\n")).toEqual([]);
});
