// Two people, as those meet it who release: whose word is not taken, what a word names, and that neither an emergency nor a plan
// without a gate gets out with less.
import { beforeEach, describe, expect, test } from "vitest";
import { type LogEntry, verifyLog } from "../../../../src/rollout/rollout-log.ts";
import { makePackage, upload } from "../../../support/fleet.ts";
import { freshProduct } from "../../../support/fresh-names.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { useFrozenClock } from "../../support/frozen-clock.ts";

useFrozenClock();

interface Rollout {
	readonly phase: string;
	readonly evidence: string;
	readonly sha256: string;
	readonly two_people: boolean;
	readonly waits_for: readonly object[];
	readonly words: readonly { readonly by: string }[];
}

let product: string;
let keys: Record<"ci" | "olivia" | "pat", string>;

beforeEach(async () => {
	product = freshProduct().name;
	await operated("POST", "/v1/products", { product, plan: "immediate", two_people: true });
	const keyOf = async (subject: string) => {
		const scopes = [`publish:${product}`, `release:${product}`];
		return (await operated<{ key: string }>("POST", "/v1/keys", { subject, scopes })).key;
	};
	keys = { ci: await keyOf("ci"), olivia: await keyOf("olivia"), pat: await keyOf("pat") };
});

const pathOf = (version: string) => `/v1/products/${product}/releases/${version}`;
const show = (version = "1.0.0") => operated<Rollout>("GET", `${pathOf(version)}/rollout`);

async function release(version = "1.0.0", body: object = {}) {
	await upload(product, version, await makePackage(`rules ${version}`), { authorization: `Bearer ${keys.ci}` });
	return operated<{ status: string; rollout: Rollout }>("PUT", pathOf(version), body);
}

async function say(by: keyof typeof keys, changes: object = {}, version = "1.0.0") {
	const { evidence, sha256 } = await show(version);
	const word = { kind: "approve", evidence, sha256, ...changes };
	return operate("POST", `${pathOf(version)}/rollout/words`, word, keys[by]);
}

describe("a product that asks for two people", () => {
	test("lets nothing out by a plan without a gate before two others than the uploader have said so", async () => {
		const { status, rollout } = await release();
		expect([status, rollout.phase, rollout.two_people]).toEqual(["waiting", "waiting", true]);
		expect(rollout.waits_for).toMatchObject([{ kind: "words", of: "approve", count: 2, not_only_publisher: true }]);
		expect(await (await say("olivia")).json()).toMatchObject({ phase: "waiting", waits_for: [{ count: 1 }] });
		expect(await (await say("pat")).json()).toMatchObject({ phase: "done" });
		const { entries } = await operated<{ entries: LogEntry[] }>("GET", `${pathOf("1.0.0")}/rollout/log`);
		expect(await verifyLog(entries)).toMatchObject({ ok: true, rollout: { phase: "done" } });
	});

	test("takes no word of the uploader, and keeps none", async () => {
		await release();
		await expectProblem(await say("ci"), "second_person_required");
		await say("olivia");
		await expectProblem(await say("ci"), "second_person_required");
		expect(await show()).toMatchObject({ phase: "waiting", words: [{ by: "olivia" }] });
	});

	test("has a word name the package, and the right one; the trail keeps it", async () => {
		await release();
		const nameless = await expectProblem(await say("olivia", { sha256: undefined }), "invalid_request");
		expect(nameless["errors"]).toMatchObject([{ field: "sha256" }]);
		const wrong = await expectProblem(await say("olivia", { sha256: "b".repeat(64) }), "conflict");
		expect(wrong["detail"]).toContain((await show()).sha256);
		expect((await show()).words).toEqual([]);
		await say("olivia");
		const { events } = await operated<{ events: { type: string; detail: string }[] }>(
			"GET",
			`/v1/products/${product}/events`,
		);
		const said = events.filter(({ type }) => type === "rollout.word").map(({ detail }) => detail);
		expect(said).toEqual([`approve everybody, sha256 ${(await show()).sha256}`]);
	});

	test.each([
		["a routine release by the standard plan", "standard", {}, 1],
		["an emergency by the standard plan", "standard", { urgency: "emergency" }, 2],
		["a release by the rapid plan", "rapid", {}, 2],
	])("asks %s for its persons: %#", async (_, plan, body, count) => {
		await operated("PATCH", `/v1/products/${product}`, { plan });
		expect((await release("2.0.0", body)).rollout.waits_for).toMatchObject([{ kind: "words", count }]);
	});

	test("asks again where a release is promoted from beta", async () => {
		await release("1.0.0", { channel: "beta" });
		for (const by of ["olivia", "pat"] as const) await say(by);
		const promoted = await operated<{ rollout: Rollout }>("POST", `${pathOf("1.0.0")}/promote`, { channel: "stable" });
		expect(promoted.rollout).toMatchObject({ phase: "waiting", waits_for: [{ kind: "words", count: 2 }], words: [] });
	});

	test("keeps to it for what is under way when it is switched off, and tells the trail", async () => {
		await release();
		expect(await operated("PATCH", `/v1/products/${product}`, { two_people: false })).toMatchObject({
			two_people: false,
		});
		await expectProblem(await say("ci"), "second_person_required");
		expect(await show()).toMatchObject({ phase: "waiting", two_people: true });
		expect((await release("2.0.0")).rollout).toMatchObject({ phase: "done", two_people: false });
		const { events } = await operated<{ events: { type: string; detail: string }[] }>(
			"GET",
			`/v1/products/${product}/events`,
		);
		expect(events.filter(({ type }) => type === "product.two_people").map(({ detail }) => detail)).toEqual(["off"]);
	});
});

test("a product that does not ask for it compares the package of a word that names one", async () => {
	await operated("PATCH", `/v1/products/${product}`, { two_people: false, plan: "standard" });
	await release();
	await expectProblem(await say("olivia", { sha256: "b".repeat(64) }), "conflict");
	expect(await (await say("olivia", { sha256: undefined })).json()).toMatchObject({ phase: "running" });
});
