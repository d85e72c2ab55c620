// `parapet publish --variant arm=FILE:FW-100,FW-200`: other bytes of the version for some models, uploaded beside its package.
import { basename } from "node:path";
import { z } from "zod";
import { MAX_VARIANTS } from "../../../src/content/releases/variant.ts";
import { modelName, packageFileName, variantName } from "../../../src/names.ts";
import { UsageError } from "../../errors.ts";
import { openPayload, type Payload } from "../../files/package-file.ts";
import { parsePackageName } from "../../files/package-name.ts";
import { formatBytes } from "../../terminal/output.ts";
import { type PublishOptions, uploadPackage } from "./publish-package.ts";

export const VARIANT_HELP =
	"other bytes of the version for some models: arm=crs-1.2.0-arm.tar:FW-100,FW-200; may be repeated, for one file only";

export interface VariantFile {
	readonly variant: string;
	readonly file: string;
	readonly models: readonly string[];
	/** the name that the download will have */
	readonly name: string;
}

export interface OpenedVariant extends VariantFile {
	readonly payload: Payload;
}

/** The models come after the last colon: a path may have one too. */
const FORM = /^([^=]+)=(.+):([^:]+)$/;
const form = z.object({
	variant: variantName,
	file: z.string(),
	models: z.array(modelName).min(1),
	name: packageFileName,
});

/** `--variant`, given once or more often. */
export const variantOption = z
	.array(z.string())
	.max(MAX_VARIANTS, `a release has ${MAX_VARIANTS} variants at most`)
	.transform((given, context) =>
		given.map((text): VariantFile => {
			const [, variant, file = "", models] = FORM.exec(text) ?? [];
			const name = file === "" ? "" : parsePackageName(file).payloadName.replaceAll("+", "-");
			const read = form.safeParse({ variant, file, models: [...new Set(models?.split(","))], name });
			if (read.success) return read.data;
			const why = variant === undefined ? "not NAME=FILE:MODEL,MODEL" : (read.error.issues[0]?.message ?? "");
			context.addIssue({ code: "custom", message: `${text}: ${why}` });
			return z.NEVER;
		}),
	)
	.refine(
		(all) => new Set(all.flatMap(({ models }) => models)).size === all.flatMap(({ models }) => models).length,
		"a model is in one variant",
	)
	.refine((all) => new Set(all.map(({ variant }) => variant)).size === all.length, "a variant is named twice");

/** @throws UsageError where there are several packages, and nobody knows of which the variants are */
export function requireOneFile(files: readonly string[], variants: readonly VariantFile[]): void {
	if (files.length > 1 && variants.length > 0)
		throw new UsageError("--variant is for one file", "publish the files one by one");
}

/**
 * Opens a version's package and its variants.
 * @returns close: to be called by the caller
 * @throws CliError as `openPayload`; then none is open
 */
export async function openPackages(file: string, files: readonly VariantFile[]) {
	const opened: Payload[] = [];
	const open = async (path: string) => {
		const payload = await openPayload(path);
		opened.push(payload);
		return payload;
	};
	const close = async () => {
		for (const one of opened) await one.dispose();
	};
	try {
		const payload = await open(file);
		const variants: OpenedVariant[] = [];
		for (const one of files) variants.push({ ...one, payload: await open(one.file) });
		return { payload, variants, close };
	} catch (error) {
		await close();
		throw error;
	}
}

/** One after the other. @param publication of the version's package, which is uploaded already @throws as `uploadPackage` */
export async function uploadVariants(publication: PublishOptions, variants: readonly OpenedVariant[]): Promise<void> {
	for (const { variant, models, name, payload } of variants)
		await uploadPackage({ ...publication, name, payload, own: { variant, models } });
}

/** @returns a line for each */
export function describeVariantFiles(variants: readonly OpenedVariant[]): string[] {
	return variants.map(
		({ variant, models, file, payload: { size, sha256 } }) =>
			`  variant ${variant} for ${models.join(", ")}: ${basename(file)}, ${formatBytes(size)}, sha256 ${sha256}`,
	);
}
