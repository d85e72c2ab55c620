// The values of wrangler.toml that are the owner's, put in their places. Pure; what somebody has put there stays.

/** One deployment's: what stands there until its owner is known. */
export interface Places {
	readonly namespace: string;
	readonly host: string;
}

/** Of production, and of each environment of wrangler.toml. */
export const PLACES: Readonly<Record<string, Places>> = {
	production: { namespace: "0".repeat(32), host: "updates.example.com" },
	staging: { namespace: "1".repeat(32), host: "updates-staging.example.com" },
};

/** @returns the file with both values in place; where one of the places is not there any more, what somebody put there stays */
export function fillIn(toml: string, places: Places, values: Places): string {
	return toml.replaceAll(`"${places.namespace}"`, `"${values.namespace}"`).replaceAll(
		// Not the end of another host's name.
		new RegExp(`(?<=["/])${places.host.replaceAll(".", "\\.")}(?=["/])`, "g"),
		values.host,
	);
}

/** RFC 1123 §2.1: labels of letters, digits and hyphens, two at least; no scheme, no port, no path */
const HOST = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;

/** @returns why that is no host that a deployment can have; null = it is one */
export function faultOfHost(host: string): string | null {
	if (!HOST.test(host)) return "give a host name in small letters, as updates.acme.net: no scheme, port or path";
	return /(^|\.)example\.(com|net|org)$/.test(host) ? "example hosts are nobody's: give one of a zone of yours" : null;
}
