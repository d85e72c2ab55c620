// `parapet publish FILE…`: each file becomes one release. With --json the answer is that release, or of several files the list of
// releases that were made.

import { basename } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { versionOrder } from "../../../src/content/releases/product-record.ts";
import { packageFileName, productName, versionName } from "../../../src/names.ts";
import { runAsPublisher } from "../../command-line/run-as.ts";
import { collect } from "../../command-line/values.ts";
import { UsageError } from "../../errors.ts";
import { expectSound, inspectFile } from "../../files/inspect-file.ts";
import { expectFile } from "../../files/package-file.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { drawRollout } from "../../rollout/ladder.ts";
import {
	addReleaseOptions,
	givenReleaseOptions,
	readReleaseOptions,
	releaseShape,
} from "../../rollout/release-options.ts";
import { describeRequires } from "../../rollout/requires-option.ts";
import { formatBytes, type Surroundings } from "../../terminal/output.ts";
import { createProgress } from "../../terminal/progress.ts";
import { openSigners } from "../../trust/open-signers.ts";
import { addPassphraseOption, passphraseShape } from "../../trust/passphrase.ts";
import { signRelease } from "../../trust/sign-release.ts";
import { leftBehind } from "./left-behind.ts";
import { describeDeltas, type MadeDeltas, publishDeltas } from "./make-deltas.ts";
import { describeIndex, publishIndex } from "./publish-index.ts";
import { releasePackage, uploadPackage } from "./publish-package.ts";
import { orderTargets, planTargets, type Target } from "./targets.ts";
import {
	describeVariantFiles,
	openPackages,
	requireOneFile,
	uploadVariants,
	VARIANT_HELP,
	variantOption,
} from "./variants.ts";

const shape = {
	product: productName.optional(),
	version: versionName.optional(),
	name: packageFileName.optional(),
	...releaseShape,
	variant: variantOption.optional(),
	draft: z.boolean().optional(),
	deltas: z.boolean().optional(),
	direct: z.boolean().optional(),
	allowReusedIds: z.boolean().optional(),
	signKey: z.array(z.string()).optional(),
	...passphraseShape,
};

const NO_DELTAS: MadeDeltas = { deltas: [], notes: [] };

