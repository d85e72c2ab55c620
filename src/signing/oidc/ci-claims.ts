// What GitHub's and GitLab's ID tokens say of the job that asks, once their signature is good: which workflow of which repository, on which
// ref, in which environment (GitHub, "OpenID Connect reference"; GitLab, "ID token authentication"). A job that works on behalf of others
// than those who may push (pull and merge requests, forks) is none, whoever its repository is.
import { z } from "zod";
import { isRef } from "../../entitlement/publishers/ref-pattern.ts";
import type { CiProvider, CiRun } from "../../entitlement/publishers/trusted-publisher.ts";

export type ClaimsReading =
	| { readonly ok: true; readonly run: CiRun }
	| {
			readonly ok: false;
			readonly reason: "claims" | "event" | "workflow_elsewhere" | "ref_unprotected" | "not_a_ref";
			/** of `claims`: which is missing or has another form; of `event`: what it is */
			readonly what?: string;
	  };

/** Printable ASCII: it goes to the trail. */
const text = z.string().regex(/^[\x21-\x7e]{1,255}$/);
/** A repository, the path of a file in it, and a ref: each may be as long as the provider lets it. */
const fileAtRef = z.string().regex(/^[\x21-\x7e]{1,1024}$/);
const number = z.string().regex(/^\d{1,16}$/);
const shared = {
	sha: z.string().regex(/^[0-9a-f]{40,64}$/),
	environment: z
		.string()
		.regex(/^[\x20-\x7e]{0,255}$/)
		.optional(),
};

const githubClaims = z.object({
	...shared,
	repository: text,
	repository_id: number,
	repository_owner_id: number,
	ref: text,
	event_name: text,
	/** the workflow that was begun: `owner/name/.github/workflows/release.yml@refs/tags/v1` */
	workflow_ref: fileAtRef,
	/** the one that the job stands in: another, where that one calls it */
	job_workflow_ref: fileAtRef,
	run_id: number,
});

/** Begun by who may push or run workflows. Not `pull_request_target`, `workflow_run`, `issue_comment`: others begin these. */
const GITHUB_EVENTS: ReadonlySet<string> = new Set([
	"push",
	"release",
	"workflow_dispatch",
	"schedule",
	"repository_dispatch",
]);

const gitlabClaims = z.object({
	...shared,
	project_path: text,
	project_id: number,
	namespace_id: number,
	/** in full; since GitLab 16.0 */
	ref_path: text,
	ref_protected: z.enum(["true", "false"]),
	pipeline_source: text,
	/** `gitlab.com/group/project//.gitlab-ci.yml@refs/heads/main` */
	ci_config_ref_uri: fileAtRef,
	pipeline_id: number,
});

const GITLAB_SOURCES: ReadonlySet<string> = new Set([
	"push",
	"web",
	"schedule",
	"api",
	"trigger",
	"pipeline",
	"parent_pipeline",
]);

/** @param claims of a token whose signature, issuer, audience and times are good */
export function readCiClaims(provider: CiProvider, issuer: string, claims: unknown): ClaimsReading {
	return provider === "github" ? readGithub(issuer, claims) : readGitlab(issuer, claims);
}

function readGithub(issuer: string, claims: unknown): ClaimsReading {
	const parsed = githubClaims.safeParse(claims);
	if (!parsed.success) return unread(parsed.error);
	const { repository, ref, event_name: event, workflow_ref: called, job_workflow_ref: own, ...rest } = parsed.data;
	if (!GITHUB_EVENTS.has(event)) return { ok: false, reason: "event", what: event };
	if (!isRef(ref)) return { ok: false, reason: "not_a_ref" };
	// A workflow of another repository that is called runs code of that repository under this one's name.
	const workflow = workflowIn(called, `${repository}/.github/workflows/`, `@${ref}`);
	if (workflow === null || own !== called) return { ok: false, reason: "workflow_elsewhere" };
	return {
		ok: true,
		run: {
			...{ provider: "github", issuer, repository, workflow, ref },
			repositoryId: rest.repository_id,
			ownerId: rest.repository_owner_id,
			environment: rest.environment || null,
			runId: rest.run_id,
			sha: rest.sha,
		},
	};
}

function readGitlab(issuer: string, claims: unknown): ClaimsReading {
	const parsed = gitlabClaims.safeParse(claims);
	if (!parsed.success) return unread(parsed.error);
	const { project_path: repository, ref_path: ref, ref_protected: isProtected, ...rest } = parsed.data;
	const { pipeline_source: source, ci_config_ref_uri: config } = rest;
	if (!GITLAB_SOURCES.has(source)) return { ok: false, reason: "event", what: source };
	if (!isRef(ref)) return { ok: false, reason: "not_a_ref" };
	// Whoever may push at all may push to a ref that is not protected, a new tag too.
	if (isProtected !== "true") return { ok: false, reason: "ref_unprotected" };
	const { host, pathname } = new URL(issuer);
	const project = `${host}${pathname === "/" ? "" : pathname}/${repository}`;
	const workflow = workflowIn(config, `${project}//`, `@${ref}`);
	if (workflow === null) return { ok: false, reason: "workflow_elsewhere" };
	return {
		ok: true,
		run: {
			...{ provider: "gitlab", issuer, repository, workflow, ref },
			repositoryId: rest.project_id,
			ownerId: rest.namespace_id,
			environment: rest.environment || null,
			runId: rest.pipeline_id,
			sha: rest.sha,
		},
	};
}

/** @returns what stands between; null where it does not begin and end so */
function workflowIn(claim: string, before: string, after: string): string | null {
	const isHere = claim.startsWith(before) && claim.endsWith(after) && claim.length > before.length + after.length;
	return isHere ? claim.slice(before.length, claim.length - after.length) : null;
}

function unread(error: z.ZodError): ClaimsReading {
	return { ok: false, reason: "claims", what: String(error.issues[0]?.path[0] ?? "") };
}
