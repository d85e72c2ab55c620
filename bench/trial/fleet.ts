// The firewalls of a trial: the command line's own client, many of them in this process, each with a home folder and a key of its own.
// They ask at their own times, come back when they are told to, and a release may break them.
import { join } from "node:path";
import { ServerRefusal } from "../../cli/errors.ts";
import { askPermit } from "../../cli/firewall/check/check.ts";
import { rememberHa } from "../../cli/firewall/ha.ts";
import { openHome } from "../../cli/firewall/home/state.ts";
import { activateFirewall } from "../../cli/firewall/identity/activation.ts";
import { createSession, type FirewallSession } from "../../cli/firewall/identity/session.ts";
import { downloadPermitted } from "../../cli/firewall/update/permitted-download.ts";
import { reportOutcome } from "../../cli/firewall/update/reports.ts";
import { updateFirewall } from "../../cli/firewall/update/update.ts";
import type { Offer } from "../../cli/firewall/wire-types.ts";
import type { Random } from "../../test/simulation/random.ts";
import { type Operator, PRODUCT } from "./operator.ts";
import type { Witness } from "./witness.ts";

export interface FleetSize {
	readonly devices: number;
	/** of the devices, two each */
	readonly pairs: number;
	readonly accounts: number;
}

export interface TrialDevice {
	readonly id: string;
	/** HA group or device */
	readonly unit: string;
	readonly account: string;
	readonly session: FirewallSession;
	/** unix ms */
	nextAskMs: number;
	/** what it runs; null = nothing */
	version: string | null;
	/** it died of a release: it never says or asks anything again */
	isDown: boolean;
	/** SHA-256 of a release that it tried and that failed: it does not try it again */
	refuses: string | null;
	/** by version when it broke the device, unix seconds */
	readonly brokenAt: Map<string, number>;
}

/** What a release does to a device that installs it. */
export type Effect = "runs" | "fails" | "dies";

const POLL_MS = 600_000;
const SOON_SECONDS = 60;
const MODELS = ["FW-100", "FW-200", "FW-400"];
const A_YEAR_MS = 365 * 86_400_000;
const ACTIVATED_AT_ONCE = 8;

export interface FleetParts {
	readonly operator: Operator;
	readonly witness: Witness;
	/** of all homes */
	readonly folder: string;
	readonly nowMs: () => number;
	readonly random: Random;
}

interface Place {
	readonly number: number;
	readonly account: string;
	readonly code: string;
	readonly role: "active" | "passive" | null;
	readonly group: string | null;
}

/** Makes accounts, licenses and HA groups, and activates every device; pairs are spread over the accounts. */
export async function makeFleet(size: FleetSize, parts: FleetParts): Promise<TrialDevice[]> {
	const places: Place[] = [];
	const singles = size.devices - 2 * size.pairs;
	const share = (of: number, index: number) =>
		Math.floor(((index + 1) * of) / size.accounts) - Math.floor((index * of) / size.accounts);
	for (let index = 0; index < size.accounts; index++) {
		for (const place of await makeAccount(parts, index, share(singles, index), share(size.pairs, index)))
			places.push({ ...place, number: places.length });
	}
	const devices: TrialDevice[] = [];
	await inParallel(places, ACTIVATED_AT_ONCE, async (place) => {
		devices[place.number] = await activate(parts, place);
	});
	return devices;
}

