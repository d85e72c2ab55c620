// The log's files come from whoever answers: what has no end is not read to its end.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { openLog } from "../../../../cli/trust/log-client.ts";

let server: Server | undefined;
afterEach(() => {
	server?.closeAllConnections();
	server?.close();
});

async function serve(answer: (reply: ServerResponse) => void): Promise<string> {
	const made = createServer((_request, reply) => answer(reply));
	server = made;
	await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
	return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

it("a checkpoint that never ends is given up", async () => {
	const megabyte = Buffer.alloc(1024 * 1024, "a");
	const url = await serve((reply) => {
		const more = () => {
			if (!reply.destroyed && reply.write(megabyte)) setImmediate(more);
		};
		reply.on("drain", more);
		more();
	});
	await expect(openLog(url, [])).rejects.toThrow("more than 16777216 bytes");
});

it("one that breaks off, or that nobody has, is said to be that", async () => {
	await expect(openLog(await serve((reply) => reply.destroy()), [])).rejects.toMatchObject({ code: "unreachable" });
	await expect(openLog(await serve((reply) => reply.writeHead(404).end()), [])).rejects.toMatchObject({
		code: "no_log",
	});
	await expect(openLog(await serve((reply) => reply.writeHead(500).end()), [])).rejects.toMatchObject({
		code: "unexpected_answer",
	});
});
