// The command line of `npm run deploy`. Pure.
import { parseArgs } from "node:util";

export const USAGE = `usage: npm run deploy -- [options]
  --secrets-file FILE   secrets to set with the version (JSON)
  --plan                say what would be done, and do nothing
  --dry-run             build, and send nothing
  --stages 1,10,50,100  percent of all requests, one stage after the other (default)
  --bake SECONDS        for which each stage is watched (default 600)
  --at-once             to everybody at once, then the smoke test
  --resume, --rollback  go on with, or take back, a deployment that stands in the middle
  --without-smoke       do not try the new version by \`parapet smoke\`
  --unwatched           do not compare the numbers of the new version with those of the old one
  --env NAME            an environment of wrangler.toml: staging (default: production)
  --yes                 do not ask, where nothing leads back
  --help                print this`;

export interface DeployOptions {
	readonly secretsFile: string | null;
	readonly environment: string | null;
	readonly isPlanOnly: boolean;
	readonly isDryRun: boolean;
	readonly atOnce: boolean;
	readonly resume: boolean;
	readonly rollback: boolean;
	readonly withoutSmoke: boolean;
	readonly unwatched: boolean;
	readonly yes: boolean;
	/** of all requests, ascending, the last one 100 */
	readonly percents: readonly number[];
	readonly bakeSeconds: number;
}

/** What of the surroundings says who may try and watch. */
export interface Access {
	/** PARAPET_KEY */
	readonly key: string | undefined;
	/** CLOUDFLARE_ACCOUNT_ID */
	readonly account: string | undefined;
	/** CLOUDFLARE_API_TOKEN */
	readonly token: string | undefined;
}

const LONGEST_BAKE_SECONDS = 86_400;

/** @returns what is wrong with it, where something is */
export function readOptions(
	args: readonly string[],
): DeployOptions | { readonly problem: string } | { readonly help: true } {
	let values: ReturnType<typeof parse>;
	try {
		values = parse(args);
	} catch (error) {
		return { problem: error instanceof Error ? error.message : String(error) };
	}
	if (values.help) return { help: true };
	const percents = values.stages.split(",").map(Number);
	const isAscending = percents.every((percent, at) => Number.isInteger(percent) && percent > (percents[at - 1] ?? 0));
	if (!isAscending || percents.at(-1) !== 100)
		return { problem: `--stages ${values.stages}: whole percents, ascending, the last one 100` };
	const bakeSeconds = Number(values.bake);
	if (!/^\d+$/.test(values.bake) || bakeSeconds > LONGEST_BAKE_SECONDS)
		return { problem: `--bake ${values.bake}: whole seconds, at most ${LONGEST_BAKE_SECONDS}` };
	const wishes = [values["at-once"], values.resume, values.rollback].filter(Boolean);
	if (wishes.length > 1) return { problem: "--at-once, --resume and --rollback: one of them" };
	return {
		...{ percents, bakeSeconds, yes: values.yes, resume: values.resume, rollback: values.rollback },
		...{ secretsFile: values["secrets-file"] ?? null, environment: values.env ?? null, atOnce: values["at-once"] },
		...{ isPlanOnly: values.plan, isDryRun: values["dry-run"] },
		...{ withoutSmoke: values["without-smoke"], unwatched: values.unwatched },
	};
}

/** @returns what stages need and do not have; null = nothing */
export function missingFor(
	{ withoutSmoke, unwatched }: Pick<DeployOptions, "withoutSmoke" | "unwatched">,
	{ key, account, token }: Access,
): { readonly problem: string; readonly fix: string } | null {
	if (!withoutSmoke && key === undefined) {
		const fix = "set PARAPET_KEY to an API key of scope operate, or give --without-smoke";
		return { problem: "no API key for the smoke test", fix };
	}
	if (unwatched || (account !== undefined && token !== undefined)) return null;
	const fix =
		"set CLOUDFLARE_ACCOUNT_ID, and CLOUDFLARE_API_TOKEN to a token that may read Account Analytics, or give --unwatched";
	return { problem: "nothing to read the numbers of each version with", fix };
}

function parse(args: readonly string[]) {
	const flag = { type: "boolean", default: false } as const;
	return parseArgs({
		args: [...args],
		options: {
			...{ "secrets-file": { type: "string" }, env: { type: "string" } },
			...{ stages: { type: "string", default: "1,10,50,100" }, bake: { type: "string", default: "600" } },
			...{ plan: flag, "dry-run": flag, "at-once": flag, resume: flag, rollback: flag, yes: flag },
			...{ "without-smoke": flag, unwatched: flag, help: { ...flag, short: "h" } },
		},
	}).values;
}
