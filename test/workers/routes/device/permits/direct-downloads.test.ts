// An offer that carries its download, so that no permit need be asked for: only where a permit would be given in the same instant.
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { publish } from "../../../../support/fleet.ts";
import { runs } from "../../../../support/runs.ts";
import { operate, operated, send } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import {
	type CheckBody,
	newFirewall,
	newProduct,
	newScene,
	offerOf,
	type PermitBody,
	type Scene,
	setStatus,
} from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

/** One step, which lets everybody in, and is watched. */
const PLAN = {
	name: "all",
	overrides: 1,
	steps: [
		{
			...{ name: "all", cohort: { fraction: 1 }, bake: 7_200, fillWithin: null, expect: 1_800, lease: 7_200 },
			gate: { kind: "count", maxFailures: 0, minHealthy: 1 },
			approvals: { team: null, count: 0 },
		},
	],
};

const { start, timeAfter, moveTo } = useFrozenClock();

let scene: Scene;
beforeEach(async () => {
	scene = await newScene({ starts_at: timeAfter(-DAY), ends_at: timeAfter(100 * DAY), grace_days: 0 });
	await publish(scene.product, "1.1.0", "newer rules");
});

const ask = ({ firewall, product }: Scene = scene, version = "1.0.0", headers = {}) =>
	firewall.call("GET", `/v1/check?installed=${product}@${version}`, undefined, headers);
const directOf = async (answer: Response) =>
	answer.status === 200 ? ((await answer.json()) as CheckBody).products[0]?.offer?.download : undefined;
const take = (offer: string) => scene.firewall.call("POST", "/v1/permits", { offer });
const report = (permit: string, outcome: string) => scene.firewall.call("POST", "/v1/reports", { permit, outcome });
const onAccount = (method: string, path: string, body: object) =>
	operated<Record<string, string>>(method, `/v1/accounts/${scene.account}${path}`, body);
const onLicense = (method: string, action: string, body: object) =>
	onAccount(method, `/licenses/${scene.license}${action}`, body);
const onRelease = (version: string, action: string, body: object) =>
	operated("POST", `/v1/products/${scene.product}/releases/${version}/${action}`, body);
const sayPolicy = (...rules: object[]) => onAccount("PUT", "/policy", { rules });
const toChannel = (channel: string) =>
	operated("PUT", `/v1/devices/${scene.firewall.clientId}/channels/${scene.product}`, { channel });
const mine = () => ({ for: { device: scene.firewall.clientId } });
const joinGroup = async () => {
	const devices = [scene.firewall.clientId, (await newFirewall(scene.code)).clientId];
	await onAccount("POST", "/ha-groups", {
		...{ name: "a pair", mode: "active-passive", license: scene.license, devices },
	});
};

describe("the download in an offer", () => {
	test("is what a permit gives: the package, by a URL of minutes", async () => {
		const offer = await offerOf(scene.firewall, scene.product, "1.0.0");
		const { url, delta, expires_at } = (await (await take(offer.capability)).json()) as PermitBody;
		expect(offer.download).toEqual({ url, delta, expires_at });
		const { pathname, search } = new URL(url);
		const fetched = await send(pathname + search);
		expect([fetched.status, await fetched.text()]).toEqual([200, "newer rules"]);
		moveTo(300 * SECOND);
		await expectProblem(await send(pathname + search), "signed_url_expired");
	});

	test("is there for a bearer token too, and for what a permit need not be asked: the capability is good as ever", async () => {
		const firewall = await newFirewall(scene.code, false);
		const offer = await offerOf(firewall, scene.product);
		expect(offer.download?.url).toContain(offer.sha256);
		const permit = await firewall.call("POST", "/v1/permits", { offer: offer.capability });
		expect(permit.status).toBe(201);
	});

	test("is not outlived by the answer's ETag, which says nothing of it and holds as long as the URL", async () => {
		const answer = await ask();
		const etag = answer.headers.get("etag") ?? "";
		expect(answer.headers.get("cache-control")).toBe("private, no-cache");
		const { expires_at } = (await directOf(answer)) ?? {};
		expect(expires_at).toBe(timeAfter(300 * SECOND));
		moveTo(299 * SECOND);
		expect((await ask(scene, "1.0.0", { "if-none-match": etag })).status).toBe(304);
		moveTo(300 * SECOND);
		const next = await ask(scene, "1.0.0", { "if-none-match": etag });
		expect((await directOf(next))?.expires_at).toBe(timeAfter(600 * SECOND));
	});
});

