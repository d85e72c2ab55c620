// How the firewall does, by a command of its own that prints it as JSON: {"cpu": 12, "memory": 40, "sessions": 18000, "drops": 0,
// "block_rate": 1.5, "top_rules": ["942100"]}, each where it is measured. A command that fails, takes long or prints something else
// gives nothing: measuring must not keep a firewall from its update, nor from its report.
import { execFile } from "node:child_process";
import { type HealthSample, healthSample } from "../../src/rollout/health.ts";
import { parseJson } from "../json.ts";

const PATIENCE_MS = 10_000;
const MAX_BYTES = 16_384;

/** @param command for sh @returns what it says; a text = why it says nothing */
export function measureHealth(command: string): Promise<HealthSample | string> {
	return new Promise((resolve) => {
		execFile("sh", ["-c", command], { timeout: PATIENCE_MS, maxBuffer: MAX_BYTES }, (error, stdout) => {
			if (error !== null) {
				resolve(error.killed === true ? `was ended after ${PATIENCE_MS / 1_000} s or too much output` : "failed");
				return;
			}
			const read = healthSample.safeParse(parseJson(stdout));
			if (read.success) resolve(read.data);
			else resolve(stdout.trim() === "" ? "printed nothing" : "did not print health values as JSON");
		});
	});
}

/**
 * @param command undefined = none was given
 * @param note says to whoever looks on that nothing was measured
 * @returns the option of an update that measures by it
 */
export function measuring(command: string | undefined, note: (text: string) => void) {
	if (command === undefined) return {};
	const measure = async () => {
		const read = await measureHealth(command);
		if (typeof read !== "string") return read;
		note(`the command of --health ${read}: the report has no health values, and says healthy without them`);
		return null;
	};
	return { measure };
}
