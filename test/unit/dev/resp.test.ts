// Frames of the Redis protocol as they may come from the network: whole, in pieces, nested, broken.
import { describe, expect, it } from "vitest";
import { encodeCommand, parseReply } from "../../../dev/redis/resp.ts";

const bytesOf = (text: string) => Buffer.from(text);

describe("Redis protocol", () => {
	it.each([
		["+OK\r\n", { kind: "status", text: "OK" }],
		["-ERR no\r\n", { kind: "error", text: "ERR no" }],
		[":-7\r\n", { kind: "integer", value: -7 }],
		["$0\r\n\r\n", { kind: "bulk", bytes: bytesOf("") }],
		["$6\r\nü\r\n:1\r\n", { kind: "bulk", bytes: bytesOf("ü\r\n:1") }],
		["$-1\r\n", { kind: "bulk", bytes: null }],
		["*-1\r\n", { kind: "array", items: null }],
		["*0\r\n", { kind: "array", items: [] }],
		[
			"*2\r\n*1\r\n:1\r\n$1\r\na\r\n",
			{
				kind: "array",
				items: [
					{ kind: "array", items: [{ kind: "integer", value: 1 }] },
					{ kind: "bulk", bytes: bytesOf("a") },
				],
			},
		],
	])("reads %j, and nothing before its last byte has come", (text, reply) => {
		const bytes = bytesOf(text);
		expect(parseReply(Buffer.concat([bytes, bytesOf("+next\r\n")]), 0)).toEqual({ reply, end: bytes.length });
		for (let length = 0; length < bytes.length; length++)
			expect(parseReply(bytes.subarray(0, length), 0)).toBeUndefined();
	});

	it("refuses what is not the protocol", () => {
		expect(() => parseReply(bytesOf("HTTP/1.1 400\r\n"), 0)).toThrow("not RESP2");
	});

	it("counts bytes, not characters, in what it sends", () => {
		expect(String(encodeCommand(["SET", "k", "ü\r\n"]))).toBe("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\nü\r\n\r\n");
	});
});
