// Whose ID tokens count: GitHub's and GitLab's own, and self-managed servers that the deployment names. A token chooses among these; nothing
// else that it says is ever fetched.
import type { JWTVerifyGetKey } from "jose";
import { type CiProvider, ciProvider, DEFAULT_ISSUERS } from "../../entitlement/publishers/trusted-publisher.ts";

export interface CiIssuer {
	readonly provider: CiProvider;
	/** `iss` of its tokens, exactly */
	readonly issuer: string;
}

/** One whose keys can be asked for. */
export interface CiIssuerKeys extends CiIssuer {
	readonly keys: JWTVerifyGetKey;
}

const KEYS_PATH: Readonly<Record<CiProvider, string>> = {
	github: "/.well-known/jwks",
	gitlab: "/oauth/discovery/keys",
};

/** @returns where the issuer's public keys are */
export function keysUrlOf({ provider, issuer }: CiIssuer): URL {
	return new URL(issuer + KEYS_PATH[provider]);
}

/**
 * Parses CI_ISSUERS, `gitlab:https://gitlab.example.com,github:https://ghe.example.com/_services/token`.
 * @returns GitHub's and GitLab's own first
 * @throws Error that says which entry is wrong
 */
export function parseCiIssuers(text: string): CiIssuer[] {
	const own = ciProvider.options.map((provider) => ({ provider, issuer: DEFAULT_ISSUERS[provider] }));
	const named = text === "" ? [] : text.split(",").map((entry, index) => parseEntry(entry.trim(), index + 1));
	const all = [...own, ...named];
	if (new Set(all.map(({ issuer }) => issuer)).size < all.length)
		throw new Error("CI_ISSUERS: an issuer is given twice");
	return all;
}

function parseEntry(entry: string, position: number): CiIssuer {
	const colon = entry.indexOf(":");
	const provider = ciProvider.safeParse(entry.slice(0, colon));
	const issuer = entry.slice(colon + 1);
	const url = URL.parse(issuer);
	// As it stands in tokens: one that is written otherwise would match none of them.
	const isWhole =
		url !== null && /^https?:$/.test(url.protocol) && url.origin + url.pathname.replace(/\/$/, "") === issuer;
	if (!provider.success || !isWhole) {
		throw new Error(
			`CI_ISSUERS: entry ${position} is not "github:" or "gitlab:" and the URL of the issuer, without a slash at its end`,
		);
	}
	return { provider: provider.data, issuer };
}
