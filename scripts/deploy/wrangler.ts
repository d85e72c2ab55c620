// The parts of wrangler that a deployment in stages needs, as functions; what a deployment does with them is in stages.ts. The real
// wrangler is a child process, told where to write what it did as JSON lines (WRANGLER_OUTPUT_FILE_PATH).
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../cli/json.ts";

/** A version of the Worker and the percentage of requests that it answers. */
export interface Share {
	readonly version: string;
	readonly percent: number;
}

export interface Deployment {
	readonly id: string;
	readonly shares: readonly Share[];
	readonly message: string | null;
}

/** What a version is called. */
export interface VersionLabels {
	readonly tag: string;
	readonly message: string;
}

export interface Wrangler {
	/** of wrangler.toml; null = its top level */
	readonly environment: string | null;
	/** @returns what answers requests now; null = the Worker was never deployed */
	deployment(): Promise<Deployment | null>;
	/** @returns the tag of a version; null = it has none */
	tagOf(version: string): Promise<string | null>;
	/** Uploads the code as a version that answers nothing yet. @returns its id */
	upload(labels: VersionLabels, secretsFile: string | null): Promise<string>;
	/** Deploys the code to all requests at once, new classes of objects too. @returns the version's id */
	deployAtOnce(labels: VersionLabels, secretsFile: string | null): Promise<string>;
	/** Splits the requests among versions, named in this order. @returns the deployment's id */
	split(shares: readonly Share[], message: string): Promise<string>;
	/** Routes and cron triggers, which `upload` leaves as they are. */
	deployTriggers(): Promise<void>;
}

const SAID_LINES = 12;

export class WranglerError extends Error {
	constructor(args: readonly string[], output: string) {
		const lines = output.split("\n").filter((line) => line.trim() !== "");
		const from = lines.findIndex((line) => line.includes("ERROR"));
		const said = (from === -1 ? lines.slice(-SAID_LINES) : lines.slice(from, from + SAID_LINES)).join("\n  ");
		super(`wrangler ${args.slice(0, 2).join(" ")} failed${said === "" ? "" : `:\n  ${said}`}`);
	}
}

export interface Ran {
	readonly status: number;
	readonly output: string;
	/** JSON lines that it wrote of what it did */
	readonly entries: readonly unknown[];
}

/** Always given: without it wrangler warns, and a variable of the shell decides. */
export function environmentArg(environment: string | null): string {
	return `--env=${environment ?? ""}`;
}

/** @param command that a person is told to run @returns it for this environment: without its name it would change production */
export function commandFor(environment: string | null, command: string): string {
	return environment === null ? command : `${command} --env ${environment}`;
}

export type RunWrangler = (args: readonly string[]) => Promise<Ran>;

const deploymentAnswer = z.object({
	id: z.string(),
	annotations: z.record(z.string(), z.unknown()).optional(),
	versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })).min(1),
});
const versionAnswer = z.object({ annotations: z.record(z.string(), z.unknown()).optional() });
const entry = z.object({ type: z.string(), version_id: z.string().optional(), deployment_id: z.string().optional() });

/** Codes of the platform for a Worker that is not there; wrangler's own words for one without a deployment. */
const NEVER_DEPLOYED = /\[code: 10007\]|has no deployments/;

/** @param environment of wrangler.toml; null = its top level, also where CLOUDFLARE_ENV names another */
export function createWrangler(run: RunWrangler, environment: string | null): Wrangler {
	const environmentArgs = [environmentArg(environment)];
	const call = async (args: readonly string[]): Promise<Ran> => {
		const ran = await run([...args, ...environmentArgs]);
		if (ran.status !== 0) throw new WranglerError(args, ran.output);
		return ran;
	};
	const labelled = ({ tag, message }: VersionLabels, secretsFile: string | null) => [
		...["--tag", tag, "--message", message],
		...(secretsFile === null ? [] : ["--secrets-file", secretsFile]),
	];
	/** @throws WranglerError where it said nothing of what it did */
	const told = (args: readonly string[], ran: Ran, field: "version_id" | "deployment_id"): string => {
		const ids = ran.entries.flatMap((one) => entry.safeParse(one).data?.[field] ?? []);
		const id = ids.at(-1);
		if (id === undefined) throw new WranglerError(args, `it did not say its ${field}\n${ran.output}`);
		return id;
	};
	return {
		environment,
		async deployment() {
			const args = ["deployments", "status", "--json"];
			const ran = await run([...args, ...environmentArgs]);
			if (ran.status !== 0 && NEVER_DEPLOYED.test(ran.output)) return null;
			const parsed = ran.status === 0 ? deploymentAnswer.safeParse(parseJson(ran.output)) : null;
			if (!parsed?.success) throw new WranglerError(args, ran.output);
			const { id, annotations, versions } = parsed.data;
			return {
				id,
				shares: versions.map(({ version_id: version, percentage: percent }) => ({ version, percent })),
				message: textIn(annotations, "workers/message"),
			};
		},
		async tagOf(version) {
			const args = ["versions", "view", version, "--json"];
			const { output } = await call(args);
			const parsed = versionAnswer.safeParse(parseJson(output));
			if (!parsed.success) throw new WranglerError(args, output);
			return textIn(parsed.data.annotations, "workers/tag");
		},
		async upload(labels, secretsFile) {
			const args = ["versions", "upload", ...labelled(labels, secretsFile)];
			return told(args, await call(args), "version_id");
		},
		async deployAtOnce(labels, secretsFile) {
			const args = ["deploy", ...labelled(labels, secretsFile)];
			return told(args, await call(args), "version_id");
		},
		async split(shares, message) {
			const specs = shares.map(({ version, percent }) => `${version}@${percent}%`);
			const args = ["versions", "deploy", ...specs, "--message", message, "--yes"];
			return told(args, await call(args), "deployment_id");
		},
		async deployTriggers() {
			await call(["triggers", "deploy"]);
		},
	};
}

/** @param script of wrangler @returns runs it as a child; its output is kept, not shown */
export function runScript(script: string): RunWrangler {
	return async (args) => {
		const folder = await mkdtemp(join(tmpdir(), "parapet-deploy-"));
		const file = join(folder, "entries.ndjson");
		try {
			const env = { ...process.env, WRANGLER_OUTPUT_FILE_PATH: file, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" };
			const child = spawn(process.execPath, [script, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
			const [stdout, stderr] = [[] as Buffer[], [] as Buffer[]];
			child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
			child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
			const status = await new Promise<number>((resolve, reject) => {
				child.once("error", reject);
				child.once("close", (code) => resolve(code ?? 1));
			});
			// Of an answer in JSON nothing else may be in the text.
			const output = Buffer.concat(status === 0 ? stdout : [...stdout, ...stderr]).toString("utf8");
			return { status, output, entries: await readLines(file) };
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	};
}

async function readLines(file: string): Promise<unknown[]> {
	const text = await readFile(file, "utf8").catch(() => "");
	return text
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => parseJson(line));
}

function textIn(annotations: Readonly<Record<string, unknown>> | undefined, name: string): string | null {
	const value = annotations?.[name];
	return typeof value === "string" && value !== "" ? value : null;
}
