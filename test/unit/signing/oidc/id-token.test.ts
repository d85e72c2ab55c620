// Which ID tokens count, and what is read of them: each claim and each way to bend one.
import { createLocalJWKSet, exportSPKI, type JWTPayload } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { type CiIssuerKeys, parseCiIssuers } from "../../../../src/signing/oidc/ci-issuers.ts";
import { ID_TOKEN_MAX_AGE_SECONDS, verifyIdToken } from "../../../../src/signing/oidc/id-token.ts";
import {
	type CiSigner,
	createCiSigner,
	GITHUB,
	GITLAB,
	githubClaims,
	gitlabClaims,
	type TokenOptions,
} from "../../../support/ci-tokens.ts";

const AUD = "https://updates.example.com/v1/products/crs";
const NOW = 1_790_000_000;
const SELF_MANAGED = "https://gitlab.example.com";

let signer: CiSigner;
let stranger: CiSigner;
let issuers: CiIssuerKeys[];
beforeAll(async () => {
	[signer, stranger] = await Promise.all([createCiSigner(), createCiSigner()]);
	const keys = createLocalJWKSet(signer.jwks);
	issuers = parseCiIssuers(`gitlab:${SELF_MANAGED}`).map((issuer) => ({ ...issuer, keys }));
});

const verify = (token: string, now = NOW) => verifyIdToken(token, issuers, AUD, now);
const signed = (options: Partial<TokenOptions> = {}) => signer.sign({ aud: AUD, now: NOW, ...options });
const reasonOf = async (token: string, now = NOW) => {
	const verified = await verify(token, now);
	return verified.ok ? "taken" : verified.reason;
};

it("a run of GitHub is read", async () => {
	expect(await verify(await signed())).toEqual({
		ok: true,
		run: {
			...{ provider: "github", issuer: GITHUB, repository: "Acme/rules", repositoryId: "1296269", ownerId: "583231" },
			...{ workflow: "release.yml", ref: "refs/tags/v4.27.0", environment: "production", runId: "30433642" },
			sha: "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d",
		},
		jti: expect.stringMatching(/^token-/),
		replayableUntil: NOW + 300 + 60,
	});
});

it("a pipeline of GitLab is read, of a server of one's own too", async () => {
	expect(await verify(await signed({ iss: GITLAB, claims: gitlabClaims() }))).toMatchObject({
		ok: true,
		run: {
			...{ provider: "gitlab", issuer: GITLAB, repository: "acme/content/rules", repositoryId: "278964" },
			...{ ownerId: "9970", workflow: ".gitlab-ci.yml", ref: "refs/tags/v4.27.0", environment: null, runId: "1212" },
		},
	});
	const uri = "gitlab.example.com/acme/content/rules//.gitlab-ci.yml@refs/tags/v4.27.0";
	const own = await signed({ iss: SELF_MANAGED, claims: gitlabClaims({ ci_config_ref_uri: uri }) });
	expect(await verify(own)).toMatchObject({ ok: true, run: { issuer: SELF_MANAGED } });
	expect(await reasonOf(await signed({ iss: SELF_MANAGED, claims: gitlabClaims() }))).toBe("workflow_elsewhere");
});

