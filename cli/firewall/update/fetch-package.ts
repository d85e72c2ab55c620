// Gets the package that a permit is for into memory, for firewalls that keep their content elsewhere than in a home folder. As with a file,
// nothing is handed out before the whole of it has the SHA-256 of the permit. Whole packages only: a delta needs the file that it is from.
import { createHash } from "node:crypto";
import { ConnectionError } from "../../errors.ts";
import { type HttpReply, openReply } from "../../http/exchange.ts";
import type { FirewallState } from "../home/firewall-state.ts";
import type { FirewallSession } from "../identity/session.ts";
import type { Permit } from "../wire-types.ts";
import type { DownloadResult } from "./download.ts";
import { judgeReply } from "./download-reply.ts";

const TRIES = 3;
const RETRY_DELAY_MS = 1_000;

export type FetchedPackage = { readonly ok: true; readonly bytes: Buffer } | Exclude<DownloadResult, { ok: true }>;

/**
 * Downloads and verifies what a permit is for. A server that is busy or breaks off is asked again, three times at most.
 * @param renew asks for another permit, when the URL of this one is turned down or has run out
 * @returns the bytes, whose SHA-256 is the permit's; what may be expected to fail is a value, anything else throws
 */
export async function fetchPackage(
	session: FirewallSession<FirewallState>,
	permit: Permit,
	renew: () => Promise<Permit>,
): Promise<FetchedPackage> {
	let current = permit;
	for (let count = 1; ; count++) {
		if (Date.parse(current.expires_at) <= session.nowMs()) current = await renew();
		const got = await tryOnce(session, current);
		if (got.ok || count === TRIES || got.reason === "digest_mismatch" || got.reason === "size_mismatch") return got;
		if (got.reason === "refused") current = await renew();
		else await session.sleep(got.retryAfterMs ?? RETRY_DELAY_MS);
	}
}

type Attempt = FetchedPackage & { readonly retryAfterMs?: number | undefined };

async function tryOnce({ server, agent, nowMs }: FirewallSession<FirewallState>, permit: Permit): Promise<Attempt> {
	const { sha256, size } = permit;
	const url = new URL(permit.url, server).href;
	let reply: HttpReply;
	try {
		reply = await openReply({ method: "GET", url, headers: { "accept-encoding": "identity" }, agent });
	} catch (cause) {
		if (cause instanceof ConnectionError) return { ok: false, reason: "interrupted", detail: cause.message };
		throw cause;
	}
	const verdict = judgeReply(reply, { sha256, size, offset: 0, validator: `"${sha256}"`, nowMs: nowMs() });
	if (verdict.step !== "receive") {
		reply.body.destroy();
		const { step, detail } = verdict;
		const retryAfterMs = step === "interrupted" ? verdict.retryAfterMs : undefined;
		return { ok: false, reason: step === "url_refused" ? "refused" : "interrupted", detail, retryAfterMs };
	}
	return receive(reply, permit);
}

async function receive({ body }: HttpReply, { sha256, size }: Permit): Promise<Attempt> {
	const chunks: Buffer[] = [];
	let received = 0;
	try {
		for await (const chunk of body) {
			received += chunk.length;
			if (received > size) return { ok: false, reason: "size_mismatch", detail: `more than ${size} bytes` };
			chunks.push(chunk);
		}
	} catch (cause) {
		return { ok: false, reason: "interrupted", detail: cause instanceof Error ? cause.message : String(cause) };
	} finally {
		// What has been read to its end leaves its connection to the next request.
		if (!body.complete) body.destroy();
	}
	if (received < size) return { ok: false, reason: "interrupted", detail: `${received} of ${size} bytes came` };
	const bytes = Buffer.concat(chunks);
	const found = createHash("sha256").update(bytes).digest("hex");
	if (found === sha256) return { ok: true, bytes };
	return { ok: false, reason: "digest_mismatch", detail: `SHA-256 is ${found}, not ${sha256}` };
}
