// Upstash's REST protocol over Redis servers on this machine, as one region of a global database speaks it: reads are the
// replica's, writes the primary's, and a read with a sync token waits until the replica has what the token stands for.
// For development and tests. Not here: subscriptions over HTTP, the RESP2 response format, limits on size and rate.
import { createServer, type IncomingMessage } from "node:http";
import { listenLocally } from "./listening.ts";
import type { Command, RedisConnection, Reply } from "./resp.ts";
import {
	type Access,
	accessOf,
	formatReply,
	type JsonReply,
	parseCommand,
	readCommandNames,
	refusalOf,
	withoutVendorFlag,
} from "./upstash-commands.ts";

export interface UpstashProxy {
	/** origin, without a slash at the end */
	readonly url: string;
	close(): Promise<void>;
}

export interface UpstashProxyOptions {
	readonly primary: RedisConnection;
	/** the primary itself in its own region */
	readonly replica: RedisConnection;
	readonly token: string;
	readonly readOnlyToken: string;
	/** 0 = any that is free */
	readonly port: number;
}

interface Answer {
	readonly status: number;
	readonly body: JsonReply | readonly JsonReply[];
	readonly syncToken?: string;
}

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const SYNC_LIMIT_MS = 10_000;
const SYNC_POLL_MS = 5;
const INFO: Command = ["INFO", "replication"];

class HttpError extends Error {
	readonly status: number;
	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

/** Starts a region. The caller closes it, and the connections after it. */
export async function startUpstashProxy(options: UpstashProxyOptions): Promise<UpstashProxy> {
	const readNames = await readCommandNames(options.primary);
	const server = createServer((request, response) => {
		answer(request, options, readNames)
			.catch((error): Answer => {
				const status = error instanceof HttpError ? error.status : error instanceof TypeError ? 400 : 500;
				return { status, body: { error: error instanceof Error ? error.message : "ERR" } };
			})
			.then(({ status, body, syncToken }) => {
				const headers = { "content-type": "application/json", "upstash-sync-token": syncToken ?? "" };
				response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : JSON.stringify(body));
			});
	});
	const port = await listenLocally(server, options.port);
	return {
		url: `http://127.0.0.1:${port}`,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

async function answer(
	request: IncomingMessage,
	options: UpstashProxyOptions,
	readNames: ReadonlySet<string>,
): Promise<Answer> {
	if (!/^(GET|HEAD|POST|PUT)$/.test(request.method ?? "")) throw new HttpError(405, "ERR method not allowed");
	const url = new URL(request.url ?? "/", "http://proxy");
	const has = accessOfToken(request, url, options);
	const body = await readBody(request);
	const base64 = request.headers["upstash-encoding"] === "base64";

	const many = url.pathname === "/pipeline" || url.pathname === "/multi-exec";
	const commands = (many ? parseCommands(body) : [parseOne(url, body)]).map(withoutVendorFlag);
	const refusals = commands.map((command) => refusalOf(command, accessOf(command, readNames), has));
	const allowed = commands.filter((_, index) => refusals[index] === null);
	const atomic = url.pathname === "/multi-exec";
	const refused = refusals.find((refusal) => refusal !== null);
	if (refused !== undefined && refused !== null && (atomic || !many)) throw new HttpError(400, refused);

	const onlyReads = !atomic && allowed.every((command) => accessOf(command, readNames) === "read");
	const redis = onlyReads ? options.replica : options.primary;
	if (onlyReads) await waitForToken(request, options.replica);
	const sent = atomic ? [["MULTI"], ...allowed, ["EXEC"]] : allowed;
	const replies = await redis.send([...sent, INFO]);
	const syncToken = String(offsetOf(replies.at(-1)));
	const results = atomic ? resultsOfExec(replies.at(-2)) : replies.slice(0, -1);

	const found = results.values();
	const formatted = refusals.map((refusal): JsonReply => {
		if (refusal !== null) return { error: refusal };
		const reply = found.next().value;
		return reply === undefined ? { error: "ERR no reply" } : formatReply(reply, base64);
	});
	const [first = { error: "ERR no reply" }] = formatted;
	if (many) return { status: 200, body: formatted, syncToken };
	return { status: "error" in first ? 400 : 200, body: first, syncToken };
}

function accessOfToken(request: IncomingMessage, url: URL, options: UpstashProxyOptions): Access {
	const [, bearer] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
	const token = bearer ?? url.searchParams.get("_token");
	if (token === options.token) return "write";
	if (token === options.readOnlyToken) return "read";
	throw new HttpError(401, "WRONGPASS invalid or missing auth token");
}

async function readBody(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request) {
		size += chunk.length;
		if (size > MAX_BODY_BYTES) throw new HttpError(413, "ERR max request size exceeded");
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}

/** POST / has the command in its body; elsewhere it is the path, then the body as it is, then the query. */
function parseOne(url: URL, body: string): Command {
	if (url.pathname === "/") return parseCommand(parseJson(body));
	const command = url.pathname.slice(1).split("/").map(decodeURIComponent);
	if (body !== "") command.push(body);
	for (const [name, value] of url.searchParams) {
		if (name !== "_token") command.push(...(value === "" ? [name] : [name, value]));
	}
	return command;
}

function parseCommands(body: string): readonly Command[] {
	const value = parseJson(body);
	if (!Array.isArray(value) || value.length === 0) throw new HttpError(400, "ERR commands are an array of arrays");
	return value.map(parseCommand);
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw new HttpError(400, "ERR failed to parse the request's body as JSON");
	}
}

function resultsOfExec(reply: Reply | undefined): readonly Reply[] {
	if (reply?.kind === "array" && reply.items !== null) return reply.items;
	throw new HttpError(400, reply?.kind === "error" ? reply.text : "ERR transaction discarded");
}

/** A token is the primary's offset in the stream of changes after a write; the replica's own offset follows it. */
async function waitForToken(request: IncomingMessage, replica: RedisConnection): Promise<void> {
	const token = Number(request.headers["upstash-sync-token"] || 0);
	const limitMs = performance.now() + SYNC_LIMIT_MS;
	for (;;) {
		if (!Number.isSafeInteger(token) || token === 0) return;
		const [info] = await replica.send([INFO]);
		if (offsetOf(info) >= token) return;
		if (request.socket.destroyed || performance.now() > limitMs) throw new HttpError(500, "ERR the region lags behind");
		await new Promise((resolve) => setTimeout(resolve, SYNC_POLL_MS));
	}
}

function offsetOf(info: Reply | undefined): number {
	const text = info?.kind === "bulk" ? String(info.bytes) : "";
	const [, offset] = /^slave_repl_offset:(\d+)/m.exec(text) ?? /^master_repl_offset:(\d+)/m.exec(text) ?? [];
	return Number(offset ?? 0);
}
