// What changes for whoever goes from one version to another: by the rule indexes of the two, so a jump over ten versions costs what one
// step does. What was compared once is the same for ever, and the ETag says so.
import { createRoute, z } from "@hono/zod-openapi";
import { baseOf, findVersion } from "../../../content/rule-index/choose-versions.ts";
import { compareIndexes } from "../../../content/rule-index/compare-indexes.ts";
import { productName, versionName } from "../../../names.ts";
import type { ReleaseEntry } from "../../../objects/product/releases/release-row.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { namesEtag } from "../../http/etag-conditions.ts";
import { productReadAccess } from "../../http/key-access.ts";
import { createRouter, invalidRequest, jsonAnswer, problems } from "../../http/openapi.ts";
import { changesBody, describeChanges, type IndexedVersion } from "./changes-body.ts";
import { openIndex } from "./open-index.ts";
import { noIndex } from "./rule-indexes.ts";

const route = createRoute({
	method: "get",
	path: "/v1/products/{product}/changes",
	operationId: "getChanges",
	tags: ["Publisher"],
	summary: "What changes from one version to another: rules added, removed, changed and newly blocking, and CVEs",
	description:
		"By their rule indexes, all versions between them included. Also of what is not released yet, for who is to approve it, with the plan that the changes call for.",
	...productReadAccess,
	request: {
		params: z.object({ product: productName }),
		query: z.object({
			from: versionName.optional().openapi({
				description:
					"A version, or how one begins (4.26 is the newest 4.26.x); if left out, what everybody has, or had before `to`",
				example: "4.26",
			}),
			to: versionName.optional().openapi({ description: "If left out, the newest release", example: "4.28" }),
		}),
	},
	responses: {
		200: jsonAnswer(changesBody, "What changes"),
		304: { description: "If-None-Match names it: nothing of it ever changes" },
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"content_missing",
			"rate_limited",
		),
	},
});

type Services = RequestScope["services"];

export const changes = createRouter().openapi(route, async (c) => {
	const { services, event } = c.env;
	const { product } = c.req.valid("param");
	event.product = product;
	const [from, to] = await findEnds(services, product, c.req.valid("query"));
	event.toVersion = to.version;
	const etag = `"${from === null ? "" : nameEnd(from)}-${nameEnd(to)}"`;
	const headers = { etag, "cache-control": "private, no-cache" };
	if (namesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
	return c.json(describeChanges(product, from, to, await compareVersions(services.packages, from, to)), 200, headers);
});

/** @throws ProblemError `content_missing`, RuleIndexError where the storage has other bytes than it was given */
export async function compareVersions(packages: Services["packages"], from: IndexedVersion | null, to: IndexedVersion) {
	const before = from === null ? null : await openIndex(packages, from.index.sha256);
	const after = await openIndex(packages, to.index.sha256);
	await before?.head();
	await after.head();
	return compareIndexes(before, after);
}

/** @returns from null = `to` is the first */
async function findEnds(
	{ objects }: Services,
	product: string,
	wanted: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<[IndexedVersion | null, IndexedVersion]> {
	const object = objects.product(product);
	const releases = await object.list();
	const find = async (version: string) => {
		// Of the list there are the newest 500.
		const found = findVersion(releases, version) ?? (await object.find(version));
		if (found === null) throw new ProblemError("not_found", { detail: `${product} has no version ${version}` });
		return found;
	};
	const to = wanted.to === undefined ? releases.find(({ sequence }) => sequence !== null) : await find(wanted.to);
	if (to === undefined) throw new ProblemError("not_found", { detail: `${product} has no release` });
	// What was before it is not on the list.
	if (wanted.from === undefined && !releases.includes(to)) {
		const message = `${to.version} is none of the newest ${releases.length} versions: name what to compare it with`;
		throw invalidRequest({ issues: [{ path: ["from"], message }] });
	}
	const from = wanted.from === undefined ? baseOf(releases, to) : await find(wanted.from);
	const indexed = async ({ version, sha256 }: ReleaseEntry): Promise<IndexedVersion> => {
		const index = await object.ruleIndex(version);
		if (index === null) throw new ProblemError("not_found", { detail: noIndex(version) });
		return { version, sha256, index };
	};
	return [from === null ? null : await indexed(from), await indexed(to)];
}

function nameEnd({ version, index }: IndexedVersion): string {
	return `${version}@${index.sha256.slice(0, 16)}`;
}
