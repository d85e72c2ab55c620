// SigV4 of whole requests: the stub's own reading of it against signatures that AWS has published, and then our calls
// against the stub's reading.
import { describe, expect, test } from "vitest";
import { callAws } from "../../src/aws/aws-call.ts";
import { type SignedRequest, verifySignature } from "../support/sigv4.ts";

/** Of the test suite and the examples of the AWS General Reference. */
const ACCESS_KEY_ID = "AKIDEXAMPLE";
const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const secretOf = (id: string) => (id === ACCESS_KEY_ID ? SECRET : undefined);
const authorization = (scope: string, headers: string, signature: string) =>
	`AWS4-HMAC-SHA256 Credential=${ACCESS_KEY_ID}/20150830/${scope}/aws4_request, SignedHeaders=${headers}, Signature=${signature}`;

const LIST_USERS: SignedRequest = {
	method: "GET",
	url: "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
	headers: {
		host: "iam.amazonaws.com",
		"content-type": "application/x-www-form-urlencoded; charset=utf-8",
		"x-amz-date": "20150830T123600Z",
		authorization: authorization(
			"us-east-1/iam",
			"content-type;host;x-amz-date",
			"5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
		),
	},
	body: "",
};
const POST_FORM: SignedRequest = {
	method: "POST",
	url: "https://example.amazonaws.com/",
	headers: {
		host: "example.amazonaws.com",
		"content-type": "application/x-www-form-urlencoded",
		"x-amz-date": "20150830T123600Z",
		authorization: authorization(
			"us-east-1/service",
			"content-type;host;x-amz-date",
			"ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
		),
	},
	body: "Param1=value1",
};

describe("the published signatures of AWS", () => {
	test.each([
		["GET ListUsers", LIST_USERS],
		["post-x-www-form-urlencoded", POST_FORM],
	])("%s is good, and with anything changed it is not", (_, request) => {
		expect(verifySignature(request, secretOf)).toMatchObject({ ok: true });
		const { headers } = request;
		const changed: SignedRequest[] = [
			{ ...request, method: "PUT" },
			{ ...request, url: `${request.url}${request.url.includes("?") ? "&" : "?"}a=b` },
			{ ...request, body: `${request.body}&a=b` },
			{ ...request, headers: { ...headers, host: "other.amazonaws.com" } },
			{ ...request, headers: { ...headers, "x-amz-date": "20150830T123601Z" } },
			{ ...request, headers: { ...headers, "x-amz-target": "not signed" } },
		];
		for (const one of changed) expect(verifySignature(one, secretOf)).toMatchObject({ ok: false });
		expect(verifySignature(request, () => `${SECRET}x`)).toEqual({ ok: false, why: "the signature is wrong" });
	});
});

describe("our calls", () => {
	const credentials = { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET };
	const NOW = Date.UTC(2015, 7, 30, 12, 36) / 1000;

	/** What goes out, as a server would see it. */
	async function sent(change: Partial<Parameters<typeof callAws>[1]> = {}): Promise<SignedRequest> {
		let seen: SignedRequest | undefined;
		const fetch = async (url: string, init: RequestInit) => {
			const headers = { ...Object.fromEntries(new Headers(init.headers)), host: new URL(url).host };
			seen = { method: init.method ?? "", url, headers, body: String(init.body) };
			return new Response();
		};
		const headers = { "content-type": "application/x-www-form-urlencoded", "x-amz-target": "A.B" };
		const request = { service: "ssm" as const, region: "eu-central-1", headers, body: "a=ü%20+&b", credentials };
		expect(await callAws({ fetch, endpoint: null }, { ...request, now: NOW, ...change })).toEqual({ ok: true });
		if (seen === undefined) throw new Error("nothing was sent");
		return seen;
	}

	test("are signed for their region and service, with every header", async () => {
		const request = await sent();
		expect(request.url).toBe("https://ssm.eu-central-1.amazonaws.com/");
		expect(verifySignature(request, secretOf)).toEqual({
			ok: true,
			scope: { accessKeyId: ACCESS_KEY_ID, date: "20150830", region: "eu-central-1", service: "ssm" },
		});
	});

	test("carry the token of temporary credentials, signed", async () => {
		const request = await sent({ credentials: { ...credentials, sessionToken: "token+/=" } });
		expect(request.headers["x-amz-security-token"]).toBe("token+/=");
		expect(verifySignature(request, secretOf)).toMatchObject({ ok: true });
	});

	test("go to China's own domain there, and to AWS' everywhere else", async () => {
		expect((await sent({ region: "cn-north-1" })).url).toBe("https://ssm.cn-north-1.amazonaws.com.cn/");
		expect((await sent({ region: "us-gov-west-1", service: "autoscaling" })).url).toBe(
			"https://autoscaling.us-gov-west-1.amazonaws.com/",
		);
	});
});
