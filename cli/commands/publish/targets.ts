// What each package file of a `publish` will be released as: said by options, or by the file's name.
import { compareVendorVersions } from "../../../src/content/releases/vendor-version.ts";
import { packageFileName, productName, versionName } from "../../../src/names.ts";
import { UsageError } from "../../errors.ts";
import { parsePackageName } from "../../files/package-name.ts";

/** What is not said is read from the file's name. */
export interface TargetChoices {
	readonly product?: string | undefined;
	readonly version?: string | undefined;
	readonly name?: string | undefined;
}

export interface Target {
	readonly file: string;
	readonly product: string;
	readonly version: string;
	readonly name: string;
}

/**
 * Says what each file will be released as, before anything is sent.
 * @throws UsageError when a file's name does not say and no option does
 */
export function planTargets(files: readonly string[], choices: TargetChoices): Target[] {
	if (files.length > 1 && (choices.version !== undefined || choices.name !== undefined)) {
		throw new UsageError("--version and --name are for one file", "publish the files one by one");
	}
	return files.map((file) => {
		const parsed = parsePackageName(file);
		const product = choices.product ?? parsed.product;
		const version = choices.version ?? parsed.version;
		// A version may hold a plus sign, a download's name may not.
		const name = choices.name ?? parsed.payloadName.replaceAll("+", "-");
		const hint = "give --product and --version, or name the file like crs-4.27.0.tar.gz";
		if (!productName.safeParse(product).success) throw new UsageError(`${file}: no product in the name`, hint);
		if (!versionName.safeParse(version).success) throw new UsageError(`${file}: no version in the name`, hint);
		if (!packageFileName.safeParse(name).success)
			throw new UsageError(`${file}: ${name} cannot be a download's name`, "give --name");
		return { file, product: String(product), version: String(version), name };
	});
}

/** @returns what is published product by product, each from its oldest version to its newest, however a shell sorted the files */
export function orderTargets(targets: readonly Target[], ordered: ReadonlySet<string>): readonly Target[] {
	return [...Map.groupBy(targets, (target) => target.product)].flatMap(([product, files]) =>
		ordered.has(product) ? files.toSorted((a, b) => compareVendorVersions(a.version, b.version)) : files,
	);
}
