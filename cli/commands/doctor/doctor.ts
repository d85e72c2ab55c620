// `parapet doctor`: is this deployment well, and what does it promise? Looks from outside without a key, and inside with one.

import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import type { z } from "zod";
import { readOptions } from "../../command-line/read-options.ts";
import { addOperatorOptions, operatorOptions } from "../../command-line/run-as.ts";
import { resolveKey, resolveServer } from "../../command-line/settings.ts";
import { CliError, ServerRefusal, UsageError } from "../../errors.ts";
import { pulseAnswer } from "../../firewall/answers.ts";
import { readAnswer } from "../../http/answers.ts";
import { exchange, openReply } from "../../http/exchange.ts";
import { createOperatorApi } from "../../http/operator-api.ts";
import { refusalFrom } from "../../http/refusal.ts";
import { parseJson } from "../../json.ts";
import { createOutput, formatBytes, formatTable, type Surroundings } from "../../terminal/output.ts";
import { judgeBootstrapKey } from "./bootstrap-key.ts";
import {
	type Finding,
	judgeDownloads,
	judgePromises,
	judgePulse,
	judgeStatus,
	type Promises,
	promises,
	type SeenPulse,
	type Status,
	status,
	UNKNOWN_DOWNLOADS,
} from "./findings.ts";

const MARKS = { good: "ok", notice: "note", bad: "BAD" } as const;

export function defineDoctor(doctor: Command, surroundings: Surroundings): void {
	addOperatorOptions(doctor).action(async () => {
		const shared = readOptions(doctor, operatorOptions);
		const output = createOutput(surroundings, shared.json);
		const server = resolveServer(shared.url, surroundings);
		const promised = await read(server, "/.well-known/parapet", promises, surroundings);
		const findings: Finding[] = [
			...judgePromises(promised, server, surroundings.nowMs()),
			...(await lookInside(server, shared, surroundings)),
		];
		const isWell = findings.every(({ verdict }) => verdict !== "bad");
		output.answer({ well: isWell, findings, promises: promised }, [
			...formatTable(
				["", "WHAT", "FINDING"],
				findings.map(({ verdict, what, finding }) => [MARKS[verdict], what, finding]),
			),
			...findings.flatMap(({ what, fix }) => (fix === undefined ? [] : [`  ${what}: ${fix}`])),
			"",
			...describePromises(promised),
		]);
		if (!isWell) throw new CliError("the service is not well", { code: "not_well", fix: "see what is marked BAD" });
	});
}

/** @throws CliError when the server does not answer, or not as this service does */
async function read<T>(server: string, path: string, schema: z.ZodType<T>, { nowMs }: Surroundings): Promise<T> {
	const answer = await exchange({ method: "GET", url: `${server}${path}`, headers: { accept: "application/json" } });
	const what = `${server} does not answer as Parapet does`;
	if (answer.status !== 200) throw refusalFrom(answer, what, nowMs());
	return readAnswer(parseJson(answer.text), what, schema);
}

async function lookInside(
	server: string,
	given: z.infer<typeof operatorOptions>,
	surroundings: Surroundings,
): Promise<Finding[]> {
	let key: string;
	try {
		key = resolveKey(given, server, surroundings);
	} catch (error) {
		if (!(error instanceof UsageError) || given.key !== undefined || given.keyFile !== undefined) throw error;
		return [
			{ verdict: "notice", what: "inside", finding: "not looked at", fix: "needs an operator's key: PARAPET_KEY" },
		];
	}
	const api = createOperatorApi({ server, key, nowMs: surroundings.nowMs });
	const found = await api.call("GET", "/v1/status", "could not look inside", status).catch(judgeRefusal);
	if ("verdict" in found) return [found];
	const seen = found.pulse === null ? NO_PULSE : await seePulse(found.pulse.url);
	return [
		...judgeStatus(found),
		judgePulse(found.pulse, seen, server),
		...(await lookAtDownloads(found)),
		judgeBootstrapKey(found.keys),
	];
}

async function lookAtDownloads({ downloads }: Status): Promise<Finding[]> {
	if (downloads === undefined) return [UNKNOWN_DOWNLOADS];
	return downloads === null ? [] : [judgeDownloads(downloads.origin, await askUnsigned(downloads.origin))];
}

/** What was seen from outside counts also where the inside is closed to this key. @throws whatever is no refusal of the service */
function judgeRefusal(error: unknown): Finding {
	if (!(error instanceof ServerRefusal)) throw error;
	const { refusal, message, fix } = error;
	const verdict = refusal.code === "insufficient_scope" ? "notice" : "bad";
	const finding = `not looked at: ${refusal.said?.title ?? message}`;
	return { verdict, what: "inside", finding, ...(fix === undefined ? {} : { fix }) };
}

const NO_PULSE: SeenPulse = { value: undefined, isCached: false };

/** Reads it twice, because a cache gives what it was asked for before. */
async function seePulse(url: string): Promise<SeenPulse> {
	try {
		await exchange({ method: "GET", url });
		const { status: code, text, headers } = await exchange({ method: "GET", url });
		const value = code === 200 ? pulseAnswer.parse(parseJson(text)).value : undefined;
		return { value, isCached: headers.age !== undefined || /^(hit|stale)/i.test(String(headers["cf-cache-status"])) };
	} catch {
		return NO_PULSE;
	}
}

/**
 * Asks a CDN for a package without the MAC that its rule wants; no package has the digest, since it is random.
 * @returns HTTP status; undefined = there was no answer
 */
async function askUnsigned(origin: string): Promise<number | undefined> {
	try {
		const url = `${origin}/packages/${randomBytes(32).toString("hex")}`;
		const reply = await openReply({ method: "GET", url });
		// The status says it all, and nobody knows how long the body of some other server is.
		reply.body.destroy();
		return reply.status;
	} catch {
		return undefined;
	}
}

function describePromises({ revocation, ...promised }: Promises): string[] {
	const { bound_seconds, isolate_seconds, location_seconds, stores } = revocation;
	const parts = stores.map(
		({ store, propagation_seconds, bound_seconds: bound }) =>
			`${store} ${propagation_seconds} + ${location_seconds + isolate_seconds} = ${bound} s`,
	);
	return [
		`A revoked device is refused everywhere ${bound_seconds} s after the answer "published", or more, since no store has an upper bound: ${parts.join("; ")}`,
		`(propagation, as the store's maker states it, + what a location and an isolate may remember). Download URLs that are out live ${promised.url_ttl_seconds} s.`,
		`While no record can be read, known devices are answered from the last good copies for ${promised.last_good_seconds} s.`,
		`A package may have ${formatBytes(promised.max_package_bytes)}.`,
	];
}
