// One run of `npm run deploy`, past its options: finds out what is deployed, says what it will do, asks where nothing leads back, does it.
import { type DeploymentPlan, planDeployment, type Wish } from "./plan.ts";
import {
	DeployError,
	deployInStages,
	giveBack,
	goOn,
	type Outcome,
	type StageParts,
	type Stages,
	type UnderWay,
} from "./stages.ts";
import { commandFor, type VersionLabels } from "./wrangler.ts";

export interface DeployOrder extends Wish {
	readonly labels: VersionLabels;
	/** of the classes of objects in wrangler.toml; see `digestOf` */
	readonly digest: string;
	readonly stages: Stages;
	readonly secretsFile: string | null;
	/** what would be done is said, and not done */
	readonly isPlanOnly: boolean;
	/** why stages cannot be gone through as things are; null = they can */
	readonly missing: { readonly problem: string; readonly fix: string } | null;
}

export interface DeployParts extends StageParts {
	/** @returns whether to go on with what cannot be taken back */
	readonly confirm: (question: string) => Promise<boolean>;
}

/** @returns null = nothing was to be done @throws DeployError, WranglerError */
export async function deploy(parts: DeployParts, order: DeployOrder): Promise<Outcome | null> {
	const { wrangler, tell } = parts;
	const deployment = await wrangler.deployment();
	const [only, ...others] = deployment?.shares ?? [];
	const tag = only === undefined || others.length > 0 ? null : await wrangler.tagOf(only.version);
	const plan = planDeployment(deployment, tag, order.digest, order, wrangler.environment);
	if (plan.kind === "refused") throw new DeployError(plan.why, plan.fix);
	for (const line of describePlan(plan, order)) tell(line);
	if (order.isPlanOnly) return null;
	if (plan.kind === "at_once") return deployAtOnce(parts, order, plan);
	if (plan.kind === "rollback") return giveBack(parts, plan.begun, "asked for (--rollback)");
	if (order.missing !== null) throw new DeployError(order.missing.problem, order.missing.fix);
	if (plan.kind === "staged") return deployInStages(parts, order.stages, plan.old, order.labels, order.secretsFile);
	return goOn(parts, order.stages, plan.begun);
}

async function deployAtOnce(
	parts: DeployParts,
	{ labels, secretsFile }: DeployOrder,
	{ old, isPastReturn, why }: Extract<DeploymentPlan, { kind: "at_once" }>,
): Promise<Outcome> {
	const { wrangler, confirm, smoke, tell } = parts;
	if (old !== null && isPastReturn && !(await confirm(`${why}: deploy to everybody at once, with no way back?`)))
		throw new DeployError(
			`${why}, so it goes to everybody at once and nothing leads back`,
			"give --yes where that is meant",
		);
	const version = await wrangler.deployAtOnce(labels, secretsFile);
	tell(`deployed ${version} to all requests`);
	const fault = await (smoke?.(version) ?? Promise.resolve()).then(
		() => null,
		(error: unknown) => (error instanceof Error ? error.message : String(error)),
	);
	if (fault === null) return { kind: "deployed", version, note: null };
	if (old === null || isPastReturn)
		throw new DeployError(
			`${version} is deployed, and not well: ${fault}`,
			"deploy code that mends it; nothing leads back to the version before",
		);
	const begun: UnderWay = { version, old, percent: 100 };
	return goBackAlone(parts, begun, fault);
}

/** For a version that was deployed by itself: the deployment in force names no run of stages. */
async function goBackAlone(
	{ wrangler, tell }: DeployParts,
	{ version, old }: UnderWay,
	reason: string,
): Promise<Outcome> {
	tell(`going back to ${old}: ${reason}`);
	try {
		await wrangler.split([{ version: old, percent: 100 }], `parapet: back from ${version.slice(0, 8)}`);
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw new DeployError(
			`${reason}; and it could not be taken back: ${why}`,
			commandFor(wrangler.environment, `npx wrangler versions deploy ${old}@100% --yes`),
			error,
		);
	}
	return { kind: "rolled_back", version, reason };
}

/** @returns what will be done, a line each */
export function describePlan(
	plan: Exclude<DeploymentPlan, { kind: "refused" }>,
	{ stages: { percents, bakeSeconds }, labels, missing }: DeployOrder,
): string[] {
	const minutes = (percent: number) =>
		`  ${percent} % of all requests, watched for ${Math.round(bakeSeconds / 6) / 10} minutes`;
	const rest = (after: number) => percents.filter((percent) => percent > after).map(minutes);
	const lacking = missing === null ? [] : [`  not yet: ${missing.problem} (${missing.fix})`];
	switch (plan.kind) {
		case "at_once":
			return [`to everybody at once: ${plan.why}`, `  wrangler deploy --tag ${labels.tag}, then the smoke test`];
		case "staged":
			return [
				`in stages, from version ${plan.old}; whatever goes wrong leads back to it`,
				`  upload as ${labels.tag}; it answers nothing while the smoke test tries it`,
				...[...rest(0), "  routes and cron triggers"],
				...lacking,
			];
		case "resume":
			return [
				`going on with ${plan.begun.version}, at ${plan.begun.percent} %`,
				...rest(plan.begun.percent),
				...lacking,
			];
		case "rollback":
			return [`back to ${plan.begun.old} for all requests, from ${plan.begun.version} at ${plan.begun.percent} %`];
	}
}
