// Keys of an issuer over HTTP: what a server can do to whoever asks it, and how often it is asked.
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { jwtVerify } from "jose";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { createRemoteKeys, FAILURE_PAUSE_MS, MAX_KEYS_BYTES } from "../../../../src/signing/oidc/remote-keys.ts";
import { type CiSigner, createCiSigner } from "../../../support/ci-tokens.ts";

let old: CiSigner;
let rotated: CiSigner;
beforeAll(async () => {
	[old, rotated] = await Promise.all([createCiSigner("old"), createCiSigner("new")]);
});

let server: Server;
let asked: string[];
let answer: RequestListener;
let url: URL;
beforeEach(async () => {
	asked = [];
	answer = (_, response) => void response.end(JSON.stringify(old.jwks));
	server = createServer((request, response) => {
		asked.push(request.url ?? "");
		answer(request, response);
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`);
	vi.useFakeTimers({ toFake: ["Date"], now: 1_790_000_000_000 });
});
afterEach(() => {
	vi.useRealTimers();
	server.closeAllConnections();
	server.close();
});

const keysOf = (timeoutMs = 2_000) => createRemoteKeys(url, { ask: fetch, nowMs: Date.now, timeoutMs });
const later = (ms: number) => vi.setSystemTime(Date.now() + ms);
const now = () => Math.floor(Date.now() / 1_000);
const check = async (keys: ReturnType<typeof keysOf>, signer = old) => {
	const token = await signer.sign({ aud: "x", now: now() });
	await jwtVerify(token, keys, { algorithms: ["RS256"], currentDate: new Date() });
};

it("asks once for many tokens, and again after an hour", async () => {
	const keys = keysOf();
	for (let round = 0; round < 3; round++) await check(keys);
	expect(asked).toEqual(["/keys"]);
	later(3_600_000);
	await check(keys);
	expect(asked).toHaveLength(2);
});

it("finds a key that is new by its name, once it has waited half a minute", async () => {
	const keys = keysOf();
	await check(keys);
	answer = (_, response) => void response.end(JSON.stringify({ keys: [old.jwk, rotated.jwk] }));
	later(29_999);
	await expect(check(keys, rotated)).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
	expect(asked).toHaveLength(1);
	later(1);
	await check(keys, rotated);
	await check(keys);
	expect(asked).toHaveLength(2);
});

it("names of keys that nobody has cost a request twice a minute, however many come", async () => {
	const keys = keysOf();
	await check(keys);
	for (let round = 0; round < 60; round++) {
		later(1_000);
		await expect(check(keys, rotated)).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });
	}
	expect(asked).toHaveLength(3);
});

it.each<[string, RequestListener]>([
	["a redirect", (_, response) => void response.writeHead(302, { location: "/elsewhere" }).end()],
	["a failure", (_, response) => void response.writeHead(500).end("{}")],
	["keys under another status", (_, response) => void response.writeHead(203).end(JSON.stringify(old.jwks))],
	["what is no JSON", (_, response) => void response.end("<html>")],
	["no keys", (_, response) => void response.end("{}")],
	["10 MB", (_, response) => void response.end(`{"keys":[],"x":"${"x".repeat(10_000_000)}"}`)],
	["a connection that is cut", (request) => void request.socket.destroy()],
])("is not led astray by %s", async (_, listener) => {
	answer = listener;
	const keys = keysOf();
	await expect(check(keys)).rejects.toThrow();
	expect(asked).toEqual(["/keys"]);
});

it("reads no more than a set of keys has, whoever goes on sending", async () => {
	let sent = 0;
	answer = (_, response) => {
		const send = () => {
			while (!response.destroyed && response.write("x".repeat(65_536))) sent += 65_536;
			if (!response.destroyed) response.once("drain", send);
		};
		send();
	};
	await expect(check(keysOf())).rejects.toThrow("more keys than are taken");
	// What lies in the buffers between.
	expect(sent).toBeLessThan(MAX_KEYS_BYTES + 20_000_000);
});

it("waits for no server that sends nothing, nor for one that does not come to an end", async () => {
	const slow: RequestListener[] = [() => {}, (_, response) => void response.write('{"keys":')];
	for (const listener of slow) {
		answer = listener;
		await expect(check(keysOf(100))).rejects.toThrow();
	}
});

it("after a failure it asks nobody for ten seconds, and then finds what is there again", async () => {
	const well = answer;
	answer = (_, response) => void response.writeHead(503).end();
	const keys = keysOf();
	for (let round = 0; round < 5; round++) await expect(check(keys)).rejects.toThrow("503");
	later(FAILURE_PAUSE_MS - 1);
	await expect(check(keys)).rejects.toThrow("503");
	expect(asked).toHaveLength(1);
	answer = well;
	later(1);
	await check(keys);
	expect(asked).toHaveLength(2);
});
