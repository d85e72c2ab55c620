// One run of `npm run deploy` on a played platform: what it does by what is deployed, and what it asks first.
import { describe, expect, it } from "vitest";
import { type DeployOrder, type DeployParts, deploy } from "../../../scripts/deploy/deploy.ts";
import type { Deployment } from "../../../scripts/deploy/wrangler.ts";
import { aloneOf, DIGEST, NEW, OLD, type Played, playParts, playPlatform } from "./played-platform.ts";

const ORDER: DeployOrder = {
	...{ atOnce: false, resume: false, rollback: false, isPlanOnly: false, missing: null, secretsFile: null },
	...{ digest: DIGEST, stages: { percents: [1, 10, 50, 100], bakeSeconds: 600 } },
	labels: { tag: `fedcba543210-${DIGEST}`, message: "parapet" },
};
const OTHER_CLASSES = { ...ORDER, digest: "99999999" };

/** @param answer to what is asked at the terminal */
function start(played: Played, order: Partial<DeployOrder> = {}, own: Partial<DeployParts> = {}, answer = false) {
	const asked: string[] = [];
	const { parts, told } = playParts(played.wrangler, own);
	const confirm = async (question: string) => {
		asked.push(question);
		return answer;
	};
	return { asked, told, outcome: deploy({ ...parts, confirm, ...own }, { ...ORDER, ...order }) };
}
const unwell = async () => {
	throw new Error("activate: 500");
};

describe("the first deployment", () => {
	it("goes to everybody at once, with its secrets, and is not asked about", async () => {
		const played = playPlatform([], null);
		const { outcome, asked } = start(played, { secretsFile: "secrets.json" });
		expect(await outcome).toEqual({ kind: "deployed", version: NEW, note: null });
		expect(played.done).toEqual(["deploy with secrets.json"]);
		expect(asked).toEqual([]);
	});

	it("needs neither a key nor numbers, which nobody has yet", async () => {
		const missing = { problem: "no API key for the smoke test", fix: "set PARAPET_KEY" };
		const { outcome } = start(playPlatform([], null), { missing }, { smoke: null, numbers: null });
		expect(await outcome).toMatchObject({ kind: "deployed" });
	});

	it("that is not well has nothing to go back to, and says so", async () => {
		await expect(start(playPlatform([], null), {}, { smoke: unwell }).outcome).rejects.toThrow(
			/not well: activate: 500/,
		);
	});
});

describe("a change of the classes of objects", () => {
	it("goes to everybody at once, when the person at the terminal means it", async () => {
		const played = playPlatform();
		const { outcome, asked } = start(played, OTHER_CLASSES, {}, true);
		expect(await outcome).toMatchObject({ kind: "deployed" });
		expect(asked).toEqual([expect.stringContaining("no way back")]);
		expect(played.done).toEqual(["deploy"]);
	});

	it("is not deployed otherwise", async () => {
		const played = playPlatform();
		await expect(start(played, OTHER_CLASSES).outcome).rejects.toMatchObject({ fix: expect.stringContaining("--yes") });
		expect(played.done).toEqual([]);
	});

	it("that is not well stays, since nothing leads back past it", async () => {
		const played = playPlatform();
		await expect(start(played, OTHER_CLASSES, { smoke: unwell }, true).outcome).rejects.toThrow(
			/is deployed, and not well/,
		);
		expect(played.done).toEqual(["deploy"]);
	});
});

describe("a deployment at once, where it need not be", () => {
	it("is not asked about, and is taken back when it is not well", async () => {
		const played = playPlatform();
		const { outcome, asked } = start(played, { atOnce: true }, { smoke: unwell });
		expect(await outcome).toEqual({ kind: "rolled_back", version: NEW, reason: "activate: 500" });
		expect(played.done).toEqual(["deploy", "1111@100"]);
		expect(asked).toEqual([]);
	});

	it("says what to run when it cannot be taken back", async () => {
		const played = playPlatform([{ call: 3, when: "before" }]);
		const fix = `npx wrangler versions deploy ${OLD}@100% --yes`;
		await expect(start(played, { atOnce: true }, { smoke: unwell }).outcome).rejects.toMatchObject({ fix });
	});

	it("says what to run in its own environment", async () => {
		const played = playPlatform([{ call: 3, when: "before" }]);
		const wrangler = { ...played.wrangler, environment: "staging" };
		const fix = `npx wrangler versions deploy ${OLD}@100% --yes --env staging`;
		await expect(start({ ...played, wrangler }, { atOnce: true }, { smoke: unwell }).outcome).rejects.toMatchObject({
			fix,
		});
	});
});

describe("in stages", () => {
	it("nothing begins without what they need", async () => {
		const played = playPlatform();
		const missing = { problem: "no API key for the smoke test", fix: "set PARAPET_KEY" };
		await expect(start(played, { missing }).outcome).rejects.toMatchObject({
			message: missing.problem,
			fix: missing.fix,
		});
		expect(played.done).toEqual([]);
	});

	it("what is under way is taken back, also without what stages need", async () => {
		const begun: Deployment = {
			...{ id: "d2", message: "parapet 22222222 over 11111111, 10 %" },
			shares: [
				{ version: NEW, percent: 10 },
				{ version: OLD, percent: 90 },
			],
		};
		const missing = { problem: "no API key for the smoke test", fix: "set PARAPET_KEY" };
		const played = playPlatform([], begun);
		expect(await start(played, { rollback: true, missing }).outcome).toMatchObject({ kind: "rolled_back" });
		expect(played.inForce()?.shares).toEqual(aloneOf(OLD).shares);
		const refused = playPlatform([], begun);
		await expect(start(refused).outcome).rejects.toMatchObject({ fix: expect.stringContaining("--resume") });
		expect(refused.done).toEqual([]);
	});
});

it.each<[string, Deployment | null, Partial<DeployOrder>, RegExp]>([
	["the first one", null, {}, /to everybody at once: there is no earlier version/],
	["a change of classes", aloneOf(OLD), OTHER_CLASSES, /classes of objects have changed/],
	[
		"stages",
		aloneOf(OLD),
		{},
		/in stages[\s\S]*1 % of all requests, watched for 10 minutes[\s\S]*100 %[\s\S]*cron triggers/,
	],
	[
		"what is not there yet",
		aloneOf(OLD),
		{ missing: { problem: "no API key", fix: "set one" } },
		/not yet: no API key \(set one\)/,
	],
])("--plan says %s, and changes nothing", async (_, first, order, said) => {
	const played = playPlatform([], first);
	const { outcome, told } = start(played, { ...order, isPlanOnly: true });
	expect(await outcome).toBeNull();
	expect(told.join("\n")).toMatch(said);
	expect(played.done).toEqual([]);
});
