// `parapet device doctor`: why does this firewall not get through, and what is to be changed? Looks without a key and changes nothing.
import { z } from "zod";
import type { FirewallAction } from "../../../command-line/run-as.ts";
import { resolveServer } from "../../../command-line/settings.ts";
import { CliError } from "../../../errors.ts";
import { openHome } from "../../../firewall/home/state.ts";
import { discoverServer } from "../../../firewall/identity/discovery.ts";
import { exchange } from "../../../http/exchange.ts";
import { parseJson } from "../../../json.ts";
import { formatTable } from "../../../terminal/output.ts";
import type { Finding } from "../../doctor/findings.ts";
import { judgeDisk, judgeEcho, judgeReach, judgeSample } from "./judgements.ts";
import { lookAtDisk, lookAtEcho, lookAtHost, lookAtSample } from "./looks.ts";

const MARKS = { good: "ok", notice: "note", bad: "BAD" } as const;
const shape = {};

/** Of what a service promises, what is looked at here; one that promises nothing has a host all the same. */
const promised = z.object({
	max_package_bytes: z.number().optional(),
	network: z.object({ hosts: z.array(z.object({ host: z.string(), port: z.number() })) }).optional(),
});

export const doctor: FirewallAction<typeof shape> = {
	shape,
	run: async ({ options, output, surroundings: { env, nowMs }, surroundings }) => {
		const home = openHome(options.home);
		const saved = await home.load("identity").catch(() => null);
		const server = resolveServer(options.url, surroundings, saved?.server);
		const reach = await lookAtHost(server, env);
		const findings = judgeReach(reach);
		const promises = isWell(findings) ? await tryService(server) : undefined;
		findings.push(judgeDisk(home.folder, await lookAtDisk(home.folder), promises?.max_package_bytes ?? null));
		const well = isWell(findings);
		output.answer({ well, server, findings }, [
			...formatTable(
				["", "WHAT", "FINDING"],
				findings.map(({ verdict, what, finding }) => [MARKS[verdict], what, finding]),
			),
			...findings.flatMap(({ what, fix }) => (fix === undefined ? [] : [`  ${what}: ${fix}`])),
		]);
		if (!well)
			throw new CliError("something keeps this firewall from the service", {
				code: "not_well",
				fix: "see what is marked BAD",
			});

		async function tryService(origin: string) {
			try {
				const { certificate } = reach;
				const protocol = certificate && "protocol" in certificate ? certificate.protocol : null;
				const echo = await lookAtEcho(origin, nowMs);
				findings.push(...judgeEcho(origin, echo, protocol));
				if ("status" in echo) return undefined;
				await discoverServer(origin, nowMs());
				findings.push(...judgeSample(await lookAtSample(origin)));
				const found = await readPromises(origin);
				for (const other of hostsBeside(origin, found)) findings.push(...judgeReach(await lookAtHost(other, env)));
				return found;
			} catch (error) {
				if (!(error instanceof CliError)) throw error;
				const { message: finding, fix } = error;
				findings.push({ verdict: "bad", what: "service", finding, ...(fix === undefined ? {} : { fix }) });
				return undefined;
			}
		}
	},
};

async function readPromises(server: string): Promise<z.infer<typeof promised>> {
	const answer = await exchange({ method: "GET", url: `${server}/.well-known/parapet` });
	return promised.safeParse(parseJson(answer.text)).data ?? {};
}

/** @returns origins of the other hosts that the service sends firewalls to */
function hostsBeside(server: string, { network }: z.infer<typeof promised>): string[] {
	const { protocol, origin } = new URL(server);
	const origins = (network?.hosts ?? []).map(({ host, port }) => URL.parse(`${protocol}//${host}:${port}`)?.origin);
	return [...new Set(origins)].filter((other): other is string => other !== undefined && other !== origin);
}

function isWell(findings: readonly Finding[]): boolean {
	return findings.every(({ verdict }) => verdict !== "bad");
}
