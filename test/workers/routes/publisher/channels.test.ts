// A product's two channels as devices and people meet them: who is offered what, who is put where, and how a release gets to stable.
import { beforeEach, describe, expect, test } from "vitest";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet, type Fleet, makePackage, upload } from "../../../support/fleet.ts";
import { freshProduct } from "../../../support/fresh-names.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { checkProduct, newFirewall, offerOf } from "../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const { moveTo, timeAfter } = useFrozenClock();
/** Past what isolates take without asking. */
const SEEN = 60 * SECOND;

let product: string;
let tester: Firewall;
let other: Firewall;
let fleet: Fleet;
beforeEach(async () => {
	product = freshProduct().name;
	await operated("POST", "/v1/products", { product, plan: "immediate", beta_plan: "immediate" });
	fleet = await createFleet({ products: [product], license: { ends_at: timeAfter(100 * DAY) } });
	tester = await newFirewall(fleet.code);
	other = await newFirewall(fleet.code);
	await release("5.0.0");
});

async function release(version: string, body: Record<string, unknown> = {}): Promise<void> {
	await upload(product, version, await makePackage(`${product} ${version}`));
	await operated("PUT", `/v1/products/${product}/releases/${version}`, body);
}
const path = (version: string, action = "") => `/v1/products/${product}/releases/${version}${action}`;
const put = (firewall: Firewall, channel: string) =>
	operated<{ devices: string[]; changed: boolean }>("PUT", `/v1/devices/${firewall.clientId}/channels/${product}`, {
		channel,
	});
const told = async (firewall: Firewall, version = "") => {
	const { status, reason, offer } = await checkProduct(firewall, product, version);
	return [status, reason, offer?.version ?? null];
};
const explain = (firewall: Firewall, version: string) =>
	operated<{
		channel: string;
		answer: { reason: string };
		releases: { version: string; channel: string; verdict: string }[];
	}>("GET", `/v1/devices/${firewall.clientId}/explain?product=${product}&installed=${version}`);

/** Puts the device on a channel, and lets it have a token that says so. */
async function move(firewall: Firewall, channel: string): Promise<void> {
	expect(await put(firewall, channel)).toMatchObject({ devices: [firewall.clientId], changed: true });
	await firewall.authenticate();
}

describe("a release on beta", () => {
	beforeEach(async () => {
		await move(tester, "beta");
		await release("6.0.0", { channel: "beta" });
		moveTo(SEEN);
	});

	test("is offered to devices on beta alone, and explain says why", async () => {
		expect(await told(tester, "5.0.0")).toEqual(["offered", "newer", "6.0.0"]);
		expect(await told(other, "5.0.0")).toEqual(["current", "up_to_date", null]);
		expect(await explain(tester, "5.0.0")).toMatchObject({ channel: "beta" });
		expect(await explain(other, "5.0.0")).toMatchObject({
			channel: "stable",
			releases: [{ version: "6.0.0", channel: "beta", verdict: "other_channel" }, { version: "5.0.0" }],
		});
	});

	test("stays on a device that leaves beta, until stable passes it", async () => {
		await move(tester, "stable");
		expect(await told(tester, "6.0.0")).toEqual(["current", "ahead_of_channel", null]);
		expect((await explain(tester, "6.0.0")).answer.reason).toBe("ahead_of_channel");
		await release("5.0.1");
		moveTo(2 * SEEN);
		expect(await told(tester, "6.0.0")).toEqual(["current", "ahead_of_channel", null]);
		await release("6.0.1");
		moveTo(3 * SEEN);
		expect(await told(tester, "6.0.0")).toEqual(["offered", "newer", "6.0.1"]);
	});

	test("is not permitted any more to a device that left beta with its offer in hand", async () => {
		const { capability } = await offerOf(tester, product, "5.0.0");
		await put(tester, "stable");
		moveTo(2 * SEEN);
		const refused = await tester.call("POST", "/v1/permits", { offer: capability });
		expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "other_channel" });
	});

	test("is promoted without another upload, by a rollout that says so", async () => {
		const promoted = await operated("POST", path("6.0.0", "/promote"), { channel: "stable", plan: "standard" });
		expect(promoted).toMatchObject({
			...{ changed: true, channel: "stable", status: "waiting", sequence: 3 },
			rollout: { channel: "stable", plan: "standard", phase: "waiting" },
		});
		moveTo(2 * SEEN);
		expect(await told(other, "5.0.0")).toEqual(["current", "up_to_date", null]);
		expect(await told(tester, "5.0.0")).toEqual(["offered", "newer", "6.0.0"]);
		const { capability } = await offerOf(tester, product, "5.0.0");
		expect((await tester.call("POST", "/v1/permits", { offer: capability })).status).toBe(201);
		expect(await operated("POST", path("6.0.0", "/promote"), { channel: "stable" })).toMatchObject({ changed: false });
	});

	test("is promoted by the plan of the product where a key may not choose one", async () => {
		const ci = await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes: [`release:${product}`] });
		const body = { channel: "stable", plan: "immediate" };
		await expectProblem(await operate("POST", path("6.0.0", "/promote"), body, ci.key), "insufficient_scope");
		expect((await operate("POST", path("6.0.0", "/promote"), { channel: "stable" }, ci.key)).status).toBe(200);
		moveTo(2 * SEEN);
		expect(await told(other, "5.0.0")).toEqual(["offered", "newer", "6.0.0"]);
	});
});

