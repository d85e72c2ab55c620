// What the callers of a history do, and what goes wrong meanwhile: drawn by fast-check, so that a history that fails shrinks
// to a short one.
import fc from "fast-check";

/**
 * What happens to an attempt. late: it arrives when its caller has given it up; dies_before, dies_after: the object dies in
 * its transaction, or between that and the answer
 */
export type Fault = "none" | "never_arrives" | "late" | "dies_before" | "dies_after" | "never_answers";

export type Act =
	| { readonly name: "activate"; readonly key: number; readonly code: "a" | "b" }
	| { readonly name: "renew" | "deactivate"; readonly key: number }
	| { readonly name: "status"; readonly key: number; readonly to: "active" | "suspended" | "revoked" }
	| { readonly name: "seats"; readonly to: number }
	| { readonly name: "taken" | "list" };

export interface Step {
	readonly act: Act;
	/** ms that the caller waits before it */
	readonly pauseMs: number;
	/** ms on the way to the object */
	readonly thereMs: number;
	/** ms on the way back */
	readonly backMs: number;
	/** of each attempt that fails; the one after the last of these has no fault */
	readonly faults: readonly Fault[];
}

export interface Plan {
	/** of the code's license; lease in seconds, 0 = fixed */
	readonly seats: number;
	readonly lease: number;
	/** of code b */
	readonly uses: number;
	/** how likely the object is to die at a step of its delivery */
	readonly crashes: number;
	/** ms at which it dies for no reason */
	readonly deaths: readonly number[];
	readonly seed: number;
	/** callers, each with its calls in order */
	readonly callers: readonly (readonly Step[])[];
}

const LEASE = 60;
const MOST_SEATS = 4;
const RUSH = { callers: 200, seats: 50 } as const;

const weighted = <T>(...choices: readonly (readonly [number, T])[]) =>
	fc.oneof(...choices.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })));
/** Some are in the way of each other more often. */
const key = weighted([4, 0], [3, 1], [2, 2], [1, 3]);

const act: fc.Arbitrary<Act> = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.record({
			name: fc.constant("activate" as const),
			key,
			code: weighted<"a" | "b">([3, "a"], [2, "b"]),
		}),
	},
	{ weight: 5, arbitrary: fc.record({ name: fc.constant("renew" as const), key }) },
	{ weight: 3, arbitrary: fc.record({ name: fc.constant("deactivate" as const), key }) },
	{
		weight: 3,
		arbitrary: fc.record({
			name: fc.constant("status" as const),
			key,
			to: weighted<"active" | "suspended" | "revoked">([2, "active"], [2, "suspended"], [1, "revoked"]),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({ name: fc.constant("seats" as const), to: fc.integer({ min: 1, max: MOST_SEATS }) }),
	},
	{ weight: 3, arbitrary: weighted<Act>([2, { name: "taken" }], [1, { name: "list" }]) },
);

const faults = fc.oneof(
	{ weight: 7, arbitrary: fc.constant<readonly Fault[]>([]) },
	{
		weight: 3,
		arbitrary: fc.array(
			weighted<Fault>([1, "never_arrives"], [2, "late"], [2, "dies_before"], [3, "dies_after"], [2, "never_answers"]),
			{ minLength: 1, maxLength: 2 },
		),
	},
);

/** Mostly at once; now and then about as long as a lease, or as the part of it after which it is renewed. */
const pauseMs = fc.oneof(
	{ weight: 5, arbitrary: fc.nat({ max: 400 }) },
	{ weight: 1, arbitrary: fc.integer({ min: (LEASE / 3 - 2) * 1_000, max: (LEASE / 3 + 2) * 1_000 }) },
	{ weight: 2, arbitrary: fc.integer({ min: (LEASE - 3) * 1_000, max: (LEASE + 3) * 1_000 }) },
);
const travelMs = fc.oneof(
	{ weight: 4, arbitrary: fc.nat({ max: 150 }) },
	{ weight: 1, arbitrary: fc.nat({ max: 4_000 }) },
);

const around = {
	lease: weighted([2, 0], [3, LEASE]),
	uses: fc.integer({ min: 1, max: 2 }),
	crashes: weighted([2, 0], [1, 0.05], [1, 0.2]),
	deaths: fc.array(fc.nat({ max: 20_000 }), { maxLength: 2 }),
	seed: fc.nat(),
};
const step = fc.record({ act, pauseMs, thereMs: travelMs, backMs: travelMs, faults });

/** A few callers that do anything, to the same few devices. */
const mixed: fc.Arbitrary<Plan> = fc.record({
	...around,
	seats: weighted([2, 1], [2, 2], [1, 3]),
	callers: fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 5 }),
});

/** Very many devices that want one of a few seats at once. */
const rush: fc.Arbitrary<Plan> = fc
	.record({
		...around,
		seats: fc.integer({ min: 1, max: RUSH.seats }),
		steps: fc.array(fc.record({ pauseMs: fc.nat({ max: 300 }), thereMs: travelMs, backMs: travelMs, faults }), {
			minLength: RUSH.callers / 2,
			maxLength: RUSH.callers,
		}),
	})
	.map(({ steps, ...rest }) => ({
		...rest,
		callers: steps.map((one, number) => [{ ...one, act: { name: "activate", key: number, code: "a" } }]),
	}));

export const plan: fc.Arbitrary<Plan> = fc.oneof({ weight: 49, arbitrary: mixed }, { weight: 1, arbitrary: rush });
