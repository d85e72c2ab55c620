// Cloudflare before the bucket of the packages, as far as docs/operations.md has it set up: the WAF's rule, taken from there and read by
// itself; then a cache by path alone (nginx), which asks the bucket's public address. What the real one does beyond the documented is not played.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request as sendOn } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { startNginx } from "../../../bench/peer/nginx.ts";
import { locateNginx } from "../../../bench/peer/packages.ts";

const OPERATIONS = join(import.meta.dirname, "../../../docs/operations.md");
const HOST = "packages.example.net";
const KEY_IN_DOCS = "<DOWNLOAD_KEY>";

export interface SeenDownload {
	readonly status: number;
	/** of the cache; undefined where the rule has refused */
	readonly cache: string | undefined;
	readonly range: string | undefined;
	readonly ifRange: string | undefined;
	readonly path: string;
}

export interface PackageCdn {
	/** origin; what DOWNLOAD_ORIGIN names */
	readonly url: string;
	/** of the bucket's public address; set before the first request */
	bucketUrl: string;
	/** that the rule names, the first as documented, a second during a change */
	keys: string[];
	/** whether the zone has the rule at all */
	hasRule: boolean;
	/** seconds by which the clock is ahead for each of the next requests */
	readonly late: number[];
	/** whether it sends a range whatever If-Range says */
	ignoresIfRange: boolean;
	/** whether the next answer is of other bytes, as many, under an ETag of their own */
	hasOtherBytes: boolean;
	/** after so many bytes the next answer breaks off; null = none does */
	breaksAfter: number | null;
	/** what happens before a URL is turned down; null = nothing */
	beforeRefusal: (() => Promise<void>) | null;
	/** all answers, oldest first */
	readonly seen: SeenDownload[];
	/** of those, how many came from the bucket */
	fills(): number;
	close(): Promise<void>;
}

/** The rule of docs/operations.md that blocks, as far as it is more than the host: what one call of the function is told. */
export interface DocumentedRule {
	readonly key: string;
	readonly ttlSeconds: number;
	readonly separatorLength: number;
}

/** @throws Error where the document has no such rule, or one that reads otherwise */
export function readDocumentedRule(): DocumentedRule {
	const [, text] =
		/```text\n\s*(starts_with\(lower\(http\.host\)[\s\S]*?)```/.exec(readFileSync(OPERATIONS, "utf8")) ?? [];
	const call = String.raw`is_timed_hmac_valid_v0\("([^"]+)", http\.request\.uri, (\d+), http\.request\.timestamp\.sec, (\d+), "s"\)`;
	const rule = new RegExp(
		String.raw`^starts_with\(lower\(http\.host\), "${HOST}"\) and not \(starts_with\(http\.request\.uri\.query, "verify="\) and ${call}\)$`,
	);
	const [, key = "", ttl, length] =
		rule.exec(text?.replace(/\s+/g, " ").replace(/\( /g, "(").replace(/ \)/g, ")").trim() ?? "") ?? [];
	if (ttl === undefined) throw new Error("docs/operations.md has no rule of the known form");
	return { key, ttlSeconds: Number(ttl), separatorLength: Number(length) };
}

/**
 * `is_timed_hmac_valid_v0` with the flag "s", from its documentation: MessageMAC is `(.+)(.*)(\d{10})-(.{43,})`, of which the second
 * part is as long as told; valid while the request's time is less than that of issue and the lifetime.
 */
export function isTimedHmacValid(
	key: string,
	messageMac: string,
	ttlSeconds: number,
	now: number,
	separatorLength: number,
): boolean {
	const [, before = "", issued = "", mac = ""] = /^(.+)(\d{10})-([A-Za-z0-9_-]{43})$/.exec(messageMac) ?? [];
	const message = before.slice(0, before.length - separatorLength);
	if (message === "" || now >= Number(issued) + ttlSeconds) return false;
	return (
		createHmac("sha256", key)
			.update(message + issued)
			.digest("base64url") === mac
	);
}

