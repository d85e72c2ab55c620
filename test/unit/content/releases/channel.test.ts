// The channels of a product: which one a device is on, and which releases it is then offered, in which order.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emergencyUntil } from "../../../../src/content/check/pulse.ts";
import { type Channel, channelLabel, channelOf } from "../../../../src/content/releases/channel.ts";
import { inOfferOrder } from "../../../../src/content/releases/offer-order.ts";
import type { Release } from "../../../../src/content/releases/product-record.ts";
import { hasRoomFor, MAX_AUDIENCES } from "../../../../src/content/releases/recorded-releases.ts";
import { bucketsOf } from "../../../../src/content/releases/rollout-place.ts";
import { type Candidate, selectRelease } from "../../../../src/content/releases/select-release.ts";
import { compareVendorVersions } from "../../../../src/content/releases/vendor-version.ts";
import { labels } from "../../../../src/names.ts";
import { admittedAt, DEVICE, makeRelease, NOW, REACH, recordOf } from "../content-fixtures.ts";

const AT_ONCE = { until: NOW + 1_000_000, grace: 0, delay: 0, emergencyDelay: 0 };
const beta = (sequence: number, version: string, changes: Partial<Release> = {}) =>
	makeRelease(sequence, { version, channel: "beta", ...changes });
const stable = (sequence: number, version: string, changes: Partial<Release> = {}) =>
	makeRelease(sequence, { version, ...changes });
const on = (channel: Channel, installed: string | null): Candidate => ({
	...{ model: "FW-100", engine: null, admittedAt },
	...{ channel, installed },
});

/** What a device on the channel with that version is told: the version that it is offered, or why there is none. */
function told(releases: readonly Release[], channel: Channel, installed: string | null): string {
	const selection = selectRelease(recordOf(...releases), AT_ONCE, on(channel, installed), NOW);
	return selection.status === "offered" ? `${selection.release.version} ${selection.reason}` : selection.reason;
}

describe("the channel of a device", () => {
	it.each([
		[{}, "stable"],
		[{ "channel.crs": "beta" }, "beta"],
		[{ "channel.crs": "stable" }, "stable"],
		[{ "channel.crs": "nightly" }, "stable"],
		[{ "channel.threats": "beta" }, "stable"],
	] as const)("by the labels %j is %s", (own, expected) => {
		expect(channelOf({ labels: own }, "crs")).toBe(expected);
	});

	it("has a label for the longest name that a product can have", () => {
		expect(labels.safeParse({ [channelLabel("a".repeat(24))]: "beta" }).success).toBe(true);
	});
});

