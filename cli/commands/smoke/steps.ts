// The steps of the smoke test: what every firewall of every customer lives by, once through, on a firewall that protects nobody. They
// know no HTTP, no files and no clock of their own: what they need is handed in, so that a probe runs the very same steps.
import { z } from "zod";
import { CliError } from "../../errors.ts";
import { anyAnswer } from "../../http/answers.ts";
import { clearAccount, type SyntheticAccount, takeAccount } from "../../synthetic/account.ts";
import { expectRefusal } from "../../synthetic/expect-refusal.ts";
import type { SyntheticFirewall } from "../../synthetic/firewall.ts";
import {
	ensureProduct,
	nextMajor,
	releasesOf,
	withdrawLeftovers,
	withdrawOf,
	withdrawRelease,
} from "../../synthetic/product.ts";
import type { RunParts } from "../../synthetic/run.ts";
import { type StepNews, type TimedStep, untilFound } from "../../synthetic/timed-steps.ts";

export const SMOKE_PRODUCT = "parapet-smoke";
export const SMOKE_TITLE = "Parapet smoke test (synthetic)";
const NAMES = ["Parapet smoke test", "Parapet smoke test 2", "Parapet smoke test 3"];
/** Its release that stays. */
export const SMOKE_BASE = "1.0.0";
const ENDED = "the smoke test is over";

const told = (line: string, facts: StepNews["facts"] = {}): StepNews => ({ line, facts });

/** @returns `steps` until one fails, and `always`: what takes back whatever was begun */
export function smokeSteps(parts: RunParts): { steps: readonly TimedStep[]; always: readonly TimedStep[] } {
	const { api, publish, openFirewall, run, killedAfterMs, nowMs } = parts;
	const product = { api, product: SMOKE_PRODUCT, title: SMOKE_TITLE };
	const model = `smoke-${run}`;
	const firewall = openFirewall("firewall");
	let owner: SyntheticAccount | undefined;
	let version = "";
	const own = () => {
		if (owner === undefined) throw new CliError("there is no account");
		return owner;
	};
	const runs = async (wanted: string, signal: AbortSignal) =>
		untilFound(parts, signal, async () => ((await firewall.update()) === wanted ? wanted : null));

	const steps: TimedStep[] = [
		{
			name: "product",
			run: async () => {
				const made = await ensureProduct(product);
				const releases = await releasesOf(api, SMOKE_PRODUCT);
				if (!releases.some((release) => release.version === SMOKE_BASE)) {
					await publish(SMOKE_BASE, "# smoke test: the release that stays\n", { plan: "immediate", notes: "stays" });
				}
				const left = await withdrawLeftovers(product, nowMs() - killedAfterMs);
				version = `${nextMajor([...releases, { version: SMOKE_BASE }])}.0.${Number.parseInt(run, 16)}`;
				const also = left.length === 0 ? "" : `; withdrawn: ${left.join(", ")}, left by runs that were killed`;
				return told(`${SMOKE_PRODUCT} with ${SMOKE_BASE}${also}`, { product: SMOKE_PRODUCT, made, withdrawn: left });
			},
		},
		{
			name: "account",
			run: async () => {
				owner = await takeAccount({ api, names: NAMES, product: SMOKE_PRODUCT, seats: 1, killedAfterMs, nowMs });
				const { account, license, cleared } = owner;
				const also = cleared.length === 0 ? "" : `; closed ${cleared.join(", ")}, left by runs that were killed`;
				return told(`${account}, one seat${also}`, { account, license, cleared });
			},
		},
		{
			name: "activate",
			run: async () => {
				const device = await firewall.activate(own().code, model, `SMOKE-${run.toUpperCase()}`);
				return told(device, { device });
			},
		},
		{
			name: "refuse",
			run: async () => {
				const stranger = openFirewall("stranger").activate(own().code, model, `SMOKE-${run.toUpperCase()}-2`);
				const code = await expectRefusal(stranger, "a second firewall with a code for one");
				const thief = await expectRefusal(firewall.impersonate(), "a stranger's key under the firewall's name");
				return told(`a second firewall: ${code}; a stranger's key: ${thief}`, { codes: [code, thief] });
			},
		},
		{
			name: "install",
			run: async (signal) => told(`${await runs(SMOKE_BASE, signal)}, reported healthy`, { version: SMOKE_BASE }),
		},
		{
			name: "publish",
			run: async () => {
				const metadata = { models: [model], plan: "immediate", notes: `smoke test ${run}`, allow_older: true } as const;
				await publish(version, "# smoke test: the release that is withdrawn\n", metadata);
				return told(`${version}, for model ${model} alone`, { version });
			},
		},
		{ name: "update", run: async (signal) => told(await runs(version, signal), { version }) },
		{
			name: "unchanged",
			run: async (signal) => {
				const found = await untilFound(parts, signal, async () => {
					const checked = await firewall.check();
					if (checked.status !== "current") throw new CliError(`the check says ${checked.status}, not current`);
					return checked.unchanged ? checked : null;
				});
				return told(`${version} is ${found.status}; the same question again: 304`, { status: found.status });
			},
		},
		{
			name: "message",
			run: async (signal) => {
				const title = `Smoke test ${run}`;
				const made = await api.call(
					"POST",
					"/v1/messages",
					"could not put up the message",
					z.looseObject({ id: z.string() }),
					{
						...{ severity: "info", title, body: "For a synthetic firewall.", audience: { accounts: [own().account] } },
						ends_at: new Date(nowMs() + 3_600_000).toISOString(),
					},
				);
				await untilFound(parts, signal, async () => ((await firewall.messages()).includes(title) ? title : null));
				const what = "could not take the message down";
				await api.call("DELETE", `/v1/messages/${made.id}`, what, anyAnswer);
				return told(`"${title}" is read, and taken down`, { message: made.id });
			},
		},
		{
			name: "withdraw",
			run: async (signal) => {
				await withdrawRelease(api, SMOKE_PRODUCT, version, ENDED);
				return told(`${version} is withdrawn, back at ${await runs(SMOKE_BASE, signal)}`, { version, to: SMOKE_BASE });
			},
		},
		{
			name: "deactivate",
			run: async (signal) => {
				await firewall.deactivate();
				const code = await untilFound(parts, signal, () => refusedOnceGone(openFirewall("firewall")));
				return told(`the seat is given back; a token after that: ${code}`, { code });
			},
		},
	];
	return { steps, always: [{ name: "clean_up", run: cleanUp }] };

	async function cleanUp(): Promise<StepNews> {
		// Not of a product that was refused as somebody else's.
		const withdrawn = version === "" ? [] : await withdrawOf(model, product, ENDED);
		if (owner === undefined) return told("there was no account", { withdrawn });
		await clearAccount(api, owner.account, ENDED);
		return told(`${owner.account} is closed`, { account: owner.account, withdrawn });
	}
}

async function refusedOnceGone(firewall: SyntheticFirewall): Promise<string | null> {
	return expectRefusal(firewall.token(), "a firewall that is deactivated").catch((error: unknown) => {
		if (error instanceof CliError && error.code === "not_activated") return error.code;
		if (error instanceof CliError && error.code === "stranger_let_in") return null;
		throw error;
	});
}
