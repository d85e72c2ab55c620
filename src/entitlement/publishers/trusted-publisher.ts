// Which job of whose CI may publish a product without an API key: its repository, by name and by number, the workflow, and the ref or the
// environment, or both. Pure. That a job is what it says it is, is for signing/oidc/; what it may do then, for routes/http/key-access.ts.
import { z } from "zod";
import { matchesRef, refPattern } from "./ref-pattern.ts";

export const ciProvider = z.enum(["github", "gitlab"]);
export type CiProvider = z.infer<typeof ciProvider>;

/** Of github.com and gitlab.com: a publisher that names no issuer is of its provider's own. */
export const DEFAULT_ISSUERS: Readonly<Record<CiProvider, string>> = {
	github: "https://token.actions.githubusercontent.com",
	gitlab: "https://gitlab.com",
};

/** What a product can have of them. */
export const MAX_PUBLISHERS = 20;

const REPOSITORY = {
	github: /^[A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100}$/,
	gitlab:
		/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9_])?(?:\/[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9_])?){1,10}$/,
} as const;
const WORKFLOW = {
	github: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,90}\.ya?ml$/,
	gitlab: /^(?!.*\.\.)[A-Za-z0-9_.][A-Za-z0-9_./-]{0,120}\.ya?ml$/,
} as const;

const number = z.string().regex(/^[1-9]\d{0,15}$/, "a number in digits, as the provider gives it");

/** What has to be said of a publisher, whoever its provider is. */
export const publisherFields = {
	provider: ciProvider,
	/** `iss` of its ID tokens, one of those that the deployment trusts */
	issuer: z.string().max(200),
	repository: z.string().max(255).meta({
		description: "`owner/name` on GitHub, the project's path on GitLab, as the provider writes it",
		example: "acme/rules",
	}),
	/** of the repository or project: a name can be given up and registered by somebody else, a number cannot */
	repository_id: number,
	/** of the repository's owner or the project's namespace, for the same reason */
	owner_id: number,
	workflow: z.string().max(128).meta({
		description: "GitHub: file in `.github/workflows`. GitLab: path of the configuration in the project",
		example: "release.yml",
	}),
	ref: refPattern.nullable(),
	environment: z
		.string()
		.regex(/^(?! )[\x20-\x7e]{1,100}$/, "an environment is up to 100 printable ASCII characters")
		.nullable(),
} as const;

export interface TrustedPublisher {
	readonly provider: CiProvider;
	readonly issuer: string;
	readonly repository: string;
	readonly repositoryId: string;
	readonly ownerId: string;
	readonly workflow: string;
	/** null = any, where the environment says enough */
	readonly ref: string | null;
	/** null = any or none */
	readonly environment: string | null;
}

/** @returns what is wrong with it, by field; none = it may be trusted */
export function faultsOfPublisher(publisher: Omit<TrustedPublisher, "issuer">): { field: string; message: string }[] {
	const { provider, repository, workflow, ref, environment } = publisher;
	const isGithub = provider === "github";
	return [
		...(REPOSITORY[provider].test(repository)
			? []
			: [{ field: "repository", message: isGithub ? "owner/name is expected" : "group/project is expected" }]),
		...(WORKFLOW[provider].test(workflow)
			? []
			: [
					{
						field: "workflow",
						message: isGithub
							? "the name of a file in .github/workflows is expected, such as release.yml"
							: "the path of the configuration in the project is expected, such as .gitlab-ci.yml",
					},
				]),
		// Without one of them whoever may push any branch could publish.
		...(ref === null && environment === null
			? [{ field: "ref", message: "name the refs to publish from, or an environment, or both" }]
			: []),
	];
}

/** A run of CI as its ID token shows it, verified: who is calling, and what of. */
export interface CiRun {
	readonly provider: CiProvider;
	readonly issuer: string;
	readonly repository: string;
	readonly repositoryId: string;
	readonly ownerId: string;
	readonly workflow: string;
	/** in full */
	readonly ref: string;
	/** null = the job runs in none */
	readonly environment: string | null;
	/** of the run or pipeline, as its provider counts */
	readonly runId: string;
	/** of the commit */
	readonly sha: string;
}

/** In the order in which they are compared. */
const COMPARED = [
	"issuer",
	"repositoryId",
	"repository",
	"ownerId",
	"workflow",
	"ref",
	"environment",
] as const satisfies readonly (keyof TrustedPublisher)[];
export type PublisherPart = (typeof COMPARED)[number];

/** @returns the first part in which a run is not what the publisher is; null = it is that publisher */
export function mismatchOf(publisher: TrustedPublisher, run: CiRun): PublisherPart | null {
	return COMPARED.find((part) => !isMet(publisher, run, part)) ?? null;
}

/**
 * Names are compared as they are written, but for those in which a provider knows no capitals: whose repository it is, the number says, and
 * to GitHub `Production` and `production` are one environment, which its token calls as the workflow does. To GitLab they are two.
 */
function isMet(publisher: TrustedPublisher, run: CiRun, part: PublisherPart): boolean {
	if (part === "ref") return publisher.ref === null || matchesRef(publisher.ref, run.ref);
	if (part === "repository") return isSameInLower(publisher.repository, run.repository);
	if (part !== "environment") return publisher[part] === run[part];
	const { environment } = publisher;
	if (environment === null || environment === run.environment) return true;
	return publisher.provider === "github" && run.environment !== null && isSameInLower(environment, run.environment);
}

/** Of ASCII alone: other letters have lower forms that are those of ASCII. */
function isSameInLower(one: string, other: string): boolean {
	const lower = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
	return lower(one) === lower(other);
}

export type JudgedRun<P> =
	| { readonly ok: true; readonly publisher: P }
	/** part: in which the publisher that is nearest differs; null = there is no publisher */
	| { readonly ok: false; readonly part: PublisherPart | null };

/** @returns the first publisher that the run is */
export function judgeRun<P extends TrustedPublisher>(publishers: readonly P[], run: CiRun): JudgedRun<P> {
	const mismatches = publishers.map((publisher) => mismatchOf(publisher, run));
	const publisher = publishers[mismatches.indexOf(null)];
	if (publisher !== undefined) return { ok: true, publisher };
	return { ok: false, part: COMPARED.findLast((part) => mismatches.includes(part)) ?? null };
}

/**
 * Whether a run is of a publisher's own repository, and so may be told what of it is not trusted.
 * @param part of a run that is nobody's
 */
export function isOwnRepository(part: PublisherPart | null): boolean {
	return part === "workflow" || part === "ref" || part === "environment";
}

/**
 * What the trail calls it. No API key has such a subject: none may have a colon or a slash. Two publishers of one are the same: GitLab's
 * projects lie as deep as they like, so two slashes end one, as in GitLab's own claims, and a group may be called as a host is.
 */
export function publisherSubject({ provider, issuer, repository, workflow }: TrustedPublisher): string {
	const host = issuer === DEFAULT_ISSUERS[provider] ? "" : `@${new URL(issuer).host}`;
	return `${provider}${host}:${repository}//${workflow}`;
}

/** Which run, of what: for the trail. */
export function describeRun({ runId, ref, environment, sha }: CiRun): string {
	return `run ${runId} of ${ref} at ${sha}${environment === null ? "" : `, environment ${environment}`}`;
}
