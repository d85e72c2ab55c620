// Which way a deployment goes, by what answers requests now.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf, planDeployment, tagOf, type Wish } from "../../../scripts/deploy/plan.ts";
import type { Deployment } from "../../../scripts/deploy/wrangler.ts";

const [OLD, NEW] = ["11111111-aaaa-4aaa-8aaa-000000000001", "22222222-bbbb-4bbb-8bbb-000000000002"];
const DIGEST = "0123abcd";
const TAG = `abcdef012345-${DIGEST}`;
const NO_WISH: Wish = { atOnce: false, resume: false, rollback: false };
const alone: Deployment = { id: "d1", message: null, shares: [{ version: OLD, percent: 100 }] };
const split = (message: string | null, percent = 10): Deployment => ({
	...{ id: "d2", message },
	shares: [
		{ version: NEW, percent },
		{ version: OLD, percent: 100 - percent },
	],
});
const OWN = "parapet 22222222 over 11111111, 10 %";
const plan = (
	deployment: Deployment | null,
	tag: string | null,
	wish: Partial<Wish> = {},
	environment: string | null = null,
) => planDeployment(deployment, tag, DIGEST, { ...NO_WISH, ...wish }, environment);

describe("a deployment goes", () => {
	it("in stages where the classes of objects are those of the version that answers", () => {
		expect(plan(alone, TAG)).toEqual({ kind: "staged", old: OLD });
		expect(plan(alone, `abcdef012345+-${DIGEST}`)).toEqual({ kind: "staged", old: OLD });
	});

	it("at once, without a way back, where they are others, or nobody knows which they are", () => {
		expect(plan(alone, "abcdef012345-99999999")).toMatchObject({ kind: "at_once", old: OLD, isPastReturn: true });
		for (const tag of [null, "v1.2.3", DIGEST, `${TAG}0`])
			expect(plan(alone, tag)).toMatchObject({ kind: "at_once", old: OLD, isPastReturn: true });
		expect(plan(alone, "abcdef012345-99999999", { atOnce: true })).toMatchObject({ isPastReturn: true });
	});

	it("at once, with a way back, where that is asked for", () => {
		expect(plan(alone, TAG, { atOnce: true })).toMatchObject({ kind: "at_once", old: OLD, isPastReturn: false });
	});

	it("at once where there is no Worker yet", () => {
		expect(plan(null, null)).toMatchObject({ kind: "at_once", old: null });
	});

	it("on from where an earlier run stopped, or back, by that run's own message", () => {
		const begun = { version: NEW, old: OLD, percent: 10 };
		expect(plan(split(OWN), null, { resume: true })).toEqual({ kind: "resume", begun });
		expect(plan(split(OWN), null, { rollback: true })).toEqual({ kind: "rollback", begun });
		const turned = { ...split(OWN), shares: split(OWN).shares.toReversed() };
		expect(plan(turned, null, { resume: true })).toEqual({ kind: "resume", begun });
	});
});

describe("a deployment is refused", () => {
	it.each<[string, Deployment | null, Partial<Wish>, RegExp]>([
		["while another is under way", split(OWN), {}, /--resume/],
		["while another is under way, at once too", split(OWN), { atOnce: true }, /--rollback/],
		["while the requests are split by hand", split("by hand"), {}, /versions deploy/],
		["while they are split without a word", split(null), {}, /versions deploy/],
		["to go on where nothing is under way", alone, { resume: true }, /npm run deploy/],
		["to go back where nothing is under way", alone, { rollback: true }, /npm run deploy/],
		["to go on where there is no Worker", null, { resume: true }, /npm run deploy/],
		["to go on with what was split by hand", split("by hand"), { resume: true }, /npm run deploy/],
		[
			"to go back from versions that the message does not name",
			split("parapet 33333333 over 11111111, 10 %"),
			{ rollback: true },
			/npm run deploy/,
		],
	])("%s", (_, deployment, wish, fix) => {
		expect(plan(deployment, TAG, wish)).toMatchObject({ kind: "refused", fix: expect.stringMatching(fix) });
	});

	it.each<[string, Deployment | null, Partial<Wish>, string]>([
		[
			"while another is under way",
			split(OWN),
			{},
			"npm run deploy -- --resume --env staging, or npm run deploy -- --rollback --env staging",
		],
		[
			"while the requests are split by hand",
			split("by hand"),
			{},
			"give all requests to one version: npx wrangler versions deploy <version>@100% --env staging",
		],
		["to go on where nothing is under way", alone, { resume: true }, "npm run deploy -- --env staging"],
	])("%s, and told to run what changes its own environment, not production", (_, deployment, wish, fix) => {
		expect(plan(deployment, TAG, wish, "staging")).toMatchObject({ kind: "refused", fix });
	});
});

describe("the digest of classes", () => {
	const exports = {
		Account: { type: "durable-object", storage: "sqlite" },
		Product: { storage: "sqlite", type: "durable-object" },
	};

	it("does not depend on the order in which they are written", () => {
		const turned = { Product: { type: "durable-object", storage: "sqlite" }, Account: exports.Account };
		expect(digestOf(turned)).toBe(digestOf(exports));
		expect(digestOf(exports)).toMatch(/^[0-9a-f]{8}$/);
	});

	it("is another for each other set of classes", () => {
		expect(digestOf({ ...exports, Trust: exports.Account })).not.toBe(digestOf(exports));
		expect(digestOf({ ...exports, Product: { type: "durable-object", storage: "kv" } })).not.toBe(digestOf(exports));
	});

	it("is found again in the tag, which the platform takes", () => {
		const commits = fc.option(fc.stringMatching(/^[0-9a-f]{40}$/));
		fc.assert(
			fc.property(commits, fc.boolean(), fc.stringMatching(/^[0-9a-f]{8}$/), (commit, isDirty, digest) => {
				const tag = tagOf(commit, isDirty, digest);
				expect(tag.length).toBeLessThanOrEqual(25);
				expect(planDeployment(alone, tag, digest, NO_WISH)).toEqual({ kind: "staged", old: OLD });
			}),
		);
	});
});
