// What a firewall says of itself, as options of the commands that check: as a member of an HA group, and what does not work on it.
import { z } from "zod";
import { parseInstalled } from "../../../src/content/check/installed.ts";
import { haRole } from "../../../src/entitlement/ha/ha-group.ts";
import type { FirewallContext } from "../../command-line/run-as.ts";
import { wholeNumber } from "../../command-line/values.ts";
import { rememberHa } from "../../firewall/ha.ts";
import type { FirewallSession } from "../../firewall/identity/session.ts";
import { rememberFailed } from "../../firewall/installed/failed-content.ts";
import { openSession } from "./open-session.ts";

const failedVersions = z
	.string()
	.transform((text) => parseInstalled(text))
	.refine(
		(versions): versions is ReadonlyMap<string, string> => versions !== null && ![...versions.values()].includes(null),
		"product@version, joined by commas, is expected",
	);

/** `ha` is false for `--no-ha`. */
export const haOptions = {
	ha: z.boolean().default(true),
	haRole: haRole.optional(),
	haPriority: wholeNumber.pipe(z.int().max(255)).optional(),
	haPeer: z
		.string()
		.refine((text) => parseInstalled(text) !== null, "product@version or product, joined by commas, is expected")
		.optional(),
	failed: failedVersions.optional(),
};

/** @returns the session of a firewall that has kept what the options say of it */
export async function openHaSession(
	context: FirewallContext<z.infer<z.ZodObject<typeof haOptions>>>,
): Promise<FirewallSession> {
	const session = await openSession(context);
	const { ha, haRole: role, haPriority: priority, haPeer: peer, failed } = context.options;
	await rememberHa(session.home, { forget: !ha, said: { role, priority, peer } });
	const now = Math.floor(context.surroundings.nowMs() / 1_000);
	await rememberFailed(session.home, failed ?? new Map(), now);
	return session;
}
