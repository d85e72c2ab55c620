// The transparency log, to anybody, as files in C2SP tlog-tiles form: the checkpoint, tiles of hashes and bundles of entries.
import { createRoute, z } from "@hono/zod-openapi";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { parseTilePath } from "../../../signing/tlog/tiles.ts";
import { logKey } from "../../../storage/keys.ts";
import { createRouter, problems } from "../../http/openapi.ts";

const CHECKPOINT = "checkpoint";

const checkpoint = createRoute({
	method: "get",
	path: `/${logKey(CHECKPOINT)}`,
	operationId: "getCheckpoint",
	tags: ["Device"],
	summary: "What the transparency log says of itself",
	description:
		"A signed note (C2SP signed-note): the log's name, how many entries it has and the root over them, and a signature by each of the log's keys. docs/trust.md says what the log is for.",
	responses: {
		200: {
			description: "The newest checkpoint",
			content: { "text/plain": { schema: z.string() } },
		},
		...problems("not_found"),
	},
});

const tile = createRoute({
	method: "get",
	path: `/${logKey("tile/{level}/{tile}")}`,
	operationId: "getTile",
	tags: ["Device"],
	summary: "A tile of the transparency log, or a bundle of its entries",
	description:
		"C2SP tlog-tiles, of height 8. The tile may have a path of several parts: `x001/234` from 1,000 tiles on, and `067.p/8` for one that is not whole. Never changes; the part of a tile goes once the whole tile is there.",
	request: {
		params: z.object({
			level: z.string().openapi({ description: "0 to 63, or `entries`", example: "0" }),
			tile: z.string().openapi({ example: "000" }),
		}),
	},
	responses: {
		200: {
			description: "Hashes of 32 bytes each, or entries, each after its length in two bytes",
			content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
		},
		...problems("not_found"),
	},
});

export const logFiles = createRouter();
for (const route of [checkpoint, tile]) logFiles.openAPIRegistry.registerPath(route);
// Not `.openapi()`: a path that no file can have is 404 like any other that is not there.
logFiles.get("/tlog/checkpoint", (c) => serve(c.env, CHECKPOINT));
logFiles.get("/tlog/tile/:level/:tile{.+}", (c) => {
	const path = `tile/${c.req.param("level")}/${c.req.param("tile")}`;
	if (parseTilePath(path) === null) throw new ProblemError("not_found");
	return serve(c.env, path);
});

async function serve({ services }: RequestScope, path: string): Promise<Response> {
	const found = await services.logFiles(path);
	if (found === null) throw new ProblemError("not_found");
	const { body, contentType, cacheControl } = found;
	return new Response(body, { headers: { "content-type": contentType, "cache-control": cacheControl } });
}
