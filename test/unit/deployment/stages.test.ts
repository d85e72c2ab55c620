// A deployment in stages on a played platform: what is done in which order, and where the requests are when something fails.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeployError, deployInStages, giveBack, goOn, underWay } from "../../../scripts/deploy/stages.ts";
import { aloneOf, BAD, NEW, OLD, playParts, playPlatform, WELL } from "./played-platform.ts";

const STAGES = { percents: [1, 10, 50, 100], bakeSeconds: 600 };
const LABELS = { tag: "abcdef012345-0123abcd", message: "parapet" };
const WAY = [
	"upload",
	"2222@0 1111@100",
	"2222@1 1111@99",
	"2222@10 1111@90",
	"2222@50 1111@50",
	"2222@100",
	"triggers",
];
const BACK = "1111@100";
type Parts = Parameters<typeof deployInStages>[0];
const run = (parts: Parts) => deployInStages(parts, STAGES, OLD, LABELS, null);

it("goes through all stages, each for its bake time, tried before anybody gets it and once everybody has it", async () => {
	const played = playPlatform();
	const tried: [string, number][] = [];
	const { parts, startMs, nowMs } = playParts(played.wrangler, {
		smoke: async (version) => void tried.push([version, played.inForce()?.shares[0]?.percent ?? -1]),
	});
	expect(await run(parts)).toEqual({ kind: "deployed", version: NEW, note: null });
	expect(played.done).toEqual(WAY);
	expect(tried).toEqual([
		[NEW, 0],
		[NEW, 100],
	]);
	expect(nowMs() - startMs).toBe(4 * STAGES.bakeSeconds * 1_000);
});

describe("goes back to the old version", () => {
	it("before anybody gets it, when the smoke test fails", async () => {
		const played = playPlatform();
		const { parts } = playParts(played.wrangler, {
			smoke: async () => {
				throw new Error("the smoke test failed: activate: 500");
			},
		});
		expect(await run(parts)).toEqual({
			kind: "rolled_back",
			version: NEW,
			reason: "the smoke test failed: activate: 500",
		});
		expect(played.done).toEqual([...WAY.slice(0, 2), BACK]);
	});

	it.each([1, 2, 3, 4])("at the first look at stage %i that shows it worse", async (stage) => {
		const played = playPlatform();
		const percent = STAGES.percents[stage - 1];
		const { parts, told } = playParts(played.wrangler, {
			numbers: async () =>
				new Map([
					[OLD, WELL],
					[NEW, played.inForce()?.shares[0]?.percent === percent ? BAD : WELL],
				]),
		});
		const outcome = await run(parts);
		expect(outcome).toMatchObject({ kind: "rolled_back", reason: expect.stringContaining("errors (5xx): 5.00 %") });
		expect(played.done).toEqual([...WAY.slice(0, 2 + stage), BACK]);
		expect(told.at(-1)).toContain(`going back to ${OLD}`);
	});

	it("at the last stage, where the old version answers nothing, by what it answered in the one before", async () => {
		const played = playPlatform();
		const slow = { ...WELL, p95Ms: 500 };
		const { parts } = playParts(played.wrangler, {
			numbers: async () =>
				played.inForce()?.shares.length === 1
					? new Map([[NEW, slow]])
					: new Map([
							[OLD, WELL],
							[NEW, WELL],
						]),
		});
		expect(await run(parts)).toMatchObject({ kind: "rolled_back", reason: "latency (p95): 500 ms, against 10 ms" });
	});

	it("when it is interrupted", async () => {
		const played = playPlatform();
		const controller = new AbortController();
		const { parts } = playParts(played.wrangler, {
			signal: controller.signal,
			numbers: async () => {
				controller.abort(new Error("interrupted"));
				return new Map([
					[OLD, WELL],
					[NEW, WELL],
				]);
			},
		});
		expect(await run(parts)).toMatchObject({ kind: "rolled_back", reason: "interrupted" });
		expect(played.inForce()?.shares).toEqual([{ version: OLD, percent: 100 }]);
	});

	it("when its numbers cannot be read for three minutes, and not when one look fails", async () => {
		const played = playPlatform();
		let looks = 0;
		const failing = (isFailing: () => boolean) =>
			playParts(played.wrangler, {
				numbers: async () => {
					looks += 1;
					if (isFailing()) throw new Error("Analytics Engine answered 503");
					return new Map([
						[OLD, WELL],
						[NEW, WELL],
					]);
				},
			}).parts;
		expect(await run(failing(() => looks % 3 !== 0))).toMatchObject({ kind: "deployed" });
		const again = playPlatform();
		const { parts } = playParts(again.wrangler, {
			numbers: () => Promise.reject(new Error("Analytics Engine answered 503")),
		});
		expect(await run(parts)).toMatchObject({ kind: "rolled_back", reason: "Analytics Engine answered 503" });
		expect(again.done.at(-1)).toBe(BACK);
	});
});

it("is tried again at the end of each stage in which too few have asked", async () => {
	const played = playPlatform();
	let tried = 0;
	const { parts } = playParts(played.wrangler, { smoke: async () => void tried++, numbers: async () => new Map() });
	expect(await run(parts)).toMatchObject({ kind: "deployed" });
	expect(tried).toBe(2 + STAGES.percents.length);
});