describe("a token is refused", () => {
	it.each<[string, Partial<TokenOptions>, string]>([
		[
			"of another issuer with the same claims",
			{ iss: "https://token.actions.githubusercontent.com.example" },
			"unknown_issuer",
		],
		["of an issuer in other letters", { iss: "https://Token.actions.githubusercontent.com" }, "unknown_issuer"],
		["of an issuer with a slash at its end", { iss: `${GITHUB}/` }, "unknown_issuer"],
		["for another product", { aud: `${AUD}2` }, "wrong_audience"],
		["for another service", { aud: "https://staging.example.com/v1/products/crs" }, "wrong_audience"],
		["for a product in other letters", { aud: AUD.replace("crs", "CRS") }, "wrong_audience"],
		["for others too", { aud: [AUD, "https://other.example.com"] }, "wrong_audience"],
		["for nobody", { aud: [] }, "wrong_audience"],
		["that names no key", { header: { kid: undefined as never } }, "no_kid"],
		["that names no key with an empty name", { header: { kid: "" } }, "no_kid"],
		["by a key that the issuer has not", { header: { kid: "k2" } }, "bad_signature"],
		["whose key is a web address", { header: { kid: "k2", jku: "https://evil.example/keys" } }, "bad_signature"],
	])("%s", async (_, options, reason) => {
		expect(await reasonOf(await signed(options))).toBe(reason);
	});

	it("for a list of this product alone it is taken", async () => {
		expect(await reasonOf(await signed({ aud: [AUD] }))).toBe("taken");
	});

	it("by another's key under the same name", async () => {
		expect(await reasonOf(await stranger.sign({ aud: AUD, now: NOW }))).toBe("bad_signature");
	});

	it("by a MAC whose key is the public key", async () => {
		for (const text of [await exportSPKI(signer.publicKey), JSON.stringify(signer.jwk)]) {
			const key = new TextEncoder().encode(text);
			expect(await reasonOf(await signed({ header: { alg: "HS256" }, key }))).toBe("bad_signature");
		}
	});

	it.each(["none", "None", "nOnE"])("without a signature (alg %s)", async (alg) => {
		const [, claims] = (await signed()).split(".");
		const header = Buffer.from(JSON.stringify({ alg, kid: "k1" })).toString("base64url");
		for (const signature of ["", "AAAA"]) {
			expect(["bad_signature", "malformed"]).toContain(await reasonOf(`${header}.${claims}.${signature}`));
		}
	});

	it("with its claims changed", async () => {
		const [header, , signature] = (await signed()).split(".");
		const [, claims] = (await signed({ claims: githubClaims({ repository: "Acme/other" }) })).split(".");
		expect(await reasonOf(`${header}.${claims}.${signature}`)).toBe("bad_signature");
	});

	it.each(["", "a", "a.b", "a.b.c", "e30.e30.", "..", "e30.bnVsbA.x", "{}"])("that is none: %j", async (token) => {
		expect(["malformed", "no_kid", "unknown_issuer"]).toContain(await reasonOf(token));
	});

	it("that is longer than any", async () => {
		expect(await reasonOf(await signed({ claims: githubClaims({ padding: "x".repeat(8_000) }) }))).toBe("too_long");
	});

	const bent = (claims: JWTPayload) => signed({ claims: { ...githubClaims(), ...claims } });
	it.each<[string, JWTPayload, string]>([
		["past its end by a minute", { exp: NOW - 60 }, "expired"],
		["that begins in more than a minute", { nbf: NOW + 61 }, "not_yet"],
		["of the future", { iat: NOW + 61 }, "not_yet"],
		["for a year, made an hour ago", { iat: NOW - 3_600, exp: NOW + 31_536_000 }, "expired"],
		["whose beginning is a text", { nbf: `${NOW - 300}` as never }, "bad_claim"],
		["without an end", { exp: undefined }, "bad_claim"],
		["without a beginning", { nbf: undefined }, "bad_claim"],
		["without its time", { iat: undefined }, "bad_claim"],
		["without an id", { jti: undefined }, "bad_claim"],
		["without a subject", { sub: undefined }, "bad_claim"],
		["whose end is a text", { exp: `${NOW + 300}` as never }, "bad_claim"],
		["with an id of one letter", { jti: "x" }, "bad_jti"],
		["whose id is a number", { jti: 12_345_678 as never }, "bad_jti"],
		["with an id in two lines", { jti: "12345678\n12345678" }, "bad_jti"],
	])("%s", async (_, claims, reason) => {
		expect(await reasonOf(await bent(claims))).toBe(reason);
	});

	it("from its last second on, with a minute for clocks", async () => {
		const token = await bent({ exp: NOW + 100 });
		expect([await reasonOf(token, NOW + 159), await reasonOf(token, NOW + 160)]).toEqual(["taken", "expired"]);
	});

	it.each([
		["github", GITHUB, githubClaims],
		["gitlab", GITLAB, gitlabClaims],
	] as const)("of %s by its age, whatever end it names", async (provider, iss, claimsOf) => {
		const token = await signed({ iss, claims: claimsOf({ exp: NOW + 90_000 }) });
		const last = NOW + ID_TOKEN_MAX_AGE_SECONDS[provider] + 60;
		expect([await reasonOf(token, last), await reasonOf(token, last + 1)]).toEqual(["taken", "expired"]);
		// It is remembered as used for as long as it would be taken.
		expect(await verify(token)).toMatchObject({ replayableUntil: last });
	});
});

const GITHUB_READ = ["repository", "repository_id", "repository_owner_id", "ref", "event_name"];
const GITLAB_READ = ["project_path", "project_id", "namespace_id", "ref_path", "ref_protected", "pipeline_source"];

