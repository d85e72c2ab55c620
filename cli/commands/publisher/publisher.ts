// `parapet publisher …`: whose CI may publish a product without an API key; and, within CI, the token by which it does.
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { z } from "zod";
import { publisherFields } from "../../../src/entitlement/publishers/trusted-publisher.ts";
import { productName } from "../../../src/names.ts";
import { formatTimestamp } from "../../../src/timestamps.ts";
import { ciJobOf, missingIdToken } from "../../ci/id-token.ts";
import { createPublishTokens } from "../../ci/publish-token.ts";
import { addYesOption } from "../../command-line/confirmation.ts";
import { readOperand, readOptions } from "../../command-line/read-options.ts";
import { addSharedOptions, runAsOperator, sharedOptions } from "../../command-line/run-as.ts";
import { resolveServer } from "../../command-line/settings.ts";
import { systemFault, UsageError } from "../../errors.ts";
import { anyAnswer } from "../../http/answers.ts";
import { listAnswer } from "../../http/lists.ts";
import { createOutput, formatTable, type Surroundings } from "../../terminal/output.ts";
import { askGithub, askGitlab } from "./repository.ts";

const publisherId = z
	.string()
	.regex(/^pub-[0-9a-z]{4,40}$/, "a trusted publisher looks like pub-01234567; `parapet publisher list` shows it");
const GITLAB_CONFIGURATION = ".gitlab-ci.yml";

export function definePublisher(publisher: Command, surroundings: Surroundings): void {
	addAdd(publisher, surroundings);
	const list = publisher.command("list <product>").description("workflows of CI that may publish the product");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const path = pathOf(readOperand(operands, 0, "product", productName));
		const found = await api.call("GET", path, "could not list trusted publishers", listAnswer("publishers"));
		const rows = found.items.map((one) => [
			...[one["id"], one["subject"], one["repository_id"], one["owner_id"], one["ref"], one["environment"]],
			one["created_by"],
		]);
		const header = ["PUBLISHER", "WHO", "REPOSITORY", "OWNER", "REF", "ENVIRONMENT", "ADDED BY"];
		output.answer(found.answer, formatTable(header, rows));
	});
	const remove = publisher
		.command("remove <product> <publisher>")
		.description("trust a workflow no more; tokens that it has end at once");
	addYesOption(remove);
	runAsOperator(remove, surroundings, {}, async ({ api, operands, output, confirm }) => {
		const product = readOperand(operands, 0, "product", productName);
		const id = readOperand(operands, 1, "publisher", publisherId);
		await confirm(`${id} publishes nothing of ${product} any more`);
		await api.call("DELETE", `${pathOf(product)}/${id}`, "could not remove the trusted publisher", anyAnswer);
		output.answer({ id, removed: true }, `${id} is removed`);
	});
	addToken(publisher, surroundings);
}

