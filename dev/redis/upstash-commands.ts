// What a command may do at the REST interface, and how a reply looks in JSON: the part of Upstash's REST protocol that
// does not depend on HTTP (https://upstash.com/docs/redis/features/restapi).
import type { Command, RedisConnection, Reply } from "./resp.ts";

export type Access = "read" | "write";

/** A reply in a pipeline, or the whole answer to one command. */
export type JsonReply = { readonly result: unknown } | { readonly error: string };

/** All need a connection of one's own (blocking, subscribing, transactions, its settings), or reach for the server itself. */
const REFUSED = new Set(
	(
		"blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin wait waitaof psubscribe punsubscribe ssubscribe " +
		"subscribe sunsubscribe unsubscribe monitor discard exec multi unwatch watch auth client hello quit readonly readwrite " +
		"reset select swapdb acl bgrewriteaof bgsave cluster config debug failover latency migrate module pfdebug psync " +
		"replconf replicaof restore-asking save shutdown slaveof slowlog sync"
	).split(" "),
);
/** Redis does not count these among the commands that read. */
const ALSO_READS = ["echo", "eval_ro", "evalsha_ro", "ping", "time"];

/** @returns the names of the commands that only read, as the server itself tells */
export async function readCommandNames(redis: RedisConnection): Promise<ReadonlySet<string>> {
	const [reply] = await redis.send([["ACL", "CAT", "read"]]);
	if (reply?.kind !== "array" || reply.items === null) throw new Error("redis does not tell which commands read");
	const names = reply.items.map((item) => (item.kind === "bulk" ? String(item.bytes) : ""));
	return new Set([...names, ...ALSO_READS]);
}

/** @returns what the command needs */
export function accessOf(command: Command, readNames: ReadonlySet<string>): Access {
	const [name = "", subcommand = ""] = command.map((part) => part.toLowerCase());
	return readNames.has(name) || readNames.has(`${name}|${subcommand}`) ? "read" : "write";
}

/** @returns why a client with this access may not send the command, or null if it may */
export function refusalOf(command: Command, needs: Access, has: Access): string | null {
	const name = (command[0] ?? "").toLowerCase();
	const blocks = name.startsWith("xread") && command.some((part) => part.toLowerCase() === "block");
	if (REFUSED.has(name) || blocks) return `ERR command is not available over REST: '${name}'`;
	if (needs === "write" && has === "read") return `NOPERM this user has no permissions to run the '${name}' command`;
	return null;
}

/** @returns the command without the script flag of Upstash's own, at which Redis takes offence */
export function withoutVendorFlag(command: Command): Command {
	const isScript = /^(eval|script)/i.test(command[0] ?? "");
	return isScript
		? command.map((part) => part.replace(/^(#!lua\b.*?)\s*flags=allow-key-locking(?=\s)/, "$1"))
		: command;
}

/**
 * @returns the command in a JSON array
 * @throws TypeError when the value is none, or has an argument that is no text, number or boolean
 */
export function parseCommand(value: unknown): Command {
	if (!Array.isArray(value) || value.length === 0) throw new TypeError("ERR a command is an array that is not empty");
	return value.map((part: unknown) => {
		if (typeof part === "string" || typeof part === "number" || typeof part === "boolean") return String(part);
		throw new TypeError("ERR an argument of a command is a text, a number or a boolean");
	});
}

/** @param base64 whether texts are encoded, which keeps bytes that are not UTF-8 */
export function formatReply(reply: Reply, base64: boolean): JsonReply {
	if (reply.kind === "error") return { error: reply.text };
	// The one text that is never encoded; clients rely on it.
	if (reply.kind === "status" && reply.text === "OK") return { result: "OK" };
	return { result: formatValue(reply, base64) };
}

function formatValue(reply: Reply, base64: boolean): unknown {
	switch (reply.kind) {
		case "integer":
			return reply.value;
		case "bulk":
			return reply.bytes === null ? null : reply.bytes.toString(base64 ? "base64" : "utf8");
		case "array":
			return reply.items === null ? null : reply.items.map((item) => formatValue(item, base64));
		case "status":
		case "error":
			return base64 ? Buffer.from(reply.text).toString("base64") : reply.text;
	}
}
