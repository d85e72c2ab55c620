// The ID token of the CI job that this command line runs in (docs/operations.md, "Trusted publishing"): GitHub gives one for whatever audience,
// as often as it is asked; GitLab has put one into a variable.
import { z } from "zod";
import { CliError } from "../errors.ts";
import { exchange } from "../http/exchange.ts";
import { parseJson } from "../json.ts";

/** Where a GitLab job's `id_tokens` puts it; on GitHub nobody has to set it. */
export const ID_TOKEN_VARIABLE = "PARAPET_ID_TOKEN";

type Env = Readonly<Record<string, string | undefined>>;

export interface CiJob {
	/** whether it gives another token each time */
	readonly isRenewable: boolean;
	/** @throws CliError, ConnectionError when there is none to be had */
	idToken(audience: string): Promise<string>;
}

/** @returns null outside of CI, and in a job that may have no ID token */
export function ciJobOf(env: Env): CiJob | null {
	const given = env[ID_TOKEN_VARIABLE];
	if (given !== undefined && given !== "") return { isRenewable: false, idToken: async () => given };
	const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env;
	if (!url || !token) return null;
	return { isRenewable: true, idToken: (audience) => askGithub(url, token, audience) };
}

/** What to do in CI where there is neither a key nor an ID token; null outside of it. */
export function missingIdToken(env: Env): string | null {
	if (env["GITHUB_ACTIONS"] === "true") return "give the job `permissions: { id-token: write }`, or set PARAPET_KEY";
	if (env["GITLAB_CI"] === "true")
		return `give the job \`id_tokens: { ${ID_TOKEN_VARIABLE}: { aud: … } }\`, or set PARAPET_KEY`;
	return null;
}

async function askGithub(url: string, token: string, audience: string): Promise<string> {
	const answer = await exchange({
		method: "GET",
		url: `${url}${url.includes("?") ? "&" : "?"}audience=${encodeURIComponent(audience)}`,
		headers: { authorization: `Bearer ${token}`, accept: "application/json" },
	});
	const read = z.looseObject({ value: z.string().min(1) }).safeParse(parseJson(answer.text));
	if (answer.status !== 200 || !read.success)
		throw new CliError(`GitHub gave no ID token: status ${answer.status}`, {
			code: "no_id_token",
			fix: "run the job again; it needs `permissions: { id-token: write }`",
		});
	return read.data.value;
}
