// The log of a rollout as the service has it, page after page.
import { z } from "zod";
import type { OperatorApi } from "../http/operator-api.ts";

const logPage = z.looseObject({ entries: z.array(z.looseObject({ seq: z.number() })) });

/** @param path of the rollout @returns all entries, unverified */
export async function readLog(api: OperatorApi, path: string): Promise<z.infer<typeof logPage>["entries"]> {
	const entries: z.infer<typeof logPage>["entries"] = [];
	for (;;) {
		const after = entries.at(-1)?.seq ?? 0;
		const page = await api.call("GET", `${path}/log?after=${after}`, "could not read the log", logPage);
		if (page.entries.length === 0) return entries;
		entries.push(...page.entries);
	}
}
