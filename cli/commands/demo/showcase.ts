// The demo's third fleet, for the console: firewalls of several models in several countries, with several versions, of which some are
// silent, some failed and one is suspended; a license that ends soon, and a release in the midst of its first step. Made once; a later
// run finds it in place, as it was left.
import { z } from "zod";
import type { Plan } from "../../../src/rollout/plan.ts";
import { anyAnswer } from "../../http/answers.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { rolloutAnswer } from "../../rollout/ladder.ts";
import { publishFrom } from "../publish/publish-text.ts";
import { ensureAccount, ensureProduct } from "./seed.ts";
import { openSpeaker, type Speaker } from "./showcase-speaker.ts";
import type { RunStep } from "./steps.ts";

export const SHOWCASE_PRODUCT = "demo-rules";
const ACCOUNT_NAME = "Demo fleet";
const DAY_MS = 86_400_000;
const HOUR = 3_600;
const MODELS = ["FW-100", "FW-100", "FW-200", "FW-900", "VM-50"];
/** Of the two whose disk is full one is in Brazil: the question of docs/operations.md has an answer here. */
const COUNTRIES = ["DE", "JP", "US", "BR", "FR", "IN", "ZA", "AU", "DE", "US"];
const DEVICES = 24;
const SILENT = 3;
const SUSPENDED = 1;
/** Under the license that ends soon. */
const ENDING = 6;
const FIRST = 4;

const OLD = "1.0.0";
const CURRENT = "1.1.0";
const COMING = "2.0.0";
/** Made up, for something to change: what is coming blocks where it told, and names a CVE. */
const FIRST_RULE = 'http any any -> any any (msg:"DEMO path traversal"; content:"../"; sid:9000001; rev:1;)';
const RULES = {
	[OLD]: `alert ${FIRST_RULE}\n`,
	[CURRENT]: `alert ${FIRST_RULE}
alert http any any -> any any (msg:"DEMO SQL injection"; content:"union select"; nocase; sid:9000002; rev:1;)
`,
	[COMING]: `drop ${FIRST_RULE}
alert http any any -> any any (msg:"DEMO SQL injection"; content:"union select"; nocase; sid:9000002; rev:1;)
alert http any any -> any any (msg:"DEMO lookup by name in a log line"; content:"\${jndi"; nocase; reference:cve,2021-44228; sid:9000003; rev:1;)
`,
} as const;
const FAILURES = [
	["disk", 2],
	["memory", 1],
] as const;

/** Its first step waits for an hour of good news, and its second for another word. */
const PLAN: Plan = {
	name: "demo",
	overrides: 1,
	steps: [
		{
			...{ name: "four", cohort: { units: FIRST }, bake: HOUR, fillWithin: null, expect: HOUR, lease: 10 * 60 },
			gate: { kind: "count", maxFailures: 0, minHealthy: FIRST },
			approvals: { team: null, count: 1 },
		},
		{
			...{ name: "everybody", cohort: { fraction: 1 }, bake: 0, fillWithin: null, expect: HOUR, lease: 10 * 60 },
			gate: { kind: "count", maxFailures: 100, minHealthy: 0 },
			approvals: { team: null, count: 1 },
		},
	],
};

export interface ShowcaseOptions {
	readonly step: RunStep;
	readonly api: OperatorApi;
	/** of somebody else: nobody lets out alone what they uploaded */
	readonly approver: OperatorApi;
	/** for files that are there while they are uploaded */
	readonly folder: string;
	readonly nowMs: () => number;
}

const license = z.looseObject({ license: z.string() });
const deviceList = z.looseObject({ devices: z.array(z.looseObject({ device: z.string() })) });
const imported = z.looseObject({ results: z.array(z.looseObject({ device: z.string().optional() })) });

