// Faults in releases that require other products.
import type { FileEdits } from "../edit.ts";

const RULES = ["test/unit/content/requires"];
const DEVICE = ["test/workers/routes/device/requires"];
const PUBLISHER = ["test/workers/routes/publisher/requires"];

export const REQUIRES: readonly FileEdits[] = [
	{
		file: "src/content/requires/requires.ts",
		tests: RULES,
		edits: [
			{
				from: "offered === null ? has !== null : meetsRequirement(requirement, offered)",
				to: "has !== null || (offered !== null && meetsRequirement(requirement, offered))",
				breaks: "a device that is led back from what is required gets what requires it all the same",
			},
			{
				from: "installed !== null && isSound && meets",
				to: "installed !== null && meets",
				breaks: "a withdrawn release that is still installed lets in what requires it",
			},
			{
				from: "version === exactly;",
				to: "compareVendorVersions(version, exactly) === 0;",
				breaks: "another release that counts as the same version passes for the one that is named",
			},
		],
	},
	{
		file: "src/content/requires/answer-in-turn.ts",
		tests: RULES,
		edits: [
			{
				from: "if (!asked.has(product)) return NOT_NAMED;",
				to: "",
				breaks: "a check that names one product has another offered, which the device did not ask about",
			},
			{
				from: "if (pending.has(product)) return null;",
				to: "",
				breaks: "two products that require each other never end a check",
			},
			{
				from: "if (answer !== undefined) place(answer);",
				to: "",
				breaks: "what is required stands behind what requires it, and is installed after it",
			},
		],
	},
	{
		file: "src/content/requires/holds.ts",
		tests: RULES,
		edits: [
			{
				from: 'return release.urgency === "emergency";',
				to: "return false;",
				breaks: "an emergency does not come to devices whose rules do not go with it",
			},
			{
				from: "if (hold?.isLeaving !== true || isPutOff) continue;",
				to: "continue;",
				breaks: "a device stays on a withdrawn release for the sake of another product",
			},
			{
				from: "if (release === undefined || release.withdrawn ||",
				to: "if (release === undefined ||",
				breaks: "a withdrawn release that is still installed holds back what others require",
			},
			{
				from: 'other.selection?.status === "offered" ? [] : ',
				to: "",
				breaks: "a release that is replaced by the same answer holds its successor's company back",
			},
			{
				from: "if (findCircle(product, [other.product], before) !== null) continue;",
				to: "",
				breaks: "two offers are to be installed before each other, and a check never ends",
			},
			{
				from: "[...hold.holders.values()].filter(",
				to: "[].filter(",
				breaks: "a check goes through all products again for each of many releases that are held back",
			},
		],
	},
	{
		file: "src/content/releases/select-release.ts",
		tests: RULES,
		edits: [
			{
				from: 'fit === "chosen" && release.requires !== undefined',
				to: 'fit === "chosen" && !isAgain && release.requires !== undefined',
				breaks: "a device that had a permit is offered the release again although what it requires has gone",
			},
		],
	},
	{
		file: "src/content/releases/recorded-releases.ts",
		tests: ["test/unit/content/releases/recorded-releases"],
		edits: [
			{
				from: ".map(({ product }) => product).sort()",
				to: ".map(() => null)",
				breaks: "releases that require one product push those that require another out of the record",
			},
		],
	},
	{
		file: "src/routes/device/permits/prerequisites.ts",
		tests: DEVICE,
		edits: [
			{
				from: "(said?.has(product) ? said.get(product) : atCheck.get(product)) ?? null",
				to: "said?.get(product) ?? atCheck.get(product) ?? null",
				breaks: "a device that says that what is required has gone gets its permit",
			},
			{
				from: "const fits = requirement === undefined ||",
				to: "const fits = requirement !== null ||",
				breaks: "an offer buys a permit although what was to be replaced first is still there",
			},
			{
				from: "return !(record?.releases.some((one) => one.withdrawn && one.version === version) ?? false);",
				to: "return record !== undefined;",
				breaks: "an offer from before a withdrawal buys a permit for what requires the withdrawn release",
			},
		],
	},
	{
		file: "src/routes/publisher/required-releases.ts",
		tests: PUBLISHER,
		edits: [
			{
				from: '(one.channel === "stable" || one.channel === channel) &&',
				to: "",
				breaks: "a release on stable requires one that only devices on beta can have",
			},
			{
				from: 'if (known === null || known.status !== "uploaded") return {};',
				to: "",
				breaks: "a publication that is said again is refused because what it requires was withdrawn meanwhile",
			},
			{
				from: "fitting.some(({ outAt }) => outAt !== null)",
				to: "true",
				breaks: "two rollouts that belong together come to different firewalls first",
			},
			{
				from: "if (stale.length > 0) claimed =",
				to: "if (stale.length > 9) claimed =",
				breaks: "a release that was withdrawn keeps other products from requiring its own for ever",
			},
		],
	},
	{
		file: "src/objects/directory/requirement-list.ts",
		tests: PUBLISHER,
		edits: [
			{
				from: "for (const other of required) this.#sql.exec(query, product, version, other, now);",
				to: "",
				breaks: "two publishers at the same time make a circle of products",
			},
		],
	},
];
