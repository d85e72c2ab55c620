// The firewalls of a soak, as a program of somebody's own would be made of the client library (cli/firewall/client.ts): thousands in this
// process, without a file, over connections that are kept. They ask when they are told to, install what they are offered and report.
import type { Agent } from "node:http";
import * as parapet from "../../cli/firewall/client.ts";
import type { Random } from "../../test/simulation/random.ts";
import type { Acknowledged } from "./ledger.ts";
import { PRODUCTS, type Product } from "./plan.ts";

export interface SoakFirewall {
	readonly id: string;
	readonly account: string;
	readonly license: string;
	readonly session: parapet.FirewallSession<parapet.FirewallState>;
	/** by product */
	readonly runs: Map<Product, string>;
}

export interface FleetParts {
	readonly server: string;
	readonly agent: Agent;
	readonly random: Random;
	/** seconds between checks */
	readonly interval: number;
	/** told what the service has acknowledged to a firewall */
	readonly onAcknowledged: (what: Acknowledged) => void;
	/** told of a package that was not what was promised, and of what nobody expects */
	readonly onFault: (fault: string) => void;
	/** told of each refusal by its code */
	readonly onRefusal: (code: string) => void;
}

export interface Seat {
	readonly account: string;
	readonly license: string;
	readonly code: string;
}

const MODELS = ["FW-100", "FW-200", "FW-400"];

/** @param number from 0 */
export async function activate({ server, agent }: FleetParts, seat: Seat, number: number): Promise<SoakFirewall> {
	const { account, license, code } = seat;
	const home = parapet.keepInMemory();
	const { device } = await parapet.activateFirewall({
		...{ home, server, code, agent, nowMs: Date.now },
		serial: `FW-${String(number).padStart(6, "0")}`,
		model: MODELS[number % MODELS.length],
	});
	const session = parapet.createSession(home, server, { ...parapet.systemClock, agent });
	return { id: device.id, account, license, session, runs: new Map() };
}

/** Asks again and again, from its own moment in the first interval on, until it is stopped. */
export async function live(firewall: SoakFirewall, parts: FleetParts, signal: AbortSignal): Promise<void> {
	const { sleep } = firewall.session;
	const pause = (seconds: number) => sleep(seconds * 1_000, signal).catch(() => {});
	await pause(parts.random.between(0, parts.interval));
	while (!signal.aborted) {
		const seconds = await ask(firewall, parts);
		await pause(seconds ?? parts.interval * parts.random.between(0.5, 1.5));
	}
}

/** One look for news, and all that follows from it. @returns seconds until the next one, as it was told; null = it was not */
export async function ask(firewall: SoakFirewall, parts: FleetParts): Promise<number | null> {
	try {
		await parapet.flushReports(firewall.session);
		const { answer, askedMs } = await parapet.checkForUpdates(firewall.session);
		for (const { product, offer } of answer.products) {
			const known = PRODUCTS.find((one) => one === product);
			if (known !== undefined && offer != null) await install(firewall, parts, known, offer, askedMs);
		}
		return answer.next_check_in ?? null;
	} catch (error) {
		if (error instanceof parapet.ServerRefusal) {
			parts.onRefusal(error.refusal.code);
			return error.refusal.retryAfterSeconds ?? null;
		}
		// It cannot be reached, or answers something else: it keeps what it runs.
		if (!(error instanceof parapet.CliError)) parts.onFault(String(error));
		return null;
	}
}

async function install(
	{ id, session, runs }: SoakFirewall,
	{ onAcknowledged, onFault, onRefusal }: FleetParts,
	product: Product,
	offer: parapet.Offer,
	askedMs: number,
): Promise<void> {
	const { version } = offer;
	const askPermit = async () => {
		const permit = await parapet.askPermit(session, product, offer);
		onAcknowledged({ kind: "permit", device: id, product, version });
		return permit;
	};
	const permit = parapet.permitInOffer(product, offer, askedMs, session.nowMs()) ?? (await askPermit());
	const got = await parapet.fetchPackage(session, permit, askPermit);
	if (!got.ok) {
		if (got.reason === "digest_mismatch" || got.reason === "size_mismatch")
			onFault(`${product} ${version}: ${got.detail}`);
		else onRefusal(`download_${got.reason}`);
		return;
	}
	await parapet.noteInstalled(session.home, permit, "in memory", Math.floor(session.nowMs() / 1_000));
	runs.set(product, version);
	if (permit.report_success === false) return;
	const waiting = await parapet.reportOutcome(session, permit, "healthy");
	if (waiting === 0) onAcknowledged({ kind: "healthy", device: id, product, version });
}
