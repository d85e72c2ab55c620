// A TUF repository whose object dies between any two statements and puts, again and again, and whose callers ask again or not: what is
// served always verifies as one repository that goes forward, and a retry or the alarm finishes what was begun.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Trust } from "../../../../src/objects/trust/trust.ts";
import type { TufSigner } from "../../../../src/signing/tuf/keys.ts";
import { onlineSigners } from "../../../../src/signing/tuf/online.ts";
import { signAll } from "../../../../src/signing/tuf/sign.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../support/runs.ts";
import { roleFileOf, rootOf, targetsOf } from "../../../support/tuf/files.ts";
import { newSigner } from "../../../support/tuf/keys.ts";
import { targetWith } from "../../../support/tuf/repository.ts";
import { FIRST_KEY, SECOND_KEY, START, World } from "./trust-world.ts";

type Upload = (trust: Trust, now: number) => Promise<unknown>;
let uploads: Upload[];
let rotation: Upload;
const accepted = async (result: Promise<{ readonly ok: boolean }>) => (await result).ok;

beforeAll(async () => {
	vi.useFakeTimers({ toFake: ["Date"], now: START * 1_000 });
	const [root, targets, alice, bob] = await Promise.all([newSigner(), newSigner(), newSigner(), newSigner("ecdsa")]);
	const [first, second] = await Promise.all([onlineSigners(FIRST_KEY), onlineSigners(SECOND_KEY)]);
	const rootFile = (version: number, online: readonly TufSigner[]) =>
		signAll(rootOf(version, { root: [root], targets: [targets], online }, START), [root]);
	const targetsFile = (version: number, products: readonly string[]) =>
		signAll(
			targetsOf(
				version,
				products.map((product) => ({ product, signers: [alice, bob] })),
				START,
			),
			[targets],
		);
	const role = (product: string, version: number) => {
		const all = Object.fromEntries(
			["1", "2", "3"].slice(0, version).map((one) => [`${product}/${one}`, targetWith(one)]),
		);
		return signAll(roleFileOf(version, all, START), [alice]);
	};
	const [root1, root2, root3] = await Promise.all([
		rootFile(1, first),
		rootFile(2, [...first, ...second]),
		rootFile(3, second),
	]);
	const [targets1, targets2] = await Promise.all([targetsFile(1, ["crs"]), targetsFile(2, ["crs", "av"])]);
	const roles = await Promise.all([role("crs", 1), role("crs", 2), role("av", 1)]);
	const publish =
		(product: string, file: string | undefined): Upload =>
		(trust, now) =>
			accepted(trust.publishRole({ product, file: file ?? "", now }));
	uploads = [
		(trust, now) => accepted(trust.change({ root: root1, targets: targets1, now })),
		publish("crs", roles[0]),
		(trust, now) => accepted(trust.change({ targets: targets2, now })),
		publish("av", roles[2]),
		publish("crs", roles[1]),
		(trust, now) => accepted(trust.change({ root: root2, now })),
	];
	rotation = (trust, now) => accepted(trust.change({ root: root3, now }));
});
afterAll(() => {
	vi.useRealTimers();
});

/** Where it dies at each upload, and at the alarms after it; whether the caller asks again, or leaves it to the alarm. */
const anyCourse = fc.array(
	fc.record({ diesAt: fc.nat(30), ringDiesAt: fc.option(fc.nat(16), { freq: 3 }), isRetried: fc.boolean() }),
	{ minLength: 6, maxLength: 6 },
);

describe("a repository whose object dies in the middle of anything", () => {
	it("is served as one that verifies and goes forward, and is finished by a retry or the alarm", {
		timeout: RUNS_TIMEOUT_MS,
	}, async () => {
		let deaths = 0;
		await fc.assert(
			fc.asyncProperty(anyCourse, async (course) => {
				const world = new World();
				let before: Record<string, number> = {};
				const expectForward = async () => {
					const served = (await world.walk()) ?? {};
					for (const [role, version] of Object.entries(before))
						expect(served[role], role).toBeGreaterThanOrEqual(version);
					before = served;
				};
				for (const [index, { diesAt, ringDiesAt, isRetried }] of course.entries()) {
					const upload = uploads[index];
					if (upload === undefined) throw new Error("no such upload");
					const once = (dies: number | null) => world.call((trust) => upload(trust, world.now), dies);
					const isDone = await once(diesAt);
					await expectForward();
					if (ringDiesAt !== null) await world.ring(ringDiesAt);
					await expectForward();
					if (!isDone && isRetried) expect(await once(null)).toBe(true);
					await world.ring();
					await expectForward();
					// Before it was kept nothing of it is served; then only the caller can bring it again.
					if (!isDone && !isRetried) expect(await once(null)).toBe(true);
					await expectForward();
				}
				expect(before).toMatchObject({ root: 2, targets: 2, crs: 2, av: 1 });
				expect(world.log.lines).toEqual(
					["root 1", "targets 1", "crs 1", "targets 2", "av 1", "crs 2", "root 2"].map((line) =>
						expect.stringMatching(`"role":"${line.split(" ")[0]}".*"version":${line.split(" ")[1]}}$`),
					),
				);
				deaths += world.deaths;
				world.database.close();
			}),
			{ numRuns: runs(40, 500), seed: 14 },
		);
		expect(deaths).toBeGreaterThan(runs(160, 2_000));
	});

	it("goes on under other keys of the service, whether a root named them before the old ones were dropped or not", async () => {
		for (const isNamedBefore of [true, false]) {
			const world = new World();
			for (const upload of isNamedBefore ? uploads : uploads.slice(0, -1))
				await world.call((trust) => upload(trust, world.now), null);
			world.macKeys = SECOND_KEY;
			world.now += 900;
			const log = vi.spyOn(console, "error").mockImplementation(() => {});
			await world.ring();
			// Without a key that the root names nothing is renewed, and what is served still verifies for a day.
			expect(log).toHaveBeenCalledTimes(isNamedBefore ? 0 : 1);
			log.mockRestore();
			const served = await world.walk();
			expect(served).toMatchObject({ root: isNamedBefore ? 2 : 1, crs: 2 });
			if (!isNamedBefore) continue;
			expect(await world.call((trust) => rotation(trust, world.now), null)).toBe(true);
			expect(await world.walk()).toMatchObject({ root: 3, crs: 2 });
		}
	});
});