async function makeAccount({ operator }: FleetParts, index: number, singles: number, pairs: number) {
	const { call } = operator;
	const name = { name: `Account ${index}`, same_name: true };
	const { account } = await call<{ account: string }>("operator", "POST", "/v1/accounts", name);
	const path = `/v1/accounts/${account}`;
	const terms = {
		products: [PRODUCT],
		seats: singles + pairs + 1,
		ends_at: new Date(Date.now() + A_YEAR_MS).toISOString(),
	};
	const { license } = await call<{ license: string }>("operator", "POST", `${path}/licenses`, terms);
	const codeFor = async (of: object) => (await call<{ code: string }>("operator", "POST", `${path}/codes`, of)).code;
	const places: Omit<Place, "number">[] = [];
	if (singles > 0) {
		const code = await codeFor({ license, uses: singles });
		for (let count = 0; count < singles; count++) places.push({ account, code, role: null, group: null });
	}
	for (let count = 0; count < pairs; count++) {
		const made = { name: `pair ${count}`, mode: "active-passive", license };
		const { ha_group: group } = await call<{ ha_group: string }>("operator", "POST", `${path}/ha-groups`, made);
		const code = await codeFor({ ha_group: group, uses: 2 });
		for (const role of ["active", "passive"] as const) places.push({ account, code, role, group });
	}
	return places;
}

async function activate({ witness, folder, nowMs, random }: FleetParts, place: Place): Promise<TrialDevice> {
	const { number, account, code, role, group } = place;
	const home = openHome(join(folder, `device-${number}`));
	const { device } = await activateFirewall({
		...{ home, server: witness.url, code, nowMs },
		serial: `FW-${String(number).padStart(6, "0")}`,
		model: MODELS[number % MODELS.length],
		// Single devices are dull sites, whose owners let them go first.
		labels: group === null ? { ring: "volunteer" } : {},
	});
	const key = await home.load("key");
	if (key !== null) witness.know(key.x, device.id);
	if (role !== null) await rememberHa(home, { forget: false, said: { role, priority: undefined, peer: undefined } });
	return {
		...{ id: device.id, unit: group ?? device.id, account },
		session: createSession(home, witness.url, { nowMs, sleep: async () => {} }),
		...{
			nextAskMs: nowMs() + random.between(0, POLL_MS),
			version: null,
			isDown: false,
			refuses: null,
			brokenAt: new Map(),
		},
	};
}

/** One look for news, and all that follows from it. @param effectOf of the package with this SHA-256, on this device */
export async function ask(
	device: TrialDevice,
	nowMs: () => number,
	effectOf: (device: TrialDevice, sha256: string) => Effect,
): Promise<void> {
	const { session } = device;
	device.nextAskMs = nowMs() + POLL_MS;
	try {
		const { check, updates } = await updateFirewall(session, undefined, {
			isPutOff: (_, sha256) => effectOf(device, sha256) === "fails",
		});
		for (const update of updates) {
			if (update.ok) device.version = update.version;
			else if (update.reason === "not_yet") comeBack(device, nowMs(), update.retryAfter);
		}
		const { offer } = check.answer.products.find(({ product }) => product === PRODUCT) ?? {};
		if (offer != null && effectOf(device, offer.sha256) === "fails" && device.refuses !== offer.sha256)
			await installAndFail(device, offer);
	} catch (error) {
		// The service cannot be reached, or refuses: it keeps what it runs.
		const after = error instanceof ServerRefusal ? error.refusal.retryAfterSeconds : undefined;
		comeBack(device, nowMs(), after ?? SOON_SECONDS);
	}
}

function comeBack(device: TrialDevice, nowMs: number, afterSeconds: number | null): void {
	if (afterSeconds !== null) device.nextAskMs = Math.min(device.nextAskMs, nowMs + afterSeconds * 1_000);
}

async function installAndFail(device: TrialDevice, offer: Offer): Promise<void> {
	const { session } = device;
	const renew = () => askPermit(session, PRODUCT, offer);
	const permit = await renew();
	const got = await downloadPermitted(session, permit, { renew });
	if (!got.ok) return;
	device.refuses = permit.sha256;
	device.brokenAt.set(permit.version, Math.floor(session.nowMs() / 1_000));
	await reportOutcome(session, permit, "failed", "does_not_start");
}

/** So many at once, in no order. */
export async function inParallel<T>(
	items: readonly T[],
	atOnce: number,
	work: (item: T) => Promise<void>,
): Promise<void> {
	const waiting = [...items];
	const workers = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
		for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
	});
	await Promise.all(workers);
}
