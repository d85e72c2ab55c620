// ID tokens as GitHub and GitLab make them (GitHub, "OpenID Connect reference"; GitLab, "ID token authentication"), by keys of a test, and
// the publishers that they are.
import { type CryptoKey, exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from "jose";
import { DEFAULT_ISSUERS } from "../../src/entitlement/publishers/trusted-publisher.ts";

export const GITHUB = DEFAULT_ISSUERS.github;
export const GITLAB = DEFAULT_ISSUERS.gitlab;
const SHA = "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d";

/** What the API is told of the workflow whose tokens `githubClaims` are. */
export const GITHUB_PUBLISHER = {
	provider: "github",
	repository: "Acme/rules",
	repository_id: "1296269",
	owner_id: "583231",
	workflow: "release.yml",
	ref: "refs/tags/v*",
	environment: "production",
} as const;
export const GITLAB_PUBLISHER = {
	provider: "gitlab",
	repository: "acme/content/rules",
	repository_id: "278964",
	owner_id: "9970",
	workflow: ".gitlab-ci.yml",
	ref: "refs/tags/v*",
} as const;

type Claims = Readonly<Record<string, unknown>>;

export function githubClaims(changed: Claims = {}): Claims {
	return {
		...{ sub: "repo:Acme/rules:environment:production", environment: "production", ref: "refs/tags/v4.27.0", sha: SHA },
		...{ repository: "Acme/rules", repository_owner: "Acme", repository_id: "1296269", repository_owner_id: "583231" },
		...{ actor: "olivia", actor_id: "12", run_id: "30433642", run_number: "7", run_attempt: "1", ref_type: "tag" },
		...{ repository_visibility: "private", runner_environment: "github-hosted", head_ref: "", base_ref: "" },
		...{ event_name: "push", workflow: "release", workflow_sha: SHA, job_workflow_sha: SHA },
		workflow_ref: "Acme/rules/.github/workflows/release.yml@refs/tags/v4.27.0",
		job_workflow_ref: "Acme/rules/.github/workflows/release.yml@refs/tags/v4.27.0",
		...changed,
	};
}

export function gitlabClaims(changed: Claims = {}): Claims {
	return {
		...{
			sub: "project_path:acme/content/rules:ref_type:tag:ref:v4.27.0",
			project_path: "acme/content/rules",
			sha: SHA,
		},
		...{
			project_id: "278964",
			namespace_id: "9970",
			namespace_path: "acme/content",
			user_id: "1",
			user_login: "olivia",
		},
		...{ pipeline_id: "1212", pipeline_source: "push", job_id: "777", ref: "v4.27.0", ref_type: "tag" },
		...{ ref_path: "refs/tags/v4.27.0", ref_protected: "true", runner_environment: "gitlab-hosted" },
		ci_config_ref_uri: "gitlab.com/acme/content/rules//.gitlab-ci.yml@refs/tags/v4.27.0",
		...changed,
	};
}

export interface TokenOptions {
	readonly iss?: string;
	readonly aud: string | readonly string[];
	/** unix seconds */
	readonly now: number;
	readonly claims?: Claims;
	/** beside or in place of the usual ones; undefined = left out */
	readonly header?: Partial<JWTHeaderParameters>;
	readonly key?: CryptoKey | Uint8Array;
}

/** An issuer with a key of its own: its set of keys, and what it signs. */
export async function createCiSigner(kid = "k1") {
	const { privateKey, publicKey } = await generateKeyPair("RS256");
	const jwk = { ...(await exportJWK(publicKey)), kid, alg: "RS256", use: "sig" };
	let number = 0;
	return {
		jwk,
		jwks: { keys: [jwk] },
		publicKey,
		/** GitHub's, for five minutes, unless it is said otherwise; a claim that is undefined is left out */
		sign: ({ iss = GITHUB, aud, now, claims = githubClaims(), header = {}, key = privateKey }: TokenOptions) =>
			new SignJWT({
				...{
					iss,
					aud: aud as string,
					jti: `token-${kid}-${++number}-${now}`,
					iat: now,
					nbf: now - 300,
					exp: now + 300,
				},
				...claims,
			})
				.setProtectedHeader({ alg: "RS256", typ: "JWT", kid, ...header })
				.sign(key),
	};
}
export type CiSigner = Awaited<ReturnType<typeof createCiSigner>>;
