// The bytes of a package, to anyone who holds a signed URL. The signature is verified before anything is looked up; then the
// bytes stream from the edge's cache or from storage, whole or in part, under their digest as strong ETag.
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { packageFileName, sha256Hex } from "../../../names.ts";
import { ProblemError } from "../../../problem.ts";
import { verifyDownloadUrl } from "../../../signing/download-urls/signed-url.ts";
import { formatReprDigest } from "../../../signing/formats/digest-header.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { mayMatch, namesEtag } from "../../http/etag-conditions.ts";
import { createRouter, problems } from "../../http/openapi.ts";
import { parseByteRange } from "./byte-range.ts";
import { CODING_VARY, chooseCoding } from "./content-coding.ts";

const bytes = { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } };

const route = createRoute({
	method: "get",
	path: "/d/{sha256}/{name}",
	operationId: "downloadPackage",
	tags: ["Device"],
	security: [{ signedUrl: [] }],
	summary: "Download a package with a signed URL",
	description:
		"Exactly as POST /v1/permits gave it. HEAD, one Range and If-Range work; the ETag is the SHA-256. Where the URL has a `p`, a client that names the dictionary gets `dcz` (RFC 9842): then Range and ETag are those of the coded bytes.",
	request: {
		params: z.object({ sha256: z.string(), name: packageFileName }),
		query: z.object({
			...{ v: z.literal("1"), k: z.string(), d: z.string(), e: z.string(), s: z.string() },
			p: sha256Hex.optional().openapi({ description: "A delta in whose bytes the package may come" }),
		}),
		headers: z.object({
			range: z.string().optional(),
			"if-range": z.string().optional(),
			"if-match": z.string().optional(),
			"if-none-match": z.string().optional(),
			"accept-encoding": z.string().optional(),
			"available-dictionary": z.string().optional(),
		}),
	},
	responses: {
		200: { description: "The package", content: bytes },
		206: { description: "The part that Range asks for", content: bytes },
		304: { description: "You have it: If-None-Match names its digest" },
		416: { description: "Range lies outside the package" },
		...problems("signed_url_invalid", "signed_url_expired", "not_found", "precondition_failed", "content_missing"),
	},
});

export const downloads = createRouter();
downloads.openAPIRegistry.registerPath(route);
// Not `.openapi()`: the signature covers the URL as it was sent, so the raw text is verified, not parsed fields of it.
downloads.on(["GET", "HEAD"], "/d/:sha256/:name", async (c) => {
	const scope = c.env;
	const { macKeyring, packageReader } = scope.services;
	const url = await verifyDownloadUrl(macKeyring, { url: c.req.url, now: scope.now });
	if (!url.ok) {
		scope.event.reason = `url_${url.reason}`;
		throw new ProblemError(url.reason === "not_found" ? "not_found" : `signed_url_${url.reason}`);
	}
	const coding = await chooseCoding(c.req.raw, url.delta, scope);
	/** of the bytes that are sent: a coding has its own ETag and ranges (RFC 9110 §8.8.3.3) */
	const sha256 = coding === null ? url.sha256 : (url.delta ?? "");
	scope.event.device = url.device8;
	const headers = new Headers({
		"content-type": "application/octet-stream",
		"accept-ranges": "bytes",
		etag: `"${sha256}"`,
		"repr-digest": formatReprDigest(sha256),
		"cache-control": "private, no-store, no-transform",
		"referrer-policy": "no-referrer",
	});
	if (url.delta !== null) headers.set("vary", CODING_VARY);
	if (coding !== null) headers.set("content-encoding", coding);
	/** The bytes are coded already. */
	const encodeBody = "manual";
	// In the order of RFC 9110 §13.2.2. If-Unmodified-Since is ignored, as it is where there is no date of modification.
	if (!mayMatch(c.req.header("if-match"), `"${sha256}"`)) throw new ProblemError("precondition_failed");
	if (namesEtag(c.req.header("if-none-match"), `"${sha256}"`)) return new Response(null, { status: 304, headers });
	const rangeHeader = wantedRange(c, sha256);
	if (c.req.method === "GET" && rangeHeader === undefined) {
		const found = await packageReader.read(sha256, undefined, scope.waitUntil);
		if (found === null) throw new ProblemError("content_missing");
		scope.event.bytes = found.size;
		headers.set("content-length", String(found.size));
		return new Response(found.body, { headers, encodeBody });
	}

	const size = await packageReader.size(sha256);
	if (size === null) throw new ProblemError("content_missing");
	if (c.req.method === "HEAD") {
		headers.set("content-length", String(size));
		return new Response(null, { headers, encodeBody });
	}
	const range = parseByteRange(rangeHeader, size);
	if (range === "unsatisfiable") {
		return new Response(null, {
			status: 416,
			headers: { "content-range": `bytes */${size}`, "cache-control": "no-store" },
		});
	}
	const found = await packageReader.read(sha256, range ?? undefined, scope.waitUntil);
	if (found === null) throw new ProblemError("content_missing");
	const { offset, length } = range ?? { offset: 0, length: size };
	scope.event.bytes = length;
	headers.set("content-length", String(length));
	if (range === null) return new Response(found.body, { headers, encodeBody });
	headers.set("content-range", `bytes ${offset}-${offset + length - 1}/${size}`);
	return new Response(found.body, { status: 206, headers, encodeBody });
});

/** RFC 9110 §13.1.5: a Range counts only while If-Range, if there is one, still names what we have. */
function wantedRange(c: Context<AppEnv>, sha256: string): string | undefined {
	const ifRange = c.req.header("if-range");
	return ifRange === undefined || ifRange === `"${sha256}"` ? c.req.header("range") : undefined;
}
