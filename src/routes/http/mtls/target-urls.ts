// The URLs by which one route of the service is reached: under its issuer, and under the host that asks for client certificates.
import type { Config } from "../../../config.ts";

/** @returns what a DPoP proof may name as its target; see signing/device-proofs/dpop.ts */
export function targetUrls(
	{ issuer, mutualTls }: Pick<Config, "issuer" | "mutualTls">,
	path: string,
): { readonly url: string; readonly otherUrl?: string } {
	return mutualTls === null ? { url: issuer + path } : { url: issuer + path, otherUrl: mutualTls.origin + path };
}
