// A deployment in stages: the new version answers nothing while it is tried, then 1, 10, 50 and 100 % of all requests, each for its bake
// time. What goes wrong on the way gives all requests back to the old version. What answers them is asked of the platform before each
// step, so a second deployment is noticed and nothing of it is undone. Only wrangler changes anything.
import { ENOUGH_REQUESTS, judgeVersion, NO_NUMBERS, type VersionNumbers } from "./judge.ts";
import type { ReadNumbers } from "./numbers.ts";
import { commandFor, type Deployment, type Share, type VersionLabels, type Wrangler } from "./wrangler.ts";

export interface StageParts {
	readonly wrangler: Wrangler;
	/** Goes through the service's main job on one version. Throws when it is not well. null = it is not to be tried */
	readonly smoke: ((version: string) => Promise<void>) | null;
	/** null = nobody watches */
	readonly numbers: ReadNumbers | null;
	readonly nowMs: () => number;
	readonly sleep: (ms: number) => Promise<void>;
	readonly tell: (line: string) => void;
	/** aborted: all requests go back to the old version */
	readonly signal: AbortSignal;
}

export interface Stages {
	/** of all requests, ascending, the last one 100 */
	readonly percents: readonly number[];
	readonly bakeSeconds: number;
}

export type Outcome =
	| { readonly kind: "deployed"; readonly version: string; readonly note: string | null }
	| { readonly kind: "rolled_back"; readonly version: string | null; readonly reason: string };

/** The requests are not where they should be, and somebody has to look. `fix` says what to run. */
export class DeployError extends Error {
	readonly fix: string;

	constructor(message: string, fix: string, cause?: unknown) {
		super(message, { cause });
		this.fix = fix;
	}
}

/** A deployment that was begun and has not come to its end. */
export interface UnderWay {
	readonly version: string;
	readonly old: string;
	/** of all requests, that the new version answers */
	readonly percent: number;
}

const LOOK_MS = 60_000;
const WINDOW_SECONDS = 900;
const FAILED_READS = 3;
const ROLLBACK_TRIES = 3;
const RETRY_MS = 5_000;
const SAID = {
	well: "no worse than the old version",
	few: "too few requests to compare",
	unknown: "not watched",
} as const;

/** @returns what an earlier run of this program has left; null = this deployment is none of its own, or is through */
export function underWay({ message, shares }: Deployment): UnderWay | null {
	const [, version = "", old = ""] = /^parapet ([0-9a-f-]{8}) over ([0-9a-f-]{8}),/.exec(message ?? "") ?? [];
	const find = (start: string) => (start === "" ? undefined : shares.find((share) => share.version.startsWith(start)));
	const [next, before] = [find(version), find(old)];
	if (next === undefined || before === undefined) return null;
	return { version: next.version, old: before.version, percent: next.percent };
}

/**
 * Uploads the code and gives it to the fleet in stages.
 * @param old the version that answers all requests now
 * @throws DeployError where the requests were left split, or by somebody else's deployment
 */
export async function deployInStages(
	parts: StageParts,
	stages: Stages,
	old: string,
	labels: VersionLabels,
	secretsFile: string | null,
): Promise<Outcome> {
	let version: string;
	try {
		version = await parts.wrangler.upload(labels, secretsFile);
	} catch (error) {
		return { kind: "rolled_back", version: null, reason: `nothing was deployed: ${reasonOf(error)}` };
	}
	parts.tell(`uploaded ${version}, which answers nothing yet`);
	return goOn(parts, stages, { version, old, percent: -1 });
}

/** Goes on with one that is under way, from the stage after the one that it stands at. @throws DeployError see `deployInStages` */
export async function goOn(parts: StageParts, stages: Stages, begun: UnderWay): Promise<Outcome> {
	const run = new StagedRun(parts, begun);
	try {
		await run.through(
			[0, ...stages.percents].filter((percent) => percent > begun.percent),
			stages.bakeSeconds,
		);
	} catch (error) {
		if (error instanceof DeployError) throw error;
		await run.giveBack(reasonOf(error));
		return { kind: "rolled_back", version: begun.version, reason: reasonOf(error) };
	}
	const note = await parts.wrangler.deployTriggers().then(
		() => null,
		(error) =>
			`routes and cron triggers are as they were (${reasonOf(error)}); run: ${commandFor(parts.wrangler.environment, "npx wrangler triggers deploy")}`,
	);
	return { kind: "deployed", version: begun.version, note };
}

/** Gives all requests back to the old version. @throws DeployError see `deployInStages` */
export async function giveBack(parts: StageParts, begun: UnderWay, reason: string): Promise<Outcome> {
	await new StagedRun(parts, begun).giveBack(reason);
	return { kind: "rolled_back", version: begun.version, reason };
}

class StagedRun {
	readonly #parts: StageParts;
	readonly #begun: UnderWay;
	/** what the old version answered in the last minutes in which it answered enough */
	#before: VersionNumbers = NO_NUMBERS;

