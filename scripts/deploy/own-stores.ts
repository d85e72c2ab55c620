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
	for (const { kind, of, name } of namesOf(settings)) {
		// Names of one kind must differ, whatever is bound to them; a bucket and a dataset may be called alike.
		const other = others.find((one) => namesOf(one.settings).some((at) => at.kind === kind && at.name === name));
		if (other === undefined) continue;
		const value = of === undefined ? kind : `${kind} of ${of}`;
		const problem = `"${name}" is that of ${other.name} too`;
		faults.push({ value, problem, fix: "each deployment has one of its own: give one of the two another" });
	}
	return faults;
}

interface OwnName {
	/** where it stands in wrangler.toml */
	readonly kind: string;
	/** the binding; undefined where the deployment has one of that kind */
	readonly of?: string;
	readonly name: string;
}

function namesOf(settings: OwnNames): OwnName[] {
	const { kv_namespaces, r2_buckets, ratelimits, analytics_engine_datasets, routes = [] } = settings;
	const named = [
		{ kind: "name", name: settings.name },
		{ kind: "[vars] ISSUER", name: settings.vars["ISSUER"] },
		...routes.map((route) => ({
			kind: "[[routes]] pattern",
			name: typeof route === "string" ? route : route.pattern,
		})),
		...kv_namespaces.map(({ binding: of, id: name }) => ({ kind: "[[kv_namespaces]] id", of, name })),
		...r2_buckets.map(({ binding: of, bucket_name: name }) => ({ kind: "[[r2_buckets]] bucket_name", of, name })),
		...ratelimits.map(({ name: of, namespace_id: name }) => ({ kind: "[[ratelimits]] namespace_id", of, name })),
		...analytics_engine_datasets.map(({ binding: of, dataset: name }) => ({
			...{ kind: "[[analytics_engine_datasets]] dataset", of, name },
		})),
	];
	return named.flatMap(({ name, ...at }) => (name === undefined ? [] : [{ ...at, name: String(name) }]));
}
