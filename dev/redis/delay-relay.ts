// The long way from a primary to its replica: a TCP relay that holds every byte from the server for some time. Bytes keep
// their order and none is lost while the relay lives. The other direction is not delayed.
import { connect, createServer, type Socket } from "node:net";
import { listenLocally } from "./listening.ts";

export interface DelayRelay {
	/** on 127.0.0.1 */
	readonly port: number;
	/** @param ms that bytes are held, also those already here; Infinity until it is set anew */
	setDelay(ms: number): void;
	close(): Promise<void>;
}

interface HeldBytes {
	readonly bytes: Buffer;
	readonly receivedMs: number;
}

interface Hold {
	receive(bytes: Buffer): void;
	/** Sends what is due now, and sees to the rest when it is. */
	release(): void;
	drop(): void;
}

/** @param socketPath of the server that is behind the relay */
export async function startDelayRelay(socketPath: string, delayMs: number): Promise<DelayRelay> {
	let delay = delayMs;
	const holds = new Set<Hold>();
	const sockets = new Set<Socket>();
	const server = createServer((client) => {
		const upstream = connect(socketPath);
		const hold = createHold(client, () => delay);
		holds.add(hold);
		upstream.on("data", (bytes: Buffer) => hold.receive(bytes));
		client.pipe(upstream);
		// Both ends fall together: for the replica that is a line that was cut, and it dials again.
		for (const [socket, other] of [
			[client, upstream],
			[upstream, client],
		] as const) {
			sockets.add(socket);
			socket.on("error", () => other.destroy());
			socket.on("close", () => {
				other.destroy();
				hold.drop();
				holds.delete(hold);
				sockets.delete(socket);
			});
		}
	});
	const port = await listenLocally(server, 0);

	return {
		port,
		setDelay(ms) {
			delay = ms;
			for (const hold of holds) hold.release();
		},
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				for (const socket of sockets) socket.destroy();
			}),
	};
}

function createHold(client: Socket, delayMs: () => number): Hold {
	const held: HeldBytes[] = [];
	let timer: ReturnType<typeof setTimeout> | undefined;

	function release(): void {
		clearTimeout(timer);
		const now = performance.now();
		for (let first = held[0]; first !== undefined; first = held[0]) {
			const waitMs = first.receivedMs + delayMs() - now;
			if (waitMs > 0) {
				// A timer takes no Infinity; such bytes wait for the next setDelay.
				if (Number.isFinite(waitMs)) timer = setTimeout(release, Math.ceil(waitMs));
				return;
			}
			held.shift();
			client.write(first.bytes);
		}
	}

	return {
		receive(bytes) {
			held.push({ bytes, receivedMs: performance.now() });
			release();
		},
		release,
		drop() {
			clearTimeout(timer);
			held.length = 0;
		},
	};
}
