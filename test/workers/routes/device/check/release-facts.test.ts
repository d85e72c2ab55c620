// What a publisher says of a release, as firewalls and people meet it: what it takes, and what it interrupts.
import { beforeEach, describe, expect, test } from "vitest";
import { makePackage, publish, upload } from "../../../../support/fleet.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain, explainToItself } from "../../../support/explained.ts";
import { check, newScene, offerOf, type Scene } from "../../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter } = useFrozenClock();

const MB = 1_000_000;
const FOOTPRINT = { unpacked: 40 * MB, disk: 60 * MB, memory: 200 * MB };
const LARGE = { footprint: FOOTPRINT, impact: "restart", classes: ["behaviour"] };

let scene: Scene;
beforeEach(async () => {
	scene = await newScene({ starts_at: timeAfter(-DAY), ends_at: timeAfter(100 * DAY) });
});

async function answerTo(query: string) {
	const { products } = await check(scene.firewall, `?installed=${scene.product}${query}`);
	return products[0];
}

const pathOf = (version: string) => `/v1/products/${scene.product}/releases/${version}`;

describe("a release that says what it takes and interrupts", () => {
	beforeEach(async () => {
		await publish(scene.product, "1.1.0", "larger rules", LARGE);
	});

	test("says it in the list of releases and in its offers; one that says nothing has null, and offers without", async () => {
		const { releases } = await operated<{ releases: object[] }>("GET", `/v1/products/${scene.product}/releases`);
		expect(releases).toMatchObject([LARGE, { footprint: null, impact: null, classes: null }]);
		expect(await offerOf(scene.firewall, scene.product)).toMatchObject(LARGE);
		await operated("POST", `${pathOf("1.1.0")}/withdraw`, { reason: "a test" });
		const offer = await offerOf(scene.firewall, scene.product);
		for (const name of Object.keys(LARGE)) expect(offer).not.toHaveProperty(name);
	});

	test("is passed over where the device has no room for it, and the one before is offered", async () => {
		expect(await answerTo(`&disk_free=${60 * MB - 1}`)).toMatchObject({
			status: "offered",
			offer: { version: "1.0.0" },
		});
		expect(await answerTo(`&disk_free=${60 * MB}`)).toMatchObject({ offer: { version: "1.1.0" } });
		expect(await answerTo(`&memory=${200 * MB - 1}`)).toMatchObject({ offer: { version: "1.0.0" } });
		expect(await answerTo(`@1.0.0&disk_free=${MB}`)).toMatchObject({ status: "current", reason: "newer_too_large" });
		expect(await answerTo(`@1.1.0&disk_free=${MB}`)).toMatchObject({ status: "current", reason: "up_to_date" });
	});

	test.each(["1125899906842625", "1000000000000000", "18446744073709551615", "99999999999999999999"])(
		"fits where a file system says that %s bytes are free",
		async (bytes) => {
			const said = `&disk_free=${bytes}&memory=${bytes}`;
			expect(await answerTo(said)).toMatchObject({ offer: { version: "1.1.0" } });
			expect(await explain(scene, said)).toMatchObject({ memory: Math.min(Number(bytes), 2 ** 50) });
			const { capability: offer } = await offerOf(scene.firewall, scene.product);
			const room = { disk_free: Number(bytes), memory: 2 ** 50 + 1 };
			expect((await scene.firewall.call("POST", "/v1/permits", { offer, ...room })).status).toBe(201);
		},
	);

	test("gets no permit where the device says that it has no room now, and one where it has", async () => {
		const { capability: offer } = await offerOf(scene.firewall, scene.product);
		const ask = (room: object) => scene.firewall.call("POST", "/v1/permits", { offer, ...room });
		// As where what it requires was installed first, and fitted by itself.
		expect(await expectProblem(await ask({ disk_free: MB }), "too_large_for_device")).toMatchObject({
			detail: "it takes 60000000 bytes of disk, and 1000000 are free",
		});
		const both = await expectProblem(await ask({ disk_free: 0, memory: 7 }), "too_large_for_device");
		expect(both["detail"]).toContain("are free; 200000000 bytes of memory, and there are 7");
		expect((await ask({ disk_free: 60 * MB, memory: 200 * MB })).status).toBe(201);
		expect((await ask({})).status).toBe(201);
	});

	test("is explained with its numbers and the device's", async () => {
		for (const ask of [explain, explainToItself]) {
			const told = await ask(scene, `&installed=1.0.0&disk_free=${MB}`);
			expect(told).toMatchObject({ disk_free: MB, memory: null, answer: { reason: "newer_too_large" } });
			expect(told.releases[0]).toMatchObject({ verdict: "too_large_for_device", ...LARGE });
		}
	});

	test("is another release with other facts, and the same with the same in any order", async () => {
		const again = { ...LARGE, footprint: { memory: 200 * MB, disk: 60 * MB, unpacked: 40 * MB } };
		expect((await operate("PUT", pathOf("1.1.0"), again)).status).toBe(200);
		const other = await expectProblem(await operate("PUT", pathOf("1.1.0"), { impact: "reload" }), "version_exists");
		expect(other["detail"]).toContain("`footprint`, `impact`, `classes`");
	});
});

