// The demo's second fleet: firewalls that protect nobody, of an account and a product of their own, on which releases are tried. Each
// run makes its firewalls anew and takes them back at its end.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { PlanChoice } from "../../../src/rollout/built-in-plans.ts";
import { openHome } from "../../firewall/home/state.ts";
import { activateFirewall, deactivateFirewall } from "../../firewall/identity/activation.ts";
import { createSession, type FirewallSession } from "../../firewall/identity/session.ts";
import { updateFirewall } from "../../firewall/update/update.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { licenseFor } from "../../synthetic/account.ts";
import { nextMajor } from "../../synthetic/product.ts";
import type { Surroundings } from "../../terminal/output.ts";
import type { PublishedRelease } from "../publish/publish-package.ts";
import { publishFrom } from "../publish/publish-text.ts";
import { ensureAccount, ensureProduct } from "./seed.ts";

export const SYNTHETIC_PRODUCT = "synthetic-rules";
const ACCOUNT = "Synthetic fleet";
const DEVICES = 12;

export interface SyntheticFleetOptions {
	readonly api: OperatorApi;
	readonly surroundings: Surroundings;
	/** of the firewalls and their packages; what is in it goes */
	readonly folder: string;
}

export interface SyntheticFleet {
	readonly account: string;
	readonly sessions: readonly FirewallSession[];
	/** @returns the version that is to be released in this run after `minor` others; higher than all of earlier runs */
	versionOf(minor: number): string;
	/** @param plan undefined = the product's */
	publish(version: string, plan?: PlanChoice): Promise<PublishedRelease>;
	/** Every firewall updates itself once. @returns how many run this version afterwards */
	updateAll(version: string): Promise<number>;
	dispose(): Promise<void>;
}

/** @param plan of the product's releases */
export async function createSyntheticFleet(
	{ api, surroundings, folder }: SyntheticFleetOptions,
	plan: PlanChoice,
): Promise<SyntheticFleet> {
	const { value: account } = await ensureAccount({ api }, ACCOUNT);
	await ensureProduct({ api }, SYNTHETIC_PRODUCT, plan);
	const major = await newMajor(api);
	await rm(folder, { recursive: true, force: true });
	await mkdir(folder, { recursive: true });
	// A license of this run's own: one that was interrupted may have left its seats taken.
	const { code } = await licenseFor(api, account, SYNTHETIC_PRODUCT, DEVICES, surroundings.nowMs());
	const sessions = await Promise.all(
		Array.from({ length: DEVICES }, (_, index) => activate(`${index + 1}`.padStart(2, "0"))),
	);
	const publishText = publishFrom(folder, SYNTHETIC_PRODUCT, api, surroundings.nowMs);
	return {
		account,
		sessions,
		versionOf: (minor) => `${major}.${minor}.0`,
		publish: (version, ofRelease) => {
			const text = `# ${SYNTHETIC_PRODUCT} ${version}: no rule is in it\n`;
			return publishText(version, text, { notes: "of the demo", plan: ofRelease });
		},
		updateAll: async (version) => {
			const running = await Promise.all(sessions.map((session) => updateAndLook(session, version)));
			return running.filter(Boolean).length;
		},
		dispose: async () => {
			await Promise.all(sessions.map(({ home, server }) => deactivateFirewall(home, server, surroundings.nowMs)));
			await rm(folder, { recursive: true, force: true });
		},
	};

	async function activate(number: string): Promise<FirewallSession> {
		const home = openHome(join(folder, number));
		const { nowMs } = surroundings;
		const serial = `SYNTHETIC-${major}-${number}`;
		await activateFirewall({ home, server: api.server, code, serial, model: "synthetic", nowMs });
		return createSession(home, api.server, surroundings);
	}
}

/** @returns whether the firewall runs the version after an update */
async function updateAndLook(session: FirewallSession, version: string): Promise<boolean> {
	await updateFirewall(session, SYNTHETIC_PRODUCT);
	return (await installedVersion(session)) === version;
}

export async function installedVersion(session: FirewallSession): Promise<string | undefined> {
	return (await session.home.load("installed"))?.[SYNTHETIC_PRODUCT]?.version;
}

async function newMajor(api: OperatorApi): Promise<number> {
	const listing = z.looseObject({ releases: z.array(z.looseObject({ version: z.string() })) });
	const path = `/v1/products/${SYNTHETIC_PRODUCT}/releases`;
	const { releases } = await api.call("GET", path, `could not list releases of ${SYNTHETIC_PRODUCT}`, listing);
	return nextMajor(releases);
}
