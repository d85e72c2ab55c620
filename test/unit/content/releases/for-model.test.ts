// Which bytes of a release a device has: its model's variant and nobody else's, whatever the variants.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explainProduct } from "../../../../src/content/check/explain.ts";
import { forModel } from "../../../../src/content/releases/for-model.ts";
import { release } from "../../../../src/content/releases/product-record.ts";
import { selectRelease } from "../../../../src/content/releases/select-release.ts";
import { isSigned, signedOf } from "../../../../src/content/releases/signed-releases.ts";
import { faultOfVariant, findUnreached, type Variant } from "../../../../src/content/releases/variant.ts";
import { requireRelease } from "../../../../src/routes/device/permits/permit-checks.ts";
import { admittedAt, DEVICE, makeRelease, NOW, recordOf } from "../content-fixtures.ts";

const digest = (number: number) => number.toString(16).padStart(64, "0");
const ARM: Variant = {
	variant: "arm",
	models: ["FW-100", "FW-200"],
	sha256: digest(1),
	size: 20,
	name: "crs-arm.rules",
};
const MIPS: Variant = { variant: "mips", models: ["FW-300"], sha256: digest(2), size: 30, name: "crs-mips.rules" };
const DELTAS = [{ from: null, sha256: digest(3), size: 5 }];
const both = makeRelease(2, { variants: [ARM, MIPS], deltas: DELTAS });
const OFFER = {
	...{ device: DEVICE.id, pseudonym: "12345678", product: "crs", from: null, isRevert: false, isAgain: false },
	...{ exp: NOW + 900, jkt: null },
};
const GRANT = { until: NOW + 1_000_000, grace: 0, delay: 0, emergencyDelay: 0 };

describe("the bytes of a release", () => {
	it.each([
		["FW-100", ARM],
		["FW-200", ARM],
		["FW-300", MIPS],
	])("are for %s those of its variant, without deltas", (model, { variant, sha256, size, name }) => {
		const own = forModel(both, model);
		expect(own).toMatchObject({ version: both.version, sequence: both.sequence, variant, sha256, size, name });
		expect(own).not.toHaveProperty("deltas");
		expect(own).not.toHaveProperty("variants");
	});

	it.each(["FW-400", "fw-100", "FW-1"])("are for %s the package's, with its deltas", (model) => {
		expect(forModel(both, model)).toBe(both);
	});

	it("are the package's for every model of a release without variants", () => {
		const plain = makeRelease(1);
		expect(forModel(plain, "FW-100")).toBe(plain);
	});
});

const models = fc.constantFrom("A", "B", "C", "D", "E", "F");
/** Variants as a product takes them: each beside those before it. */
const anyVariants = fc.array(fc.uniqueArray(models, { minLength: 1, maxLength: 3 }), { maxLength: 5 }).map((lists) => {
	const known: Variant[] = [];
	for (const [number, list] of lists.entries()) {
		const next = { ...ARM, variant: `v${number}`, models: list, sha256: digest(10 + number), size: 10 + number };
		if (faultOfVariant(known, next) === null) known.push(next);
	}
	return known;
});

describe("whatever variants a release has", () => {
	it("no model is in two of them, and each gets the one that names it, or else the package", () => {
		fc.assert(
			fc.property(anyVariants, models, (variants, model) => {
				const named = variants.filter((one) => one.models.includes(model));
				expect(named.length).toBeLessThanOrEqual(1);
				const own = forModel(makeRelease(1, { variants }), model);
				expect(own.sha256).toBe(named[0]?.sha256 ?? "ab".repeat(32));
				expect(own.variant).toBe(named[0]?.variant);
			}),
		);
	});

	it("a device is offered the bytes of its model, which an explanation says too", () => {
		fc.assert(
			fc.property(anyVariants, models, (variants, model) => {
				const record = recordOf(makeRelease(1), makeRelease(2, { variants }));
				const candidate = { model, channel: "stable", engine: null, installed: null, admittedAt } as const;
				const own = forModel(makeRelease(2, { variants }), model);
				const found = selectRelease(record, GRANT, candidate, NOW);
				expect(found).toMatchObject({ status: "offered", release: { version: "1.2", sha256: own.sha256 } });
				const told = explainProduct({ device: DEVICE, product: "crs", record, candidate, now: NOW });
				expect(told.releases[0]?.release.sha256).toBe(own.sha256);
			}),
		);
	});

	it("the record reads as it was written", () => {
		fc.assert(
			fc.property(anyVariants, (variants) => {
				const one = makeRelease(1, { variants });
				expect(release.parse(JSON.parse(JSON.stringify(one)))).toEqual(one);
			}),
		);
	});

	it("the release is signed where the role file names the package and each of them", () => {
		fc.assert(
			fc.property(anyVariants, fc.nat(), (variants, picked) => {
				const one = makeRelease(1, { variants });
				const named = [
					[one.version, one.sha256] as const,
					...variants.map(({ variant, sha256 }) => [`${one.version}@${variant}`, sha256] as const),
				];
				expect(isSigned(one, Object.fromEntries(named))).toBe(true);
				const lacking = Object.fromEntries(named.toSpliced(picked % named.length, 1));
				expect(isSigned(one, lacking)).toBe(false);
				expect(signedOf([one], "required", lacking)).toEqual([]);
			}),
		);
	});
});

describe("a permit", () => {
	const permitted = (sha256: string, model: string) =>
		requireRelease(recordOf(both), { ...OFFER, to: both.version, sha256 }, "stable", model);

	it("is for the bytes of the device's model", () => {
		expect(permitted(ARM.sha256, "FW-100")).toMatchObject({ sha256: ARM.sha256, variant: "arm" });
		expect(permitted(both.sha256, "FW-400")).toMatchObject({ sha256: both.sha256 });
	});

	it.each([
		["the package's", both.sha256, "FW-100"],
		["another variant's", MIPS.sha256, "FW-100"],
		["a variant's", ARM.sha256, "FW-400"],
	])("is not given for an offer of %s, such as an edge makes that knows no variants", (_, sha256, model) => {
		expect(() => permitted(sha256, model)).toThrow(expect.objectContaining({ code: "release_withdrawn" }));
	});
});

describe("a variant that a release cannot have", () => {
	it("is for a model of another one", () => {
		expect(faultOfVariant([ARM, MIPS], { models: ["FW-400", "FW-300"] })).toEqual({
			...{ fault: "models_taken", models: ["FW-300"], by: "mips" },
		});
		expect(faultOfVariant([ARM, MIPS], { models: ["FW-400"] })).toBeNull();
	});

	it("is one too many, or for too many models", () => {
		const eight = Array.from({ length: 8 }, (_, at) => ({ ...ARM, variant: `v${at}`, models: [`M-${at}`] }));
		expect(faultOfVariant(eight.slice(1), { models: ["X"] })).toBeNull();
		expect(faultOfVariant(eight, { models: ["X"] })).toEqual({ fault: "too_many_variants" });
		const many = Array.from({ length: 98 }, (_, at) => `N-${at}`);
		expect(faultOfVariant([ARM], { models: many })).toBeNull();
		expect(faultOfVariant([ARM], { models: [...many, "X"] })).toEqual({ fault: "too_many_variants" });
	});

	it("is for models that the release is not for", () => {
		expect(findUnreached([ARM, MIPS], ["FW-100", "FW-200"])).toEqual({ variant: "mips", models: ["FW-300"] });
		expect(findUnreached([ARM], ["FW-200", "FW-100"])).toBeNull();
		expect(findUnreached([ARM], null)).toBeNull();
	});
});