export async function buildShowcase(options: ShowcaseOptions): Promise<void> {
	await options.step("showcase", async () => {
		const { api } = options;
		const { value: account } = await ensureAccount({ api }, ACCOUNT_NAME);
		const path = `/v1/accounts/${account}/devices?limit=1`;
		const { devices } = await api.call("GET", path, "could not list devices", deviceList);
		if (devices.length === 0) await fill(options, account);
		const facts = { account, made: devices.length === 0 };
		const what = `${account} "${ACCOUNT_NAME}": ${DEVICES} firewalls, ${SHOWCASE_PRODUCT} ${COMING} on its way`;
		return { value: null, facts, line: devices.length === 0 ? what : `${what} (in place)` };
	});
}

async function fill(options: ShowcaseOptions, account: string): Promise<void> {
	const { api, approver, folder, nowMs } = options;
	await ensureProduct({ api }, SHOWCASE_PRODUCT, PLAN);
	const publish = publishFrom(folder, SHOWCASE_PRODUCT, api, nowMs);
	for (const version of [OLD, CURRENT] as const)
		await publish(version, RULES[version], { notes: "of the demo", plan: "immediate" });
	const licenses = await Promise.all([makeLicense(options, account, 60, 365), makeLicense(options, account, 10, 12)]);
	const speakers = await importDevices(options, account, licenses);
	const heard = speakers.slice(SILENT, DEVICES - SUSPENDED);
	await Promise.all(heard.map((speaker, index) => speaker.check(index % 3 === 0 ? OLD : CURRENT)));
	const behind = heard.filter((_, index) => index % 3 === 0);
	const failing = FAILURES.flatMap(([reason, count]) => Array.from({ length: count }, () => reason));
	await Promise.all(failing.map((reason, index) => behind[index]?.install(OLD, "failed", reason)));

	await publish(COMING, RULES[COMING], { notes: "of the demo" });
	const rollout = `/v1/products/${SHOWCASE_PRODUCT}/releases/${COMING}/rollout`;
	const { evidence } = await api.call("GET", rollout, "could not read the rollout", rolloutAnswer);
	await approver.call("POST", `${rollout}/words`, "could not approve", anyAnswer, { kind: "approve", evidence });
	const first = heard.filter((_, index) => index % 3 === 1).slice(0, FIRST);
	// Two are well, the third is at it, the fourth has not asked.
	for (const [index, speaker] of first.slice(0, FIRST - 1).entries())
		await speaker.install(CURRENT, index < 2 ? "healthy" : null);
	await api.call("POST", `/v1/accounts/${account}/fleet`, "could not count the fleet", anyAnswer, {});
}

async function makeLicense({ api, nowMs }: ShowcaseOptions, account: string, seats: number, days: number) {
	const terms = {
		...{ products: [SHOWCASE_PRODUCT], seats, grace_days: 7 },
		ends_at: new Date(nowMs() + days * DAY_MS).toISOString().replace(/\.\d{3}Z$/, "Z"),
	};
	const path = `/v1/accounts/${account}/licenses`;
	return (await api.call("POST", path, "could not create the license", license, terms)).license;
}

async function importDevices(
	{ api, nowMs }: ShowcaseOptions,
	account: string,
	[usual, ending]: readonly string[],
): Promise<Speaker[]> {
	const speakers = await Promise.all(
		Array.from({ length: DEVICES }, (_, index) =>
			openSpeaker({
				server: api.server,
				product: SHOWCASE_PRODUCT,
				country: COUNTRIES[index % COUNTRIES.length],
				nowMs,
			}),
		),
	);
	const lines = speakers.map(({ jwk }, index) => ({
		...{ jwk, serial: `DEMO-${String(index + 1).padStart(4, "0")}`, model: MODELS[index % MODELS.length] },
		license: index < ENDING ? ending : usual,
		labels: { site: (COUNTRIES[index % COUNTRIES.length] ?? "").toLowerCase() },
		// So that each request of theirs is one, without a proof beside it.
		dpop_bound: false,
		...(index >= DEVICES - SUSPENDED && { status: "suspended" }),
	}));
	const path = `/v1/accounts/${account}/devices`;
	const { results } = await api.call("POST", path, "could not import firewalls", imported, { devices: lines });
	for (const [index, { device }] of results.entries()) speakers[index]?.becomes(device ?? "");
	return speakers;
}
