// A firewall of its own in a temporary folder, at a contract server.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHome } from "../../../../cli/firewall/home/state.ts";
import { type ActivationOptions, activateFirewall } from "../../../../cli/firewall/identity/activation.ts";
import { createSession, type FirewallSession } from "../../../../cli/firewall/identity/session.ts";
import { AUTH_CODE, startContractServer } from "./contract-server.ts";
import type { ContractServer } from "./contract-state.ts";
import { type CliRun, runCli } from "./run-cli.ts";

export interface ContractFirewall {
	readonly server: ContractServer;
	readonly session: FirewallSession;
	/** its home */
	readonly folder: string;
	/** ms of every pause that it made */
	readonly pauses: readonly number[];
	/** unix ms; stands still unless a test sets it */
	nowMs: number;
	activate(options?: Partial<ActivationOptions>): ReturnType<typeof activateFirewall>;
	/** `parapet device …` with its home */
	run(...args: string[]): Promise<CliRun>;
	/** paths of the requests that begin like that */
	asked(prefix: string): string[];
	/** names in a folder of the home, none where it is missing */
	files(...path: string[]): Promise<string[]>;
	installedBytes(product?: string): Promise<Buffer>;
	close(): Promise<void>;
}

/**
 * Starts both. The caller closes them, and has the firewall activated if it is to be.
 * @param under where its home is to be made; undefined = in the folder for temporary files
 */
export async function startContractFirewall(under: string = tmpdir()): Promise<ContractFirewall> {
	const server = await startContractServer();
	const parent = await mkdtemp(join(under, "parapet-test-"));
	const folder = join(parent, "firewall");
	const pauses: number[] = [];
	const home = openHome(folder);
	const clock = {
		nowMs: () => firewall.nowMs,
		sleep: async (ms: number) => {
			pauses.push(ms);
		},
	};
	const firewall: ContractFirewall = {
		server,
		folder,
		pauses,
		session: createSession(home, server.url, clock),
		nowMs: Date.now(),
		activate: (options) =>
			activateFirewall({ home, server: server.url, code: AUTH_CODE, nowMs: clock.nowMs, ...options }),
		run: (...args) => runCli(["device", ...args, "--home", folder], {}, parent, clock),
		asked: (prefix) => server.seen.map(({ path }) => path).filter((path) => path.startsWith(prefix)),
		files: (...path) => readdir(join(folder, ...path)).catch(() => []),
		installedBytes: async (product = "crs") => {
			const installed = await home.load("installed");
			return readFile(join(folder, installed?.[product]?.path ?? "missing"));
		},
		close: async () => {
			await server.close();
			await rm(parent, { recursive: true, force: true });
		},
	};
	return firewall;
}
