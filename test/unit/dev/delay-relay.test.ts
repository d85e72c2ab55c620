// The relay on sockets of this machine: how long bytes are held, in which order they come, what lets them go.
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DelayRelay, startDelayRelay } from "../../../dev/redis/delay-relay.ts";

const DELAY_MS = 60;

describe("delay relay", () => {
	const folder = mkdtempSync(join(tmpdir(), "parapet-relay-"));
	const socketPath = join(folder, "server.sock");
	// Answers each piece with its upper-case form.
	const server = createServer((socket) =>
		socket.on("data", (bytes) => {
			answered += bytes;
			socket.write(String(bytes).toUpperCase());
		}),
	);
	let answered: string;
	let relay: DelayRelay;
	let client: Socket;
	let received: string;

	beforeEach(async () => {
		await new Promise<void>((resolve) => server.listen(socketPath, resolve));
		relay = await startDelayRelay(socketPath, DELAY_MS);
		received = "";
		answered = "";
		client = connect(relay.port, "127.0.0.1").on("data", (bytes) => {
			received += bytes;
		});
	});
	afterEach(async () => {
		client.destroy();
		await relay.close();
		await new Promise((resolve) => server.close(resolve));
	});
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	it("holds what the server sends for the time that was set", async () => {
		const startedMs = performance.now();
		client.write("a");
		await expect.poll(() => received, { interval: 2 }).toBe("A");
		expect(performance.now() - startedMs).toBeGreaterThanOrEqual(DELAY_MS - 1);
	});

	it("keeps the order when the time becomes shorter, and lets go what is overdue", async () => {
		relay.setDelay(Number.POSITIVE_INFINITY);
		client.write("a");
		client.write("b");
		await expect.poll(() => answered).toBe("ab");
		expect(received).toBe("");
		relay.setDelay(0);
		client.write("c");
		await expect.poll(() => received).toBe("ABC");
	});

	it("cuts the line when it is closed", async () => {
		const closed = new Promise((resolve) => client.once("close", resolve));
		client.write("a");
		await expect.poll(() => received).toBe("A");
		await relay.close();
		await closed;
	});
});
