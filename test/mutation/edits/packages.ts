// Faults in what lets the bytes of packages come and go.
import type { FileEdits } from "../edit.ts";

export const PACKAGES: readonly FileEdits[] = [
	{
		file: "src/signing/download-urls/cdn-url-signer.ts",
		tests: ["test/unit/signing/cdn-url-signer", "test/vectors/cloudflare-timed-hmac"],
		edits: [
			{
				from: "encoder.encode(path + time)",
				to: "encoder.encode(`${path}?${time}`)",
				breaks: "the CDN's rule refuses every URL",
			},
			{
				from: 'path.includes("?") || ',
				to: "",
				breaks: "what is signed is read otherwise by the rule",
			},
		],
	},
	{
		file: "src/objects/directory/package-claims.ts",
		tests: ["test/simulation/packages/"],
		edits: [
			{
				from: "ON CONFLICT (sha256) DO NOTHING RETURNING sha256",
				to: "ON CONFLICT (sha256) DO UPDATE SET until = excluded.until, removed_by = excluded.removed_by RETURNING sha256",
				breaks: "bytes that are being uploaded are removed as nobody's",
			},
			{
				from: "WHERE until = ? AND removed_by IS NOT NULL AND sha256 IN",
				to: "WHERE until >= ? AND sha256 IN",
				breaks: "a removal that ends late ends the claim of an upload or of another removal",
			},
			{
				from: "DO UPDATE SET until = MAX(until, excluded.until)",
				to: "DO UPDATE SET until = until",
				breaks: "a second upload of the same bytes loses its claim when the first one's ends",
			},
			{
				from: "if (by === null) continue;",
				to: "continue;",
				breaks: "a removal whose end nobody told is in no trail",
			},
		],
	},
	{
		file: "src/objects/directory/package-desk.ts",
		tests: ["test/workers/objects/directory/", "test/workers/routes/publisher/", "test/simulation/packages/"],
		edits: [
			{
				from: "if (this.#tables.product(upload.product) === null)",
				to: "if (upload.product === '')",
				breaks: "packages of a product that is not listed are taken for orphans",
			},
			{
				from: "if (removedUntil !== null)",
				to: "if (removedUntil === 0)",
				breaks: "an upload is bound to bytes that a late delete takes away",
			},
		],
	},
	{
		file: "src/content/package-claim.ts",
		tests: ["test/simulation/packages/", "test/workers/objects/product/"],
		edits: [
			{
				from: "now < claimedUntil - BIND_MARGIN_SECONDS",
				to: "now < claimedUntil + UPLOAD_CLAIM_SECONDS",
				breaks: "a version is bound to bytes that nobody has a claim on any more",
			},
		],
	},
	{
		file: "src/routes/operator/stores/package-collection.ts",
		tests: ["test/simulation/packages/", "test/workers/routes/operator/stores/packages"],
		edits: [
			{
				from: "const kept = new Set(claimed);",
				to: "const kept = new Set<string>();",
				breaks: "what is being uploaded is shown as nobody's",
			},
			{
				from: "if (held === null) throw distrust(`the product ${product} is listed, but knows nothing of itself`);",
				to: "if (held === null) return;",
				breaks: "the packages of a product that lost its state are removed",
			},
			{
				from: "if (products.length === 0) throw",
				to: "if (products.length < 0) throw",
				breaks: "a Directory that lost its list has every package removed",
			},
			{
				from: 'outcomes.set(sha256, isLate() ? "orphaned" :',
				to: 'outcomes.set(sha256, sha256 === "" ? "orphaned" :',
				breaks: "a delete that is sent late takes the bytes of the next upload",
			},
			{
				from: '["orphaned", "locked"].includes(',
				to: '["orphaned", "locked", "unknown"].includes(',
				breaks: "the same bytes can be uploaded while a delete of them may still land",
			},
		],
	},
	{
		file: "cli/delta/dcz.ts",
		edits: [
			{
				from: 'if (written > size) return { ok: false, fault: "too_long" };',
				to: "",
				breaks: "a bomb fills the disk of a firewall",
			},
			{
				from: "Math.ceil(Math.log2(Math.max(size, dictionary?.length ?? 0, 1)))",
				to: "LEAST_WINDOW",
				breaks: "deltas are made through a window that the base falls out of, and save nothing",
			},
			{
				from: "if (isOfZlib(cause)) return",
				to: "if (cause instanceof TypeError) return",
				breaks: "garbage in place of a delta breaks the update off",
			},
		],
	},
];
