// `parapet device export`: the devices of an account as lines that an import takes, in the order of their ids. A file gets its
// name when it is whole; until then it is beside it, and the same command goes on where that one ends.
import { z } from "zod";
import type { OperatorContext } from "../../../command-line/run-as.ts";
import { CliError } from "../../../errors.ts";
import { CALL_INTERVAL_MS, patiently } from "../../../http/patience.ts";
import { formatCount } from "../../../terminal/output.ts";
import { createCountProgress } from "../../../terminal/progress.ts";
import { type ExportTarget, openExportFile } from "./export-file.ts";
import { Pace } from "./pace.ts";

export interface ExportOptions {
	readonly account: string;
	/** null = stdout */
	readonly path: string | null;
	/** id of the last device that is had already */
	readonly after: string | undefined;
}

/** The export ended before its end, and can go on there. */
export class ExportStopped extends CliError {}

const device = z.looseObject({
	device: z.string(),
	serial: z.string(),
	model: z.string(),
	status: z.string(),
	license: z.string(),
	labels: z.record(z.string(), z.string()),
	ha_group: z.string().nullable(),
	jwk: z.looseObject({}),
	dpop_bound: z.boolean(),
	activated_at: z.string(),
});
const page = z.looseObject({ devices: z.array(device), next: z.string().nullable() });

const DEVICES_PER_PAGE = 500;
const LONGEST_WAIT_MS = 600_000;
/** Others hold no seat, and must not come back by an import. */
const EXPORTED = new Set(["active", "suspended"]);

/** @throws ExportStopped when it has begun and cannot end */
export async function runExport(context: OperatorContext<ExportOptions>, signal: AbortSignal): Promise<void> {
	const { api, options, output, surroundings } = context;
	const { account, path } = options;
	const target: ExportTarget =
		path === null
			? stdoutTarget((text) => surroundings.stdout.write(text))
			: await openExportFile(path, account, options.after);
	if (target.devices > 0) output.note(`going on after ${formatCount(target.devices)} devices in ${target.name}`);
	const progress = createCountProgress(surroundings, "exporting", output.json || path === null);
	const pace = new Pace();
	let after = options.after ?? target.after;
	let [devices, leftOut] = [target.devices, 0];
	try {
		for (let more = true; more; ) {
			const startedMs = surroundings.nowMs();
			const query = `?limit=${DEVICES_PER_PAGE}${after === null ? "" : `&after=${encodeURIComponent(after)}`}`;
			const url = `/v1/accounts/${account}/devices${query}`;
			const isLater = devices > target.devices;
			const asked = { surroundings, signal, longestMs: LONGEST_WAIT_MS, retriesSilence: () => isLater };
			const ask = () => api.call("GET", url, "could not export devices", page, undefined, signal);
			const { devices: found, next } = await patiently(asked, ask);
			const wanted = found.filter(({ status }) => EXPORTED.has(status));
			await target.append(wanted.map(formatLine));
			devices += wanted.length;
			leftOut += found.length - wanted.length;
			after = found.at(-1)?.device ?? after;
			more = next !== null;
			progress.report(devices, null, pace.describe(devices, null, surroundings.nowMs()));
			const leftMs = startedMs + CALL_INTERVAL_MS - surroundings.nowMs();
			if (more && leftMs > 0) await surroundings.sleep(leftMs, signal);
		}
		await target.finish();
	} catch (error) {
		throw stopped(signal.aborted ? signal.reason : error, devices, after, target);
	} finally {
		progress.end();
	}
	const text = `${formatCount(devices)} devices${leftOut > 0 ? `, without ${formatCount(leftOut)} revoked or deactivated` : ""}`;
	if (path === null) output.note(text);
	else output.answer({ account, devices, left_out: leftOut, file: path }, `${path}: ${text}`);
}

function formatLine(one: z.infer<typeof device>): string {
	const { serial, model, jwk, license, labels, dpop_bound, status, activated_at } = one;
	const ha_group = one.ha_group ?? undefined;
	const id = one.device;
	return JSON.stringify({ serial, model, jwk, license, ha_group, labels, dpop_bound, status, id, activated_at });
}

function stdoutTarget(write: (text: string) => unknown): ExportTarget {
	return {
		name: "stdout",
		after: null,
		devices: 0,
		append: async (lines) => void write(lines.map((line) => `${line}\n`).join("")),
		finish: async () => {},
	};
}

function stopped(error: unknown, devices: number, after: string | null, { name }: ExportTarget): ExportStopped {
	const why = error instanceof Error ? error.message : String(error);
	const before = error instanceof CliError && error.fix !== undefined ? `${error.fix.replace(/\.$/, "")}; then ` : "";
	const again = name === "stdout" ? `go on with: --after ${after}` : "the same command goes on there";
	return new ExportStopped(`the export stopped after ${formatCount(devices)} devices: ${why}`, {
		code: error instanceof CliError ? error.code : "stopped",
		fix: before + (after === null ? "start again" : again),
		resumeFrom: after ?? undefined,
		cause: error,
	});
}
