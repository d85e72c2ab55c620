// No deployment may have what another one of the same wrangler.toml has: staging with production's namespace writes its records over them, with its
// bucket takes production's packages for orphans, with its counters uses up its quotas. Pure.
import type { DeployedSettings, Fault } from "./settings.ts";

/** The parts of wrangler's configuration that name what is one deployment's own. */
export interface OwnNames extends DeployedSettings {
	readonly r2_buckets: readonly { readonly binding: string; readonly bucket_name?: string | undefined }[];
	readonly ratelimits: readonly { readonly name: string; readonly namespace_id: string }[];
	readonly analytics_engine_datasets: readonly { readonly binding: string; readonly dataset?: string | undefined }[];
}

/** Another deployment of the file: `production`, or the name of its environment. */
export interface Other {
	readonly name: string;
	readonly settings: OwnNames;
}

/** @returns each value that another deployment has too, the first that has it named */
export function findSharedNames(settings: OwnNames, others: readonly Other[]): Fault[] {
	const faults: Fault[] = [];
	for (const [value, name] of namesOf(settings)) {
		const other = others.find((one) =>
			namesOf(one.settings).some(([at, theirs]) => kindOf(at) === kindOf(value) && theirs === name),
		);
		if (other === undefined) continue;
		const problem = `"${name}" is that of ${other.name} too`;
		faults.push({ value, problem, fix: "each deployment has one of its own: give one of the two another" });
	}
	return faults;
}

/** Names of one kind must differ, whatever is bound to them; a bucket and a dataset may be called alike. */
function kindOf(value: string): string {
	return value.split(" of ")[0] ?? value;
}

/** @returns where each name stands, and the name */
function namesOf(settings: OwnNames): (readonly [string, string])[] {
	const { kv_namespaces, r2_buckets, ratelimits, analytics_engine_datasets, routes = [] } = settings;
	const named = [
		["name", settings.name],
		["[vars] ISSUER", settings.vars["ISSUER"]],
		...routes.map((route) => ["[[routes]] pattern", typeof route === "string" ? route : route.pattern]),
		...kv_namespaces.map(({ binding, id }) => [`[[kv_namespaces]] id of ${binding}`, id]),
		...r2_buckets.map(({ binding, bucket_name }) => [`[[r2_buckets]] bucket_name of ${binding}`, bucket_name]),
		...ratelimits.map(({ name, namespace_id }) => [`[[ratelimits]] namespace_id of ${name}`, namespace_id]),
		...analytics_engine_datasets.map(({ binding, dataset }) => [
			`[[analytics_engine_datasets]] dataset of ${binding}`,
			dataset,
		]),
	] as const;
	return named.flatMap(([value, name]) => (name === undefined ? [] : [[String(value), String(name)] as const]));
}
