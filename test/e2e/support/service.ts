// The real service for tests from outside: the bundle that wrangler builds, in workerd, on a free port of this machine, with
// stores of its own that are gone when it is closed.
import { join } from "node:path";
import { createTestHarness } from "wrangler";
import { TEST_SECRETS } from "../../support/secrets.ts";

const PROJECT = join(import.meta.dirname, "../../..");

export interface RunningService {
	/** origin, which is the issuer too; no slash at the end */
	readonly url: string;
	readonly bootstrapKey: string;
	/** lines that the service has written so far, oldest first */
	logs(): string[];
	close(): Promise<void>;
}

export interface ServiceOptions {
	/** in place of those of dev/wrangler.toml */
	readonly variables?: Readonly<Record<string, string>>;
	/** in place of the public ones for tests */
	readonly secrets?: Readonly<Record<string, string>>;
}

/** Starts a service. The caller closes it. */
export async function startService({ variables = {}, secrets = {} }: ServiceOptions = {}): Promise<RunningService> {
	// Or wrangler would ask the network where this machine is.
	process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
	const withVariables = (vars: Record<string, string>) => ({
		root: PROJECT,
		workers: [{ configPath: "dev/wrangler.toml", vars, secrets: { ...TEST_SECRETS, ...secrets } }],
	});
	const harness = createTestHarness(withVariables({ ...variables }));
	try {
		// Which port is free is known only now, and the issuer has it in it.
		const { url } = await harness.listen();
		await harness.update(withVariables({ ISSUER: url.origin, ...variables }));
		const { url: still } = await harness.listen();
		if (still.origin !== url.origin) throw new Error("the service moved to another port while it started");
		return {
			url: url.origin,
			bootstrapKey: secrets["BOOTSTRAP_KEY"] ?? TEST_SECRETS.BOOTSTRAP_KEY,
			logs: () => harness.getLogs().map(({ message }) => message),
			close: () => harness.close(),
		};
	} catch (error) {
		await harness.close();
		throw error;
	}
}
