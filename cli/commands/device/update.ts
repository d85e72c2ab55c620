// `parapet device update`: runs the firewall's update and says how it went.
import { z } from "zod";
import { productName } from "../../../src/names.ts";
import type { FirewallAction } from "../../command-line/run-as.ts";
import { readTextFile } from "../../command-line/settings.ts";
import { CliError } from "../../errors.ts";
import { measuring } from "../../firewall/health.ts";
import { trustFolder } from "../../firewall/home/trust-folder.ts";
import { describeRules } from "../../firewall/installed/disabled-rules.ts";
import { updateFirewall } from "../../firewall/update/update.ts";
import type { FailedUpdate, ProductUpdate } from "../../firewall/update/update-result.ts";
import { createProgress, type Progress } from "../../terminal/progress.ts";
import { pinRoot } from "../../trust/client.ts";
import { haOptions, openHaSession } from "./ha-options.ts";
import { damagedLines, degradedLines, describeCheck } from "./lines/check.ts";
import { describePutOff, describeUpdate, putOffToWire, updateToWire } from "./lines/update.ts";

const shape = {
	product: productName.optional(),
	root: z.string().optional(),
	health: z.string().optional(),
	allowOlder: z.boolean().optional(),
	now: z.boolean().optional(),
	...haOptions,
};

export const update: FirewallAction<typeof shape> = { shape, run: runDeviceUpdate };

/** @throws CliError when something that was offered could not be installed, after everything has been tried */
async function runDeviceUpdate(context: Parameters<FirewallAction<typeof shape>["run"]>[0]): Promise<void> {
	const { options, output, surroundings } = context;
	const session = await openHaSession(context);
	if (options.root !== undefined) await pinRoot(trustFolder(session.home), readTextFile(options.root));
	let progress: Progress | undefined;
	const endProgress = () => {
		progress?.end();
		progress = undefined;
	};
	try {
		const result = await updateFirewall(session, options.product, {
			allowOlder: options.allowOlder,
			triesBad: options.now,
			onProgress: (name, done, total) => {
				progress ??= createProgress(surroundings, `downloading ${name}`, output.json);
				progress.report(done, total);
			},
			onDownloaded: endProgress,
			...measuring(options.health, output.note),
		});
		const { unchanged, answer, damaged } = result.check;
		const lines =
			result.updates.length === 0
				? describeCheck(result.check)
				: [...damagedLines(damaged), ...result.updates.map(describeUpdate), ...degradedLines(answer)];
		lines.push(...result.putOff.map(describePutOff), ...result.rules.map(describeRules));
		if (result.waitingReports > 0) lines.push(`reports that wait for the next update: ${result.waitingReports}`);
		output.answer(
			{
				unchanged,
				damaged,
				updates: result.updates.map(updateToWire),
				put_off: result.putOff.map(putOffToWire),
				products: answer.products,
				disabled_rules: result.rules,
				waiting_reports: result.waitingReports,
			},
			lines,
		);
		failIfAny(result.updates);
	} finally {
		endProgress();
	}
}

function failIfAny(updates: readonly ProductUpdate[]): void {
	const failed = updates.filter((update): update is FailedUpdate => !update.ok && update.reason !== "not_yet");
	const [first] = failed;
	if (first === undefined) return;
	throw new CliError(
		`${failed.length} of ${updates.length} updates failed: ${first.product} ${first.version}: ${first.detail}`,
		{
			code: first.reason,
			fix: fixFor(first.reason),
		},
	);
}

function fixFor(reason: FailedUpdate["reason"]): string {
	switch (reason) {
		case "interrupted":
		case "refused":
			return "run it again: the download goes on where it stopped";
		case "digest_mismatch":
		case "size_mismatch":
			return "nothing was replaced and the failure is reported; tell the publisher if it happens again (`--now` fetches it again before its pause is over)";
		case "permit_refused":
			return "nothing was replaced; check again later, the answer may have changed";
		case "untrusted":
			return "nothing was replaced; tell the publisher and the operator (--allow-older lets a signed older release in)";
		case "disk":
			return "nothing was replaced and what was half downloaded is given up; make room there, then run it again";
	}
}