describe("an offer with a download", () => {
	test("is reported on by its capability, again and for a day", async () => {
		const { capability } = await offerOf(scene.firewall, scene.product, "1.0.0");
		for (const outcome of ["healthy", "failed", "failed"]) {
			const answer = await report(capability, outcome);
			expect([answer.status, await answer.json()]).toEqual([202, { permit: capability, outcome }]);
		}
		const { devices } = await operated<{ devices: { products: { outcome: string }[] }[] }>(
			...(["GET", `/v1/accounts/${scene.account}/devices?outcome=failed`] as const),
		);
		expect(devices).toHaveLength(1);
	});

	test("is reported on, and handed in, under another token of its device, and by no other device", async () => {
		const { capability } = await offerOf(scene.firewall, scene.product, "1.0.0");
		const other = await newFirewall(scene.code);
		const permit = { permit: capability, outcome: "healthy" };
		await expectProblem(await other.call("POST", "/v1/reports", permit), "permit_invalid");
		await expectProblem(await other.call("POST", "/v1/permits", { offer: capability }), "offer_invalid");
		await scene.firewall.authenticate();
		expect((await report(capability, "healthy")).status).toBe(202);
		expect((await take(capability)).status).toBe(201);
	});

	test("of a bearer token is handed in with a proof where the device's token is bound by now", async () => {
		await scene.firewall.authenticate(false);
		const { capability } = await offerOf(scene.firewall, scene.product, "1.0.0");
		await scene.firewall.authenticate();
		const authorization = `Bearer ${scene.firewall.accessToken}`;
		const stolen = await send("/v1/permits", {
			...{ method: "POST", body: JSON.stringify({ offer: capability }) },
			headers: { authorization, "content-type": "application/json" },
		});
		await expectProblem(stolen, "unauthenticated");
		expect((await take(capability)).status).toBe(201);
	});

	test("is reported on for a day after it ends", async () => {
		const { capability, expires_at } = await offerOf(scene.firewall, scene.product, "1.0.0");
		const end = Date.parse(expires_at) - start() + DAY;
		for (const [at, status] of [
			[end - SECOND, 202],
			[end, 422],
		] as const) {
			moveTo(at);
			await scene.firewall.authenticate();
			expect((await report(capability, "failed")).status).toBe(status);
		}
	});

	test("without a download is no permit: it is not reported on", async () => {
		await joinGroup();
		await scene.firewall.authenticate();
		const offer = await offerOf(scene.firewall, scene.product, "1.0.0");
		expect(offer.download).toBeUndefined();
		await expectProblem(await report(offer.capability, "healthy"), "permit_invalid");
	});
});

/** By the reason why a permit is refused: what has happened since the device's token and its offer were made. */
const REFUSED: [Parameters<typeof expectProblem>[1], string, () => Promise<unknown>][] = [
	["device_refused", "the device is suspended", () => setStatus(scene.firewall, "suspend")],
	["device_refused", "the device is revoked", () => setStatus(scene.firewall, "revoke")],
	["not_entitled", "the license has ended", () => onLicense("PATCH", "", { ends_at: timeAfter(0) })],
	["not_entitled", "the license starts later", () => onLicense("PATCH", "", { starts_at: timeAfter(HOUR) })],
	[
		"not_entitled",
		"the license has no such product",
		async () => onLicense("PATCH", "", { products: [await newProduct()] }),
	],
	["not_entitled", "the license is suspended", () => onLicense("POST", "/suspend", {})],
	["not_entitled", "the license is revoked", () => onLicense("POST", "/revoke", {})],
	[
		"release_withdrawn",
		"the release is withdrawn",
		() => onRelease("1.1.0", "withdraw", { reason: "false positives" }),
	],
	["exposure_limited", "the account freezes", () => sayPolicy({ freezes: [freeze()] })],
	["exposure_limited", "the account has its devices stay as they are", () => sayPolicy({ hold: true })],
	["exposure_limited", "the account has this device stay as it is", () => sayPolicy({ ...mine(), hold: true })],
	["exposure_limited", "the account freezes this device", () => sayPolicy({ ...mine(), freezes: [freeze()] })],
	["exposure_limited", "the license waits for an age", () => onLicense("PATCH", "", { delay_hours: 50 })],
	["exposure_limited", "the account waits for an age", () => sayPolicy({ min_age_hours: 50 })],
	["exposure_limited", "the account has this device wait", () => sayPolicy({ ...mine(), min_age_hours: 50 })],
	[
		"exposure_limited",
		"the account pins this device to another version",
		() => sayPolicy({ ...mine(), pins: { [scene.product]: { version: "1.0.0" } } }),
	],
	[
		"exposure_limited",
		"a rule of the account is about this device's labels, which change",
		async () => {
			await sayPolicy({ for: { labels: { site: "berlin" } }, hold: true });
			await scene.firewall.authenticate();
			before = await offerOf(scene.firewall, scene.product, "1.0.0");
			await operated("PATCH", `/v1/devices/${scene.firewall.clientId}`, { labels: { site: "berlin" } });
		},
	],
];
const freeze = () => ({ from: timeAfter(-HOUR), until: timeAfter(HOUR), reason: "a big day" });
let before: Awaited<ReturnType<typeof offerOf>>;