function addAdd(publisher: Command, surroundings: Surroundings): void {
	const add = publisher
		.command("add <product>")
		.description("let a workflow of GitHub Actions or GitLab CI publish a product without an API key")
		.option("--github <owner/name>", "the repository on GitHub")
		.option("--gitlab <group/project>", "the project on GitLab")
		.option(
			"--workflow <file>",
			`file in .github/workflows; on GitLab the configuration (default ${GITLAB_CONFIGURATION})`,
		)
		.option("--ref <ref>", "branch or tag in full, with one * at most: refs/tags/v*; this, --environment, or both")
		.option("--environment <name>", "in which the job must run")
		.option(
			"--issuer <url>",
			"URL of your own server as CI_ISSUERS has it, without `github:` or `gitlab:` (default: that of github.com or gitlab.com)",
		)
		.option("--repository-id <number>", "number of the repository; asked of the provider if left out")
		.option("--owner-id <number>", "number of its owner or namespace; likewise");
	const shape = {
		github: z.string().optional(),
		gitlab: z.string().optional(),
		workflow: publisherFields.workflow.optional(),
		ref: publisherFields.ref.unwrap().optional(),
		environment: publisherFields.environment.unwrap().optional(),
		issuer: publisherFields.issuer.optional(),
		repositoryId: publisherFields.repository_id.optional(),
		ownerId: publisherFields.owner_id.optional(),
	};
	runAsOperator(add, surroundings, shape, async ({ api, options, operands, output }) => {
		const product = readOperand(operands, 0, "product", productName);
		const { github, gitlab, ref, environment, issuer, repositoryId, ownerId } = options;
		const named = github ?? gitlab;
		if (named === undefined || (github !== undefined && gitlab !== undefined))
			throw new UsageError("whose workflow?", "give --github OWNER/NAME or --gitlab GROUP/PROJECT");
		const workflow = options.workflow ?? (gitlab === undefined ? undefined : GITLAB_CONFIGURATION);
		if (workflow === undefined) throw new UsageError("which workflow?", "give --workflow release.yml");
		if (ref === undefined && environment === undefined)
			throw new UsageError(
				"from which branch, tag or environment? Otherwise whoever may push any branch could publish",
				"give --ref 'refs/tags/v*', --environment NAME, or both",
			);
		const githubApi =
			surroundings.env["GITHUB_API_URL"] ?? (issuer === undefined ? "https://api.github.com" : undefined);
		const isNumbered = repositoryId !== undefined && ownerId !== undefined;
		const found = isNumbered
			? { repository: named, repository_id: repositoryId, owner_id: ownerId }
			: await (github === undefined
					? askGitlab(issuer ?? "https://gitlab.com", named)
					: askGithub(githubApi ?? refuseGuess(), named));
		const provider = github === undefined ? "gitlab" : "github";
		const body = { provider, ...found, workflow, ref, environment, issuer };
		const made = await api.call("POST", pathOf(product), "could not add the trusted publisher", anyAnswer, body);
		const where = [ref, environment === undefined ? undefined : `environment ${environment}`].filter(Boolean);
		output.answer(made, [
			`${made["id"]}: ${made["subject"]} may publish ${product} from ${where.join(", ")}`,
			`  repository ${found.repository_id}, owner ${found.owner_id}; audience of its ID tokens: ${api.server}/v1/products/${product}`,
		]);
	});
}

/** github.com may have a repository of the same name, whose numbers are others. */
function refuseGuess(): never {
	throw new UsageError(
		"whose numbers? The repository is on a server of your own",
		"set GITHUB_API_URL to its API, or give --repository-id and --owner-id",
	);
}

function addToken(publisher: Command, surroundings: Surroundings): void {
	const token = publisher
		.command("token <product>")
		.description(
			"in a CI job: exchange its ID token, and keep what is got in a file for --key-file. `publish` does so by itself",
		)
		.requiredOption("--out <file>", "where to keep it; nobody else may read it, and it is not printed");
	addSharedOptions(token).action(async () => {
		const shared = readOptions(token, sharedOptions);
		const { out } = readOptions(token, z.object({ out: z.string().min(1) }));
		const product = readOperand(token.args, 0, "product", productName);
		const server = resolveServer(shared.url, surroundings);
		const job = ciJobOf(surroundings.env);
		if (job === null)
			throw new UsageError(
				"there is no ID token to exchange here",
				missingIdToken(surroundings.env) ?? "run it in a job of GitHub Actions or GitLab CI",
			);
		const { nowMs, sleep } = surroundings;
		const made = await createPublishTokens({ server, job, nowMs, sleep })(product);
		await writeFile(out, made.token, { mode: 0o600, flag: "wx" }).catch((cause: unknown) => {
			throw new UsageError(`cannot write ${out}: ${systemFault(cause)}`, "name a file that does not exist yet");
		});
		const ends = formatTimestamp(Math.floor(made.endsMs / 1_000));
		const output = createOutput(surroundings, shared.json);
		output.answer(
			{ product, file: out, ends_at: ends },
			`${out}: publishes ${product} until ${ends}; give it as --key-file`,
		);
	});
}

function pathOf(product: string): string {
	return `/v1/products/${product}/publishers`;
}
