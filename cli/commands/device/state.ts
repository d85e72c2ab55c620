// `parapet device list`, `find`, `show` and `label`: which devices a customer has, what is known of them, and by which labels they go.
import type { Command } from "commander";
import { z } from "zod";
import { OUTCOME_REASON_NAMES } from "../../../src/fleet/outcome-reason.ts";
import { labels, modelName, productName, serialNumber, versionsWanted } from "../../../src/names.ts";
import { REPORTED } from "../../../src/rollout/lease.ts";
import { accountId, deviceId, licenseId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { MOST_SILENCE, silenceOf } from "../../command-line/silence.ts";
import { collect, commaList, moment, pairs, span, wholeNumber } from "../../command-line/values.ts";
import { UsageError } from "../../errors.ts";
import { anyAnswer } from "../../http/answers.ts";
import { listAnswer, readPages } from "../../http/lists.ts";
import { queryOf } from "../../http/query.ts";
import { formatTable, type Surroundings } from "../../terminal/output.ts";
import { deviceCsv, deviceHead, deviceLines, deviceRow } from "./lines/state.ts";

const STATUSES = ["active", "suspended", "revoked", "deactivated"] as const;

const filters = {
	serial: z.string().optional(),
	label: pairs.optional(),
	model: modelName.optional(),
	license: licenseId.optional(),
	status: z.enum(STATUSES).optional(),
	product: productName.optional(),
	installed: versionsWanted.optional(),
	outcome: z.enum(REPORTED).optional(),
	reason: z.enum(OUTCOME_REASON_NAMES).optional(),
	silentFor: span.refine((seconds) => seconds <= MOST_SILENCE, "at most 365d").optional(),
};

/** @param device the `device` command that gets the verbs */
export function addStateCommands(device: Command, surroundings: Surroundings): void {
	addList(device, surroundings);
	const show = device.command("show <device>").description("operator: one device and all that is known of its state");
	runAsOperator(show, surroundings, {}, async ({ api, operands, output }) => {
		const id = readOperand(operands, 0, "device", deviceId);
		const found = await api.call("GET", `/v1/devices/${id}`, `could not show ${id}`, anyAnswer);
		output.answer(found, deviceLines(found));
	});
	const find = device
		.command("find <serial>")
		.description("operator: devices with a serial number, of all accounts and in whatever status");
	runAsOperator(find, surroundings, {}, async ({ api, operands, output }) => {
		const serial = readOperand(operands, 0, "serial number", serialNumber);
		const path = `/v1/devices${queryOf({ serial })}`;
		const { answer, items } = await readPages(api, path, `could not find ${serial}`, "devices");
		const rows = items.map((one) => [one["account"], ...deviceRow(one)]);
		output.answer(answer, formatTable(["ACCOUNT", ...deviceHead], rows));
		if (items.length === 0) output.note("no device has it; one that came within the last minute may not be found yet");
	});

	const label = device
		.command("label <device> [pairs...]")
		.description("operator: set labels, key=value; those that are not named stay")
		.option("--remove <keys>", "labels to take off, comma-separated", collect);
	runAsOperator(label, surroundings, { remove: commaList.default([]) }, async ({ api, options, operands, output }) => {
		const id = readOperand(operands, 0, "device", deviceId);
		const given = pairs.safeParse(operands.slice(1));
		if (!given.success) throw new UsageError(given.error.issues[0]?.message ?? "labels look like key=value");
		if (operands.length === 1 && options.remove.length === 0) throw new UsageError("give labels to set, or --remove");
		const what = `could not label ${id}`;
		const known = z.record(z.string(), z.string());
		const before = known.parse((await api.call("GET", `/v1/devices/${id}`, what, anyAnswer))["labels"]);
		const wanted = Object.entries({ ...before, ...given.data }).filter(([key]) => !options.remove.includes(key));
		const after = labels.safeParse(Object.fromEntries(wanted));
		if (!after.success) throw new UsageError(after.error.issues[0]?.message ?? "these are no labels");
		const done = await api.call("PATCH", `/v1/devices/${id}`, what, anyAnswer, { labels: after.data });
		const text = wanted.map(([key, value]) => `${key}=${value}`).join(", ");
		output.answer(done, `${id}: ${text || "no labels"}`);
	});
}

function addList(device: Command, surroundings: Surroundings): void {
	const list = device
		.command("list <account>")
		.description("operator: a customer's devices with their state; those alone that all filters fit")
		.option("--serial <serial>", "with this serial number; a * at its end stands for any")
		.option("--label <key=value>", "with this label; may be repeated", collect)
		.option("--model <model>", "of this model")
		.option("--license <license>", "under this license")
		.option("--status <status>", `one of ${STATUSES.join(", ")}`)
		.option("--product <product>", "of which --installed, --outcome and --reason are meant")
		.option("--installed <version>", "that have this version; a * at its end stands for any: '4.26*'")
		.option("--outcome <outcome>", `whose last report was: ${REPORTED.join(", ")}`)
		.option("--reason <reason>", "why, such as disk or engine_busy")
		.option("--silent-for <span>", "not heard of for so long: 24h, 3d")
		.option("--not-seen-since <when>", "not heard of since then, in place of --silent-for: 2026-11-23")
		.option("--trust-ends-by <when>", "that stop updating by then, as `fleet trust --breaks-at` counts them")
		.option("--limit <n>", "one page of so many; the note says how to go on")
		.option("--after <device>", "only those after this one")
		.option("--csv", "lines of CSV, one for each device and product");
	const shape = {
		...filters,
		trustEndsBy: moment(surroundings).optional(),
		notSeenSince: moment(surroundings).optional(),
		...{ limit: wholeNumber.optional(), after: deviceId.optional(), csv: z.boolean().default(false) },
	};
	runAsOperator(list, surroundings, shape, async ({ api, options, operands, output }) => {
		if (options.csv && output.json) throw new UsageError("--csv and --json are two forms of one answer; choose one");
		const account = readOperand(operands, 0, "account", accountId);
		const silentFor = silenceOf("--silent-for", options, surroundings.nowMs());
		const path = `/v1/accounts/${account}/devices${queryOf(filtersOf({ ...options, silentFor }))}`;
		const what = "could not list devices";
		const isPage = options.limit !== undefined;
		const found = isPage
			? await api.call("GET", path, what, listAnswer("devices"))
			: await readPages(api, path, what, "devices");
		const rows = found.items.map(deviceRow);
		output.answer(found.answer, options.csv ? deviceCsv(found.items) : formatTable(deviceHead, rows));
		const next = found.answer["next"];
		if (isPage && typeof next === "string") output.note(`more may follow: --after ${next}`);
	});
}

/** @returns what the options say as the parameters of a request */
function filtersOf(
	options: z.infer<z.ZodObject<typeof filters>> & {
		readonly trustEndsBy?: string | undefined;
		readonly limit?: number | undefined;
		readonly after?: string | undefined;
	},
) {
	const { serial, label, silentFor, model, license, status, product, installed, outcome, reason, limit, after } =
		options;
	const isPrefix = serial?.endsWith("*");
	return {
		...{ serial: isPrefix ? undefined : serial, serial_prefix: isPrefix ? serial?.slice(0, -1) : undefined },
		label:
			label &&
			Object.entries(label)
				.map(([key, value]) => `${key}=${value}`)
				.join(","),
		...{ model, license, status, product, installed, outcome, reason, silent_for: silentFor, limit, after },
		trust_ends_by: options.trustEndsBy,
	};
}
