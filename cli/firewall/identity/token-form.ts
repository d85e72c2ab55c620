// The parameters of a firewall's token request, by which it shows that it has its key (RFC 6749 §4.4.2, RFC 7523 §2.2).
import type { DeviceKey } from "./device-key.ts";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** @param issuer of the service, for which alone it counts @param now unix seconds */
export async function tokenForm(
	key: Pick<DeviceKey, "assertClient">,
	device: string,
	issuer: string,
	now: number,
): Promise<Record<string, string>> {
	return {
		grant_type: "client_credentials",
		client_id: device,
		client_assertion_type: ASSERTION_TYPE,
		client_assertion: await key.assertClient(device, issuer, now),
	};
}

/** The same of one that shows its certificate (RFC 8705 §2). */
export function certifiedTokenForm(device: string): Record<string, string> {
	return { grant_type: "client_credentials", client_id: device };
}
