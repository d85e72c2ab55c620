// Packages go up as streams and are checked against their announced digest on the way. What was uploaded never changes; nobody is
// offered it before it is released.
import { createRoute, z } from "@hono/zod-openapi";
import { packageFileName } from "../../names.ts";
import { ProblemError } from "../../problem.ts";
import { formatReprDigest } from "../../signing/formats/digest-header.ts";
import { publisherAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, problems } from "../http/openapi.ts";
import { requireDigest, requireLength } from "../http/request-body.ts";
import { takeUpload, uploaderOf } from "./package-upload.ts";
import { refuseRelease, releasePath } from "./release-body.ts";

const bytes = z.string().openapi({ format: "binary" });
const packageBody = z
	.object({
		product: z.string(),
		version: z.string(),
		sha256: z.string(),
		size: z.int(),
		name: z.string(),
		inspected: z.boolean().openapi({
			example: true,
			description:
				"`false`: it has more bytes or entries than the service looks at, is a zip, whose contents it does not unpack, or is packed by zstd, xz, bzip2 or 7z",
		}),
	})
	.openapi("Package");

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
				.openapi({ description: "File name; `{product}-{version}` (each + as -) if left out" }),
		}),
		headers: z.object({ "repr-digest": z.string().optional(), "content-digest": z.string().optional() }),
		// Whatever type it says it is of.
		body: { content: { "application/octet-stream": { schema: bytes }, "*/*": { schema: bytes } }, required: true },
	},
	responses: {
		201: jsonAnswer(packageBody, "Stored"),
		200: jsonAnswer(packageBody, "This version had this package already"),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_digest",
			"digest_mismatch",
			"length_mismatch",
			"length_required",
			"content_too_large",
			"unsupported_media_type",
			"not_found",
			"version_exists",
			"conflict",
			"rate_limited",
			"upload_quota_exceeded",
			"unsafe_package",
		),
	},
});

export const uploads = createRouter().openapi(upload, async (c) => {
	const { services, event } = c.env;
	const { product, version } = c.req.valid("param");
	event.product = product;
	event.toVersion = version;
	const size = requireLength(c.req.raw, services.config.maxPackageBytes);
	const announced = requireDigest(c.req.raw);
	// A version may hold a plus sign, a file name may not.
	const name = c.req.valid("query").name ?? `${product}-${version.replaceAll("+", "-")}`;
	const content = { sha256: announced, size, name };

	// Asked before the bytes are taken in, and again when they are: the version may have been filled meanwhile.
	const known = await services.objects.product(product).find(version);
	if (known !== null && known.sha256 !== announced) refuseRelease("version_exists");
	const { body } = c.req.raw;
	if (body === null) throw new ProblemError("length_mismatch");
	const parts = { ...services.objects, packages: services.packages };
	const added = await takeUpload(parts, { product, version, ...content, body, ...uploaderOf(c) });
	if (!added.ok) refuseRelease(added.reason);
	event.bytes = size;
	// As it is stored: a second upload does not rename the first.
	const { sha256, name: storedName } = added.release;
	const answer = { product, version, sha256, size, name: storedName, inspected: added.isInspected };
	return c.json(answer, added.kind === "new" ? 201 : 200, {
		"repr-digest": formatReprDigest(sha256),
	});
});
