// Presigned URLs against a server that checks SigV4: the S3 endpoint of the local R2, with R2's error codes.
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestHarness, type TestHarness } from "wrangler";
import { createS3Presigner } from "../../../src/signing/download-urls/s3-presigner.ts";
import type { UrlSigner } from "../../../src/signing/download-urls/url-signer.ts";
import { packageKey } from "../../../src/storage/keys.ts";

const CREDENTIALS = { accessKeyId: "AKIDLOCAL", secretAccessKey: "SECRETLOCAL" };
const BUCKET = "presigned";
const SHA256 = "ab".repeat(32);
const BYTES = "0123456789";

let harness: TestHarness;
let signer: UrlSigner;
beforeAll(async () => {
	harness = createTestHarness({
		workers: [
			{
				config: {
					name: "presigned",
					main: new URL("./s3-bucket-worker.ts", import.meta.url).pathname,
					compatibility_date: "2026-10-15",
					r2_buckets: [
						{ binding: "BUCKET", bucket_name: BUCKET, local_dev: { experimental_s3_credentials: CREDENTIALS } },
					],
				},
			},
		],
	});
	const { url } = await harness.listen();
	const { BUCKET: bucket } = await harness.getWorker<{ BUCKET: R2Bucket }>().getEnv();
	await bucket.put(packageKey(SHA256), BYTES);
	const bucketUrl = `${url.origin}/cdn-cgi/local/r2/s3/${BUCKET}`;
	signer = createS3Presigner({ ...CREDENTIALS, bucketUrl, region: "auto", ttlSeconds: 60 });
});
afterAll(() => harness.close());

/** The endpoint has its own clock, so this test cannot freeze it. */
const now = () => Math.floor(Date.now() / 1000);
const sign = async (at = now(), sha256 = SHA256) => {
	const { url } = await signer.sign({ sha256, name: "crs.tar.gz", pseudonym: "0123456789abcdef", now: at });
	return url;
};

it("serves the package, and parts of it", async () => {
	const url = await sign();
	const whole = await fetch(url);
	expect([whole.status, await whole.text()]).toEqual([200, BYTES]);
	const part = await fetch(url, { headers: { range: "bytes=2-4" } });
	expect([part.status, await part.text()]).toEqual([206, "234"]);
});

it("serves nothing else", async () => {
	expect((await fetch(await sign(now(), "cd".repeat(32)))).status).toBe(404);
	expect((await fetch((await sign()).replace(SHA256, "cd".repeat(32)))).status).toBe(403);
	expect((await fetch(await sign(), { method: "DELETE" })).status).toBe(403);
	expect((await fetch((await sign()).replace("X-Amz-Expires=60", "X-Amz-Expires=600"))).status).toBe(403);
});

it("serves nothing after the URL's life", async () => {
	const response = await fetch(await sign(now() - 61));
	expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("Expired")]);
});