test.each([
	{ footprint: {} },
	{ footprint: { disk: -1 } },
	{ footprint: { disc: 1 } },
	{ impact: "some" },
	{ classes: [] },
	{ classes: ["threat", "threat"] },
])("takes nothing like %j", async (facts) => {
	await upload(scene.product, "1.1.0", await makePackage("rules"));
	await expectProblem(await operate("PUT", pathOf("1.1.0"), facts), "invalid_request");
});

test.each(["disk_free=-1", "disk_free=1.5", "disk_free=100000000000000000000", "memory=1e15", "memory=a", "memory=01"])(
	"answers no check with %s",
	async (said) => {
		const answer = await scene.firewall.call("GET", `/v1/check?installed=${scene.product}&${said}`);
		await expectProblem(answer, "invalid_request");
	},
);

test.each([{ disk_free: -1 }, { disk_free: 1e21 }, { disk_free: "1" }, { memory: 1.5 }, { memory: null }])(
	"gives no permit to %j",
	async (room) => {
		const { capability: offer } = await offerOf(scene.firewall, scene.product);
		await expectProblem(await scene.firewall.call("POST", "/v1/permits", { offer, ...room }), "invalid_request");
	},
);

describe("a customer whose windows are for what restarts", () => {
	beforeEach(async () => {
		const rules = [{ windows: [{ from: "02:00", until: "04:00" }], window_from: "restart" }];
		await operated("PUT", `/v1/accounts/${scene.account}/policy`, { rules });
		await scene.firewall.authenticate();
	});

	test("gets a reload at any time, and a restart in a window", async () => {
		await publish(scene.product, "1.1.0", "newer rules", { impact: "reload" });
		expect(await answerTo("@1.0.0")).toMatchObject({
			status: "offered",
			offer: { version: "1.1.0", impact: "reload" },
		});
		await publish(scene.product, "1.2.0", "newest rules", { impact: "restart" });
		expect(await answerTo("@1.1.0")).toMatchObject({ status: "current", reason: "outside_window" });
	});

	test("gets what says nothing of it in a window", async () => {
		await publish(scene.product, "1.1.0", "newer rules");
		expect(await answerTo("@1.0.0")).toMatchObject({ status: "current", reason: "outside_window" });
	});

	test("finds it in the policy and in explanations", async () => {
		const policy = await operated<{ rules: object[] }>("GET", `/v1/accounts/${scene.account}/policy`);
		expect(policy.rules).toMatchObject([{ window_from: "restart" }]);
		expect(await explain(scene)).toMatchObject({ policy: { window_from: "restart" } });
	});
});