export function definePublish(publish: Command, surroundings: Surroundings): void {
	publish
		.option("--product <product>", "default: from the file's name, e.g. crs-4.27.0.tar.gz is crs")
		.option("--version <version>", "default: from the file's name; for one file only")
		.option("--name <name>", "the download's file name; for one file only")
		.option("--variant <name=file:models>", VARIANT_HELP, collect)
		.option("--draft", "upload only: nobody is offered it before `parapet rollout start`");
	publish.option(
		"--no-deltas",
		"make no deltas: firewalls fetch the whole package (default: from the releases that they have)",
	);
	publish.option(
		"--no-direct",
		"send large packages through the service alone (default: straight to its storage where it offers that)",
	);
	publish.option("--allow-reused-ids", "also where the id of a rule means another rule than in the current release");
	publish.option(
		"--sign-key <file>",
		"sign the release with this key file (parapet trust key); may be repeated",
		collect,
	);
	addPassphraseOption(publish);
	addReleaseOptions(publish);
	runAsPublisher(publish, surroundings, shape, async ({ openApi, options, operands, output }) => {
		const { draft = false, deltas: isWithDeltas = true } = options;
		const [unused] = draft ? givenReleaseOptions(options) : [];
		if (unused !== undefined) {
			throw new UsageError(
				`${unused} says something of a release, and --draft makes none`,
				"give it to `parapet rollout start`",
			);
		}
		const variantFiles = options.variant ?? [];
		requireOneFile(operands, variantFiles);
		// All of them before the first is sent: half of a publication is worse than none.
		const files = [...operands, ...variantFiles.map(({ file }) => file)];
		for (const file of files) await expectFile(file);
		for (const file of files) await lookAt(file, surroundings, output.json);
		const planned = planTargets(operands, options);
		const targets = orderTargets(planned, await findOrdered(openApi, planned));
		const metadata = await readReleaseOptions(options);
		const signers = await openSigners(options, surroundings);
		const publishOne = async ({ file, product, version, name }: Target) => {
			const { payload, variants, close } = await openPackages(file, variantFiles);
			const progress = createProgress(surroundings, `uploading ${name}`, output.json);
			try {
				const onProgress = progress.report;
				const { nowMs } = surroundings;
				const api = await openApi(product);
				const publication = { api, product, version, name, payload, metadata, clock: surroundings, onProgress };
				const { direct } = options;
				const sending = { ...publication, direct, openApi: () => openApi(product) };
				const stored = await uploadPackage(sending);
				await uploadVariants({ ...sending, api: await openApi(product) }, variants);
				progress.end();
				const clock = surroundings;
				const made = isWithDeltas
					? await publishDeltas({ api: await openApi(product), product, version, payload, clock })
					: NO_DELTAS;
				// Asked for anew: to make deltas of a large package takes minutes.
				const later = await openApi(product);
				const allowReused = options.allowReusedIds ?? false;
				const indexed = await publishIndex({ api: later, product, version, payload, name, allowReused, clock });
				const index = indexed.ok ? { sha256: indexed.index.sha256, size: indexed.index.size } : null;
				const lines = [
					...describeVariantFiles(variants),
					...describeDeltas(made, payload.size),
					...describeIndex(indexed, options.classes),
				];
				const beside = { deltas: made.deltas, rule_index: indexed.ok ? indexed.index : null };
				if (draft) {
					const size = `${formatBytes(payload.size)}, sha256 ${payload.sha256}`;
					const next = `parapet rollout start ${product} ${version}`;
					const line = `${product} ${version}: ${size}, uploaded; \`${next}\` sends it on its way`;
					return { release: { ...stored, ...beside }, line: [line, ...lines].join("\n") };
				}
				if (signers.length > 0) {
					const { sha256, size } = payload;
					const others = variants.map(({ variant, models, payload: { sha256, size } }) => ({
						...{ variant, models, sha256, size },
					}));
					const signature = await signRelease(
						later,
						{ product, version, sha256, size, ...metadata, variants: others, deltas: made.deltas, index },
						signers,
						Math.floor(nowMs() / 1000),
					);
					if (signature.missing > 0) {
						const next = `parapet release sign ${product} --sign-key FILE`;
						const line = `${product} ${version}: uploaded and signed; ${signature.missing} more must sign (\`${next}\`), then publish it again`;
						const release = {
							product,
							version,
							sha256,
							signed: false,
							missing: signature.missing,
							...beside,
						};
						return { release, line: [line, ...lines].join("\n") };
					}
				}
				const release = await releasePackage({ ...publication, api: later });
				const said = `${formatBytes(payload.size)}, sha256 ${payload.sha256}, ${release.status}, sequence ${release.sequence}`;
				const requires = describeRequires(release.requires);
				const needs = requires === undefined ? "" : `, requires ${requires}`;
				const line = release.changed
					? `${product} ${version}: ${said}${needs}`
					: `${product} ${version} was released so before (sequence ${release.sequence}): nothing changed`;
				const drawn = release.rollout == null || release.rollout.phase === "done" ? [] : drawRollout(release.rollout);
				const left = release.changed ? await leftBehind(await openApi(product), product, version) : [];
				return { release: { ...release, ...beside }, line: [line, ...lines, ...left, ...drawn].join("\n") };
			} finally {
				progress.end();
				await close();
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

/** @throws CliError where no firewall should unpack it */
async function lookAt(file: string, surroundings: Surroundings, json: boolean): Promise<void> {
	const name = basename(file);
	const progress = createProgress(surroundings, `looking at ${name}`, json);
	try {
		expectSound(await inspectFile(file, { name, onRead: progress.report }), name);
	} finally {
		progress.end();
	}
}

const releaseList = z.looseObject({ version_order: versionOrder });

/** @returns the products with several files whose versions have an order; the server knows */
async function findOrdered(
	openApi: (product: string) => Promise<OperatorApi>,
	targets: readonly Target[],
): Promise<ReadonlySet<string>> {
	const ordered = new Set<string>();
	for (const [product, files] of Map.groupBy(targets, (target) => target.product)) {
		if (files.length === 1) continue;
		const what = `could not read releases of ${product}`;
		const api = await openApi(product);
		const found = await api.call("GET", `/v1/products/${product}/releases`, what, releaseList);
		if (found.version_order === "vendor") ordered.add(product);
	}
	return ordered;
}