/** The caller closes it. @throws Error with nginx' own words where it does not start */
export async function startPackageCdn(key: string): Promise<PackageCdn> {
	const rule = readDocumentedRule();
	if (rule.key !== KEY_IN_DOCS) throw new Error("the documented rule shows a key");
	const folder = await mkdtemp(join(tmpdir(), "parapet-cdn-"));
	// The bucket, for nginx: its address is known later than nginx' configuration.
	const bucket = await listen((incoming, outgoing) => {
		const { host: _, ...headers } = incoming.headers;
		const onward = sendOn(cdn.bucketUrl + incoming.url, { headers }, (reply) => {
			outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
			reply.pipe(outgoing);
		});
		onward.once("error", () => outgoing.destroy());
		onward.end();
	});
	const nginx = await startNginx(locateNginx(process.env["PATH"] ?? ""), folder, (port) =>
		formatConfig(folder, port, bucket.port),
	);
	const front = await listen(async (incoming, outgoing) => {
		const uri = incoming.url ?? "";
		const [path = "", query = ""] = uri.split("?", 2);
		const { range } = incoming.headers;
		const ifRange = incoming.headers["if-range"]?.toString();
		const now = Math.floor(Date.now() / 1000) + (cdn.late.shift() ?? 0);
		const isLetThrough =
			!cdn.hasRule ||
			(query.startsWith("verify=") &&
				cdn.keys.some((one) => isTimedHmacValid(one, uri, rule.ttlSeconds, now, rule.separatorLength)));
		if (!isLetThrough) {
			cdn.seen.push({ status: 403, cache: undefined, range, ifRange, path });
			await cdn.beforeRefusal?.();
			outgoing.writeHead(403, { "content-type": "text/html" }).end("<title>Attention Required!</title>");
			return;
		}
		const { host: _, ...headers } = incoming.headers;
		if (cdn.ignoresIfRange) delete headers["if-range"];
		const onward = sendOn(`http://127.0.0.1:${nginx.port}${uri}`, { method: incoming.method, headers }, (reply) => {
			const status = reply.statusCode ?? 502;
			cdn.seen.push({ status, cache: String(reply.headers["cf-cache-status"]), range, ifRange, path });
			const { breaksAfter, hasOtherBytes } = cdn;
			Object.assign(cdn, { breaksAfter: null, hasOtherBytes: false });
			outgoing.writeHead(status, hasOtherBytes ? { ...reply.headers, etag: '"other"' } : reply.headers);
			if (breaksAfter === null) return void reply.pipe(outgoing);
			// What has come is read before the end is noticed.
			const first: Buffer[] = [];
			reply.on("data", (chunk: Buffer) => void first.push(chunk));
			reply.once("end", () => {
				const bytes = Buffer.concat(first).subarray(0, breaksAfter);
				outgoing.write(hasOtherBytes ? Buffer.alloc(bytes.length, "other ") : bytes);
				setTimeout(() => outgoing.destroy(), 200);
			});
		});
		onward.once("error", () => outgoing.destroy());
		onward.end();
	});
	const cdn: PackageCdn = {
		url: `http://127.0.0.1:${front.port}`,
		bucketUrl: "",
		keys: [key],
		hasRule: true,
		late: [],
		ignoresIfRange: false,
		hasOtherBytes: false,
		breaksAfter: null,
		beforeRefusal: null,
		seen: [],
		fills: () => cdn.seen.filter(({ cache }) => cache === "MISS").length,
		async close() {
			await front.close();
			await nginx.stop();
			await bucket.close();
			await rm(folder, { recursive: true, force: true });
		},
	};
	return cdn;
}

async function listen(answer: Parameters<typeof createServer>[1]) {
	const server = createServer(answer as never);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const close = () =>
		new Promise<void>((resolve) => {
			server.close(() => resolve());
			server.closeAllConnections();
		});
	return { port: (server.address() as AddressInfo).port, close };
}

/** The Cache Rule: eligible, the query ignored in the key, the objects' own Cache-Control, and no copy of what is not there. */
function formatConfig(folder: string, port: number, bucketPort: number): string {
	const user = process.getuid?.() === 0 ? `user ${userInfo().username};` : "";
	const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
	return `${user}
daemon off;
worker_processes 1;
pid "${folder}/nginx.pid";
error_log stderr error;
events { worker_connections 256; }
http {
	access_log off;
	${temporary.map((name) => `${name}_temp_path "${folder}/${name}";`).join(" ")}
	proxy_cache_path "${folder}/cache" keys_zone=packages:1m use_temp_path=off;
	server {
		listen 127.0.0.1:${port};
		location = / { return 200 "ok"; }
		location /packages/ {
			proxy_pass http://127.0.0.1:${bucketPort};
			proxy_cache packages;
			proxy_cache_key $uri;
			proxy_cache_lock on;
			add_header CF-Cache-Status $upstream_cache_status always;
		}
	}
}
`;
}
