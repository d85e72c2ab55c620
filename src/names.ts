// The names that content goes by: products, versions, models, serials, labels. One pattern each, used wherever such a
// name enters the system, so that a name that got in is safe in a path, a storage key, a log line and a signed text.
// Lengths and counts are bounded so that an access token with all of them still fits (access-token-size.test.ts).
import { z } from "zod";
import { compareVendorVersions } from "./content/releases/vendor-version.ts";

export const PRODUCT_NAME = /^[a-z][a-z0-9-]{0,23}$/;
export const productName = z
	.string()
	.regex(PRODUCT_NAME, "a product name is up to 24 lower-case letters, digits and -");
export const versionName = z
	.string()
	.regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, "a version is up to 64 letters, digits and . _ + -");
/** A version, or what several begin with: `4.26*` is all of 4.26. */
export const versionsWanted = z
	.string()
	.regex(
		/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}\*?$/,
		"a version, or the beginning of several with a * at its end, such as 4.26*",
	);

/** @param wanted as versionsWanted has it */
export function splitWanted(wanted: string): { readonly version: string } | { readonly prefix: string } {
	return wanted.endsWith("*") ? { prefix: wanted.slice(0, -1) } : { version: wanted };
}

/** Of a release's package for some models: `arm`. */
export const variantName = z
	.string()
	.regex(/^[a-z][a-z0-9-]{0,23}$/, "a variant is up to 24 lower-case letters, digits and -");

/** @returns what the bytes go by: of the package for all other models the version, of a variant `1.2.0@arm`. No version has an @ */
export function bytesName(version: string, variant?: string): string {
	return variant === undefined ? version : `${version}@${variant}`;
}

export const modelName = z
	.string()
	.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "a model is up to 64 letters, digits and . _ -");
export const serialNumber = z
	.string()
	.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "a serial number is up to 64 letters, digits and . _ -");
/** Whether two serial numbers are one appliance's: people and bar codes write letters in either case. */
export function isSameSerial(one: string, other: string): boolean {
	return foldSerial(one) === foldSerial(other);
}

/** @returns the same text for each way to write a serial number; to compare by, not to show */
export function foldSerial(serial: string): string {
	return serial.toLowerCase();
}

/** The file name in a download's path. No leading dot, no slash. */
export const packageFileName = z
	.string()
	.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, "a file name is up to 128 letters, digits and . _ -");
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 is 64 lower-case hexadecimal digits");

const MAX_LABELS = 8;
const LABEL_KEY = /^[a-z][a-z0-9_.-]{0,31}$/;
const labelKey = z.string().regex(LABEL_KEY, "a label's key is up to 32 lower-case letters, digits and _ . -");
const labelValue = z
	.string()
	.regex(
		/^[ !#-[\]-~]{1,48}$/,
		"a label's value is 1 to 48 printable ASCII characters, no quotation mark and no backslash",
	);
export const labels = z
	.record(labelKey, labelValue)
	.refine((value) => Object.keys(value).length <= MAX_LABELS, `at most ${MAX_LABELS} labels`)
	.meta({ maxProperties: MAX_LABELS, propertyNames: { pattern: LABEL_KEY.source } });
export type Labels = z.infer<typeof labels>;

/** A virtual machine by its provider's name for it: i-0123456789abcdef0. Fits a label's value. */
export const instanceName = z
	.string()
	.regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,47}$/, "an instance is up to 48 letters, digits and . _ : -");
/** The label by which a device says on which instance it runs. */
export const INSTANCE_LABEL = "instance_id";

/** @returns a device's own labels, and of another's as many as fit beside them; not on which instance that one ran */
export function mergeLabels(own: Labels, others: Labels): Labels {
	const added = Object.entries(others).filter(([key]) => key !== INSTANCE_LABEL && !Object.hasOwn(own, key));
	return Object.fromEntries([...Object.entries(own), ...added].slice(0, MAX_LABELS));
}

/** Which software a release or a message is for; either end may be open, both ends belong to the range. */
export const engineRange = z
	.strictObject({ min: versionName.optional(), max: versionName.optional() })
	.refine(
		({ min, max }) => min === undefined || max === undefined || compareVendorVersions(min, max) <= 0,
		"an engine range with a minimum above its maximum is for nobody",
	);
export type EngineRange = z.infer<typeof engineRange>;
