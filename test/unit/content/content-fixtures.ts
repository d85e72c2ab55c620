// Devices, releases and messages for the tests of src/content, and fast-check's way to make many of them.
import fc from "fast-check";
import type { Audience } from "../../../src/content/audience.ts";
import type { Message } from "../../../src/content/messages/message.ts";
import { inOfferOrder } from "../../../src/content/releases/offer-order.ts";
import type { ProductRecord, Release } from "../../../src/content/releases/product-record.ts";
import type { DeviceProfile, Grant } from "../../../src/entitlement/devices/device-record.ts";
import { type Reach, reachedAt } from "../../../src/rollout/reach.ts";

export const NOW = 1_795_000_000;
export const HOUR = 3600;

export const GRANT: Grant = {
	from: NOW - 1000,
	until: NOW + 1000,
	grace: 500,
	critical: 0,
	delay: 0,
	emergencyDelay: 0,
};
export const DEVICE: DeviceProfile = {
	id: "dev-0123456789-0123456789abcdef",
	account: "acct-0123456789abcdef",
	status: "active",
	model: "FW-100",
	labels: { site: "berlin", ring: "1" },
	haGroup: null,
	hold: null,
	licenseEpoch: 0,
	lease: null,
	policy: null,
	grants: { crs: GRANT },
};

/** Release number n of a product, published n seconds after NOW - 1000. */
export function makeRelease(sequence: number, changes: Partial<Release> = {}): Release {
	return {
		version: `1.${sequence}`,
		sequence,
		sha256: "ab".repeat(32),
		size: 10,
		name: `crs-1.${sequence}.rules`,
		releasedAt: NOW - 1000 + sequence,
		urgency: "routine",
		notes: "",
		models: null,
		engine: {},
		withdrawn: false,
		channel: "stable",
		betaReleasedAt: null,
		rollout: null,
		...changes,
	};
}

/** The bucket of the device's unit, whatever the release. */
const BUCKET = 0.3;
const SALT = "salt";
export const BUCKETS = new Map([[SALT, BUCKET]]);
export const admittedAt = (reach: Reach) => reachedAt(reach, BUCKET);

/** A rollout that lets in a third of all units in 1,000 seconds from NOW on. */
export const REACH: Reach = {
	...{ salt: SALT, step: "ramp", open: true, closed: null, ring: null, audience: null },
	...{ from: 0, to: 1 / 3, since: NOW, seconds: 1_000, growth: "line" },
};

const anyReach: fc.Arbitrary<Reach | null> = fc.option(
	fc
		.record({
			from: fc.constantFrom(0, 0.2, 0.5),
			to: fc.constantFrom(0.5, 1),
			since: fc.integer({ min: NOW - 3_000, max: NOW + 3_000 }),
			seconds: fc.constantFrom(0, 1, 1_000),
			isOpen: fc.boolean(),
		})
		.map(({ isOpen, ...reach }) => ({ ...REACH, ...reach, open: isOpen, closed: isOpen ? null : "halted" })),
	{ freq: 1 },
);

/** The record of releases given in any order. */
export function recordOf(...releases: readonly Release[]): ProductRecord {
	return {
		product: "crs",
		revision: releases.length,
		versionOrder: "vendor",
		releases: inOfferOrder(
			[...releases].sort((a, b) => b.sequence - a.sequence),
			"vendor",
		),
		disabledRules: [],
		rulesDisabledAt: null,
	};
}

export function makeMessage(sequence: number, changes: Partial<Message> = {}): Message {
	return {
		id: `msg-0000000${sequence}`,
		waves: [{ upTo: 1, sequence }],
		severity: "info",
		title: `Message ${sequence}`,
		body: "Text",
		locales: {},
		startsAt: NOW - 100,
		endsAt: NOW + 100,
		audience: {},
		...changes,
	};
}

const seconds = (spread: number) => fc.integer({ min: NOW - spread, max: NOW + spread });

export const anyRecord: fc.Arbitrary<ProductRecord> = fc
	.array(
		fc.record({
			releasedAt: seconds(5000),
			withdrawn: fc.boolean(),
			urgency: fc.constantFrom<Release["urgency"]>("routine", "important", "emergency"),
			models: fc.constantFrom<Release["models"]>(null, ["FW-100"], ["FW-900"]),
			engine: fc.constantFrom<Release["engine"]>({}, { min: "11.1" }, { max: "10" }),
			rollout: anyReach,
			channel: fc.constantFrom<Release["channel"]>("stable", "stable", "beta"),
			isPromoted: fc.boolean(),
			/** by so much its version is ahead of its place */
			ahead: fc.constantFrom(0, 0, 2),
			/** of one that is withdrawn: so many releases back its target is; 0 = it has none */
			back: fc.constantFrom(0, 1, 2, 3),
		}),
		{ maxLength: 8 },
	)
	.map((list) => {
		const times = list.map(({ releasedAt }) => releasedAt).sort((a, b) => a - b);
		return recordOf(
			...list.map(({ isPromoted, ahead, back, ...changes }, index) => {
				const releasedAt = times[index] ?? NOW;
				const betaReleasedAt = isPromoted && changes.channel === "stable" ? releasedAt - 300 : null;
				const own = changes.channel === "beta" && ahead > 0 ? { version: `1.${index + 1 + ahead}.1` } : {};
				const target = changes.withdrawn && back > 0 ? { revertTo: `1.${index + 1 - back}` } : {};
				return makeRelease(index + 1, { ...changes, ...own, ...target, releasedAt, betaReleasedAt });
			}),
		);
	});

export const anyGrant: fc.Arbitrary<Grant> = fc.record({
	from: seconds(3000),
	until: seconds(3000),
	grace: fc.integer({ min: 0, max: 2000 }),
	critical: fc.constantFrom(0, 1, 1000),
	delay: fc.constantFrom(0, 1, 500, 3000),
	emergencyDelay: fc.constantFrom(0, 1, 700),
});

const anyAudience: fc.Arbitrary<Audience> = fc.constantFrom<Audience>(
	{},
	{ models: ["FW-100"] },
	{ models: ["FW-900"] },
	{ engine: { min: "11.1" } },
	{ labels: { site: "berlin" } },
);

export const anyMessages: fc.Arbitrary<readonly Message[]> = fc
	.array(fc.record({ startsAt: seconds(2000), life: fc.integer({ min: 1, max: 3000 }), audience: anyAudience }), {
		maxLength: 5,
	})
	.map((list) =>
		list.map(({ startsAt, life, audience }, index) =>
			makeMessage(index + 1, { startsAt, endsAt: startsAt + life, audience }),
		),
	);
