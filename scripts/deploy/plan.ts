// How a deployment has to go, by what is deployed now. Pure. A change of `[exports]`, the classes of objects, cannot go in stages: the
// platform takes it for all requests at once, and rolls nothing back past it. So each version's tag carries a digest of them.
import { createHash } from "node:crypto";
import { type UnderWay, underWay } from "./stages.ts";
import { commandFor, type Deployment } from "./wrangler.ts";

/** What the person at the command line wants of it. */
export interface Wish {
	readonly atOnce: boolean;
	readonly resume: boolean;
	readonly rollback: boolean;
}

export type DeploymentPlan =
	/** `old` null = the first deployment. isPastReturn: nothing goes back to the code before it */
	| { readonly kind: "at_once"; readonly old: string | null; readonly isPastReturn: boolean; readonly why: string }
	| { readonly kind: "staged"; readonly old: string }
	| { readonly kind: "resume" | "rollback"; readonly begun: UnderWay }
	| { readonly kind: "refused"; readonly why: string; readonly fix: string };

const UNKNOWN_CLASSES = "nothing says which classes of objects the version has that answers now";

/**
 * @param deployment what answers requests now; null = the Worker was never deployed
 * @param tag of the version that answers them; null = it has none, or there are several
 * @param digest of the classes to be deployed, see `digestOf`
 * @param environment of wrangler.toml; null = its top level
 */
export function planDeployment(
	deployment: Deployment | null,
	tag: string | null,
	digest: string,
	wish: Wish,
	environment: string | null = null,
): DeploymentPlan {
	const again = (options: string) => commandFor(environment, `npm run deploy -- ${options}`);
	const begun = deployment === null ? null : underWay(deployment);
	if (wish.resume || wish.rollback) {
		if (begun === null)
			return {
				kind: "refused",
				why: "no deployment in stages is under way",
				fix: environment === null ? "npm run deploy" : commandFor(environment, "npm run deploy --"),
			};
		return { kind: wish.rollback ? "rollback" : "resume", begun };
	}
	if (deployment === null)
		return { kind: "at_once", old: null, isPastReturn: true, why: "there is no earlier version to compare it with" };
	if (begun !== null) {
		const why = `a deployment is under way: ${begun.version} answers ${begun.percent} % of all requests, ${begun.old} the others`;
		return { kind: "refused", why, fix: `${again("--resume")}, or ${again("--rollback")}` };
	}
	const [only, ...others] = deployment.shares;
	if (only === undefined || others.length > 0) {
		const fix = `give all requests to one version: ${commandFor(environment, "npx wrangler versions deploy <version>@100%")}`;
		return { kind: "refused", why: "the requests are split among versions, by something else than this", fix };
	}
	const known = digestIn(tag);
	if (known !== digest) {
		const why = known === null ? UNKNOWN_CLASSES : "the classes of objects have changed ([exports] in wrangler.toml)";
		return { kind: "at_once", old: only.version, isPastReturn: true, why };
	}
	if (wish.atOnce) return { kind: "at_once", old: only.version, isPastReturn: false, why: "asked for (--at-once)" };
	return { kind: "staged", old: only.version };
}

/** @returns eight hexadecimal digits, the same for the same classes in whatever order they are written */
export function digestOf(exports: unknown): string {
	return createHash("sha256")
		.update(JSON.stringify(sorted(exports)))
		.digest("hex")
		.slice(0, 8);
}

/** @param commit null = not from a repository @returns at most 25 characters, which is what the platform takes */
export function tagOf(commit: string | null, isDirty: boolean, digest: string): string {
	return `${commit?.slice(0, 12) ?? "no-commit"}${isDirty ? "+" : ""}-${digest}`;
}

function digestIn(tag: string | null): string | null {
	return /-([0-9a-f]{8})$/.exec(tag ?? "")?.[1] ?? null;
}

function sorted(value: unknown): unknown {
	if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
	return Object.fromEntries(
		Object.entries(value)
			.toSorted(([a], [b]) => (a < b ? -1 : 1))
			.map(([key, item]) => [key, sorted(item)]),
	);
}
