// `parapet record …`: repairs the replicated records, or looks whether they need it. Ctrl-C ends either in good order.

import type { Command } from "commander";
import { z } from "zod";
import { runAsOperator } from "../../command-line/run-as.ts";
import { wholeNumber } from "../../command-line/values.ts";
import { unlessInterrupted } from "../../terminal/interruption.ts";
import type { Surroundings } from "../../terminal/output.ts";
import { DEFAULT_RATE, RebuildStopped, runRebuild } from "./rebuild.ts";
import { runVerify } from "./verify.ts";
import { parsePlace } from "./walk.ts";

const storeName = z.enum(["kv", "redis"], "a store is kv or redis");
const placeToken = z.string().transform((text, context) => {
	const at = parsePlace(text);
	if (at !== null) return at;
	context.addIssue({ code: "custom", message: "that is not what an interrupted rebuild printed" });
	return z.NEVER;
});

export function defineRecord(record: Command, surroundings: Surroundings): void {
	const rebuild = record
		.command("rebuild")
		.description("write every record to the stores again; harmless while everything runs, and can be interrupted")
		.option("--store <store>", "kv or redis: this one only")
		.option("--rate <n>", `records per second (default ${DEFAULT_RATE})`)
		.option("--from <token>", "go on where an interrupted rebuild stopped");
	const rate = wholeNumber.refine((n) => n > 0, "at least one record a second").optional();
	const shape = { store: storeName.optional(), rate, from: placeToken.optional() };
	runAsOperator(rebuild, surroundings, shape, (context) =>
		unlessInterrupted((signal) => runRebuild(context, signal), RebuildStopped),
	);

	const verify = record
		.command("verify")
		.description("compare the stores with the truth; ends with 1 when they differ")
		.option("--store <store>", "kv or redis: this one only");
	runAsOperator(verify, surroundings, { store: storeName.optional() }, (context) =>
		unlessInterrupted((signal) => runVerify(context, signal)),
	);
}
