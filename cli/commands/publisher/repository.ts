// What GitHub or GitLab say of a repository that anybody may see: how its name is written, and its number and its owner's.
import { z } from "zod";
import { CliError } from "../../errors.ts";
import { exchange } from "../../http/exchange.ts";
import { parseJson } from "../../json.ts";

export interface RepositoryNumbers {
	/** as the provider writes it */
	readonly repository: string;
	readonly repository_id: string;
	readonly owner_id: string;
}

const id = z.int().positive().transform(String);
const githubAnswer = z
	.looseObject({ full_name: z.string(), id, owner: z.looseObject({ id }) })
	.transform((found) => ({ repository: found.full_name, repository_id: found.id, owner_id: found.owner.id }));
const gitlabAnswer = z
	.looseObject({ path_with_namespace: z.string(), id, namespace: z.looseObject({ id }) })
	.transform((found) => ({
		repository: found.path_with_namespace,
		repository_id: found.id,
		owner_id: found.namespace.id,
	}));

/** @param api origin of GitHub's API @throws CliError, ConnectionError */
export function askGithub(api: string, repository: string): Promise<RepositoryNumbers> {
	const fix = `give --repository-id and --owner-id; \`gh api repos/${repository} --jq '.id, .owner.id'\` prints them`;
	return ask(`${api}/repos/${repository}`, repository, githubAnswer, fix);
}

/** @param origin of the GitLab server @throws CliError, ConnectionError */
export function askGitlab(origin: string, project: string): Promise<RepositoryNumbers> {
	const url = `${origin}/api/v4/projects/${encodeURIComponent(project)}`;
	const fix = `give --repository-id and --owner-id: \`id\` and \`namespace.id\` of ${url}`;
	return ask(url, project, gitlabAnswer, fix);
}

async function ask(url: string, repository: string, schema: z.ZodType<RepositoryNumbers>, fix: string) {
	const answer = await exchange({ method: "GET", url, headers: { accept: "application/json" } });
	const read = schema.safeParse(parseJson(answer.text));
	if (answer.status === 200 && read.success) return read.data;
	throw new CliError(
		`${new URL(url).host} does not say the numbers of ${repository} (status ${answer.status}): it may be private`,
		{
			code: "repository_unknown",
			fix,
		},
	);
}
