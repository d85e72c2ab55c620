// One exchange with a server: what comes of one that is silent, breaks off, talks for ever or speaks another protocol.
import { createServer, type Server } from "node:net";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exchange } from "../../../../cli/http/exchange.ts";
import { listenLocally } from "../../../../dev/redis/listening.ts";

let server: Server;
/** What the server does once somebody is there. */
let serve: (send: (text: string | Buffer) => void, end: () => void) => void;
let url: string;
beforeEach(async () => {
	server = createServer((socket) => {
		socket.on("error", () => {});
		socket.once("data", () =>
			serve(
				(text) => socket.write(text),
				() => socket.end(),
			),
		);
	});
	url = `http://127.0.0.1:${await listenLocally(server, 0)}`;
});
afterEach(() => {
	server.close();
});

const get = (more: Partial<Parameters<typeof exchange>[0]> = {}) => exchange({ method: "GET", url, ...more });

describe("an answer", () => {
	it("is read whole, with its status and headers", async () => {
		serve = (send, end) => {
			send("HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\nx-request-id: req-1\r\n\r\nhel");
			send("lo");
			end();
		};
		expect(await get()).toMatchObject({ status: 404, text: "hello", headers: { "x-request-id": "req-1" } });
	});

	it("that breaks off is none", async () => {
		serve = (send, end) => {
			send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
			end();
		};
		await expect(get()).rejects.toMatchObject({ name: "ConnectionError", code: "unreachable" });
	});

	it("that never begins is waited for as long as was said, and no longer", async () => {
		serve = () => {};
		await expect(get({ idleTimeoutMs: 20 })).rejects.toThrow("no answer in time");
	});

	it("that drips is waited for as long as was said, and no longer", async () => {
		let drip: NodeJS.Timeout | undefined;
		serve = (send) => {
			send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
			drip = setInterval(() => send("x"), 10);
		};
		await expect(exchange({ method: "GET", url }, 100)).rejects.toThrow("the answer does not end");
		clearInterval(drip);
	});

	it("that never ends is not read to the end", async () => {
		serve = (send) => {
			send("HTTP/1.1 200 OK\r\n\r\n");
			const megabyte = Buffer.alloc(1024 * 1024, " ");
			for (let sent = 0; sent < 18; sent++) send(megabyte);
		};
		await expect(get()).rejects.toThrow("more than 16777216 bytes");
	});

	it("that is no HTTP is none", async () => {
		serve = (send, end) => {
			send("SSH-2.0-OpenSSH_9.9\r\n");
			end();
		};
		await expect(get()).rejects.toMatchObject({ code: "unreachable" });
	});
});

it("says which server is not there, and what to look at", async () => {
	server.close();
	await expect(get()).rejects.toMatchObject({
		message: `no answer from ${url}: connection refused`,
		fix: expect.stringContaining(`--url (now ${url})`),
	});
});

it("speaks TLS, and nothing else, with an https server", async () => {
	serve = (send, end) => {
		send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
		end();
	};
	await expect(get({ url: url.replace("http:", "https:") })).rejects.toMatchObject({ code: "unreachable" });
});

describe("what is sent", () => {
	it("can be a stream with a length that is said", async () => {
		let asked = "";
		server.on("connection", (socket) => socket.on("data", (text) => (asked += text)));
		serve = (send, end) => {
			send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
			end();
		};
		await get({ method: "PUT", headers: { "content-length": "5" }, body: Readable.from(["he", "llo"]) });
		expect(asked).toMatch(/^PUT \/ HTTP\/1\.1\r\n/);
		expect(asked).toMatch(/content-length: 5\r\n/);
		expect(asked).not.toContain("transfer-encoding");
	});

	it("that cannot be read is an error, not a request that never ends", async () => {
		serve = () => {};
		const broken = new Readable({ read: () => broken.destroy(new Error("the disk is gone")) });
		const sent = get({ method: "PUT", headers: { "content-length": "5" }, body: broken });
		await expect(sent).rejects.toThrow("the disk is gone");
	});

	it("is given up on when the caller says so", async () => {
		const controller = new AbortController();
		serve = () => controller.abort(new Error("enough"));
		await expect(get({ signal: controller.signal })).rejects.toMatchObject({ code: "unreachable" });
	});
});
