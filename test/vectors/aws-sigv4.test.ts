// The presigned URL of the AWS documentation ("Authenticating Requests: Using Query Parameters"), and our presigner's URLs
// recomputed by an independent reading of the same page.
import { createHash, createHmac } from "node:crypto";
import { AwsClient } from "aws4fetch";
import { describe, expect, it } from "vitest";
import { createS3Presigner } from "../../src/signing/download-urls/s3-presigner.ts";

const CREDENTIALS = {
	accessKeyId: "AKIAIOSFODNN7EXAMPLE",
	secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const MAY_24_2013 = Date.UTC(2013, 4, 24) / 1000;
const SHA256 = "ab".repeat(32);

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** SigV4 of a GET with the signature in the query and `host` as the only signed header. */
function expectedSignature(url: URL): string {
	const parameters = [...url.searchParams]
		.filter(([name]) => name !== "X-Amz-Signature")
		.sort(([a], [b]) => (a < b ? -1 : 1));
	const query = parameters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
	const request = ["GET", url.pathname, query, `host:${url.host}`, "", "host", "UNSIGNED-PAYLOAD"].join("\n");
	const [, date = "", region = "", service = ""] = (url.searchParams.get("X-Amz-Credential") ?? "").split("/");
	const key = hmac(hmac(hmac(hmac(`AWS4${CREDENTIALS.secretAccessKey}`, date), region), service), "aws4_request");
	const scope = `${date}/${region}/${service}/aws4_request`;
	const digest = createHash("sha256").update(request).digest("hex");
	const text = ["AWS4-HMAC-SHA256", url.searchParams.get("X-Amz-Date"), scope, digest].join("\n");
	return hmac(key, text).toString("hex");
}

describe("SigV4 presigning", () => {
	it("agrees with the example of the AWS documentation", async () => {
		const client = new AwsClient({ ...CREDENTIALS, region: "us-east-1", service: "s3" });
		const request = await client.sign("https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Expires=86400", {
			aws: { signQuery: true, datetime: "20130524T000000Z" },
		});
		const url = new URL(request.url);
		const expected = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
		expect(url.searchParams.get("X-Amz-Signature")).toBe(expected);
		expect(expectedSignature(url)).toBe(expected);
	});

	it("signs the URL of a package for GET, path style, with our own expiry", async () => {
		const bucketUrl = "https://account.r2.cloudflarestorage.com/packages-bucket";
		const signer = createS3Presigner({ ...CREDENTIALS, bucketUrl, region: "auto", ttlSeconds: 300 });
		const request = { sha256: SHA256, name: "crs.tar.gz", pseudonym: "0123456789abcdef", now: MAY_24_2013 };
		const signed = await signer.sign(request);
		expect(signed.expiresAt).toBe(MAY_24_2013 + 300);
		const url = new URL(signed.url);
		expect(url.origin + url.pathname).toBe(`${bucketUrl}/packages/${SHA256}`);
		expect(Object.fromEntries(url.searchParams)).toEqual({
			"X-Amz-Algorithm": "AWS4-HMAC-SHA256",
			"X-Amz-Credential": `${CREDENTIALS.accessKeyId}/20130524/auto/s3/aws4_request`,
			"X-Amz-Date": "20130524T000000Z",
			"X-Amz-Expires": "300",
			"X-Amz-SignedHeaders": "host",
			"X-Amz-Signature": expectedSignature(url),
		});
		expect(await signer.sign(request)).toEqual(signed);
	});

	it("signs with the next day's key after midnight", async () => {
		const bucketUrl = "https://storage.example/packages-bucket";
		const signer = createS3Presigner({ ...CREDENTIALS, bucketUrl, region: "auto", ttlSeconds: 300 });
		for (const now of [MAY_24_2013 - 1, MAY_24_2013, MAY_24_2013 + 86_400]) {
			const { url } = await signer.sign({ sha256: SHA256, name: "crs.tar.gz", pseudonym: "0123456789abcdef", now });
			expect(new URL(url).searchParams.get("X-Amz-Signature")).toBe(expectedSignature(new URL(url)));
		}
	});

	it.each([0, -1, 1.5, 604_801, Number.NaN])("refuses a life of %d seconds", (ttlSeconds) => {
		expect(() =>
			createS3Presigner({ ...CREDENTIALS, bucketUrl: "https://s3.example/b", region: "auto", ttlSeconds }),
		).toThrow(RangeError);
	});
});
