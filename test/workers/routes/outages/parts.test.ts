// One part gone, and the stores well: what goes on, and who is told to come back.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { packageKey } from "../../../../src/storage/keys.ts";
import { Firewall } from "../../../support/firewall.ts";
import { makePackage, type Package, publish } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operated } from "../../../support/service.ts";
import { Edge } from "../../support/edge.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { newScene, type Scene } from "../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../support/frozen-clock.ts";
import { inVirtualTime } from "../../support/virtual-time.ts";

const { timeAfter } = useFrozenClock();
const { BOOTSTRAP_KEY } = TEST_SECRETS;

let edge: Edge;
let scene: Scene;
let apiKey: string;
beforeEach(async () => {
	edge = new Edge();
	scene = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
	apiKey = (await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes: ["operate"] })).key;
});
afterEach(() => {
	vi.restoreAllMocks();
});

/** What a device does day by day, from an isolate that knows nothing; none of it may be old. */
async function expectDevicesWell({ token = true } = {}): Promise<void> {
	const { firewall, product } = scene;
	if (token) await edge.authenticate(firewall);
	const { url, permit, ...answer } = await edge.permitted(firewall, product);
	expect(answer).not.toHaveProperty("degraded");
	expect((await edge.download(url)).status).toBe(200);
	for (const path of ["/v1/messages", "/v1/entitlements"]) {
		const answer = await edge.get(firewall, path);
		expect([answer.status, answer.headers.get("cache-status")]).toEqual([200, null]);
	}
	const report = await edge.sendJson("POST", "/v1/reports", firewall.accessToken, { permit, outcome: "healthy" });
	expect(report.status).toBe(202);
}

function upload(content: Package, version: string): Promise<Response> {
	return edge.send(`/v1/products/${scene.product}/releases/${version}/package?name=x.rules`, {
		method: "PUT",
		headers: {
			authorization: `Bearer ${BOOTSTRAP_KEY}`,
			"content-length": String(content.bytes.length),
			"repr-digest": content.digest,
		},
		body: content.bytes,
	});
}

describe("Account down", () => {
	beforeEach(() => {
		edge.account.mood = "fails";
	});

	test("its devices go on; none can be activated or deactivated", async () => {
		await expectDevicesWell();
		const { firewall, code } = scene;
		await expectOAuthError(await edge.activate(await Firewall.create(), code), 503, "temporarily_unavailable");
		const path = `/oauth2/register/${firewall.clientId}`;
		const deactivation = await edge.sendJson("DELETE", path, firewall.registrationToken);
		await expectOAuthError(deactivation, 503, "temporarily_unavailable");
		await expectOAuthError(await edge.update(firewall), 503, "temporarily_unavailable");
	});

	test("a device that no store has yet gets no token", async () => {
		edge.kv.tell = (key, text) => (key.startsWith("device:") ? null : text);
		await expectOAuthError(await edge.token(scene.firewall), 503, "temporarily_unavailable");
	});

	test("a device of an elastic license gets no token, and goes on with the one it has until that ends", async () => {
		scene = await newScene({ ends_at: timeAfter(20 * DAY), kind: "elastic" }, false);
		await expectOAuthError(await edge.token(scene.firewall), 503, "temporarily_unavailable");
		await expectDevicesWell({ token: false });
		edge.account.mood = "well";
		expect((await edge.token(scene.firewall)).status).toBe(200);
	});

	test("one that does not answer is waited for a second", async () => {
		scene = await newScene({ ends_at: timeAfter(20 * DAY), kind: "elastic" }, false);
		edge.account.mood = "mute";
		const { value, waitedMs } = await inVirtualTime(edge, () => edge.token(scene.firewall));
		await expectOAuthError(value, 503, "temporarily_unavailable");
		expect(waitedMs).toBe(1_000);
	});

	test("changes to that account wait, others do not", async () => {
		const { firewall, account, product } = scene;
		const suspend = edge.sendJson("POST", `/v1/devices/${firewall.clientId}/suspend`, apiKey, { reason: "a test" });
		await expectProblem(await suspend, "unavailable");
		await expectProblem(await edge.sendJson("GET", `/v1/accounts/${account}/devices`, apiKey), "unavailable");
		expect((await edge.sendJson("GET", "/v1/keys", apiKey)).status).toBe(200);
		expect((await edge.sendJson("GET", `/v1/products/${product}/releases`, apiKey)).status).toBe(200);
	});
});

