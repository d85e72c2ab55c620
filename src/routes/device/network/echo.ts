// What arrived of a request, for a device that wants to know what is between it and the service; and bytes to try a download with.
// Of credentials it says that they are there and nothing else: no value that was sent is looked at, told or logged.
import { createRoute, z } from "@hono/zod-openapi";
import { ECHO_SAMPLE, ECHO_SAMPLE_SHA256 } from "../../../content/echo-sample.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { formatReprDigest } from "../../../signing/formats/digest-header.ts";
import { namesEtag } from "../../http/etag-conditions.ts";
import { createRouter, jsonAnswer, problems, timestamp, toTimestamp, wholeNumber } from "../../http/openapi.ts";
import { callerAddress } from "../../http/rate-limit.ts";
import { parseByteRange } from "../downloads/byte-range.ts";

const LATEST_SECONDS = 9_999_999_999;
const SAMPLE_PATH = "/v1/echo/sample";

const text = z.string().nullable();

const field = z.boolean().openapi({ example: true });
const arrived = z.object({
	authorization: field,
	dpop: field,
	if_none_match: field,
	range: field,
	via: z.boolean().openapi({ description: "A proxy on the way named itself (RFC 9110 §7.6.3)", example: false }),
});

const echoRoute = createRoute({
	method: "get",
	path: "/v1/echo",
	operationId: "getEcho",
	tags: ["Discovery"],
	summary: "What arrived of this request: address, TLS, header fields, clock",
	description:
		"Send the header fields that a device sends (`Authorization`, `DPoP`, `If-None-Match`, `Range`), with any value: the answer says which of them arrived, and never what was in them. What the platform does not say is null.",
	request: {
		query: z.object({
			time: wholeNumber(0, LATEST_SECONDS).optional().openapi({
				description: "The caller's clock, unix seconds",
				example: 1_764_547_200,
			}),
		}),
	},
	responses: {
		200: jsonAnswer(
			z
				.object({
					time: timestamp.openapi({ description: "The service's clock" }),
					clock_offset_seconds: z.int().nullable().openapi({
						description: "`time` minus the service's clock: positive where the caller's is ahead; null without `time`",
						example: 2,
					}),
					address: text.openapi({ description: "From where the request came", example: "192.0.2.7" }),
					tls: text.openapi({ description: "Version of TLS", example: "TLSv1.3" }),
					http: text.openapi({ description: "Version of HTTP", example: "HTTP/2" }),
					country: text.openapi({ description: "ISO 3166-1 alpha-2", example: "DE" }),
					colo: text.openapi({ description: "The location that answers, IATA code", example: "FRA" }),
					arrived,
				})
				.openapi("Echo"),
			"What arrived",
		),
		...problems("invalid_request"),
	},
});

const bytes = { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } };

const sampleRoute = createRoute({
	method: "get",
	path: SAMPLE_PATH,
	operationId: "getEchoSample",
	tags: ["Discovery"],
	summary: "Bytes to try a download with",
	description: `Always the same ${ECHO_SAMPLE.length} bytes, SHA-256 ${ECHO_SAMPLE_SHA256}, answered as a package is: strong ETag, HEAD, one Range.`,
	request: { headers: z.object({ range: z.string().optional(), "if-none-match": z.string().optional() }) },
	responses: {
		200: { description: "All of them", content: bytes },
		206: { description: "The part that Range asks for", content: bytes },
		304: { description: "You have them: If-None-Match names their digest" },
		416: { description: "Range lies outside" },
	},
});

export const echo = createRouter();
echo.openapi(echoRoute, (c) => {
	const { time } = c.req.valid("query");
	const scope = c.env;
	const has = (name: string) => c.req.raw.headers.has(name);
	return c.json(
		{
			time: toTimestamp(scope.now),
			clock_offset_seconds: time === undefined ? null : time - scope.now,
			...seenByPlatform(c.req.raw, scope),
			arrived: {
				authorization: has("authorization"),
				dpop: has("dpop"),
				if_none_match: has("if-none-match"),
				range: has("range"),
				via: has("via"),
			},
		},
		200,
		{ "cache-control": "private, no-store" },
	);
});
echo.openAPIRegistry.registerPath(sampleRoute);
// Not `.openapi()`: as with downloads, a header field that is malformed is ignored (RFC 9110 §14.2) and not refused.
echo.on(["GET", "HEAD"], SAMPLE_PATH, (c) => {
	const size = ECHO_SAMPLE.length;
	const etag = `"${ECHO_SAMPLE_SHA256}"`;
	const headers = new Headers({
		"content-type": "application/octet-stream",
		"accept-ranges": "bytes",
		etag,
		"repr-digest": formatReprDigest(ECHO_SAMPLE_SHA256),
		"cache-control": "private, no-store, no-transform",
	});
	if (namesEtag(c.req.header("if-none-match"), etag)) return new Response(null, { status: 304, headers });
	const range = c.req.method === "HEAD" ? null : parseByteRange(c.req.header("range"), size);
	if (range === "unsatisfiable") {
		return new Response(null, {
			status: 416,
			headers: { "content-range": `bytes */${size}`, "cache-control": "no-store" },
		});
	}
	const { offset, length } = range ?? { offset: 0, length: size };
	headers.set("content-length", String(length));
	if (c.req.method === "HEAD") return new Response(null, { headers });
	if (range !== null) headers.set("content-range", `bytes ${offset}-${offset + length - 1}/${size}`);
	return new Response(ECHO_SAMPLE.slice(offset, offset + length), { status: range === null ? 200 : 206, headers });
});

/** What the edge knows of the connection; no client can forge it. */
function seenByPlatform(request: Request, { country, event }: RequestScope) {
	const known = (name: string) => {
		const value = request.cf?.[name];
		return typeof value === "string" && value !== "" ? value : null;
	};
	const address = callerAddress(request);
	return {
		address: address === "unknown" ? null : address,
		tls: known("tlsVersion"),
		http: known("httpProtocol"),
		country,
		colo: event.colo,
	};
}
