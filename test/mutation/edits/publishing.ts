// Faults in what publishers are answered: uploads, parts, validators, words.
import type { FileEdits } from "../edit.ts";

const ATTACKS = ["test/workers/routes/attacks/"];

export const PUBLISHING: readonly FileEdits[] = [
	{
		file: "src/routes/publisher/rollout-choice.ts",
		tests: ATTACKS,
		edits: [
			{
				from: 'if (plan !== undefined && !holder.scopes.includes("operate")) {',
				to: "if (plan === null) {",
				breaks: "whoever uploads and releases lets a release out alone, by a plan that asks nobody",
			},
		],
	},
	{
		file: "src/routes/publisher/uploads/package-upload.ts",
		tests: ATTACKS,
		edits: [
			{
				from: "const requireStill = () => requireKeyStill(c, publisherAccess);",
				to: "const requireStill = async () => {};",
				breaks: "a key that was revoked during an upload fills a version",
			},
		],
	},
	{
		file: "src/routes/publisher/uploads/uploads.ts",
		tests: ATTACKS,
		edits: [
			{
				from: 'if (known !== null && known.sha256 !== sha256) refuseRelease("version_exists");',
				to: "",
				breaks: "other bytes for a version that is filled stay in storage",
			},
		],
	},
	{
		file: "src/routes/publisher/uploads/upload-parts.ts",
		tests: ["test/workers/routes/publisher/uploads/upload-parts"],
		edits: [
			{
				from: "await admitUpload(services.objects, { ...upload, ...uploaderOf(c) }, size, { isPart: true });",
				to: "",
				breaks: "parts fill the storage, whatever the quota of a key is",
			},
			{
				from: "counted: repeated },",
				to: "counted: size },",
				breaks: "a package in parts counts twice",
			},
			{
				from: "counted: repeated },",
				to: "counted: 0 },",
				breaks: "one small part that comes again and again fills the storage beside the quota",
			},
			{
				from: "if (size > limit)",
				to: "if (false)",
				breaks: "parts make a package of any size",
			},
			{
				from: "const forget = () => services.parts.remove(upload).catch(() => {});",
				to: "const forget = async () => {};",
				breaks: "parts are paid for although they are joined",
			},
		],
	},
	{
		file: "src/routes/publisher/uploads/package-upload.ts",
		tests: ["test/workers/routes/publisher/uploads/upload-parts"],
		edits: [
			{
				from: 'outcome === "digest_mismatch" && counted < size',
				to: "false",
				breaks: "parts that are no package are read and written again and again, beside the quota",
			},
		],
	},
	{
		file: "src/objects/product/releases/validation-desk.ts",
		tests: ["test/workers/routes/publisher/validations"],
		edits: [
			{
				from: "if (now < present.dueAt) return",
				to: "if (false) return",
				breaks: "an operator goes past a validator that has time left",
			},
			{
				from: 'if (present.state === "failed") return { ok: false, reason: "failed" };',
				to: "",
				breaks: "an operator is told that a release which has failed was let go on",
			},
			{
				from: 'if (release.sha256 !== sha256) return { ok: false, reason: "other_package" };',
				to: "",
				breaks: "a word on another package lets the release out",
			},
			{
				from: "if (isSameValidator(validator, validations.validator())) ",
				to: "",
				breaks: "a validator that was replaced while it was asked lets the release out",
			},
		],
	},
	{
		file: "src/content/releases/validation.ts",
		tests: ["test/workers/routes/publisher/validations"],
		edits: [
			{
				from: 'if (failed.success) return { result: "failed", findings: cleanFindings(failed.data.findings) };',
				to: "",
				breaks: "a refusal whose findings are out of bounds is overridden as if it were silence",
			},
		],
	},
	{
		file: "src/rollout/decide-rollout.ts",
		tests: ["test/workers/routes/publisher/validations"],
		edits: [
			{
				from: "(isHeld && rollout.step === 0) || ",
				to: "",
				breaks: "a release goes out that its validator has not passed",
			},
		],
	},
	{
		file: "src/signing/upload-urls.ts",
		tests: ["test/workers/routes/publisher/uploads/direct-parts"],
		edits: [
			{
				from: "allHeaders: true,",
				to: "",
				breaks: "a URL that was counted as a byte takes gigabytes",
			},
			{
				from: '"x-amz-checksum-sha256": base64OfHex(sha256),',
				to: "",
				breaks: "the storage keeps other bytes under the name of a part",
			},
		],
	},
];