describe("Product down", () => {
	beforeEach(() => {
		edge.product.mood = "fails";
	});

	test("devices go on, and can activate", async () => {
		await expectDevicesWell();
		expect((await edge.activate(await Firewall.create(), scene.code)).status).toBe(201);
	});

	test("a revision that no store has yet costs the checks for that product a 503", async () => {
		edge.kv.tell = (key, text) => (key.startsWith("product:") ? null : text);
		const { firewall, product } = scene;
		await expectProblem(await edge.get(firewall, `/v1/check?installed=${product}`), "unavailable");
		expect((await edge.token(firewall)).status).toBe(200);
	});

	test("nothing of that product can be released; accounts can be changed", async () => {
		const { product, account } = scene;
		const content = await makePackage("new rules");
		await expectProblem(await upload(content, "1.1.0"), "unavailable");
		await expectProblem(
			await edge.sendJson("PUT", `/v1/products/${product}/releases/1.0.0`, apiKey, {}),
			"unavailable",
		);
		expect((await edge.sendJson("GET", `/v1/accounts/${account}/devices`, apiKey)).status).toBe(200);
		edge.product.mood = "well";
		expect((await upload(content, "1.1.0")).ok).toBe(true);
	});
});

describe("Directory down", () => {
	beforeEach(() => {
		edge.directory.mood = "fails";
	});

	test("devices go on, and can activate", async () => {
		await expectDevicesWell();
		expect((await edge.activate(await Firewall.create(), scene.code)).status).toBe(201);
	});

	test("the bootstrap key is accepted; what the Directory itself has to do waits", async () => {
		const { account, product, firewall } = scene;
		for (const path of ["/v1/keys", "/v1/products", "/v1/accounts", "/v1/messages/all"])
			await expectProblem(await edge.sendJson("GET", path, BOOTSTRAP_KEY), "unavailable");
		expect((await edge.sendJson("GET", `/v1/accounts/${account}/devices`, BOOTSTRAP_KEY)).status).toBe(200);
		expect((await edge.sendJson("GET", `/v1/products/${product}/releases`, BOOTSTRAP_KEY)).status).toBe(200);
		const path = `/v1/devices/${firewall.clientId}/suspend`;
		expect((await edge.sendJson("POST", path, BOOTSTRAP_KEY, { reason: "a test" })).status).toBe(200);
	});

	test("other keys are not accepted, but not called wrong either", async () => {
		await expectProblem(await edge.sendJson("GET", "/v1/keys", apiKey), "unavailable");
	});
});

describe("ReplayGuard down", () => {
	test("nobody activates, a device that can do without a proof gets no token, and goes on with the one it has", async () => {
		edge.replayGuard.mood = "fails";
		await expectOAuthError(await edge.token(scene.firewall), 503, "temporarily_unavailable");
		await expectOAuthError(await edge.token(scene.firewall, true), 503, "temporarily_unavailable");
		await expectDevicesWell({ token: false });
		await expectOAuthError(await edge.activate(await Firewall.create(), scene.code), 503, "temporarily_unavailable");
	});

	test("a device that registered for DPoP-bound tokens gets its token", async () => {
		edge.replayGuard.mood = "fails";
		const bound = await Firewall.create();
		await bound.activate(scene.code, { dpopBound: true });
		expect((await edge.token(bound, true)).status).toBe(200);
		expect(edge.replayGuard.calls).toBe(0);
	});

	test("one that does not answer is waited for a second", async () => {
		edge.replayGuard.mood = "mute";
		const { value, waitedMs } = await inVirtualTime(edge, () => edge.token(scene.firewall));
		await expectOAuthError(value, 503, "temporarily_unavailable");
		expect(waitedMs).toBe(1_000);
	});

	test("an assertion that it has taken is refused when it is back", async () => {
		const assertion = await scene.firewall.assertion();
		vi.spyOn(scene.firewall, "assertion").mockResolvedValue(assertion);
		expect((await edge.token(scene.firewall)).status).toBe(200);
		edge.replayGuard.mood = "fails";
		await expectOAuthError(await edge.token(scene.firewall), 503, "temporarily_unavailable");
		edge.replayGuard.mood = "well";
		await expectOAuthError(await edge.token(scene.firewall), 401, "invalid_client");
	});
});

