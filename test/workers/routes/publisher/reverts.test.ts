// Going back to a chosen earlier release: who is sent there, who notices nothing, what a permit says, and which targets are refused.
import { beforeEach, describe, expect, test } from "vitest";
import { createFleet, makePackage, publish, upload } from "../../../support/fleet.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { checkProduct, newFirewall, newProduct, newScene, offerOf, type Scene } from "../../support/fixtures.ts";

interface Release {
	version: string;
	status: string;
	revert_to: string | null;
	changed: boolean;
}

let scene: Scene;
const path = (version: string, action: string) => `/v1/products/${scene.product}/releases/${version}${action}`;
const revert = (version: string, to?: string) =>
	operate("POST", path(version, "/withdraw"), { reason: "boxes reboot", ...(to && { revert_to: to }) });
const reverted = async (version: string, to?: string) => {
	const answer = await revert(version, to);
	expect(answer.status).toBe(200);
	return answer.json() as Promise<Release>;
};
const list = async () =>
	(await operated<{ releases: Release[] }>("GET", `/v1/products/${scene.product}/releases`)).releases;
const events = async () => {
	const found = await operated<{ events: { type: string; detail: string }[] }>(
		"GET",
		`/v1/products/${scene.product}/events`,
	);
	return found.events.filter(({ type }) => type === "release.withdraw").map(({ detail }) => detail);
};
const answerFor = async (version: string) => {
	const { status, reason, offer } = await checkProduct(scene.firewall, scene.product, version);
	return [status, reason, offer?.version];
};

beforeEach(async () => {
	scene = await newScene();
	for (const version of ["1.1.0", "1.2.0", "2.0.0"]) await publish(scene.product, version, `rules ${version}`);
});

test("devices that run the release go back to the chosen one and stay there, and nobody else gets another answer", async () => {
	const others = ["", "1.0.0", "1.1.0", "1.2.0", "0.1.0"];
	expect(await reverted("2.0.0", "1.0.0")).toMatchObject({ status: "withdrawn", revert_to: "1.0.0", changed: true });
	expect(await checkProduct(scene.firewall, scene.product, "2.0.0")).toMatchObject({
		status: "offered",
		reason: "installed_withdrawn",
		offer: { version: "1.0.0", downgrade: true },
	});
	const withTarget = await Promise.all(others.map(answerFor));
	expect(withTarget).toEqual([
		["offered", "first_install", "1.2.0"],
		["current", "up_to_date", undefined],
		["offered", "newer", "1.2.0"],
		["current", "up_to_date", undefined],
		["offered", "installed_unknown", "1.2.0"],
	]);
	expect(await list()).toMatchObject([
		{ version: "2.0.0", status: "withdrawn", revert_to: "1.0.0" },
		{ version: "1.2.0", status: "current", revert_to: null },
		{ version: "1.1.0" },
		{ version: "1.0.0" },
	]);
	expect(await events()).toEqual(["back to 1.0.0: boxes reboot"]);
});

test("said again it changes nothing; a target can be named afterwards, and another one, and the last word counts", async () => {
	expect(await reverted("2.0.0")).toMatchObject({ changed: true, revert_to: null });
	expect(await answerFor("2.0.0")).toEqual(["offered", "installed_withdrawn", "1.2.0"]);
	expect(await reverted("2.0.0", "1.0.0")).toMatchObject({ changed: true, revert_to: "1.0.0" });
	expect(await answerFor("2.0.0")).toEqual(["offered", "installed_withdrawn", "1.0.0"]);
	for (const to of ["1.0.0", undefined])
		expect(await reverted("2.0.0", to)).toMatchObject({ changed: false, revert_to: "1.0.0" });
	expect(await reverted("2.0.0", "1.1.0")).toMatchObject({ changed: true, revert_to: "1.1.0" });
	expect(await answerFor("2.0.0")).toEqual(["offered", "installed_withdrawn", "1.1.0"]);
	expect(await events()).toHaveLength(3);
});

