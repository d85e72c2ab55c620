// `parapet publish` of a large package whose parts go straight to the storage: the S3 endpoint of the local R2, which checks SigV4 and
// lengths by itself, in front of the bucket that the service has. Digests it does not check: other bytes of the right length are kept, and
// the join finds them.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../../unit/cli/support/run-cli.ts";
import { operate } from "../support/fleet.ts";
import { type RunningService, startService } from "../support/service.ts";

const CREDENTIALS = { accessKeyId: "AKIDLOCAL", secretAccessKey: "SECRETLOCAL" };
const MIB = 1024 ** 2;

/** In front of the runtime, whose port is another each time: URLs are signed for a host. */
let front: Server;
let service: RunningService;
let folder: string;
let file: string;
beforeAll(async () => {
	front = createServer((socket) => {
		const { hostname, port } = new URL(service.runtime());
		pipeline(socket, connect(Number(port), hostname), socket, () => {});
	});
	await once(front.listen(0, "127.0.0.1"), "listening");
	const { port } = front.address() as AddressInfo;
	service = await startService({
		bucketKeys: CREDENTIALS,
		variables: {
			S3_BUCKET_URL: `http://127.0.0.1:${port}/cdn-cgi/local/r2/s3/parapet-local-packages`,
			S3_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
			S3_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
			S3_USE: "uploads",
		},
	});
	folder = await mkdtemp(join(tmpdir(), "parapet-direct-"));
	file = join(folder, "large-1.0.0.bin");
	const handle = await open(file, "w");
	await handle.truncate(64 * MIB + 5);
	await handle.write("begins", 0);
	await handle.write("goes on", 40 * MIB);
	await handle.close();
	await operate(service, "POST", "/v1/products", { product: "large", plan: "immediate" });
});
afterAll(async () => {
	front?.close();
	await service?.close();
	await rm(folder, { recursive: true, force: true });
});

const publish = (what = file) =>
	runCli(["publish", what, "--no-deltas", "--url", service.url, "--key", service.bootstrapKey, "--json"]);

it("publishes it, and no part has passed the service", async () => {
	const paths: string[] = [];
	service.forge((path) => {
		paths.push(path);
		return undefined;
	});
	expect(await publish()).toMatchObject({ exitCode: 0, stderr: "" });
	expect(paths.filter((path) => path.endsWith("/url"))).toHaveLength(3);
	expect(paths.filter((path) => /\/parts\/[0-9a-f]{64}$/.test(path))).toEqual([]);
});

it("publishes it where all parts are there and one is of other bytes", async () => {
	const other = join(folder, "large-1.0.1.bin");
	const bytes = await readFile(file);
	bytes.write("another", 0);
	await writeFile(other, bytes);
	const digest = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
	const upload = `/v1/products/large/uploads/${digest(bytes)}`;
	for (let start = 0; start < bytes.length; start += 32 * MIB) {
		const part = bytes.subarray(start, Math.min(start + 32 * MIB, bytes.length));
		const signed = await operate<{ url: string; headers: Record<string, string> }>(
			service,
			"POST",
			`${upload}/parts/${digest(part)}/url`,
			{ size: part.length },
		);
		const sent = start === 0 ? Uint8Array.from(part, (byte, at) => (at === 0 ? byte ^ 1 : byte)) : part;
		const { status } = await fetch(signed.url, { method: "PUT", headers: signed.headers, body: Buffer.from(sent) });
		expect(status).toBe(200);
	}
	const published = await publish(other);
	expect(published).toMatchObject({ exitCode: 0, stderr: "" });
	expect(JSON.parse(published.stdout)).toMatchObject({ sha256: digest(bytes) });
});
