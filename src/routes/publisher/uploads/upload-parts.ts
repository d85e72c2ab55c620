// A package goes up in parts where a request's body cannot hold it, or the line is too bad for one request: each part under its own
// digest, in any order, several at once; then a version is given the package that they are. A part that is there is not sent again.
import { createRoute, z } from "@hono/zod-openapi";
import { packageFileName, productName, sha256Hex } from "../../../names.ts";
import { ProblemError } from "../../../problem.ts";
import { formatTimestamp } from "../../../timestamps.ts";
import { publisherAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems } from "../../http/openapi.ts";
import { requireLength } from "../../http/request-body.ts";
import { releasePath } from "../release-body.ts";
import { requireSound } from "./package-inspection.ts";
import { admitUpload, takeUpload, takeVariant, uploaderOf } from "./package-upload.ts";
import { answerUpload, bytes, fileNameOf, packageBody, requireSameVersion, uploadProblems } from "./uploads.ts";
import { answerVariant, readVariant, requireOpenVariant, variantFields } from "./variant-upload.ts";

/** A join reads each once, and a request of the platform may ask so often. */
export const MAX_PARTS = 500;

const uploadPath = z.object({ product: productName, sha256: sha256Hex });
const partPath = uploadPath.extend({ part: sha256Hex });
const partBody = z.object({ sha256: z.string(), size: z.int() }).openapi("Part");

const put = createRoute({
	method: "put",
	path: "/v1/products/{product}/uploads/{sha256}/parts/{part}",
	operationId: "uploadPart",
	tags: ["Publisher"],
	summary: "Upload a part of a package that is too large for one request",
	description:
		"`sha256` is the digest of the whole package, `part` that of the part. Parts may come in any order, several at once and again. They are kept for a day, and by then belong to a version ([`PUT …/package/parts`](#put-v1productsproductreleasesversionpackageparts)) or are forgotten.",
	...publisherAccess,
	request: {
		params: partPath,
		body: { content: { "application/octet-stream": { schema: bytes }, "*/*": { schema: bytes } }, required: true },
	},
	responses: {
		200: jsonAnswer(partBody, "Kept"),
		...problems(
			...(["unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"] as const),
			...(["digest_mismatch", "length_mismatch", "length_required", "content_too_large"] as const),
			...(["unsupported_media_type", "rate_limited", "upload_quota_exceeded", "too_many_parts"] as const),
		),
	},
});

const sign = createRoute({
	method: "post",
	path: "/v1/products/{product}/uploads/{sha256}/parts/{part}/url",
	operationId: "signPartUpload",
	tags: ["Publisher"],
	summary: "A URL by which a part goes straight to the storage",
	description:
		"For one `PUT` of the part, with exactly the `headers` of the answer: the storage refuses another length and other bytes. The URL lives for 15 minutes; its bytes count of the quota now. What came so is a part as any other. `not_found` where the service has no such storage: send the part to [`PUT …/parts/{part}`](#put-v1productsproductuploadssha256partspart).",
	...publisherAccess,
	request: {
		params: partPath,
		body: jsonBody(
			z.strictObject({ size: z.int().min(1).openapi({ description: "Bytes of the part" }) }).openapi("PartToSend"),
		),
	},
	responses: {
		201: jsonAnswer(
			z
				.object({
					url: z.string(),
					headers: z.record(z.string(), z.string()).openapi({ description: "That the request must carry" }),
					expires_at: z.string(),
				})
				.openapi("PartUrl"),
			"Signed",
		),
		...problems(
			...(["unauthenticated", "insufficient_scope", "invalid_identifier", "invalid_request", "not_found"] as const),
			...(["content_too_large", "rate_limited", "upload_quota_exceeded", "too_many_parts"] as const),
		),
	},
});

const show = createRoute({
	method: "get",
	path: "/v1/products/{product}/uploads/{sha256}",
	operationId: "listParts",
	tags: ["Publisher"],
	summary: "The parts of a package that are there: whoever was interrupted sends the others",
	...publisherAccess,
	request: { params: uploadPath },
	responses: {
		200: jsonAnswer(z.object({ parts: z.array(partBody) }).openapi("Parts"), "In the order of their digests"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "rate_limited"),
	},
});

const abort = createRoute({
	method: "delete",
	path: "/v1/products/{product}/uploads/{sha256}",
	operationId: "removeParts",
	tags: ["Publisher"],
	summary: "Forget the parts of a package",
	...publisherAccess,
	request: { params: uploadPath },
	responses: {
		204: { description: "There are none" },
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "rate_limited"),
	},
});

const join = createRoute({
	method: "put",
	path: "/v1/products/{product}/releases/{version}/package/parts",
	operationId: "joinParts",
	tags: ["Publisher"],
	summary: "Give a version the package that its parts are",
	description:
		"The storage reads the parts one after the other and holds the whole against `sha256`; then all is as after [`PUT …/package`](#put-v1productsproductreleasesversionpackage). The same again changes nothing, also after the parts are forgotten.",
	...publisherAccess,
	request: {
		params: releasePath,
		body: jsonBody(
			z
				.strictObject({
					sha256: sha256Hex.meta({ description: "Of the whole package" }),
					parts: z
						.array(sha256Hex)
						.min(1)
						.max(MAX_PARTS)
						.openapi({ description: "In the order of the package; one may come several times" }),
					name: packageFileName.optional().openapi({ description: "File name, as of `PUT …/package`" }),
					...variantFields,
				})
				.openapi("PartsOfPackage"),
		),
	},
	responses: {
		201: jsonAnswer(packageBody, "Stored"),
		200: jsonAnswer(packageBody, "This version had this package already"),
		...problems(...uploadProblems, "invalid_request", "parts_missing"),
	},
});

