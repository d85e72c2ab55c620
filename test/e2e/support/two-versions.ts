// Two versions of the Worker in one workerd, as while a deployment goes through: one answers requests, the objects are the other's. Stores
// and buckets are the same for both. Storage is Miniflare's, gone when it is closed.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import type { Bundle } from "../../../bench/workerd/bundle.ts";
import { findFreePort } from "../../../cli/worker/port.ts";
import { TEST_SECRETS } from "../../support/secrets.ts";
import { builtBundle } from "./built.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures");
const OBJECTS = {
	ACCOUNT: "Account",
	PRODUCT: "Product",
	DIRECTORY: "Directory",
	REPLAY_GUARD: "ReplayGuard",
	TRUST: "Trust",
	CENSUS: "Census",
	SERIAL_INDEX: "SerialIndex",
};

type Code = Pick<Bundle, "script" | "compatibilityDate" | "compatibilityFlags" | "vars">;

export interface TwoVersions {
	/** origin, which is the issuer too */
	readonly url: string;
	readonly bootstrapKey: string;
	/** lines that either has written, oldest first */
	logs(): readonly string[];
	stop(): Promise<void>;
}

/** The version before, as `npm run previous` has kept it. */
export async function readPrevious(): Promise<Code & { readonly commit: string }> {
	const about = JSON.parse(await readFile(join(FIXTURES, "previous-worker.json"), "utf8"));
	const script = brotliDecompressSync(await readFile(join(FIXTURES, "previous-worker.js.br"))).toString();
	return { ...about, script };
}

/** The version of this tree. */
export const readPresent = (): Promise<Code> => builtBundle();

/** The caller stops it. @param edge answers requests @param objects whose objects it calls */
export async function startTwoVersions(edge: Code, objects: Code): Promise<TwoVersions> {
	const port = await findFreePort();
	const url = `http://127.0.0.1:${port}`;
	const logs: string[] = [];
	const worker = (name: "edge" | "objects", code: Code) => ({
		name,
		compatibilityDate: code.compatibilityDate,
		compatibilityFlags: [...code.compatibilityFlags],
		unsafeDirectSockets: [{ host: "127.0.0.1", port: name === "edge" ? port : 0 }],
		modules: [{ type: "ESModule" as const, path: "worker.js", contents: code.script }],
		bindings: {
			...code.vars,
			...TEST_SECRETS,
			ENVIRONMENT: "local",
			ISSUER: url,
			HEADS_FRESH_SECONDS: "0",
			DEVICE_FRESH_SECONDS: "0",
			LOG_SAMPLE_RATE: "1",
			CF_VERSION_METADATA: { id: name, tag: "", timestamp: "" },
		},
		durableObjects: Object.fromEntries(
			Object.entries(OBJECTS).map(([binding, className]) => [
				binding,
				{ className, useSQLite: true, scriptName: name === "objects" ? undefined : "objects" },
			]),
		),
		kvNamespaces: { RECORDS: "records" },
		r2Buckets: { PACKAGES: "packages", PULSES: "pulses", HISTORY: "history" },
		ratelimits: Object.fromEntries(
			["RATE_REGISTER", "RATE_TOKEN", "RATE_PUBLISH", "RATE_CODE", "RATE_ACCOUNT"].map((limit, index) => [
				limit,
				{ namespace_id: String(index + 1), simple: { limit: 1_000_000, period: 60 as const } },
			]),
		),
		analyticsEngineDatasets: { ANALYTICS: { dataset: "requests" } },
	});
	const miniflare = new Miniflare(
		convertV4MiniflareOptions({
			log: new Log(LogLevel.ERROR),
			handleStructuredLogs: ({ message }) => void logs.push(message),
			cf: false,
			workers: [worker("edge", edge), worker("objects", objects)],
		}),
	);
	try {
		await miniflare.unsafeGetDirectURL("edge");
		return { url, bootstrapKey: TEST_SECRETS.BOOTSTRAP_KEY, logs: () => logs, stop: () => miniflare.dispose() };
	} catch (error) {
		await miniflare.dispose();
		throw error;
	}
}