describe("of a token that is good otherwise", () => {
	it.each([...GITHUB_READ, "workflow_ref", "job_workflow_ref", "run_id", "sha"])(
		"GitHub's %s must be there, a text in one line of ASCII",
		async (claim) => {
			for (const value of [undefined, null, 7, "", "a\nb", "caf\u00e9", ["x"], "x".repeat(1_025)]) {
				const verified = await verify(await signed({ claims: githubClaims({ [claim]: value }) }));
				expect(verified, JSON.stringify(value)).toMatchObject({ ok: false, reason: "claims", what: claim });
			}
		},
	);

	it.each([...GITLAB_READ, "ci_config_ref_uri", "pipeline_id", "sha"])(
		"GitLab's %s must be there, a text in one line of ASCII",
		async (claim) => {
			for (const value of [undefined, null, 7, "", "a\nb", "caf\u00e9", true]) {
				const verified = await verify(await signed({ iss: GITLAB, claims: gitlabClaims({ [claim]: value }) }));
				expect(verified, JSON.stringify(value)).toMatchObject({ ok: false, reason: "claims", what: claim });
			}
		},
	);

	it.each(["pull_request", "pull_request_target", "workflow_run", "issue_comment", "merge_group", "Push"])(
		"GitHub's event %s is none of who may push",
		async (event) => {
			const ref = event === "pull_request" ? { ref: "refs/pull/7/merge" } : {};
			const token = await signed({ claims: githubClaims({ event_name: event, ...ref }) });
			expect(await verify(token)).toEqual({ ok: false, reason: "event", what: event });
		},
	);

	it.each(["merge_request_event", "external_pull_request_event", "external", "chat", "PUSH"])(
		"GitLab's source %s is none of who may push",
		async (source) => {
			const token = await signed({ iss: GITLAB, claims: gitlabClaims({ pipeline_source: source }) });
			expect(await verify(token)).toEqual({ ok: false, reason: "event", what: source });
		},
	);

	it.each(["refs/pull/7/merge", "main", "refs/heads/", "refs/remotes/x"])(
		"%s is no ref to publish from",
		async (ref) => {
			expect(await reasonOf(await signed({ claims: githubClaims({ ref }) }))).toBe("not_a_ref");
			expect(await reasonOf(await signed({ iss: GITLAB, claims: gitlabClaims({ ref_path: ref }) }))).toBe("not_a_ref");
		},
	);

	const HERE = "Acme/rules/.github/workflows/release.yml@refs/tags/v4.27.0";
	it.each([
		["in another repository, called", { job_workflow_ref: HERE.replace("Acme/rules", "evil/rules") }],
		["at another ref, called", { job_workflow_ref: HERE.replace("v4.27.0", "v1") }],
		["of the same repository, called", { job_workflow_ref: HERE.replace("release", "other") }],
		[
			"in another repository",
			{ workflow_ref: HERE.replace("Acme", "acme"), job_workflow_ref: HERE.replace("Acme", "acme") },
		],
		["at another ref", { workflow_ref: `${HERE}2`, job_workflow_ref: `${HERE}2` }],
		[
			"in another folder",
			{ workflow_ref: HERE.replace("workflows", "x"), job_workflow_ref: HERE.replace("workflows", "x") },
		],
	])("GitHub's workflow must not be %s", async (_, claims) => {
		expect(await reasonOf(await signed({ claims: githubClaims(claims) }))).toBe("workflow_elsewhere");
	});

	it.each([
		"gitlab.com/evil/rules//.gitlab-ci.yml@refs/tags/v4.27.0",
		"evil.com/acme/content/rules//.gitlab-ci.yml@refs/tags/v4.27.0",
		"gitlab.com/acme/content/rules//.gitlab-ci.yml@refs/heads/x",
		"gitlab.com/acme/content/rules//@refs/tags/v4.27.0",
	])("GitLab's configuration must not be %s", async (uri) => {
		const token = await signed({ iss: GITLAB, claims: gitlabClaims({ ci_config_ref_uri: uri }) });
		expect(await reasonOf(token)).toBe("workflow_elsewhere");
	});

	it("a repository, a workflow and a ref may be as long as they can be", async () => {
		const [repository, file, ref] = [
			`${"a".repeat(39)}/${"b".repeat(100)}`,
			`${"c".repeat(90)}.yml`,
			`refs/tags/@x/${"d".repeat(190)}`,
		];
		const at = `${repository}/.github/workflows/${file}@${ref}`;
		const long = githubClaims({ repository, ref, workflow_ref: at, job_workflow_ref: at });
		expect(await verify(await signed({ claims: long }))).toMatchObject({ ok: true, run: { workflow: file, ref } });
		const project = `${"a".repeat(120)}/${"b".repeat(120)}`;
		const uri = `gitlab.com/${project}//.gitlab-ci.yml@${ref}`;
		const nested = gitlabClaims({ project_path: project, ref_path: ref, ci_config_ref_uri: uri });
		expect(await verify(await signed({ iss: GITLAB, claims: nested }))).toMatchObject({ ok: true, run: { ref } });
	});

	it("GitLab's ref must be protected", async () => {
		const token = await signed({ iss: GITLAB, claims: gitlabClaims({ ref_protected: "false" }) });
		expect(await reasonOf(token)).toBe("ref_unprotected");
	});

	it("no environment is none, also where the claim is empty", async () => {
		for (const environment of [undefined, ""]) {
			const token = await signed({ claims: githubClaims({ environment }) });
			expect(await verify(token)).toMatchObject({ ok: true, run: { environment: null } });
		}
	});
});

it("whose keys cannot be had is thrown, not refused", async () => {
	const down = issuers.map((issuer) => ({ ...issuer, keys: async () => Promise.reject(new Error("down")) }));
	await expect(verifyIdToken(await signed(), down, AUD, NOW)).rejects.toThrow("down");
});
