// The files of the TUF repository, to anybody, byte for byte as they were signed. What is not there is 404 and nothing else is:
// clients find the newest root by asking for the next one until there is none.
import { createRoute, z } from "@hono/zod-openapi";
import { ProblemError } from "../../../problem.ts";
import { tufKey } from "../../../storage/keys.ts";
import { createRouter, problems } from "../../http/openapi.ts";

/** Everything but the timestamp has its version in its name. */
const FILE_NAME = /^(timestamp|[1-9][0-9]{0,9}\.[a-z][a-z0-9-]{0,23})\.(json|tlog-proof)$/;

const route = createRoute({
	method: "get",
	path: `/${tufKey("{file}")}`,
	operationId: "getTrustFile",
	tags: ["Device"],
	summary: "A file of the TUF repository",
	description:
		"`timestamp.json`, or `<version>.<role>.json` with the role `root`, `snapshot`, `targets` or the name of a product. Signed; docs/trust.md says by whom. `<version>.<product>.tlog-proof` beside a role file proves that the transparency log has it (C2SP tlog-proof).",
	request: { params: z.object({ file: z.string().openapi({ example: "3.crs.json" }) }) },
	responses: {
		200: {
			description: "The file, as it was signed",
			content: {
				"application/json": {
					schema: z
						.object({
							signatures: z.array(z.looseObject({ keyid: z.string(), sig: z.string() })),
							signed: z.looseObject({}),
						})
						.openapi("TrustFile"),
				},
				"text/plain": { schema: z.string() },
			},
		},
		...problems("not_found"),
	},
});

export const trustFiles = createRouter();
trustFiles.openAPIRegistry.registerPath(route);
// Not `.openapi()`: a name that no file can have is 404 like any other that is not there.
trustFiles.get("/tuf/:file", async (c) => {
	const file = c.req.param("file");
	const found = FILE_NAME.test(file) ? await c.env.services.trustFiles.get(file) : null;
	if (found === null) throw new ProblemError("not_found");
	const type = file.endsWith(".json") ? "application/json" : "text/plain; charset=utf-8";
	return new Response(found.body, { headers: { "content-type": type, "cache-control": found.cacheControl } });
});