describe("R2 down", () => {
	test("checks, tokens, permits and activation go on; what the location has cached can be downloaded, whole", async () => {
		const { firewall, product, code, content } = scene;
		const rules = new TextDecoder().decode(content.bytes);
		const { url } = await edge.permitted(firewall, product);
		expect(await (await edge.download(url)).text()).toBe(rules);
		await edge.settled();
		edge.packages.mood = "fails";
		await edge.authenticate(firewall);
		expect(await (await edge.download((await edge.permitted(firewall, product)).url)).text()).toBe(rules);
		await expectProblem(await edge.download(url, { range: "bytes=0-3" }), "unavailable");
		expect((await edge.activate(await Firewall.create(), code)).status).toBe(201);
	});

	test("what it has not gets a 503", async () => {
		edge.packages.mood = "fails";
		const { url } = await edge.permitted(scene.firewall, scene.product);
		await expectProblem(await edge.download(url), "unavailable");
		expect(edge.packages.calls).toBe(1);
	});

	test("an upload gets a 503 and binds nothing to its version", async () => {
		edge.packages.mood = "fails";
		await expectProblem(await upload(await makePackage("lost"), "1.1.0"), "unavailable");
		edge.packages.mood = "well";
		expect((await upload(await makePackage("other bytes"), "1.1.0")).ok).toBe(true);
	});
});

describe("rate limits down", () => {
	test("nobody is counted, and nobody is refused", async () => {
		const limit = vi.fn(async () => {
			throw new Error("rate limiter is gone");
		});
		const activation = { RATE_CODE: { limit }, RATE_ACCOUNT: { limit } };
		edge = new Edge("kv", { RATE_TOKEN: { limit }, ...activation, RATE_PUBLISH: { limit } });
		await expectDevicesWell();
		expect((await edge.activate(await Firewall.create(), scene.code)).status).toBe(201);
		expect((await edge.sendJson("GET", "/v1/keys", apiKey)).status).toBe(200);
		expect(limit).toHaveBeenCalledTimes(7);
	});
});

describe("Analytics Engine down", () => {
	test("answers are as ever, and the log has a line that says so", async () => {
		const writeDataPoint = vi.fn(() => {
			throw new Error("dataset is gone");
		});
		edge = new Edge("kv", { ANALYTICS: { writeDataPoint } });
		const error = vi.spyOn(console, "error").mockImplementation(() => {});
		await expectDevicesWell();
		expect((await edge.sendJson("GET", "/v1/keys", apiKey)).status).toBe(200);
		expect(writeDataPoint.mock.calls.length).toBeGreaterThan(5);
		expect(new Set(error.mock.calls.flat())).toEqual(new Set(["telemetry failed: Error"]));
	});
});

describe("package missing in R2", () => {
	test("its download gets a 502, all else goes on; the same bytes under the same version repair it", async () => {
		const content = await publish(scene.product, "1.1.0", "bytes that get lost");
		await env.PACKAGES.delete(packageKey(content.sha256));
		const { url, version } = await edge.permitted(scene.firewall, scene.product);
		expect(version).toBe("1.1.0");
		await expectProblem(await edge.download(url), "content_missing");
		await edge.authenticate(scene.firewall);
		expect((await upload(content, "1.1.0")).ok).toBe(true);
		expect(await (await edge.download(url)).text()).toBe("bytes that get lost");
	});
});