it("changes nothing where the upload fails", async () => {
	const played = playPlatform([{ call: 0, when: "before" }]);
	expect(await run(playParts(played.wrangler).parts)).toMatchObject({ kind: "rolled_back", version: null });
	expect(played.done).toEqual([]);
});

it("stops, and undoes nothing, when somebody else has deployed meanwhile", async () => {
	const played = playPlatform();
	const { parts } = playParts(played.wrangler, {
		numbers: async () => {
			played.overtake();
			return new Map([
				[OLD, WELL],
				[NEW, WELL],
			]);
		},
	});
	await expect(run(parts)).rejects.toThrow(/another deployment is in force now \(33333333-\S+ 100 %\)/);
	expect(played.done).toEqual(WAY.slice(0, 3));
});

it("of two that begin at the same time one stops", async () => {
	const played = playPlatform();
	const second = "44444444-dddd-4ddd-8ddd-000000000004";
	const { parts } = playParts(played.wrangler, {
		smoke: async () => {
			await played.wrangler.split(
				[
					{ version: second, percent: 0 },
					{ version: OLD, percent: 100 },
				],
				"parapet 44444444 over 11111111, 0 %",
			);
		},
	});
	await expect(run(parts)).rejects.toThrow(DeployError);
	expect(played.inForce()?.shares[0]?.version).toBe(second);
});

it("is deployed, with a word on what is left, when only routes and triggers could not be", async () => {
	const played = playPlatform([{ call: callsOf(WAY.length), when: "before" }]);
	const outcome = await run(playParts(played.wrangler).parts);
	expect(outcome).toMatchObject({ kind: "deployed", note: expect.stringContaining("npx wrangler triggers deploy") });
});

it("names its environment in what is left to be run", async () => {
	const played = playPlatform([{ call: callsOf(WAY.length), when: "before" }]);
	const outcome = await run(playParts({ ...played.wrangler, environment: "staging" }).parts);
	expect(outcome).toMatchObject({ note: expect.stringContaining("npx wrangler triggers deploy --env staging") });
});

it("goes on from the stage at which an earlier run stopped, or back from there", async () => {
	const stopped = {
		...aloneOf(OLD),
		message: "parapet 22222222 over 11111111, 10 %",
		shares: [
			{ version: NEW, percent: 10 },
			{ version: OLD, percent: 90 },
		],
	};
	const begun = underWay(stopped);
	expect(begun).toEqual({ version: NEW, old: OLD, percent: 10 });
	if (begun === null) return;
	const onwards = playPlatform([], stopped);
	expect(await goOn(playParts(onwards.wrangler).parts, STAGES, begun)).toMatchObject({ kind: "deployed" });
	expect(onwards.done).toEqual(["2222@50 1111@50", "2222@100", "triggers"]);
	const back = playPlatform([], stopped);
	expect(await giveBack(playParts(back.wrangler).parts, begun, "asked for")).toMatchObject({ kind: "rolled_back" });
	expect(back.done).toEqual([BACK]);
	expect(underWay(back.inForce() ?? stopped)).toBeNull();
});

it("whichever calls fail, before or after what they do, the requests are where it says that they are", async () => {
	const faults = fc.array(fc.record({ call: fc.nat(60), when: fc.constantFrom("before" as const, "after" as const) }), {
		maxLength: 6,
	});
	const turns = fc.record({ faults, isBad: fc.boolean(), isUnwell: fc.boolean() });
	await fc.assert(
		fc.asyncProperty(turns, async ({ faults, isBad, isUnwell }) => {
			const played = playPlatform(faults);
			const { parts } = playParts(played.wrangler, {
				numbers: async () =>
					new Map([
						[OLD, WELL],
						[NEW, isBad ? BAD : WELL],
					]),
				smoke: async () => {
					if (isUnwell) throw new Error("not well");
				},
			});
			const outcome = await run(parts).catch((error: unknown) => error);
			const shares = played.inForce()?.shares;
			if (outcome instanceof DeployError) {
				expect(outcome.fix).toBe(`npx wrangler versions deploy ${OLD}@100% --yes`);
			} else if ((outcome as { kind: string }).kind === "deployed") {
				expect(shares).toEqual([{ version: NEW, percent: 100 }]);
				expect(isBad || isUnwell).toBe(false);
			} else expect(shares).toEqual([{ version: OLD, percent: 100 }]);
			// Nobody but the smoke test ever reaches what it found unwell; of what is bad nobody gets more than the first stage.
			const reached = Math.max(...played.done.map((step) => Number(/^2222@(\d+)/.exec(step)?.[1] ?? 0)), 0);
			if (isUnwell) expect(reached).toBe(0);
			if (isBad) expect(reached).toBeLessThanOrEqual(1);
		}),
		{ numRuns: 300 },
	);
});

/** @returns the calls of a run without a fault before the last of these steps */
function callsOf(steps: number): number {
	const looksPerStage = STAGES.bakeSeconds / 60;
	// The upload; for each split a look before it; for each look of a stage one; then the triggers.
	return 1 + 2 * (steps - 2) + looksPerStage * STAGES.percents.length;
}
