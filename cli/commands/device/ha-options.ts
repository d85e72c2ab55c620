// What a firewall says of itself as a member of an HA group, as options of the commands that check.
import { z } from "zod";
import { parseInstalled } from "../../../src/content/installed.ts";
import { haRole } from "../../../src/entitlement/ha/ha-group.ts";
import type { FirewallContext } from "../../command-line/run-as.ts";
import { wholeNumber } from "../../command-line/values.ts";
import { rememberHa } from "../../firewall/ha.ts";
import type { FirewallSession } from "../../firewall/session.ts";
import { openSession } from "./open-session.ts";

/** `ha` is false for `--no-ha`. */
export const haOptions = {
	ha: z.boolean().default(true),
	haRole: haRole.optional(),
	haPriority: wholeNumber.pipe(z.int().max(255)).optional(),
	haPeer: z
		.string()
		.refine((text) => parseInstalled(text) !== null, "product@version or product, joined by commas, is expected")
		.optional(),
};

/** @returns the session of a firewall that has kept what the options say of its HA group */
export async function openHaSession(
	context: FirewallContext<z.infer<z.ZodObject<typeof haOptions>>>,
): Promise<FirewallSession> {
	const session = await openSession(context);
	const { ha, haRole: role, haPriority: priority, haPeer: peer } = context.options;
	await rememberHa(session.home, { forget: !ha, said: { role, priority, peer } });
	return session;
}
