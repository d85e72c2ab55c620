// When records cannot be read: who is known keeps getting answers, marked as old; who is not, and whoever may do more than
// update a firewall, is told to come back; nobody who was refused before is let in.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ringAll } from "../../../support/accounts/alarms.ts";
import { Firewall } from "../../../support/firewall.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operated } from "../../../support/service.ts";
import { type DegradableCheck, Edge } from "../../support/edge.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { newFirewall, newScene, type Scene, setStatus } from "../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();
/** Past everything that an isolate holds in good faith, which is 10 s. */
const OUTAGE = 60 * SECOND;

let edge: Edge;
let scene: Scene;
beforeEach(async () => {
	edge = new Edge();
	scene = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
});

/** Everything about the scene's device is read once, and then nothing can be. */
async function loseEverything(): Promise<void> {
	await edge.check(scene.firewall);
	await edge.get(scene.firewall, "/v1/entitlements");
	edge.takeDown();
	moveTo(OUTAGE);
}

describe("stores and objects down", () => {
	describe("a known device", () => {
		test("a check is answered from what was last read, and says so and since when", async () => {
			const before = await edge.check(scene.firewall, `?installed=${scene.product}`);
			expect(before).not.toHaveProperty("degraded");
			edge.takeDown();
			moveTo(OUTAGE);
			const answer = await edge.get(scene.firewall, `/v1/check?installed=${scene.product}`);
			expect(answer.headers.get("etag")).toBeNull();
			const body = (await answer.json()) as DegradableCheck;
			expect(body).toMatchObject({ degraded: true, as_of: timeAfter(0) });
			expect(body.products[0]?.offer?.version).toBe("1.0.0");
		});

		test("the log says how old the answer was", async () => {
			await loseEverything();
			const log = vi.spyOn(console, "log").mockImplementation(() => {});
			try {
				await edge.check(scene.firewall);
				const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
				expect(lines).toMatchObject([{ route: "/v1/check", status: 200, degraded_seconds: OUTAGE / SECOND }]);
			} finally {
				log.mockRestore();
			}
		});

		test("the offer can be taken up: the permit is marked, the URL is as good as any", async () => {
			expect(await edge.permitted(scene.firewall, scene.product)).not.toHaveProperty("degraded");
			await loseEverything();
			const permit = await edge.permitted(scene.firewall, scene.product);
			expect(permit).toMatchObject({ version: "1.0.0", degraded: true, as_of: timeAfter(0) });
			const download = await edge.download(permit.url);
			expect([download.status, download.headers.get("cache-status")]).toEqual([200, null]);
		});

		test("messages are those that were read last, marked, and without an ETag", async () => {
			const draft = { severity: "info", title: "Maintenance", body: "At noon", ends_at: timeAfter(DAY) };
			await operated("POST", "/v1/messages", draft);
			const before = await edge.get(scene.firewall, "/v1/messages");
			const etag = before.headers.get("etag") ?? "";
			expect(await before.json()).not.toHaveProperty("degraded");
			await loseEverything();
			const answer = await edge.get(scene.firewall, "/v1/messages", { "if-none-match": etag });
			expect([answer.status, answer.headers.get("etag")]).toEqual([200, null]);
			const marks = { degraded: true, as_of: timeAfter(0) };
			expect(await answer.json()).toMatchObject({ messages: [{ title: "Maintenance" }], ...marks });
		});

		test("reports are taken, and a token is one of RFC 6749 with its lineage and nothing more", async () => {
			await loseEverything();
			const { permit } = await edge.permitted(scene.firewall, scene.product);
			const report = { permit, outcome: "installed" };
			expect((await edge.sendJson("POST", "/v1/reports", scene.firewall.accessToken, report)).status).toBe(202);
			const token = await edge.token(scene.firewall);
			expect(Object.keys(await token.json())).toEqual(["access_token", "token_type", "expires_in", "scope", "lineage"]);
		});

		test("a failure is taken by the offer that came with its download, in an isolate that knows no product", async () => {
			const { products } = await edge.check(scene.firewall, `?installed=${scene.product}`);
			const offer = products[0]?.offer;
			expect(offer).toHaveProperty("download");
			await loseEverything();
			const report = { permit: offer?.capability, outcome: "failed" };
			const isolate = new Edge();
			expect((await isolate.sendJson("POST", "/v1/reports", scene.firewall.accessToken, report)).status).toBe(202);
		});

		test("every answer from old copies has their age in Cache-Status, others have none", async () => {
			expect((await edge.get(scene.firewall, "/v1/check")).headers.get("cache-status")).toBeNull();
			await loseEverything();
			const { products } = await edge.check(scene.firewall, `?installed=${scene.product}`);
			const answers = [
				await edge.get(scene.firewall, "/v1/check"),
				await edge.get(scene.firewall, "/v1/entitlements"),
				await edge.get(scene.firewall, "/v1/messages"),
				await edge.permit(scene.firewall, products[0]?.offer?.capability ?? ""),
				await edge.token(scene.firewall),
			];
			const expected = `parapet; hit; ttl=-${OUTAGE / SECOND}; detail=last-good`;
			expect(answers.map(({ headers }) => headers.get("cache-status"))).toEqual(answers.map(() => expected));
		});

		test("entitlements say that they are old, and since when", async () => {
			await loseEverything();
			const answer = await edge.get(scene.firewall, "/v1/entitlements");
			expect(await answer.json()).toMatchObject({
				status: "active",
				degraded: true,
				as_of: timeAfter(0),
				products: [{ product: scene.product, decision: "active" }],
			});
		});

		test("the age is that of the oldest record in the answer", async () => {
			await edge.get(scene.firewall, "/v1/entitlements");
			moveTo(40 * SECOND);
			await edge.check(scene.firewall);
			edge.takeDown();
			moveTo(2 * OUTAGE);
			expect((await edge.check(scene.firewall)).as_of).toBe(timeAfter(40 * SECOND));
			expect(await (await edge.get(scene.firewall, "/v1/entitlements")).json()).toMatchObject({ as_of: timeAfter(0) });
		});

		test("an ETag from before is answered in full, so that the answer can say it is old", async () => {
			const etag = (await edge.get(scene.firewall, "/v1/check")).headers.get("etag") ?? "";
			edge.takeDown();
			moveTo(OUTAGE);
			const answer = await edge.get(scene.firewall, "/v1/check", { "if-none-match": etag });
			expect(answer.status).toBe(200);
			expect(await answer.json()).toMatchObject({ degraded: true });
		});

		test("a known device gets tokens, and answers with them, for a day from the last reading", async () => {
			await loseEverything();
			moveTo(23 * HOUR);
			await edge.authenticate(scene.firewall);
			expect(await edge.check(scene.firewall)).toMatchObject({ degraded: true, as_of: timeAfter(0) });
			moveTo(DAY);
			for (const path of ["/v1/check", "/v1/entitlements", "/v1/messages"])
				await expectProblem(await edge.get(scene.firewall, path), "unavailable");
			await expectOAuthError(await edge.token(scene.firewall), 503, "temporarily_unavailable");
		});

		test("a license that was suspended meanwhile counts as soon as they are back, whatever a token from then says", async () => {
			const other = await newFirewall(scene.code, false);
			await loseEverything();
			await operated("POST", `/v1/accounts/${scene.account}/licenses/${scene.license}/suspend`, { reason: "a test" });
			const account = env.ACCOUNT.getByName(scene.account.slice("acct-".length, "acct-".length + 10));
			await ringAll(account);
			moveTo(2 * HOUR);
			await edge.authenticate(scene.firewall);
			// The news of it have ended by now, and leave the list with the next denial.
			await setStatus(other, "revoke");
			edge.restore();
			moveTo(2 * HOUR + OUTAGE);
			await expectProblem(await edge.get(scene.firewall, "/v1/check"), "unauthenticated");
			await edge.authenticate(scene.firewall);
			const { products } = await edge.check(scene.firewall, `?installed=${scene.product}`);
			expect(products[0]).toMatchObject({ status: "refused", code: "license_suspended" });
		});

		test("no contract lasts longer for it", async () => {
			scene = await newScene({ ends_at: timeAfter(2 * HOUR), grace_days: 0 }, false);
			await loseEverything();
			moveTo(2 * HOUR);
			await edge.authenticate(scene.firewall);
			const { products } = await edge.check(scene.firewall, `?installed=${scene.product}`);
			expect(products[0]).toMatchObject({ status: "refused", code: "expired" });
		});

		test("when they are back, answers are new again and have an ETag", async () => {
			await loseEverything();
			await edge.check(scene.firewall);
			edge.restore();
			moveTo(OUTAGE + SECOND);
			const answer = await edge.get(scene.firewall, "/v1/check");
			expect(answer.headers.get("etag")).not.toBeNull();
			const body = await answer.json();
			expect(body).toMatchObject({ as_of: timeAfter(OUTAGE + SECOND) });
			expect(body).not.toHaveProperty("degraded");
		});
	});

	describe("there is a 503 with Retry-After for", () => {
		test("the token of a device that is known, under an elastic license: nobody can say whether it has a seat", async () => {
			scene = await newScene({ ends_at: timeAfter(DAY), kind: "elastic" }, false);
			await loseEverything();
			await expectOAuthError(await edge.token(scene.firewall), 503, "temporarily_unavailable");
			expect(await edge.check(scene.firewall)).toMatchObject({ degraded: true });
		});

		test("a device that this isolate does not know", async () => {
			await loseEverything();
			const stranger = await newFirewall(scene.code, false);
			await expectOAuthError(await edge.token(stranger), 503, "temporarily_unavailable");
			await expectProblem(await edge.get(stranger, "/v1/entitlements"), "unavailable");
			const { products } = await edge.check(stranger, `?installed=${scene.product}`);
			const permit = await edge.permit(stranger, products[0]?.offer?.capability ?? "");
			await expectProblem(permit, "unavailable");
		});

		test("everybody, where nothing was ever read", async () => {
			edge.takeDown();
			await expectProblem(await edge.get(scene.firewall, "/v1/check"), "unavailable");
		});

		test("whoever wants to activate", async () => {
			edge.takeDown();
			const answer = await edge.activate(await Firewall.create(), scene.code);
			await expectOAuthError(answer, 503, "temporarily_unavailable");
		});

		test("operators with the bootstrap key, of whatever an object has to do", async () => {
			edge.takeDown();
			await expectProblem(await edge.sendJson("GET", "/v1/keys", TEST_SECRETS.BOOTSTRAP_KEY), "unavailable");
		});

		test("holders of API keys, known or not, even where the object they want is well", async () => {
			const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes: ["operate"] });
			const use = () => edge.sendJson("GET", `/v1/products/${scene.product}/releases`, key);
			expect((await use()).status).toBe(200);
			edge.takeDown();
			edge.product.mood = "well";
			moveTo(11 * SECOND);
			await expectProblem(await use(), "unavailable");
		});
	});

	describe("there is no way back for", () => {
		test.each(["suspend", "revoke"] as const)("a device after %s: no answer, no token", async (action) => {
			await setStatus(scene.firewall, action);
			await expectProblem(await edge.get(scene.firewall, "/v1/check"), "device_refused");
			await expectOAuthError(await edge.token(scene.firewall), 400, "unauthorized_client");
			edge.takeDown();
			moveTo(OUTAGE);
			await expectProblem(await edge.get(scene.firewall, "/v1/check"), "device_refused");
			await expectProblem(await edge.get(scene.firewall, "/v1/entitlements"), "device_refused");
			await expectOAuthError(await edge.token(scene.firewall), 400, "unauthorized_client");
		});

		test("a device whose record here is from before its suspension: the deny list decides, also after the denial's end", async () => {
			await edge.get(scene.firewall, "/v1/entitlements");
			await setStatus(scene.firewall, "suspend");
			// Late enough for the list to be read before the answer, and for nothing else to be read at all.
			moveTo(36 * SECOND);
			await expectProblem(await edge.get(scene.firewall, "/v1/check"), "device_refused");
			edge.takeDown();
			moveTo(OUTAGE);
			const early = await expectOAuthError(await edge.token(scene.firewall), 400, "unauthorized_client");
			expect(early.error_description).toContain("not active");
			moveTo(12 * HOUR);
			await expectOAuthError(await edge.token(scene.firewall), 400, "unauthorized_client");
		});

		test("a device that was suspended during the outage and has a token from then, when everything is back", async () => {
			await loseEverything();
			moveTo(HOUR);
			await setStatus(scene.firewall, "suspend");
			// Its denial, for tokens from before, has ended by now; this isolate has not heard of it.
			moveTo(12 * HOUR);
			await edge.authenticate(scene.firewall);
			expect(await edge.check(scene.firewall)).toMatchObject({ degraded: true });
			edge.restore();
			moveTo(12 * HOUR + OUTAGE);
			await expectProblem(await edge.get(scene.firewall, "/v1/check"), "device_refused");
			await expectProblem(await edge.get(scene.firewall, "/v1/messages"), "device_refused");
		});

		test("but other devices of the account go on", async () => {
			const other = await newFirewall(scene.code, false);
			await edge.get(other, "/v1/entitlements");
			await setStatus(scene.firewall, "suspend");
			await edge.check(other);
			edge.takeDown();
			moveTo(12 * HOUR);
			await edge.authenticate(other);
			expect(await edge.check(other)).toMatchObject({ degraded: true });
		});
	});
});

test("a device gets no token while its denial is known, though the copy of its record is from before", async () => {
	await edge.authenticate(scene.firewall);
	await setStatus(scene.firewall, "suspend");
	moveTo(6 * SECOND);
	// Answered from the list of before, and the new one is read behind the answer.
	await edge.check(scene.firewall);
	await vi.waitFor(async () => expectProblem(await edge.get(scene.firewall, "/v1/check"), "device_refused"));
	const refusal = await expectOAuthError(await edge.token(scene.firewall), 400, "unauthorized_client");
	expect(refusal.error_description).toContain("not active");
});
