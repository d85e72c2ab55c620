// Download URLs in the hands of strangers: one that was changed anywhere gives nothing, and does not say what was wrong.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import worker from "../../../../src/worker.ts";
import { ISSUER, send } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newScene, permitOf, type Scene, tampered } from "../../support/fixtures.ts";

let scene: Scene;
let url: string;
beforeAll(async () => {
	scene = await newScene();
	url = (await permitOf(scene.firewall, scene.product)).url;
});

const parameter = (name: string) => new URL(url).searchParams.get(name) ?? "";
const replace = (name: string, value: string) => url.replace(`${name}=${parameter(name)}`, `${name}=${value}`);

test("the URL as it was given works, more than once", async () => {
	for (const _ of [1, 2]) expect((await send(url)).status).toBe(200);
});

describe("refused is a URL", () => {
	const changes: [string, () => string][] = [
		["that lives a second longer", () => replace("e", String(Number(parameter("e")) + 1))],
		["that lives a second less", () => replace("e", String(Number(parameter("e")) - 1))],
		["whose end is hexadecimal", () => replace("e", `0x${Number(parameter("e")).toString(16)}`)],
		["whose end has an exponent", () => replace("e", "2e12")],
		["whose end has a sign", () => replace("e", `%2B${parameter("e")}`)],
		["whose end has a leading zero", () => replace("e", `0${parameter("e")}`)],
		["with the first character of its signature changed", () => replace("s", tampered(parameter("s"), 0))],
		["with the last character of its signature changed", () => replace("s", tampered(parameter("s"), 42))],
		["with a padded signature", () => `${url}=`],
		["without a signature", () => replace("s", "")],
		["with an unknown key", () => replace("k", "local2")],
		["with no key", () => replace("k", "")],
		["with a key that is a path", () => replace("k", "..%2F..%2Fx")],
		["of another device", () => replace("d", "AAAAAAAA")],
		["of another version", () => replace("v", "2")],
		["with its end twice", () => `${url}&e=${parameter("e")}`],
		["with its signature twice", () => `${url}&s=${parameter("s")}`],
		["with one more parameter", () => `${url}&utm=1`],
		["with an empty parameter", () => `${url}&`],
		["in another order", () => url.replace(/\?(v=1)&(k=[^&]*)/, "?$2&$1")],
		["with semicolons", () => url.replaceAll("&", ";")],
		["with an escaped letter", () => replace("v", "%31")],
		["without its query", () => url.split("?")[0] ?? ""],
		["for another package", () => url.replace(scene.content.sha256, "ab".repeat(32))],
		["for another file name", () => url.replace(".rules", ".rulez")],
		["with the path's end moved into the query", () => url.replace(/rules\?v=1&k=/, "rule?v=1&k=s")],
		["on another host", () => url.replace("updates.test", "evil.test")],
		["on another port", () => url.replace("updates.test", "updates.test:8443")],
	];
	test.each(changes)("%s", async (_, change) => {
		const changed = change();
		expect(changed).not.toBe(url);
		await expectProblem(await send(changed), "signed_url_invalid");
	});

	test("after its end, which only a good one is told", async () => {
		const end = Number(parameter("e")) * 1000;
		vi.useFakeTimers({ toFake: ["Date"], now: end - 1000 });
		try {
			expect((await send(url)).status).toBe(200);
			vi.setSystemTime(end);
			await expectProblem(await send(url), "signed_url_expired");
			await expectProblem(await send(replace("d", "AAAAAAAA")), "signed_url_invalid");
			await expectProblem(await send(replace("e", String(Number(parameter("e")) + 9999))), "signed_url_invalid");
		} finally {
			vi.useRealTimers();
		}
	});
});

test.each([
	["in capitals", (hash: string) => hash.toUpperCase()],
	["of 63 digits", (hash: string) => hash.slice(1)],
	["of 65 digits", (hash: string) => `${hash}0`],
	["that is no hexadecimal", (hash: string) => `g${hash.slice(1)}`],
])("a digest %s is no path", async (_, change) => {
	await expectProblem(await send(url.replace(scene.content.sha256, change(scene.content.sha256))), "not_found");
});

test.each(["..%2F..%2Fx", ".hidden", "%00", "a%20b", "%E2%82%AC"])("the file name %s is no path", async (name) => {
	await expectProblem(await send(url.replace(/[^/]+\.rules/, name)), "not_found");
});

test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("%s is refused and says what is taken", async (method) => {
	const answer = await send(url, { method });
	await expectProblem(answer, "method_not_allowed");
	expect(answer.headers.get("allow")).toBe("GET, HEAD");
});

test.each([
	["x-forwarded-host", "evil.test"],
	["forwarded", "host=evil.test"],
	["x-original-url", "/v1/accounts"],
	["x-rewrite-url", "/v1/accounts"],
	["x-http-method-override", "DELETE"],
	["x-forwarded-proto", "http"],
])("the header %s has no effect on a download or on what is given out", async (name, value) => {
	const headers = { [name]: value };
	expect((await send(url, { headers })).status).toBe(200);
	const metadata = await (await send("/.well-known/oauth-authorization-server", { headers })).text();
	expect(metadata).toContain(`"issuer":"${ISSUER}"`);
	expect(metadata).not.toContain("evil.test");
});

test("what a signed URL gave is not given to the same address without a signature", async () => {
	await (await send(url)).arrayBuffer();
	await expectProblem(await send(url.split("?")[0] ?? ""), "signed_url_invalid");
	await expectProblem(await send(`/d/${scene.content.sha256}`), "not_found");
});

test("a Worker under another issuer takes no URL of this one", async () => {
	const request = new Request(url) as Parameters<typeof worker.fetch>[0];
	const otherKeys = { ...env, MAC_KEYS: `local1:${"A".repeat(43)}` };
	await expectProblem(await worker.fetch(request, otherKeys, createExecutionContext()), "signed_url_invalid");
});
