// The firewall's steps of the demo: the same client that `parapet device` is, one call at a time so that each is timed.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { CliError } from "../../errors.ts";
import { hashFile } from "../../files/file-digest.ts";
import { askPermit, checkForUpdates } from "../../firewall/check/check.ts";
import { readMessages } from "../../firewall/check/messages.ts";
import type { FirewallSession } from "../../firewall/identity/session.ts";
import { installPackage } from "../../firewall/update/install.ts";
import { partPathOf } from "../../firewall/update/parts.ts";
import { downloadPermitted } from "../../firewall/update/permitted-download.ts";
import { reportInstalled } from "../../firewall/update/reports.ts";
import { createOfferJudge } from "../../firewall/update/signed-offer.ts";
import type { Offer } from "../../firewall/wire-types.ts";
import { formatBytes } from "../../terminal/output.ts";
import type { Progress } from "../../terminal/progress.ts";
import type { RunStep } from "./steps.ts";

/** Records reach every edge within seconds here, and within a minute on the real network. */
const VISIBLE_LIMIT_MS = 90_000;
const POLL_MS = 500;

export interface FirewallStepOptions {
	readonly session: FirewallSession;
	readonly step: RunStep;
	readonly progressFor: (label: string) => Progress;
}

export interface WantedRelease {
	readonly product: string;
	/** null = whatever is offered */
	readonly version: string | null;
	/** of the publisher's payload; null = take the server's word */
	readonly sha256: string | null;
}

/** check → signature → permit → download → verify → report → check again, for one release. */
export async function updateOnce(options: FirewallStepOptions, wanted: WantedRelease): Promise<void> {
	const { session, step } = options;
	const { product } = wanted;
	const offer = await step("check", () => waitForOffer(options, wanted));
	await step("signature", async () => {
		const fault = await createOfferJudge(session)(product, offer);
		if (fault !== null) {
			const fix = "publish it with --sign-key, or withdraw it";
			throw new CliError(`${product} ${offer.version}: ${fault}`, { code: "untrusted", fix });
		}
		const facts = { product, version: offer.version, sha256: offer.sha256 };
		return { value: null, facts, line: `${product} ${offer.version} is what its publisher signed` };
	});
	let permit = await step("permit", async () => {
		const value = await askPermit(session, product, offer);
		const seconds = Math.round((Date.parse(value.expires_at) - session.nowMs()) / 1000);
		const facts = { product, version: value.version, size: value.size, url_seconds: seconds };
		return { value, facts, line: `${product} ${value.version}, signed URL for ${seconds} s` };
	});
	const part = await step("download", async () => {
		const started = session.nowMs();
		const progress = options.progressFor(`downloading ${permit.name}`);
		const renew = async () => {
			permit = await askPermit(session, product, offer);
			return permit;
		};
		const result = await downloadPermitted(session, permit, { onProgress: progress.report, renew }).finally(
			progress.end,
		);
		if (!result.ok) throw new CliError(`${permit.name}: ${result.detail}`, { code: result.reason });
		const value = partPathOf(session.home, permit);
		const { size } = await stat(value);
		const seconds = Math.max(session.nowMs() - started, 1) / 1000;
		const { deltaSize } = result;
		const facts = { bytes: deltaSize ?? size, size, name: permit.name, delta: permit.delta?.coding ?? null };
		const from = permit.delta?.from_sha256 == null ? "a packed copy" : "a delta from what is installed";
		const speed = `${formatBytes(Math.round((deltaSize ?? size) / seconds))}/s`;
		const line =
			deltaSize === null
				? `${formatBytes(size)} at ${speed}`
				: `${from}: ${formatBytes(deltaSize)} instead of ${formatBytes(size)} (${Math.round((deltaSize / size) * 100)} %), at ${speed}`;
		return { value, facts, line };
	});
	await step("verify", async () => {
		const sha256 = await hashFile(part);
		const expected = wanted.sha256 ?? permit.sha256;
		if (sha256 !== expected)
			throw new CliError(`SHA-256 is ${sha256}, the publisher's is ${expected}`, { code: "digest_mismatch" });
		const path = await installPackage(session.home, permit, Math.floor(session.nowMs() / 1000));
		return {
			value: path,
			facts: { sha256, path },
			line: `sha256 ${sha256.slice(0, 16)}… is the publisher's; installed`,
		};
	});
	await step("report", async () => {
		await reportInstalled(session, permit);
		const waiting = (await session.home.load("reports"))?.length ?? 0;
		if (waiting > 0) throw new CliError(`${waiting} reports were not taken`);
		return { value: null, facts: { outcome: "healthy" }, line: "healthy" };
	});
	await step("check_again", () => expectNothingNew(session, product, permit.version));
}

/** Asks until the wanted release is offered. @throws CliError where it is not in time */
export async function waitForOffer({ session }: FirewallStepOptions, { product, version }: WantedRelease) {
	const deadline = session.nowMs() + VISIBLE_LIMIT_MS;
	for (let checks = 1; ; checks += 1) {
		const { answer } = await checkForUpdates(session);
		const found = answer.products.find((one) => one.product === product);
		const offer: Offer | undefined = found?.offer ?? undefined;
		if (found?.status === "offered" && offer !== undefined && (version === null || offer.version === version)) {
			const facts = { product, offered: offer.version, installed: found.installed ?? null, checks };
			return {
				value: offer,
				facts,
				line: `${product} ${offer.version} is offered${checks > 1 ? ` (after ${checks} checks)` : ""}`,
			};
		}
		if (session.nowMs() > deadline) {
			const got =
				found === undefined ? "nothing" : `${found.status}${found.reason == null ? "" : ` (${found.reason})`}`;
			throw new CliError(
				`${product} ${version ?? ""} is not offered after ${VISIBLE_LIMIT_MS / 1000} s; the check says ${got}`,
				{ code: "not_offered" },
			);
		}
		await wait(POLL_MS);
	}
}

async function expectNothingNew(session: FirewallSession, product: string, version: string) {
	const first = await checkForUpdates(session);
	const found = first.answer.products.find((one) => one.product === product);
	if (found?.status !== "current")
		throw new CliError(`${product} ${version} is installed, but the check says ${found?.status ?? "nothing"}`);
	const second = await checkForUpdates(session);
	if (!second.unchanged) throw new CliError("the same check again was not answered with 304");
	return {
		value: null,
		facts: { status: found.status, repeated: 304 },
		line: `${product} ${version} is current; the same again: 304`,
	};
}

/** Waits until the demo's message has arrived. */
export async function expectMessage(session: FirewallSession, title: string) {
	const deadline = session.nowMs() + VISIBLE_LIMIT_MS;
	for (;;) {
		const { messages } = await readMessages(session);
		if (messages.some((message) => message.title === title)) {
			return { value: null, facts: { messages: messages.length, title }, line: `"${title}"` };
		}
		if (session.nowMs() > deadline) throw new CliError(`the message "${title}" did not arrive`, { code: "no_message" });
		await wait(POLL_MS);
	}
}

/** @returns the folders of a firewall's home that hold packages, for starting with an empty disk */
export function packageFolders(homeFolder: string): string[] {
	return [join(homeFolder, "packages"), join(homeFolder, "downloads")];
}