export const uploadParts = createRouter()
	.openapi(put, async (c) => {
		const { services, event } = c.env;
		const { product, sha256: whole, part: sha256 } = c.req.valid("param");
		event.product = product;
		const size = requireLength(c.req.raw, services.config.maxBodyBytes);
		const { body } = c.req.raw;
		if (body === null) throw new ProblemError("length_mismatch");
		const upload = { product, sha256: whole };
		await admitUpload(services.objects, { ...upload, ...uploaderOf(c) }, size, { isPart: true });
		const outcome = await services.parts.put(upload, sha256, body, size);
		if (outcome !== "stored") throw new ProblemError(outcome);
		event.bytes = size;
		return c.json({ sha256, size }, 200);
	})
	.openapi(sign, async (c) => {
		const { services, event } = c.env;
		const { uploadUrls, config, objects } = services;
		const { product, sha256: whole, part: sha256 } = c.req.valid("param");
		event.product = product;
		if (uploadUrls === null) {
			throw new ProblemError("not_found", { detail: "parts come through this service only: PUT …/parts/{part}" });
		}
		const { size } = c.req.valid("json");
		const { maxPackageBytes: most } = config;
		if (size > most) throw new ProblemError("content_too_large", { extras: { limit_bytes: most } });
		const upload = { product, sha256: whole };
		const uploader = uploaderOf(c);
		await admitUpload(objects, { ...upload, ...uploader }, size, { isPart: true });
		const { url, headers, expiresAt } = await uploadUrls.sign({ upload, sha256, size }, uploader.change.now);
		return c.json({ url, headers, expires_at: formatTimestamp(expiresAt) }, 201);
	})
	.openapi(show, async (c) => {
		const upload = c.req.valid("param");
		c.env.event.product = upload.product;
		return c.json({ parts: await c.env.services.parts.list(upload) }, 200);
	})
	.openapi(abort, async (c) => {
		const upload = c.req.valid("param");
		c.env.event.product = upload.product;
		await c.env.services.parts.remove(upload);
		return c.body(null, 204);
	})
	.openapi(join, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		event.toVersion = version;
		const sent = c.req.valid("json");
		const { sha256, parts: sha256s } = sent;
		const own = readVariant(sent);
		const { name = fileNameOf(product, version, own?.variant) } = sent;
		// Its parts may be forgotten by now.
		if (own === null) {
			const known = await requireSameVersion(c, { product, version, sha256 });
			if (known !== null) {
				const isInspected = await requireSound(services.packages, known);
				return answerUpload(c, product, { ok: true, kind: "same", release: known, isInspected });
			}
		} else {
			const known = await requireOpenVariant(c, { product, version, sha256, ...own });
			if (known !== null) {
				const isInspected = await requireSound(services.packages, known);
				return answerVariant(c, { product, version }, { ok: true, kind: "same", variant: known, isInspected });
			}
		}
		const upload = { product, sha256 };
		const { size, repeated } = requireParts(
			await services.parts.list(upload),
			sha256s,
			services.config.maxPackageBytes,
		);
		const parts = { ...services.objects, packages: services.packages };
		const whole = {
			...{ product, version, sha256, size, name },
			...{ body: services.parts.join(upload, sha256s), counted: repeated },
			...uploaderOf(c),
		};
		// Those that stay are swept after a day.
		const forget = () => services.parts.remove(upload).catch(() => {});
		if (own !== null) {
			const added = await takeVariant(parts, { ...whole, ...own });
			if (added.ok) await forget();
			return answerVariant(c, { product, version }, added);
		}
		const added = await takeUpload(parts, whole);
		if (added.ok) await forget();
		return answerUpload(c, product, added);
	});

/**
 * @returns the bytes of the package, and those of them that no part was counted for: of a part that comes again. A part of a megabyte could
 * else be stored as packages of 500
 * @throws ProblemError `parts_missing`, `content_too_large`
 */
function requireParts(stored: readonly z.infer<typeof partBody>[], sha256s: readonly string[], limit: number) {
	const sizes = new Map(stored.map(({ sha256, size }) => [sha256, size]));
	const distinct = [...new Set(sha256s)];
	const missing = distinct.filter((sha256) => !sizes.has(sha256));
	if (missing.length > 0) throw new ProblemError("parts_missing", { extras: { missing } });
	const bytesOf = (chosen: readonly string[]) => chosen.reduce((sum, sha256) => sum + (sizes.get(sha256) ?? 0), 0);
	const size = bytesOf(sha256s);
	if (size > limit) throw new ProblemError("content_too_large", { extras: { limit_bytes: limit } });
	return { size, repeated: size - bytesOf(distinct) };
}
