// Faults in releases that have other bytes for some models.
import type { FileEdits } from "../edit.ts";

const RULES = ["test/unit/content/releases/for-model"];
const PUBLISHER = ["test/workers/routes/publisher/uploads/variants"];
const OBJECT = ["test/workers/objects/product/releases/variants"];

export const VARIANTS: readonly FileEdits[] = [
	{
		file: "src/content/releases/for-model.ts",
		tests: RULES,
		edits: [
			{
				from: "models.includes(model)",
				to: "models.length > 0",
				breaks: "every model gets the bytes of the first variant",
			},
			{
				from: "const { variants: _, deltas: __, ...shared } = release;",
				to: "const { variants: _, ...shared } = release;",
				breaks: "a variant is offered with the deltas of other bytes",
			},
		],
	},
	{
		file: "src/content/releases/variant.ts",
		tests: RULES,
		edits: [
			{
				from: "if (taken.length > 0) return",
				to: "if (taken.length > 1) return",
				breaks: "a model is in two variants, and which it gets is a matter of their names",
			},
			{
				from: "all > MAX_VARIANT_MODELS",
				to: "false",
				breaks: "variants are for so many models that the record grows beyond its bounds",
			},
		],
	},
	{
		file: "src/content/releases/signed-releases.ts",
		tests: [...RULES, "test/unit/content/releases/signed-releases"],
		edits: [
			{
				from: "isNamed(version, sha256) && variants.every((one) => isNamed(bytesName(version, one.variant), one.sha256))",
				to: "isNamed(version, sha256)",
				breaks: "a release passes for signed of which a variant is not",
			},
		],
	},
	{
		file: "src/objects/product/releases/variant-desk.ts",
		tests: [...OBJECT, ...PUBLISHER],
		edits: [
			{
				from: 'if (release.status !== "uploaded") return { ok: false, reason: "frozen" };',
				to: "",
				breaks: "a release gets other bytes for some models after it was released",
			},
			{
				from: 'if (release.addedBy !== actor) return { ok: false, reason: "other_uploader" };',
				to: "",
				breaks: "whoever uploads a variant alone can give a word on it",
			},
			{
				from: "known.sha256 === sha256 && JSON",
				to: "JSON",
				breaks: "a variant that is there with other bytes passes for the same",
			},
		],
	},
	{
		file: "src/objects/product/told-product.ts",
		tests: PUBLISHER,
		edits: [
			{
				from: "[variants, deltas, ruleIndexes]",
				to: "[deltas, ruleIndexes]",
				breaks: "the collection of packages removes the bytes of variants",
			},
		],
	},
];
