// A client of a Redis server: commands out, replies in, over one connection in the protocol's second version (RESP2,
// https://redis.io/docs/latest/develop/reference/protocol-spec/). Replies come in the order of the commands. A connection
// that breaks fails what waits on it; the next command opens another. Nothing is sent twice.
import { connect, type Socket } from "node:net";

/** The name and the arguments of a command. */
export type Command = readonly string[];

export type Reply =
	| { readonly kind: "status"; readonly text: string }
	| { readonly kind: "error"; readonly text: string }
	| { readonly kind: "integer"; readonly value: number }
	| { readonly kind: "bulk"; readonly bytes: Buffer | null }
	| { readonly kind: "array"; readonly items: readonly Reply[] | null };

export interface RedisConnection {
	/**
	 * Sends commands with nothing from anybody else in between.
	 * @returns one reply to each, in their order; an error from Redis is a reply
	 * @throws when the connection fails before the last reply: then nobody knows what was done
	 */
	send(commands: readonly Command[]): Promise<readonly Reply[]>;
	/** Fails what still waits. */
	close(): void;
}

interface Waiter {
	readonly resolve: (reply: Reply) => void;
	readonly reject: (cause: Error) => void;
}

interface OpenSocket {
	readonly socket: Socket;
	readonly waiters: Waiter[];
}

/** @param socketPath of the server's unix socket; nothing is connected before the first command */
export function connectRedis(socketPath: string): RedisConnection {
	let current: OpenSocket | undefined;

	function open(): OpenSocket {
		const opened: OpenSocket = { socket: connect(socketPath), waiters: [] };
		let unread: Buffer = Buffer.alloc(0);
		opened.socket.on("data", (bytes: Buffer) => {
			unread = unread.length === 0 ? bytes : Buffer.concat([unread, bytes]);
			try {
				for (let found = parseReply(unread, 0); found !== undefined; found = parseReply(unread, 0)) {
					unread = unread.subarray(found.end);
					opened.waiters.shift()?.resolve(found.reply);
				}
			} catch (cause) {
				opened.socket.destroy(cause instanceof Error ? cause : new Error(String(cause)));
			}
		});
		let reason = new Error("redis closed the connection");
		opened.socket.on("error", (cause) => {
			reason = cause;
		});
		opened.socket.on("close", () => {
			if (current === opened) current = undefined;
			for (const waiter of opened.waiters.splice(0)) waiter.reject(reason);
		});
		return opened;
	}

	return {
		async send(commands) {
			current ??= open();
			const { socket, waiters } = current;
			const replies = commands.map(() => new Promise<Reply>((resolve, reject) => waiters.push({ resolve, reject })));
			socket.write(Buffer.concat(commands.map(encodeCommand)));
			return Promise.all(replies);
		},
		close: () => {
			current?.socket.destroy();
		},
	};
}

/** @returns the bytes of a command as Redis wants it: an array of bulk strings */
export function encodeCommand(command: Command): Buffer {
	const parts = command.map((text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`);
	return Buffer.from(`*${command.length}\r\n${parts.join("")}`);
}

/**
 * @param start where the reply begins
 * @returns the reply and where the next one begins, or undefined while the rest has not come
 * @throws when the bytes are not RESP2
 */
export function parseReply(bytes: Buffer, start: number): { reply: Reply; end: number } | undefined {
	const lineEnd = bytes.indexOf("\r\n", start);
	if (lineEnd === -1) return undefined;
	const line = bytes.toString("utf8", start + 1, lineEnd);
	const next = lineEnd + 2;
	switch (bytes.toString("latin1", start, start + 1)) {
		case "+":
			return { reply: { kind: "status", text: line }, end: next };
		case "-":
			return { reply: { kind: "error", text: line }, end: next };
		case ":":
			return { reply: { kind: "integer", value: Number(line) }, end: next };
		case "$":
			return parseBulk(bytes, next, Number(line));
		case "*":
			return parseArray(bytes, next, Number(line));
		default:
			throw new Error("redis sent something that is not RESP2");
	}
}

function parseBulk(bytes: Buffer, start: number, length: number): { reply: Reply; end: number } | undefined {
	if (length === -1) return { reply: { kind: "bulk", bytes: null }, end: start };
	const end = start + length;
	if (bytes.length < end + 2) return undefined;
	return { reply: { kind: "bulk", bytes: bytes.subarray(start, end) }, end: end + 2 };
}

function parseArray(bytes: Buffer, start: number, length: number): { reply: Reply; end: number } | undefined {
	if (length === -1) return { reply: { kind: "array", items: null }, end: start };
	const items: Reply[] = [];
	let end = start;
	for (let index = 0; index < length; index++) {
		const item = parseReply(bytes, end);
		if (item === undefined) return undefined;
		items.push(item.reply);
		end = item.end;
	}
	return { reply: { kind: "array", items }, end };
}
