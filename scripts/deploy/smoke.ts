// Tries one version of the deployed Worker by `parapet smoke`, whatever share of the requests it answers.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../cli/json.ts";

const answer = z.object({
	ok: z.boolean(),
	steps: z.array(z.object({ step: z.string(), ok: z.boolean(), error: z.object({ message: z.string() }).optional() })),
});

/** A test that hangs is not well: each of its steps has a limit, and it has one as a whole. */
const LIMIT_MS = 900_000;

/**
 * @param worker its name, which the platform wants beside the version
 * @param url of the service that was deployed, whatever PARAPET_URL says: that may be another environment's
 * @param environment with PARAPET_KEY, a key of scope operate
 * @returns tries a version; throws an Error that names the step which failed
 */
export function createSmoke(
	project: string,
	worker: string,
	url: string,
	environment: NodeJS.ProcessEnv,
): (version: string) => Promise<void> {
	return async (version) => {
		const env = {
			...environment,
			PARAPET_VERSION_OVERRIDE: `${worker}="${version}"`,
		};
		const args = [join(project, "bin/parapet.mjs"), "smoke", "--json", "--url", url];
		const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT_MS });
		let [stdout, stderr] = ["", ""];
		child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
		child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
		const status = await new Promise<number | null>((resolve, reject) => {
			child.once("error", reject);
			child.once("close", resolve);
		});
		if (status === 0) return;
		const told = answer.safeParse(parseJson(stdout));
		const failed = told.success ? told.data.steps.filter(({ ok }) => !ok) : [];
		const why = failed.map(({ step, error }) => `${step}: ${error?.message ?? "failed"}`).join("; ");
		throw new Error(`the smoke test failed: ${why || stderr.trim().slice(-500) || "it gave no answer"}`);
	};
}
