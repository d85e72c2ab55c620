// A synthetic firewall: the command line's own device client with its state in a folder that is removed at the end. The steps know
// only the interface; who has no files and no node:http can put another client behind it.
import { join } from "node:path";
import { CliError, ServerRefusal } from "../errors.ts";
import { askPermit, checkForUpdates } from "../firewall/check/check.ts";
import { readMessages } from "../firewall/check/messages.ts";
import { openHome } from "../firewall/home/state.ts";
import { activateFirewall, deactivateFirewall } from "../firewall/identity/activation.ts";
import { createPrivateJwk } from "../firewall/identity/device-key.ts";
import { createSession } from "../firewall/identity/session.ts";
import { installPackage } from "../firewall/update/install.ts";
import { partPathOf } from "../firewall/update/parts.ts";
import { downloadPermitted } from "../firewall/update/permitted-download.ts";
import { type Outcome, reportOutcome } from "../firewall/update/reports.ts";
import { updateFirewall } from "../firewall/update/update.ts";
import type { StepClock } from "./timed-steps.ts";

export interface SyntheticFirewall {
	/** @returns the device's id */
	activate(code: string, model: string, serial: string): Promise<string>;
	/** One check. `offered`: the version; null = none */
	check(): Promise<{ readonly status: string; readonly offered: string | null; readonly unchanged: boolean }>;
	/** Installs what is offered and reports that all is well. @returns the version that runs now; null = none */
	update(): Promise<string | null>;
	/** Installs what is offered and reports this; undefined = falls silent. @returns the version; null = it was given none */
	installAndReport(outcome: Outcome | undefined, detail: string): Promise<string | null>;
	running(): Promise<string | null>;
	/** @returns titles of the messages that are for it */
	messages(): Promise<readonly string[]>;
	/** Asks for a token under this firewall's id with a key that is not its own. */
	impersonate(): Promise<void>;
	/** Asks for a new token with its own key. */
	token(): Promise<void>;
	deactivate(): Promise<void>;
}

export function openFirewall(folder: string, product: string, server: string, clock: StepClock): SyntheticFirewall {
	const home = openHome(folder);
	const session = createSession(home, server, clock);
	const { nowMs } = clock;
	const running = async () => (await home.load("installed"))?.[product]?.version ?? null;
	return {
		running,
		activate: async (code, model, serial) =>
			(await activateFirewall({ home, server, code, model, serial, nowMs })).device.id,
		check: async () => {
			const { answer, unchanged } = await checkForUpdates(session, product);
			const found = answer.products.find((one) => one.product === product);
			return { status: found?.status ?? "unknown", offered: found?.offer?.version ?? null, unchanged };
		},
		update: async () => {
			const { updates } = await updateFirewall(session, product);
			for (const update of updates) {
				if (!update.ok && update.reason !== "not_yet") throw new CliError(update.detail, { code: update.reason });
				if (update.ok && update.reportProblem !== null) throw new CliError(update.reportProblem, { code: "report" });
			}
			return running();
		},
		installAndReport: async (outcome, detail) => {
			const { answer } = await checkForUpdates(session, product);
			const offer = answer.products.find((one) => one.product === product)?.offer;
			if (offer == null) return null;
			const permit = await askPermit(session, product, offer).catch((error: unknown) => {
				if (error instanceof ServerRefusal && error.refusal.code === "exposure_limited") return null;
				throw error;
			});
			if (permit === null) return null;
			const renew = () => askPermit(session, product, offer);
			const result = await downloadPermitted(session, permit, { renew });
			if (!result.ok) throw new CliError(`${partPathOf(home, permit)}: ${result.detail}`, { code: result.reason });
			await installPackage(home, permit, Math.floor(nowMs() / 1000));
			if (outcome !== undefined) await reportOutcome(session, permit, outcome, detail);
			return permit.version;
		},
		messages: async () => (await readMessages(session)).messages.map(({ title }) => title),
		impersonate: async () => {
			const identity = await home.load("identity");
			if (identity === null) throw new CliError("there is nobody to impersonate", { code: "not_activated" });
			const thief = openHome(join(folder, "thief"));
			await thief.save("identity", identity);
			await thief.save("key", await createPrivateJwk(identity.algorithm));
			await createSession(thief, server, clock).obtainToken("bound");
		},
		token: async () => {
			await session.obtainToken("bound");
		},
		deactivate: async () => {
			await deactivateFirewall(home, server, nowMs);
		},
	};
}
