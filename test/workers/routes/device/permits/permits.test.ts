// From offer to permit to report: an offer buys its own device one release for minutes, and nothing else.
import { beforeEach, describe, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { ISSUER, operated, send } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import {
	newFirewall,
	newScene,
	offerOf,
	type PermitBody,
	permitOf,
	type Scene,
	tampered,
} from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { start, timeAfter, moveTo } = useFrozenClock();

let scene: Scene;
let offer: string;
beforeEach(async () => {
	scene = await newScene({ ends_at: timeAfter(100 * DAY) });
	offer = (await offerOf(scene.firewall, scene.product)).capability;
});

const take = (firewall: Firewall, text: string) => firewall.call("POST", "/v1/permits", { offer: text });
const report = (firewall: Firewall, permit: unknown, outcome: unknown = "installed") =>
	firewall.call("POST", "/v1/reports", { permit, outcome });
const withdraw = (version: string) =>
	operated("POST", `/v1/products/${scene.product}/releases/${version}/withdraw`, { reason: "false positives" });

describe("an offer", () => {
	test("buys a permit for its release, with a URL of minutes, as often as the device asks", async () => {
		for (const _ of [1, 2]) {
			const answer = await take(scene.firewall, offer);
			expect(answer.status).toBe(201);
			const { url, expires_at, ...permit } = (await answer.json()) as PermitBody;
			expect(permit).toMatchObject({ product: scene.product, version: "1.0.0", sha256: scene.content.sha256 });
			expect(url.startsWith(`${ISSUER}/d/${scene.content.sha256}/`)).toBe(true);
			expect(expires_at).toBe(timeAfter(300 * SECOND));
		}
	});

	test("is asked for, and reported on, sixty times a minute and no more; another device is not held up by that", async () => {
		const counts = new Map<string, number>();
		const limit = async ({ key }: { key: string }) => {
			counts.set(key, (counts.get(key) ?? 0) + 1);
			return { success: (counts.get(key) ?? 0) <= 60 };
		};
		const edge = new Edge("kv", { RATE_TOKEN: { limit } });
		const [one, other] = [await newFirewall(scene.code, false), await newFirewall(scene.code, false)];
		const ask = async (firewall: Firewall) => {
			const { capability } = await offerOf(firewall, scene.product);
			return () => edge.sendJson("POST", "/v1/permits", firewall.accessToken, { offer: capability });
		};
		const again = await ask(one);
		const { permit } = (await (await again()).json()) as PermitBody;
		const say = () => edge.sendJson("POST", "/v1/reports", one.accessToken, { permit, outcome: "installed" });
		for (let time = 1; time < 60; time++) expect((await again()).status).toBe(201);
		for (let time = 0; time < 60; time++) expect((await say()).status).toBe(202);
		await expectProblem(await again(), "rate_limited");
		await expectProblem(await say(), "rate_limited");
		expect((await (await ask(other))()).status).toBe(201);
	});

	test("can be bought with a bearer token too", async () => {
		const bearer = await newFirewall(scene.code, false);
		const { capability } = await offerOf(bearer, scene.product);
		expect((await take(bearer, capability)).status).toBe(201);
	});

	test("is good to its last second and expired from the next on", async () => {
		const { capability, expires_at } = await offerOf(scene.firewall, scene.product);
		moveTo(Date.parse(expires_at) - start() - SECOND);
		expect((await take(scene.firewall, capability)).status).toBe(201);
		moveTo(Date.parse(expires_at) - start());
		await expectProblem(await take(scene.firewall, capability), "offer_expired");
	});

	test("lives no longer than the token under which it was made", async () => {
		moveTo(6 * HOUR - 10 * SECOND);
		expect((await offerOf(scene.firewall, scene.product)).expires_at).toBe(timeAfter(6 * HOUR));
	});

	const strangers: [string, () => Promise<[Firewall, string]>][] = [
		["of another device", async () => [await newFirewall(scene.code), offer]],
		["with a character changed", async () => [scene.firewall, tampered(offer)]],
		["with its signature changed", async () => [scene.firewall, tampered(offer, offer.length - 3)]],
		["with another key's name", async () => [scene.firewall, offer.replace(/^[^.]+/, "k2")]],
		["that is a permit", async () => [scene.firewall, (await permitOf(scene.firewall, scene.product)).permit]],
		["that is a token", async () => [scene.firewall, scene.firewall.accessToken.slice(0, 2000)]],
		["that is empty", async () => [scene.firewall, ""]],
	];
	test.each(strangers)("%s buys nothing", async (_, make) => {
		const [firewall, text] = await make();
		await expectProblem(await take(firewall, text), "offer_invalid");
	});

	test("under another device's proof buys nothing", async () => {
		const thief = await newFirewall(scene.code);
		thief.accessToken = scene.firewall.accessToken;
		await expectProblem(await take(thief, offer), "unauthenticated");
	});

	test("of a release that was withdrawn in between buys nothing, and the next check offers another", async () => {
		await publish(scene.product, "1.1.0", "newer rules");
		await withdraw("1.0.0");
		await expectProblem(await take(scene.firewall, offer), "release_withdrawn");
		expect((await offerOf(scene.firewall, scene.product)).version).toBe("1.1.0");
	});

	test("of a release that was replaced by a newer one in between is good still", async () => {
		await publish(scene.product, "1.1.0", "newer rules");
		expect((await take(scene.firewall, offer)).status).toBe(201);
	});

	test.each([
		["a number", { offer: 1 }],
		["missing", {}],
		["too long", { offer: "x".repeat(2049) }],
	])("that is %s is not a request", async (_, body) => {
		const problem = await expectProblem(await scene.firewall.call("POST", "/v1/permits", body), "invalid_request");
		expect(problem["errors"]).toMatchObject([{ field: "offer" }]);
	});
});

describe("a report", () => {
	test("is taken, whatever became of the permit, also when it is sent again", async () => {
		const { permit } = await permitOf(scene.firewall, scene.product);
		for (const outcome of ["installed", "installed", "healthy", "failed", "rolled_back"]) {
			const answer = await report(scene.firewall, permit, outcome);
			expect([answer.status, await answer.json()]).toEqual([202, { permit, outcome }]);
		}
	});

	const wrong: [string, () => Promise<[Firewall, string]>][] = [
		["on another device's permit", async () => [await newFirewall(scene.code), await permit()]],
		["on a changed permit", async () => [scene.firewall, tampered(await permit())]],
		["on another device's offer", async () => [await newFirewall(scene.code), offer]],
		["on nothing", async () => [scene.firewall, ""]],
	];
	const permit = async () => (await permitOf(scene.firewall, scene.product)).permit;
	test.each(wrong)("%s is refused", async (_, make) => {
		const [firewall, text] = await make();
		await expectProblem(await report(firewall, text), "permit_invalid");
	});

	test("comes a day at the latest", async () => {
		const granted = await permit();
		moveTo(DAY - SECOND);
		await scene.firewall.authenticate();
		expect((await report(scene.firewall, granted)).status).toBe(202);
		moveTo(DAY);
		await expectProblem(await report(scene.firewall, granted), "permit_invalid");
	});

	test("of something else is not a request", async () => {
		const granted = await permit();
		for (const outcome of ["exploded", "", 1, null]) {
			await expectProblem(await report(scene.firewall, granted, outcome), "invalid_request");
		}
	});
});

test("an offer without a token is refused as no credentials, not as a bad offer", async () => {
	const body = JSON.stringify({ offer });
	const headers = { "content-type": "application/json", "content-length": String(body.length) };
	await expectProblem(await send("/v1/permits", { method: "POST", headers, body }), "unauthenticated");
});