test("an offer of a release between, made before, buys no permit; the next check names the target", async () => {
	await reverted("2.0.0");
	const { capability } = await offerOf(scene.firewall, scene.product, "2.0.0");
	const ofOther = await newFirewall(scene.code);
	const other = await offerOf(ofOther, scene.product, "1.1.0");
	await reverted("2.0.0", "1.0.0");
	const refused = await expectProblem(
		await scene.firewall.call("POST", "/v1/permits", { offer: capability }),
		"release_withdrawn",
	);
	expect(refused["detail"]).toContain("sent back from a later release to an earlier one");
	const target = await offerOf(scene.firewall, scene.product, "2.0.0");
	expect(target.version).toBe("1.0.0");
	for (const [firewall, offer] of [
		[scene.firewall, target],
		[ofOther, other],
	] as const)
		expect((await firewall.call("POST", "/v1/permits", { offer: offer.capability })).status).toBe(201);
});

test("a newer release is offered to all of them, and a target that is withdrawn itself counts no more", async () => {
	await reverted("2.0.0", "1.1.0");
	await reverted("1.1.0");
	expect(await answerFor("2.0.0")).toEqual(["offered", "installed_withdrawn", "1.2.0"]);
	await publish(scene.product, "2.0.1", "repaired rules");
	expect(await answerFor("2.0.0")).toEqual(["offered", "installed_withdrawn", "2.0.1"]);
});

test("an explanation says of what lies between that the revert skips it", async () => {
	await reverted("2.0.0", "1.0.0");
	const explained = await operated<{ releases: { version: string; verdict: string }[] }>(
		"GET",
		`/v1/devices/${scene.firewall.clientId}/explain?product=${scene.product}&installed=2.0.0`,
	);
	expect(explained.releases.map(({ version, verdict }) => [version, verdict])).toEqual([
		["2.0.0", "withdrawn"],
		["1.2.0", "skipped_by_revert"],
		["1.1.0", "skipped_by_revert"],
		["1.0.0", "chosen"],
	]);
});

describe("nothing is withdrawn with a target", () => {
	const refusal = async (to: string, version = "2.0.0") =>
		(await expectProblem(await revert(version, to), "conflict"))["detail"];

	test.each([
		["that is not there", "1.0.1", "there is no such version"],
		["that is the release itself", "2.0.0", "it is not older than the release"],
	])("%s", async (_, to, why) => {
		expect(await refusal(to)).toContain(`devices on 2.0.0 cannot be sent back to ${to}: ${why}`);
		expect((await list())[0]).toMatchObject({ version: "2.0.0", status: "current", revert_to: null });
		expect(await answerFor("1.2.0")).toEqual(["offered", "newer", "2.0.0"]);
		expect(await events()).toEqual([]);
	});

	test("that is newer, was withdrawn, never released, or is not for all of its devices", async () => {
		await publish(scene.product, "2.1.0", "rules");
		expect(await refusal("2.1.0")).toContain("it is not older than the release");
		await reverted("1.2.0");
		expect(await refusal("1.2.0")).toContain("it was withdrawn itself");
		await upload(scene.product, "1.9.0", await makePackage("draft"));
		expect(await refusal("1.9.0")).toContain("not everybody may have it");
		await publish(scene.product, "2.2.0", "rules", { models: ["FW-900"] });
		await publish(scene.product, "2.3.0", "rules");
		expect(await refusal("2.2.0", "2.3.0")).toContain("not for all models and engines");
		expect((await list()).filter(({ status }) => status === "withdrawn").map(({ version }) => version)).toEqual([
			"1.2.0",
		]);
	});

	test("that is not a version, or of a release that was never on its way", async () => {
		await expectProblem(await revert("2.0.0", "../1.0.0"), "invalid_request");
		await upload(scene.product, "2.5.0", await makePackage("draft"));
		expect(await refusal("1.0.0", "2.5.0")).toContain("was never released");
		await expectProblem(
			await operate("POST", `/v1/products/${await newProduct()}/releases/1.0.0/withdraw`, {
				reason: "x",
				revert_to: "0.9.0",
			}),
			"conflict",
		);
	});
});

test("one that is for newer engines alone is refused, one for older ones too is taken", async () => {
	const { code } = await createFleet({ products: [scene.product] });
	await newFirewall(code);
	await publish(scene.product, "5.0.0", "rules", { engine: { min: "11.1" } });
	await publish(scene.product, "5.1.0", "rules", { engine: { min: "10" } });
	await expectProblem(await revert("5.1.0", "5.0.0"), "conflict");
	expect(await reverted("5.0.0", "1.0.0")).toMatchObject({ revert_to: "1.0.0" });
});
