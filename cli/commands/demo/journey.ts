// The whole story, once: a customer is set up, a publisher publishes, a firewall activates and updates itself, and again
// for each further release. Everything goes over HTTP, as it would from far away.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { FirewallHome } from "../../firewall/home/firewall-state.ts";
import { openHome } from "../../firewall/home/state.ts";
import { trustFolder } from "../../firewall/home/trust-folder.ts";
import { activateFirewall } from "../../firewall/identity/activation.ts";
import { createSession } from "../../firewall/identity/session.ts";
import { createOperatorApi, type OperatorApi } from "../../http/operator-api.ts";
import type { Surroundings } from "../../terminal/output.ts";
import { createProgress } from "../../terminal/progress.ts";
import { pinRoot } from "../../trust/client.ts";
import type { Target } from "../publish/targets.ts";
import { expectMessage, packageFolders, updateOnce, type WantedRelease } from "./firewall-steps.ts";
import { refuseForgery } from "./forgery.ts";
import { type DemoRelease, publishForDemo } from "./publish-step.ts";
import { type Seed, seedDemo } from "./seed.ts";
import type { RunStep } from "./steps.ts";
import { type DemoTrust, ensureTrust } from "./trust-step.ts";

export interface JourneyOptions {
	readonly step: RunStep;
	readonly surroundings: Surroundings;
	readonly json: boolean;
	readonly server: string;
	/** the operator's API key */
	readonly key: string;
	readonly targets: readonly Target[];
	/** where the demo keeps its auth code and its firewall */
	readonly folder: string;
}

export interface JourneyEnd {
	readonly seed: Seed;
	readonly homeFolder: string;
	readonly trust: DemoTrust;
}

export async function runJourney(options: JourneyOptions): Promise<JourneyEnd> {
	const { step, server, key, folder, surroundings, json, targets } = options;
	const { nowMs } = surroundings;
	const api = createOperatorApi({ server, key, nowMs });
	const products = [...new Set(targets.map((target) => target.product))];
	const seed = await seedDemo({ api, step, products, folder, nowMs });
	const trust = await step("trust", () => ensureTrust({ api, products, folder: join(folder, "trust"), nowMs }));
	const home = openHome(join(folder, "firewall"));
	const session = createSession(home, server, surroundings);
	const firewall = { session, step, progressFor: (label: string) => createProgress(surroundings, label, json) };
	const publish = (target: Target): Promise<DemoRelease> =>
		step("publish", () => publishForDemo(api, target, trust.publisher, surroundings, json));

	let activated = false;
	const prepareFirewall = async () => {
		if (activated) return;
		await step("activate", () => ensureActivated(options, api, home, seed, trust.root));
		await step("token", async () => {
			const { type, expiresAt } = await session.obtainToken("bound");
			const life = expiresAt - Math.floor(nowMs() / 1000);
			return { value: null, facts: { token_type: type, expires_in: life }, line: `${type} token for ${life} s` };
		});
		activated = true;
	};
	const follow = async (wanted: WantedRelease) => {
		await prepareFirewall();
		await updateOnce(firewall, wanted);
	};

	const inPlace = new Map<string, DemoRelease>();
	for (const target of targets) {
		const release = await publish(target);
		if (release.made) {
			inPlace.delete(release.product);
			await follow(release);
		} else inPlace.set(release.product, release);
	}
	// Nothing of these is new, and somebody may have published or withdrawn since: the firewall takes what is offered.
	for (const product of inPlace.keys()) await follow({ product, version: null, sha256: null });
	const last = targets.at(-1);
	if (last !== undefined) await refuseForgery(firewall, { api, folder, product: last.product, version: last.version });
	await step("messages", () => expectMessage(session, seed.messageTitle));
	await step("count", () => countFleet(api, seed.account));
	return { seed, homeFolder: home.folder, trust };
}

const toldAnswer = z.looseObject({ told: z.boolean() });
const fleetAnswer = z.looseObject({ products: z.array(z.looseObject({ product: z.string(), devices: z.number() })) });

/** Has the account tell its numbers now; by itself it would within a minute. */
async function countFleet(api: OperatorApi, account: string) {
	const what = "could not count the fleet";
	const { told } = await api.call("POST", `/v1/accounts/${account}/fleet`, what, toldAnswer, {});
	const { products } = await api.call("GET", "/v1/fleet", what, fleetAnswer);
	const lines = products.map(({ product, devices }) => `${devices} with ${product}`);
	return { value: null, facts: { told, products }, line: `the fleet: ${lines.join(", ")} (parapet fleet)` };
}

const deviceList = z.looseObject({ devices: z.array(z.looseObject({ device: z.string(), status: z.string() })) });

/** Activates the demo's firewall, or takes the one of an earlier run with an empty disk. */
async function ensureActivated(
	{ server, surroundings }: JourneyOptions,
	api: OperatorApi,
	home: FirewallHome,
	seed: Seed,
	root: string,
) {
	const earlier = (await home.load("identity"))?.device ?? null;
	const { devices } = await api.call(
		"GET",
		`/v1/accounts/${seed.account}/devices`,
		"could not list devices",
		deviceList,
	);
	const known = devices.some((one) => one.device === earlier?.id && one.status === "active");
	for (const path of packageFolders(home.folder)) await rm(path, { recursive: true, force: true });
	await home.forget("installed", "lastCheck", "messages", "reports", "token", "permits");
	if (earlier !== null && known) {
		return {
			value: null,
			facts: { device: earlier.id, made: false },
			line: `${earlier.id} (in place, with an empty disk)`,
		};
	}
	await home.forget("identity", "key");
	await rm(trustFolder(home), { recursive: true, force: true });
	await pinRoot(trustFolder(home), root);
	const { device, serial, model, algorithm } = await activateFirewall({
		home,
		server,
		code: seed.code,
		model: "demo-fw",
		labels: { site: "demo" },
		engine: "1.0.0",
		nowMs: surroundings.nowMs,
	});
	const facts = { device: device.id, serial, model, algorithm, made: true };
	return { value: null, facts, line: `${device.id}, serial ${serial}, ${algorithm} key` };
}
