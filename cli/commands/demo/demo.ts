// `parapet demo`: a Worker on this machine and a firewall that goes through the whole journey. With --exit it uses a
// temporary folder and a free port and ends with the journey; without, it keeps what it makes and keeps serving.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { BOOTSTRAP_KEY_OFF } from "../../../src/entitlement/keys/bootstrap-key.ts";
import { versionName } from "../../../src/names.ts";
import { readOptions } from "../../command-line/read-options.ts";
import { DEV_VARS_FILE } from "../../command-line/settings.ts";
import { CliError, StepFailed, UsageError } from "../../errors.ts";
import { expectFile } from "../../files/package-file.ts";
import { createOperatorApi } from "../../http/operator-api.ts";
import { whenInterrupted } from "../../terminal/interruption.ts";
import { createOutput, type Output, type Surroundings } from "../../terminal/output.ts";
import { ensureDevSecrets, findUnread } from "../../worker/dev-secrets.ts";
import {
	LOCAL_CONFIGURATION,
	type LocalWorker,
	PROJECT_FOLDER,
	readLogTail,
	startWorker,
} from "../../worker/local-worker.ts";
import { findFreePort, requireFreePort } from "../../worker/port.ts";
import { planTargets, type Target } from "../publish/targets.ts";
import { makeVisitor, openConsole } from "./console-step.ts";
import { runJourney } from "./journey.ts";
import { describeLeftOut, describeNextSteps } from "./next-steps.ts";
import { runRolloutStory } from "./rollout-story.ts";
import { buildShowcase } from "./showcase.ts";
import { createSteps } from "./steps.ts";

const DEFAULT_PORT = 8787;
const SAMPLES = ["sample-rules-1.0.0.rules", "sample-rules-1.1.0.rules"];

const port = z.coerce.number("a port number is expected").int().min(1).max(65_535);
const demoOptions = z.object({
	json: z.boolean().default(false),
	exit: z.boolean().default(false),
	package: z.array(z.string()).default(SAMPLES.map((name) => join(PROJECT_FOLDER, "examples", name))),
	version: z.array(versionName).default([]),
	port: port.optional(),
});
type DemoOptions = z.infer<typeof demoOptions>;

export function defineDemo(demo: Command, surroundings: Surroundings): void {
	demo
		.option("--json", "one JSON object per step on stdout, nothing else")
		.option("--exit", "end after the journey; uses a temporary folder and a free port")
		.option("--package <files...>", "packages to publish and install, in this order (default: two sample rule sets)")
		.option("--version <versions...>", "versions of the packages at the same places, where their names do not say")
		.option("--port <n>", `the Worker's port (env PORT; default ${DEFAULT_PORT}, with --exit a free one)`);
	demo.action(async () => {
		const options = readOptions(demo, demoOptions);
		const output = createOutput(surroundings, options.json);
		await runDemo(options, output, surroundings);
	});
}

interface Place {
	readonly port: number;
	readonly secretsFile: string;
	readonly stateFolder: string;
	readonly logFile: string;
	readonly demoFolder: string;
	dispose(): Promise<void>;
}

