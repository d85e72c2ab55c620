// What a firewall says of itself as a member of an HA group: given once, it goes with every check until it is changed. The
// service ignores it from a firewall that is in no group.
import { z } from "zod";
import { parseInstalled } from "../../src/content/check.ts";
import { haRole } from "../../src/entitlement/ha-group.ts";
import { wholeNumber } from "../command-line/run-as.ts";
import type { FirewallHome } from "./state.ts";

/** Of the commands that check. `ha` is false for `--no-ha`. */
export const haOptions = {
	ha: z.boolean().default(true),
	haRole: haRole.optional(),
	haPriority: wholeNumber.pipe(z.int().max(255)).optional(),
	haPeer: z
		.string()
		.refine((text) => parseInstalled(text) !== null, "product@version or product, joined by commas, is expected")
		.optional(),
};
export type HaOptions = z.infer<z.ZodObject<typeof haOptions>>;

/** Keeps what is given, in place of what was said before. What is not given stays; `ha: false` forgets all that was said. */
export async function rememberHa(home: FirewallHome, { ha, haRole, haPriority, haPeer }: HaOptions): Promise<void> {
	if (!ha) await home.forget("ha");
	const given = { role: haRole, priority: haPriority, peer: haPeer };
	const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
	if (Object.keys(said).length > 0) await home.save("ha", { ...(await home.load("ha")), ...said });
}

/** @returns its part of a check's query, as parameters that are ready to be joined */
export async function haParameters(home: FirewallHome): Promise<string[]> {
	const said = await home.load("ha");
	const parameters: string[] = [];
	if (said?.role !== undefined) parameters.push(`ha_role=${said.role}`);
	if (said?.priority !== undefined) parameters.push(`ha_priority=${said.priority}`);
	if (said?.peer !== undefined) parameters.push(`ha_peer=${encodeVersions(said.peer.split(","))}`);
	return parameters;
}

/** @param versions `product@version` each: a plain @ and plain commas can be read in a log */
export function encodeVersions(versions: readonly string[]): string {
	return versions.map((one) => encodeURIComponent(one).replaceAll("%40", "@")).join(",");
}
