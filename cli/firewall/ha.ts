// What a firewall says of itself as a member of an HA group: given once, it goes with every check until it is changed. The
// service ignores it from a firewall that is in no group.
import type { FirewallState, StateOf } from "./home/firewall-state.ts";

export interface HaWords {
	/** what was said before is to be forgotten first */
	readonly forget: boolean;
	/** undefined = stays as it was said before */
	readonly said: { readonly [Word in keyof StateOf<"ha">]: StateOf<"ha">[Word] | undefined };
}

/** Keeps what is said, in place of what was said of the same before. */
export async function rememberHa(home: FirewallState, { forget, said }: HaWords): Promise<void> {
	if (forget) await home.forget("ha");
	const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
	if (Object.keys(given).length > 0) await home.save("ha", { ...(await home.load("ha")), ...given });
}

/** @returns its part of a check's query, as parameters that are ready to be joined */
export async function haParameters(home: FirewallState): Promise<string[]> {
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
