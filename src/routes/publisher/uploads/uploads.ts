// Packages go up as streams and are checked against their announced digest on the way. What was uploaded never changes; nobody is
// offered it before it is released.
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { packageFileName } from "../../../names.ts";
import type { ReleaseEntry } from "../../../objects/product/releases/release-row.ts";
import { ProblemError } from "../../../problem.ts";
import { formatReprDigest } from "../../../signing/formats/digest-header.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { publisherAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, problems } from "../../http/openapi.ts";
import { requireDigest, requireLength } from "../../http/request-body.ts";
import { refuseRelease, releasePath } from "../release-body.ts";
import { type TakenUpload, takeUpload, takeVariant, uploaderOf } from "./package-upload.ts";
import { answerVariant, readVariant, requireOpenVariant, storedVariant, variantQuery } from "./variant-upload.ts";

export const bytes = z.string().openapi({ format: "binary" });
export const packageBody = z
	.object({
		product: z.string(),
		version: z.string(),
		sha256: z.string(),
		size: z.int(),
		name: z.string(),
		...storedVariant,
		inspected: z.boolean().openapi({
			example: true,
			description:
				"`false`: it has more bytes or entries than the service looks at, is a zip, whose contents it does not unpack, or is packed by zstd, xz, bzip2 or 7z",
		}),
	})
	.openapi("Package");

export const uploadProblems = [
	...(["unauthenticated", "insufficient_scope", "invalid_identifier", "not_found", "rate_limited"] as const),
	...(["invalid_digest", "digest_mismatch", "length_mismatch", "length_required"] as const),
	...(["content_too_large", "unsupported_media_type", "upload_quota_exceeded"] as const),
	...(["version_exists", "conflict", "unsafe_package"] as const),
] as const;

const upload = createRoute({
	method: "put",
	path: "/v1/products/{product}/releases/{version}/package",
	operationId: "uploadPackage",
	tags: ["Publisher"],
	summary: "Upload the package of a release",
	description:
		"The payload as firewalls will read it, with Content-Length and `Repr-Digest` (or `Content-Digest`) `sha-256`. The service looks at its form: its type by the first bytes, and of a tar, packed or not, and a zip each entry. What no firewall should unpack is refused (`unsafe_package`), and the version does not have it.",
	...publisherAccess,
	request: {
		params: releasePath,
		query: z.object({
			name: packageFileName
				.optional()
				.openapi({ description: "File name; `{product}-{version}` (each + as -), and `-{variant}`, if left out" }),
			...variantQuery,
		}),
		headers: z.object({ "repr-digest": z.string().optional(), "content-digest": z.string().optional() }),
		// Whatever type it says it is of.
		body: { content: { "application/octet-stream": { schema: bytes }, "*/*": { schema: bytes } }, required: true },
	},
	responses: {
		201: jsonAnswer(packageBody, "Stored"),
		200: jsonAnswer(packageBody, "This version had this package already"),
		...problems(...uploadProblems),
	},
});

export const uploads = createRouter().openapi(upload, async (c) => {
	const { services, event } = c.env;
	const { product, version } = c.req.valid("param");
	event.product = product;
	event.toVersion = version;
	const size = requireBodyLength(c);
	const sha256 = requireDigest(c.req.raw);
	const query = c.req.valid("query");
	const own = readVariant(query);
	const name = query.name ?? fileNameOf(product, version, own?.variant);
	if (own === null) await requireSameVersion(c, { product, version, sha256 });
	else await requireOpenVariant(c, { product, version, sha256, ...own });
	const { body } = c.req.raw;
	if (body === null) throw new ProblemError("length_mismatch");
	const parts = { ...services.objects, packages: services.packages };
	const sent = { product, version, sha256, size, name, body, ...uploaderOf(c) };
	if (own !== null) return answerVariant(c, sent, await takeVariant(parts, { ...sent, ...own }));
	return answerUpload(c, product, await takeUpload(parts, sent));
});

/** @returns bytes @throws ProblemError as `requireLength`; it says so where the package may come in parts */
function requireBodyLength(c: Context<AppEnv>): number {
	const { maxBodyBytes, maxPackageBytes } = c.env.services.config;
	const length = requireLength(c.req.raw, maxPackageBytes);
	if (length <= maxBodyBytes) return length;
	const detail = `a body has ${maxBodyBytes} bytes at most: send the package in parts, PUT /v1/products/{product}/uploads/{sha256}/parts/{part}`;
	throw new ProblemError("content_too_large", { detail, extras: { limit_bytes: maxBodyBytes } });
}

/** A version may hold a plus sign, a file name may not. */
export function fileNameOf(product: string, version: string, variant?: string): string {
	return `${product}-${version.replaceAll("+", "-")}${variant === undefined ? "" : `-${variant}`}`;
}

/**
 * Asked before the bytes are taken in, and again when they are: the version may have been filled meanwhile.
 * @returns the version, if it has these bytes @throws ProblemError where it has others
 */
export async function requireSameVersion(
	c: Context<AppEnv>,
	{ product, version, sha256 }: { product: string; version: string; sha256: string },
): Promise<ReleaseEntry | null> {
	const known = await c.env.services.objects.product(product).find(version);
	if (known !== null && known.sha256 !== sha256) refuseRelease("version_exists");
	return known;
}

export function answerUpload(c: Context<AppEnv>, product: string, added: TakenUpload) {
	if (!added.ok) refuseRelease(added.reason);
	// As it is stored: a second upload does not rename the first.
	const { version, sha256, size, name } = added.release;
	c.env.event.bytes = size;
	const answer = { product, version, sha256, size, name, inspected: added.isInspected };
	return c.json(answer, added.kind === "new" ? 201 : 200, { "repr-digest": formatReprDigest(sha256) });
}
