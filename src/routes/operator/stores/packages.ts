// Orphaned packages, an operator's errand: bytes that no version of any product has. They are shown, and removed if that is wanted.
import { createRoute, z } from "@hono/zod-openapi";
import { systemClock } from "../../../storage/clock.ts";
import { changeBy } from "../../http/app-env.ts";
import { operatorAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toTimestamp } from "../../http/openapi.ts";
import { collectPage } from "./package-collection.ts";

/** As many deletes as one request makes at most. */
const PACKAGES_PER_PAGE = 200;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "not 64 lower-case hexadecimal digits");

const collect = createRoute({
	method: "post",
	path: "/v1/packages/collect",
	operationId: "collectPackages",
	tags: ["Operator"],
	summary: "Look through a page of the stored packages for those that no version has; remove them if wanted",
	description:
		"What is younger than a day, or is being uploaded, is not looked at. A removed package can be uploaded again at once, one whose removal has no outcome an hour later.",
	...operatorAccess,
	request: {
		body: jsonBody(
			z
				.strictObject({
					after: sha256.optional().openapi({ description: "`next` of the page before; the first page, if left out" }),
					remove: z.boolean().optional().openapi({
						example: false,
						description: "Remove them, for good; they are only shown, if left out",
					}),
				})
				.openapi("PackageCollection"),
		),
	},
	responses: {
		200: jsonAnswer(
			z
				.object({
					packages: z.int().nonnegative().openapi({ description: "Packages of the page" }),
					orphans: z.array(
						z.object({
							sha256,
							size: z.int().nonnegative(),
							uploaded_at: timestamp,
							outcome: z.enum(["orphaned", "removed", "locked", "unknown"]).openapi({
								description:
									"orphaned: still there; locked: a lock of the bucket keeps it; unknown: the storage did not answer, so it may still go",
							}),
						}),
					),
					next: sha256.nullable().openapi({ description: "`after` of the next page; null = this was the last" }),
				})
				.openapi("CollectedPackages"),
			"The orphans of the page",
		),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "conflict", "rate_limited"),
	},
});

export const packages = createRouter().openapi(collect, async (c) => {
	const { objects, packages: store } = c.env.services;
	const { after = "", remove = false } = c.req.valid("json");
	const parts = { packages: store, clock: systemClock, directory: objects.directory, product: objects.product };
	const query = { after, limit: PACKAGES_PER_PAGE, remove: remove ? changeBy(c) : null };
	const page = await collectPage(parts, query);
	c.env.event.outcome = remove ? "removed" : "looked";
	const orphans = page.orphans.map(({ uploadedAt, ...orphan }) => ({
		...orphan,
		uploaded_at: toTimestamp(uploadedAt),
	}));
	return c.json({ ...page, orphans }, 200);
});