async function runDemo(options: DemoOptions, output: Output, surroundings: Surroundings): Promise<void> {
	for (const file of options.package) await expectFile(file);
	const targets = planDemoTargets(options);
	const place = await choosePlace(options, surroundings);
	const interrupted = whenInterrupted();
	const step = createSteps(output, surroundings);
	let worker: LocalWorker | undefined;
	const play = async () => {
		const secrets = await step("secrets", () => makeSecrets(place));
		const configuration = await readFile(LOCAL_CONFIGURATION, "utf8");
		for (const unread of findUnread(secrets, configuration)) output.note(`${DEV_VARS_FILE}: ${unread}`);
		worker = await step("server", () => serve(place));
		const { url: server } = worker;
		const key = secrets["BOOTSTRAP_KEY"] ?? "";
		if (key === BOOTSTRAP_KEY_OFF) return describeLeftOut(server, place.secretsFile);
		const end = await runJourney({
			step,
			surroundings,
			json: options.json,
			server,
			key,
			targets,
			folder: place.demoFolder,
		});
		output.note("a rollout in small, on a second fleet:");
		await runRolloutStory({ step, surroundings, server, key, folder: join(place.demoFolder, "synthetic-fleet") });
		const { nowMs } = surroundings;
		const api = createOperatorApi({ server, key, nowMs });
		const visitor = await makeVisitor(api, nowMs);
		await buildShowcase({ step, api, approver: visitor.api, folder: place.demoFolder, nowMs });
		const link = await step("console", () => openConsole(visitor));
		return describeNextSteps({ server, ...end, product: targets[0]?.product ?? "", link });
	};
	try {
		const outcome = await Promise.race([play().catch(asFailure), interrupted.promise]);
		if (outcome === "interrupted") throw new CliError("interrupted", { code: "interrupted" });
		if (worker === undefined || options.exit) {
			if (outcome instanceof StepFailed) {
				// Where the Worker has not started, the error has what its log says.
				if (worker !== undefined)
					surroundings.stderr.write(`the end of the Worker's log:\n${await readLogTail(place.logFile)}\n`);
				throw outcome;
			}
			return;
		}
		await keepServing(worker, outcome, output, interrupted.promise);
	} finally {
		await worker?.stop();
		interrupted.forget();
		await place.dispose();
	}
}

/** A failed step is an outcome; anything else is a fault of ours. */
function asFailure(error: unknown): StepFailed {
	if (error instanceof StepFailed) return error;
	throw error;
}

async function keepServing(
	worker: LocalWorker,
	outcome: string[] | StepFailed,
	output: Output,
	interrupted: Promise<unknown>,
): Promise<void> {
	if (outcome instanceof StepFailed) {
		output.note(`${outcome.message}; the server goes on at ${worker.url}, so that you can look (Ctrl-C stops it)`);
		output.note("to start afresh: rm -r .wrangler .parapet && npm start");
	} else output.note(outcome.join("\n"));
	const end = await Promise.race([interrupted, worker.ended.then(() => "ended" as const)]);
	if (end === "ended")
		throw new CliError("the Worker has ended by itself", { code: "worker_ended", fix: "see its log in .wrangler" });
	output.note("\nstopped");
	if (outcome instanceof StepFailed) throw outcome;
}

function planDemoTargets(options: DemoOptions): Target[] {
	if (options.version.length > options.package.length) throw new UsageError("--version: more versions than packages");
	return options.package.flatMap((file, index) => planTargets([file], { version: options.version[index] }));
}

async function choosePlace(options: DemoOptions, surroundings: Surroundings): Promise<Place> {
	const given = options.port ?? readPort(surroundings.env["PORT"]);
	if (!options.exit) {
		const chosen = given ?? DEFAULT_PORT;
		await requireFreePort(chosen);
		return {
			port: chosen,
			secretsFile: join(PROJECT_FOLDER, DEV_VARS_FILE),
			stateFolder: join(PROJECT_FOLDER, ".wrangler", "state"),
			logFile: join(PROJECT_FOLDER, ".wrangler", "parapet-dev.log"),
			demoFolder: join(PROJECT_FOLDER, ".parapet", "demo"),
			dispose: async () => {},
		};
	}
	if (given !== undefined) await requireFreePort(given);
	const folder = await mkdtemp(join(tmpdir(), "parapet-demo-"));
	return {
		port: given ?? (await findFreePort()),
		secretsFile: join(folder, "secrets.env"),
		stateFolder: join(folder, "state"),
		logFile: join(folder, "worker.log"),
		demoFolder: join(folder, "demo"),
		dispose: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
	};
}

function readPort(text: string | undefined): number | undefined {
	if (text === undefined || text === "") return undefined;
	const read = port.safeParse(text);
	if (read.success) return read.data;
	throw new UsageError(`PORT: ${text} is not a port`);
}

async function makeSecrets({ secretsFile }: Place) {
	const { added, values } = await ensureDevSecrets(secretsFile);
	const line = added.length === 0 ? `in place in ${secretsFile}` : `made ${added.join(", ")} in ${secretsFile}`;
	return { value: values, facts: { made: added }, line };
}

async function serve({ port: chosen, stateFolder, secretsFile, logFile }: Place) {
	const value = await startWorker({ port: chosen, stateFolder, secretsFile, logFile });
	return { value, facts: { url: value.url }, line: value.url };
}
