// How the firewall does, by a command of its own that prints it as JSON: {"cpu": 12, "memory": 40, "sessions": 18000, "drops": 0,
// "block_rate": 1.5, "top_rules": ["942100"]}, each where it is measured. A command that fails, takes long or prints something else
// gives nothing: measuring must not keep a firewall from its update, nor from its report.
import { execFile } from "node:child_process";
import { type HealthSample, healthSample } from "../../src/rollout/health.ts";
import { parseJson } from "../json.ts";

const PATIENCE_MS = 10_000;
const MAX_BYTES = 16_384;

/** @param command for sh @returns null = it does not say */
export function measureHealth(command: string): Promise<HealthSample | null> {
	return new Promise((resolve) => {
		execFile("sh", ["-c", command], { timeout: PATIENCE_MS, maxBuffer: MAX_BYTES }, (error, stdout) => {
			const read = error === null ? healthSample.safeParse(parseJson(stdout)) : null;
			resolve(read?.success === true ? read.data : null);
		});
	});
}

/** @param command undefined = none was given @returns the option of an update that measures by it */
export function measuring(command: string | undefined) {
	return command === undefined ? {} : { measure: () => measureHealth(command) };
}
