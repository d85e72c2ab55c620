// A server on this machine's own address only.
import type { Server } from "node:net";

/**
 * Lets a server listen on 127.0.0.1, so that nobody else on the network reaches it.
 * @param port 0 = any that is free
 * @returns the port
 * @throws when the port is taken
 */
export function listenLocally(server: Server, port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, "127.0.0.1", () => {
			const address = server.address();
			if (typeof address === "object" && address !== null) resolve(address.port);
			else reject(new Error("the server listens on no port"));
		});
	});
}