describe("no download is given where a permit is refused:", () => {
	test.each(REFUSED)("%s, since %s", async (code, _, change) => {
		before = await offerOf(scene.firewall, scene.product, "1.0.0");
		await change();
		expect(before.download).toBeDefined();
		await expectProblem(await take(before.capability), code);
		expect(await directOf(await ask())).toBeUndefined();
	});

	test("exposure_limited, since a beta was installed from and the device is on stable again", async () => {
		await toChannel("beta");
		await scene.firewall.authenticate();
		await operated("PATCH", `/v1/products/${scene.product}`, { beta_plan: "immediate" });
		await publish(scene.product, "2.0.0", "beta rules", { channel: "beta" });
		const offer = await offerOf(scene.firewall, scene.product, "1.1.0");
		expect(offer).toMatchObject({ version: "2.0.0", download: { expires_at: timeAfter(300 * SECOND) } });
		await toChannel("stable");
		await expectProblem(await take(offer.capability), "exposure_limited");
		expect((await ask(scene, "1.1.0")).status).toBe(401);
	});

	test("exposure_limited, since the device has joined an HA group in which it has to wait", async () => {
		before = await offerOf(scene.firewall, scene.product, "1.0.0");
		await joinGroup();
		expect((await ask()).status).toBe(401);
		await scene.firewall.authenticate();
		expect(await directOf(await ask())).toBeUndefined();
	});

	test("exposure_limited, as few may have the release: it is for the product to count", async () => {
		await operated("PATCH", `/v1/products/${scene.product}`, { plan: PLAN });
		await publish(scene.product, "3.0.0", "slow rules");
		moveTo(60 * SECOND);
		const offer = await offerOf(scene.firewall, scene.product, "1.0.0");
		expect(offer.version).toBe("3.0.0");
		expect(offer.download).toBeUndefined();
		await onRelease("3.0.0", "rollout/halt", { reason: "false positives" });
		await expectProblem(await take(offer.capability), "exposure_limited");
		expect((await offerOf(scene.firewall, scene.product, "1.0.0")).version).toBe("1.1.0");
	});

	test("offer_expired, offer_invalid, unauthenticated: a check without its own token and proof gives none", async () => {
		const answer = await send(`/v1/check?installed=${scene.product}`, {
			headers: { authorization: `DPoP ${scene.firewall.accessToken}` },
		});
		await expectProblem(answer, "dpop_proof_missing");
	});
});

test("an explanation says whether the offer has a download", async () => {
	const explained = async () => {
		const { clientId } = scene.firewall;
		const path = `/v1/devices/${clientId}/explain?product=${scene.product}&installed=1.0.0`;
		const answer = await scene.firewall.call("GET", path);
		return ((await answer.json()) as { answer: { version: string; download: string | null } }).answer;
	};
	expect(await explained()).toMatchObject({ version: "1.1.0", download: "in_offer" });
	await joinGroup();
	await scene.firewall.authenticate();
	expect(await directOf(await ask())).toBeUndefined();
	expect(await explained()).toMatchObject({ version: "1.1.0", download: "by_permit" });
	await onLicense("PATCH", "", { ends_at: timeAfter(0) });
	await scene.firewall.authenticate();
	expect(await explained()).toMatchObject({ version: null, download: null });
});

/** What may happen to the device, its account and its release, in any order. */
const CHANGES: Record<string, () => Promise<unknown>> = {
	suspend: () => operate("POST", `/v1/devices/${scene.firewall.clientId}/suspend`, { reason: "a test" }),
	reinstate: () => operate("POST", `/v1/devices/${scene.firewall.clientId}/reinstate`, { reason: "a test" }),
	renew: () => scene.firewall.authenticate().catch(() => {}),
	hold: () => sayPolicy({ ...mine(), hold: true }),
	freeze: () => sayPolicy({ freezes: [freeze()] }),
	pin: () => sayPolicy({ ...mine(), pins: { [scene.product]: { version: "1.0.0", downgrade: true } } }),
	free: () => sayPolicy(),
	beta: () => toChannel("beta"),
	stable: () => toChannel("stable"),
	pair: () => joinGroup().catch(() => {}),
	end: () => onLicense("PATCH", "", { ends_at: timeAfter(0) }),
	extend: () => onLicense("PATCH", "", { ends_at: timeAfter(100 * DAY) }),
	withdraw: () => operate("POST", `/v1/products/${scene.product}/releases/1.1.0/withdraw`, { reason: "a test" }),
};

test("whoever is given a download would have been given a permit in the same instant", async () => {
	let given = 0;
	const steps = fc.array(fc.constantFrom(...Object.keys(CHANGES)), { minLength: 1, maxLength: 6 });
	await fc.assert(
		fc.asyncProperty(steps, fc.constantFrom("1.0.0", "1.1.0", "0.9.0"), async (names, installed) => {
			scene = await newScene({ starts_at: timeAfter(-DAY), ends_at: timeAfter(100 * DAY), grace_days: 0 });
			await publish(scene.product, "1.1.0", "newer rules");
			for (const name of names) await CHANGES[name]?.();
			const answer = await ask(scene, installed);
			if (answer.status !== 200) return;
			const { offer } = ((await answer.json()) as CheckBody).products[0] ?? {};
			if (offer?.download === undefined) return;
			given += 1;
			const permit = await take(offer.capability);
			expect(permit.status).toBe(201);
			expect(await permit.json()).toMatchObject({ ...offer.download, version: offer.version });
		}),
		{ numRuns: runs(8, 300) },
	);
	expect(given).toBeGreaterThan(0);
});
