// The real service for tests from outside: the bundle that is deployed, in workerd, on a free port of this machine, with stores of
// its own that are gone when it is closed. All traffic goes past a witness: it must be as the API is described.
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as workerOptionsOf } from "wrangler";
import { TEST_SECRETS } from "../../support/secrets.ts";
import { builtBundle } from "./built.ts";
import { type Forge, type Lose, startWitness } from "./witness.ts";

const CONFIGURATION = join(import.meta.dirname, "../../../dev/wrangler.toml");

export interface RunningService {
	/** origin, which is the issuer too; no slash at the end */
	readonly url: string;
	/** origin of the runtime itself, past the witness: for what is no part of the API */
	readonly runtime: () => string;
	readonly bootstrapKey: string;
	/** Has a thief answer in its place. @param forge undefined = nobody does any more */
	forge(forge: Forge | undefined): void;
	/** Has answers get lost. @param lose undefined = none are any more */
	lose(lose: Lose | undefined): void;
	/** Puts more secrets, as `wrangler secret put` does: what is stored stays. */
	putSecrets(more: Readonly<Record<string, string>>): Promise<void>;
	/** lines that the service has written so far, oldest first */
	logs(): string[];
	/** @throws Error where a request or an answer was not as the API is described */
	close(): Promise<void>;
}

export interface ServiceOptions {
	/** in place of those of dev/wrangler.toml */
	readonly variables?: Readonly<Record<string, string>>;
	/** in place of the public ones for tests */
	readonly secrets?: Readonly<Record<string, string>>;
	/** of an S3 endpoint before the packages' bucket, `<runtime>/cdn-cgi/local/r2/s3/<bucket>`; not given = there is none */
	readonly bucketKeys?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Starts a service. The caller closes it. */
export async function startService({
	variables = {},
	secrets = {},
	bucketKeys,
}: ServiceOptions = {}): Promise<RunningService> {
	let origin = new URL("http://127.0.0.1");
	let forge: Forge | undefined;
	let lose: Lose | undefined;
	const [{ script }, witness] = await Promise.all([
		builtBundle(),
		startWitness(
			() => origin,
			(path) => forge?.(path),
			(path) => lose?.(path) ?? false,
		),
	]);
	const { workerOptions } = workerOptionsOf(CONFIGURATION);
	const buckets = { ...Object(workerOptions.r2Buckets) } as Record<string, { id: string }>;
	const { PACKAGES } = buckets;
	const r2Buckets = { ...buckets, ...(PACKAGES && { PACKAGES: { ...PACKAGES, s3Credentials: bucketKeys } }) };
	const bindings = {
		...Object(workerOptions.bindings),
		ISSUER: witness.url,
		...variables,
		...TEST_SECRETS,
		...secrets,
	};
	const logs: string[] = [];
	const optionsWith = (more: Readonly<Record<string, string>>) => {
		const code = { modulesRules: undefined, modules: true, script } as const;
		return convertV4MiniflareOptions({
			log: new Log(LogLevel.ERROR),
			handleStructuredLogs: ({ message }) => logs.push(message),
			// Or the network would be asked where this machine is.
			cf: false,
			workers: [{ ...workerOptions, ...code, r2Buckets, name: "parapet", bindings: { ...bindings, ...more } }],
		});
	};
	const miniflare = new Miniflare(optionsWith({}));
	const closeBoth = async () => {
		await Promise.all([miniflare.dispose(), witness.close()]);
	};
	try {
		origin = await miniflare.ready;
		return {
			url: witness.url,
			runtime: () => origin.origin,
			bootstrapKey: secrets["BOOTSTRAP_KEY"] ?? TEST_SECRETS.BOOTSTRAP_KEY,
			forge: (by) => {
				forge = by;
			},
			lose: (by) => {
				lose = by;
			},
			putSecrets: async (more) => {
				await miniflare.setOptions(optionsWith(more));
				origin = await miniflare.ready;
			},
			logs: () => [...logs],
			close: async () => {
				await closeBoth();
				const faults = [...new Set(witness.faults())];
				if (faults.length > 0) throw new Error(`not as the API is described: ${faults.join("; ")}`);
			},
		};
	} catch (error) {
		await closeBoth();
		throw error;
	}
}