test("a release that not everybody on beta may have is not promoted, nor one that there is not", async () => {
	await release("6.0.0", { channel: "beta", plan: "standard" });
	await expectProblem(await operate("POST", path("6.0.0", "/promote"), { channel: "stable" }), "conflict");
	await expectProblem(await operate("POST", path("9.9.9", "/promote"), { channel: "stable" }), "conflict");
	await expectProblem(await operate("POST", path("6.0.0", "/promote"), { channel: "beta" }), "invalid_request");
});

test("no device puts itself on a channel, and no label names one that there is not", async () => {
	const labels = { [`channel.${product}`]: "beta" };
	const stranger = await Firewall.create();
	await expectOAuthError(await stranger.register(fleet.code, { labels }), 400, "invalid_client_metadata");
	const wrong = { labels: { [`channel.${product}`]: "gamma" } };
	await expectProblem(await operate("PATCH", `/v1/devices/${tester.clientId}`, wrong), "invalid_request");
	expect(await operated("PATCH", `/v1/devices/${tester.clientId}`, { labels })).toMatchObject({ labels });
});

test("an HA group is put on a channel as a whole", async () => {
	const { account, license } = fleet;
	const settings = { name: "Berlin edge", license, mode: "active-passive" };
	const group = await operated<{ ha_group: string }>("POST", `/v1/accounts/${account}/ha-groups`, settings);
	const asked = { license, ha_group: group.ha_group, uses: 2 };
	const { code } = await operated<{ code: string }>("POST", `/v1/accounts/${account}/codes`, asked);
	const [one, two] = [await newFirewall(code), await newFirewall(code)];
	expect((await put(one, "beta")).devices.toSorted()).toEqual([one.clientId, two.clientId].toSorted());
	expect(await put(two, "beta")).toMatchObject({ changed: false });
	expect(await explain(two, "5.0.0")).toMatchObject({ channel: "beta" });
	expect(await explain(other, "5.0.0")).toMatchObject({ channel: "stable" });
});

test("a device that activates again stays on its channel", async () => {
	await put(tester, "beta");
	const { account } = fleet;
	const other = await operated<{ license: string }>("POST", `/v1/accounts/${account}/licenses`, {
		...{ products: [product], seats: 5, ends_at: timeAfter(100 * DAY) },
	});
	const { code } = await operated<{ code: string }>("POST", `/v1/accounts/${account}/codes`, {
		license: other.license,
	});
	await tester.activate(code);
	expect(await explain(tester, "5.0.0")).toMatchObject({ channel: "beta" });
});

test("a channel of a product that there is not is refused, and so is a channel that there is not", async () => {
	const of = (name: string) => `/v1/devices/${tester.clientId}/channels/${name}`;
	await expectProblem(await operate("PUT", of("no-such-product"), { channel: "beta" }), "invalid_request");
	await expectProblem(await operate("PUT", of(product), { channel: "nightly" }), "invalid_request");
});

test("a version that was never released is discarded, and one that was is not", async () => {
	await upload(product, "7.0.0", await makePackage("draft"));
	expect((await operate("DELETE", path("7.0.0"))).status).toBe(204);
	await expectProblem(await operate("DELETE", path("7.0.0")), "not_found");
	await expectProblem(await operate("DELETE", path("5.0.0")), "conflict");
	await release("7.0.0");
});
