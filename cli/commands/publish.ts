// `parapet publish FILE…`: each file becomes one release. With --json the answer is that release, or of several files the list of
// releases that were made.

import type { Command } from "commander";
import { z } from "zod";
import { urgency, versionOrder } from "../../src/content/product-record.ts";
import { modelName, packageFileName, productName, versionName } from "../../src/names.ts";
import { runAsOperator } from "../command-line/run-as.ts";
import { commaList } from "../command-line/values.ts";
import { expectFile, openPayload } from "../files/package-file.ts";
import type { OperatorApi } from "../http/operator-api.ts";
import { drawRollout } from "../rollout/ladder.ts";
import { PLAN_HELP, readPlan } from "../rollout/plan-option.ts";
import { formatBytes, type Surroundings } from "../terminal/output.ts";
import { createProgress } from "../terminal/progress.ts";
import { publishPackage, uploadPackage } from "./publish/publish-package.ts";
import { orderTargets, planTargets, type Target } from "./publish/targets.ts";

const shape = {
	product: productName.optional(),
	version: versionName.optional(),
	name: packageFileName.optional(),
	notes: z.string().optional(),
	urgency: urgency.optional(),
	models: commaList.pipe(z.array(modelName)).optional(),
	engineMin: versionName.optional(),
	engineMax: versionName.optional(),
	allowOlder: z.boolean().optional(),
	plan: z.string().optional(),
	draft: z.boolean().optional(),
};

export function definePublish(publish: Command, surroundings: Surroundings): void {
	publish
		.option("--product <product>", "default: from the file's name, e.g. crs-4.27.0.tar.gz is crs")
		.option("--version <version>", "default: from the file's name; for one file only")
		.option("--name <name>", "the download's file name; for one file only")
		.option("--notes <text>", "release notes (default: none)")
		.option("--urgency <urgency>", "routine, important or emergency (default: routine)")
		.option("--models <names>", "only these models, comma-separated")
		.option("--engine-min <version>", "only from this software version")
		.option("--engine-max <version>", "only up to this software version")
		.option("--plan <plan>", `how it reaches the fleet: ${PLAN_HELP} (default: the product's)`)
		.option("--draft", "upload only: nobody is offered it before `parapet rollout start`")
		.option(
			"--allow-older",
			"also where a newer version is released: every device that it fits is offered the older one",
		);
	runAsOperator(publish, surroundings, shape, async ({ api, options, operands, output }) => {
		// All of them before the first is sent: half of a publication is worse than none.
		for (const file of operands) await expectFile(file);
		const planned = planTargets(operands, options);
		const targets = orderTargets(planned, await findOrdered(api, planned));
		const { engineMin, engineMax, notes, urgency, models, allowOlder, draft = false } = options;
		const plan = options.plan === undefined ? undefined : await readPlan(options.plan);
		const engine = engineMin === undefined && engineMax === undefined ? undefined : { min: engineMin, max: engineMax };
		const publishOne = async ({ file, product, version, name }: Target) => {
			const payload = await openPayload(file);
			const progress = createProgress(surroundings, `uploading ${name}`, output.json);
			try {
				const metadata = { notes, urgency, models, engine, allow_older: allowOlder, plan };
				const onProgress = progress.report;
				const { nowMs } = surroundings;
				const publication = { api, product, version, name, payload, metadata, nowMs, onProgress };
				if (draft) {
					const stored = await uploadPackage(publication);
					progress.end();
					const size = `${formatBytes(payload.size)}, sha256 ${payload.sha256}`;
					const next = `parapet rollout start ${product} ${version}`;
					return { release: stored, line: `${product} ${version}: ${size}, uploaded; \`${next}\` sends it on its way` };
				}
				const release = await publishPackage(publication);
				progress.end();
				const said = `${formatBytes(payload.size)}, sha256 ${payload.sha256}, ${release.status}, sequence ${release.sequence}`;
				const line = release.changed
					? `${product} ${version}: ${said}`
					: `${product} ${version} was released so before (sequence ${release.sequence}): nothing changed`;
				const lines = release.rollout == null || release.rollout.phase === "done" ? [] : drawRollout(release.rollout);
				return { release, line: [line, ...lines].join("\n") };
			} finally {
				progress.end();
				await payload.dispose();
			}
		};
		const releases: unknown[] = [];
		const isList = output.json && targets.length > 1;
		try {
			for (const target of targets) {
				const { release, line } = await publishOne(target);
				releases.push(release);
				if (!isList) output.answer(release, line);
			}
		} finally {
			// Also where a later file fails: what is released is released.
			if (isList) output.answer(releases, []);
		}
	});
}

const releaseList = z.looseObject({ version_order: versionOrder });

/** @returns the products with several files whose versions have an order; the server knows */
async function findOrdered(api: OperatorApi, targets: readonly Target[]): Promise<ReadonlySet<string>> {
	const ordered = new Set<string>();
	for (const [product, files] of Map.groupBy(targets, (target) => target.product)) {
		if (files.length === 1) continue;
		const what = `could not read releases of ${product}`;
		const found = await api.call("GET", `/v1/products/${product}/releases`, what, releaseList);
		if (found.version_order === "vendor") ordered.add(product);
	}
	return ordered;
}