describe("a release on beta", () => {
	const line = [stable(1, "5.0"), beta(2, "6.0")];
	it.each([
		["a device on stable", "stable", "5.0", "up_to_date"],
		["a device on stable without anything", "stable", null, "5.0 first_install"],
		["a device on beta", "beta", "5.0", "6.0 newer"],
		["a device on beta without anything", "beta", null, "6.0 first_install"],
		["a device on beta that has it", "beta", "6.0", "up_to_date"],
		["a device that has it and left beta", "stable", "6.0", "ahead_of_channel"],
	] as const)("says to %s what is its own", (_, channel, installed, expected) => {
		expect(told(line, channel, installed)).toBe(expected);
	});

	it("is none to a device on stable where there is nothing else", () => {
		expect(told([beta(1, "6.0")], "stable", null)).toBe("none_in_channel");
	});

	it("sends a device that left beta back where it is withdrawn, and only then", () => {
		expect(told([stable(1, "5.0"), beta(2, "6.0", { withdrawn: true })], "stable", "6.0")).toBe(
			"5.0 installed_withdrawn",
		);
	});

	it("is passed by stable for a device that left beta with a newer version, not with one that only came out later", () => {
		const fixed = [...line, stable(3, "5.0.1")];
		expect(told(fixed, "stable", "6.0")).toBe("ahead_of_channel");
		expect(told(fixed, "beta", "6.0")).toBe("up_to_date");
		expect(told(fixed, "beta", "5.0")).toBe("6.0 newer");
		expect(told([...fixed, stable(4, "6.1")], "stable", "6.0")).toBe("6.1 newer");
		expect(told([...fixed, stable(4, "6.1")], "beta", "6.0")).toBe("6.1 newer");
	});

	it("that few may have leaves the others on beta the fix for stable", () => {
		const tried = [stable(1, "5.0"), beta(2, "6.0", { rollout: { ...REACH, from: 0, to: 0 } }), stable(3, "5.0.1")];
		expect(told(tried, "beta", "5.0")).toBe("5.0.1 newer");
		expect(told(tried, "beta", "6.0")).toBe("newer_installed");
	});

	it("that is promoted is out on beta, however far it has come on stable", () => {
		const closed = { ...REACH, open: false, closed: "waiting" as const };
		const promoted = [stable(1, "5.0"), stable(3, "6.0", { betaReleasedAt: NOW - 900, rollout: closed })];
		expect(told(promoted, "beta", "5.0")).toBe("6.0 newer");
		expect(told(promoted, "stable", "5.0")).toBe("up_to_date");
		expect(told(promoted, "stable", "6.0")).toBe("newer_installed");
	});

	it.each(["halted", "ended"] as const)(
		"that is promoted and then %s on stable goes to no further device on beta",
		(closed) => {
			const stopped = { ...REACH, open: false, closed };
			const promoted = [stable(1, "5.0"), stable(3, "6.0", { betaReleasedAt: NOW - 900, rollout: stopped })];
			expect(told(promoted, "beta", "5.0")).toBe("up_to_date");
			expect(told(promoted, "beta", null)).toBe("5.0 first_install");
			expect(told(promoted, "beta", "6.0")).toBe("newer_installed");
		},
	);

	it("counts its age from its release on beta for devices there, and from its promotion for others", () => {
		const record = recordOf(stable(3, "6.0", { betaReleasedAt: NOW - 900, releasedAt: NOW - 10 }));
		const tier = { ...AT_ONCE, delay: 600 };
		expect(selectRelease(record, tier, on("beta", null), NOW).status).toBe("offered");
		expect(selectRelease(record, tier, on("stable", null), NOW)).toMatchObject({
			...{ status: "unavailable", reason: "none_old_enough", holdsUntil: NOW + 590 },
		});
	});

	it("hurries no fleet and costs a device on stable no bucket", async () => {
		const record = recordOf(stable(1, "5.0"), beta(2, "6.0", { urgency: "emergency", rollout: REACH }));
		expect(emergencyUntil(record)).toBe(0);
		expect((await bucketsOf([record], DEVICE)).size).toBe(0);
		const tester = { ...DEVICE, labels: { "channel.crs": "beta" } };
		expect((await bucketsOf([record], tester)).size).toBe(1);
	});

	it("takes no audience's room on stable", () => {
		const full = Array.from({ length: MAX_AUDIENCES }, (_, index) =>
			beta(index + 1, "1.0", { models: [`M-${index}`] }),
		);
		expect(hasRoomFor(full, { models: ["M"], engine: {}, channel: "beta" })).toBe(false);
		expect(hasRoomFor(full, { models: ["M"], engine: {}, channel: "stable" })).toBe(true);
	});
});

describe("whatever was released on stable and on beta,", () => {
	const anyLine = fc
		.array(fc.record({ version: fc.integer({ min: 1, max: 9 }), channel: fc.constantFrom<Channel>("stable", "beta") }))
		.map((list) =>
			list
				.map(({ version, channel }, index) => makeRelease(index + 1, { version: `${version}.${index}`, channel }))
				.toReversed(),
		);
	const law = (check: (releases: Release[]) => void) => fc.assert(fc.property(anyLine, check));

	it("each channel by itself is in the order of its releases, and none is lost", () => {
		law((releases) => {
			const ordered = inOfferOrder(releases, "vendor");
			expect(ordered.toSorted((a, b) => b.sequence - a.sequence)).toEqual(releases);
			for (const channel of ["stable", "beta"]) {
				const of = (list: readonly Release[]) => list.filter((release) => release.channel === channel);
				expect(of(ordered)).toEqual(of(releases));
			}
		});
	});

	it("no release of stable stands before one of beta that is newer by version, and before none that came out later", () => {
		law((releases) => {
			const ordered = inOfferOrder(releases, "vendor");
			ordered.forEach((one, index) => {
				for (const other of ordered.slice(index + 1)) {
					if (one.channel !== "stable" || other.channel !== "beta") continue;
					expect(compareVendorVersions(one.version, other.version)).toBeGreaterThanOrEqual(0);
					expect(one.sequence).toBeGreaterThan(other.sequence);
				}
			});
		});
	});

	it("without an order of versions what was released last is newest", () => {
		law((releases) => {
			expect(inOfferOrder(releases, "none")).toEqual(releases);
		});
	});

	it("a device that leaves beta is offered no older version than it has", () => {
		law((releases) => {
			for (const { version: installed, channel } of releases) {
				if (channel === "stable") continue;
				const selection = selectRelease(recordOf(...releases), AT_ONCE, on("stable", installed), NOW);
				if (selection.status !== "offered") continue;
				expect(compareVendorVersions(selection.release.version, installed)).toBeGreaterThan(0);
			}
		});
	});
});