	constructor(parts: StageParts, begun: UnderWay) {
		this.#parts = parts;
		this.#begun = begun;
	}

	async through(percents: readonly number[], bakeSeconds: number): Promise<void> {
		const { smoke, tell, signal } = this.#parts;
		for (const percent of percents) {
			signal.throwIfAborted();
			await this.#split(percent);
			if (percent === 0) tell("tried by its id while it answers nobody else");
			else tell(`answers ${percent} % of all requests`);
			if (percent === 0 || percent === 100) await smoke?.(this.#begun.version);
			if (percent > 0) await this.#bake(bakeSeconds);
		}
	}

	async giveBack(reason: string): Promise<void> {
		const { wrangler, tell, sleep } = this.#parts;
		const { version, old } = this.#begun;
		tell(`going back to ${old}: ${reason}`);
		for (let tries = 1; ; tries++) {
			try {
				if (isAlone(old, await this.#inForce())) return;
				await wrangler.split([{ version: old, percent: 100 }], this.#message("rolled back"));
				return;
			} catch (error) {
				if (error instanceof DeployError) throw error;
				// It may have been done all the same: the next look tells.
				if (tries < ROLLBACK_TRIES) await sleep(RETRY_MS);
				else
					throw new DeployError(
						`${reason}; and it could not be taken back: ${reasonOf(error)}. Some requests may still be answered by ${version}`,
						commandFor(wrangler.environment, `npx wrangler versions deploy ${old}@100% --yes`),
						error,
					);
			}
		}
	}

	async #split(percent: number): Promise<void> {
		const { version, old } = this.#begun;
		await this.#inForce();
		// Always named in this order: the platform gives each object a version by it.
		const shares: Share[] =
			percent === 100
				? [{ version, percent }]
				: [
						{ version, percent },
						{ version: old, percent: 100 - percent },
					];
		await this.#parts.wrangler.split(shares, this.#message(`${percent} %`));
	}

	/** @returns the deployment in force @throws DeployError where it is neither the old version alone nor one of this run */
	async #inForce(): Promise<Deployment | null> {
		const { version, old } = this.#begun;
		const deployment = await this.#parts.wrangler.deployment();
		if (deployment?.message?.startsWith(this.#message("")) === true || isAlone(old, deployment)) return deployment;
		const named = deployment?.shares.map((share) => `${share.version} ${share.percent} %`).join(", ") ?? "nothing";
		throw new DeployError(
			`another deployment is in force now (${named}), so this one of ${version} stops and changes nothing more`,
			`find out who deployed, then: ${commandFor(this.#parts.wrangler.environment, "npx wrangler deployments status")}`,
		);
	}

	async #bake(seconds: number): Promise<void> {
		const { nowMs, sleep, signal, tell, smoke } = this.#parts;
		const startMs = nowMs();
		const endMs = startMs + seconds * 1_000;
		let verdict: keyof typeof SAID = "unknown";
		let failedReads = 0;
		while (nowMs() < endMs) {
			await sleep(Math.min(LOOK_MS, endMs - nowMs()));
			signal.throwIfAborted();
			await this.#inForce();
			try {
				const seconds = Math.round((nowMs() - startMs) / 1_000);
				verdict = await this.#look(seconds);
				failedReads = 0;
				tell(`  after ${seconds} s: ${SAID[verdict]}`);
			} catch (error) {
				if (error instanceof Worse || ++failedReads >= FAILED_READS) throw error;
				tell(`the numbers could not be read (${reasonOf(error)}); once more in a minute`);
			}
		}
		if (verdict === "well" || smoke === null) return;
		if (verdict === "few") tell(`fewer than ${ENOUGH_REQUESTS} requests to compare: tried by the smoke test instead`);
		await smoke(this.#begun.version);
	}

	/** @throws Worse */
	async #look(seconds: number): Promise<keyof typeof SAID> {
		const { numbers } = this.#parts;
		if (numbers === null) return "unknown";
		const { version, old } = this.#begun;
		const found = await numbers(Math.min(WINDOW_SECONDS, seconds));
		const before = found.get(old) ?? NO_NUMBERS;
		if (before.requests >= ENOUGH_REQUESTS) this.#before = before;
		const judged = judgeVersion(found.get(version) ?? NO_NUMBERS, this.#before);
		if (judged.verdict === "worse") throw new Worse(judged.reasons.join("; "));
		return judged.verdict;
	}

	#message(what: string): string {
		const { version, old } = this.#begun;
		return `parapet ${version.slice(0, 8)} over ${old.slice(0, 8)}, ${what}`;
	}
}

/** The new version does worse than the old one. */
class Worse extends Error {}

/** @returns whether the version answers all requests, and no other one is named beside it */
function isAlone(version: string, deployment: Deployment | null): boolean {
	const [only, ...others] = deployment?.shares ?? [];
	return only?.version === version && others.length === 0;
}

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
