// Is there one order of the calls of a history, in keeping with who ended before whom began, in which a sequential
// specification gives the answers that were got? Decided by search, with what is known to lead nowhere remembered. Pure; it
// knows nothing of what the calls do.
//
// Herlihy, Wing: "Linearizability: A Correctness Condition for Concurrent Objects", ACM TOPLAS 12(3), 1990. The search is
// that of Wing, Gong: "Testing and Verifying Concurrent Objects", J. Parallel Distrib. Comput. 17, 1993, with the memory of
// Lowe: "Testing for linearizability", Concurrency Comput. Pract. Exper. 29(4), 2017.

/** One call, as its caller saw it. */
export interface Call<I, O> {
	readonly input: I;
	/** places in the history: of two calls, one that returned before the other was invoked came first */
	readonly invoked: number;
	/** null: no answer came. It may have taken effect, at any time after it was invoked, or never */
	readonly returned: number | null;
	/** undefined where no answer came; with a place above, others have seen that it had taken effect by then */
	readonly output: O | undefined;
	/** where no answer came: what was invoked after that place came after it, if it took effect at all; default: never */
	readonly lapsed?: number;
}

/** What the calls may do when they come one after the other. */
export interface Specification<S, I, O> {
	readonly initial: S;
	/**
	 * @returns the states after a call that gives this output (any, where it is undefined); none if it cannot give it here.
	 * A call that leaves the state as it is must return that very state
	 * @param first of the calls that are to come, this among them, the one that returned first: so this took effect by then
	 */
	next(state: S, call: Call<I, O>, first: Call<I, O>): readonly S[];
	/** @returns whether calls with this output only look: where they leave the state as it is, they need not come later */
	isReading(call: Call<I, O>): boolean;
	/** @returns the same for states that no call can tell apart */
	keyOf(state: S): string;
}

export type Verdict<I, O> =
	/** `order`: one that explains the answers; calls without an answer that are not in it had no effect */
	| { readonly ok: true; readonly order: readonly Call<I, O>[] }
	/** `longest`: as many calls as can be explained; not_linearizable: no order does; undecided: the steps ran out */
	| {
			readonly ok: false;
			readonly reason: "not_linearizable" | "undecided";
			readonly longest: readonly Call<I, O>[];
	  };

const MAX_STEPS = 3_000_000;

/**
 * @param calls in any order
 * @param maxSteps calls tried on states before it gives up: the problem is NP-complete
 * @returns whether the history is linearizable
 */
export function checkLinearizable<S, I, O>(
	specification: Specification<S, I, O>,
	calls: readonly Call<I, O>[],
	maxSteps = MAX_STEPS,
): Verdict<I, O> {
	return new Search(specification, calls, maxSteps).run();
}

class Search<S, I, O> {
	readonly #specification: Specification<S, I, O>;
	/** those that returned first come first: one of the calls that are open then has to be the next */
	readonly #calls: readonly Call<I, O>[];
	readonly #done: boolean[];
	readonly #seen = new Set<string>();
	readonly #order: Call<I, O>[] = [];
	#longest: readonly Call<I, O>[] = [];
	#steps: number;

	constructor(specification: Specification<S, I, O>, calls: readonly Call<I, O>[], maxSteps: number) {
		this.#specification = specification;
		this.#calls = calls.toSorted((one, other) => returnOf(one) - returnOf(other) || one.invoked - other.invoked);
		this.#done = calls.map(() => false);
		this.#steps = maxSteps;
	}

	run(): Verdict<I, O> {
		if (this.#explain(this.#specification.initial, 0, 0n, 0)) return { ok: true, order: [...this.#order] };
		const reason = this.#steps > 0 ? "not_linearizable" : "undecided";
		return { ok: false, reason, longest: this.#longest };
	}

	/** @param from place before which every call is done @param mask of those that are @param latest of them: when invoked */
	#explain(state: S, from: number, mask: bigint, latest: number): boolean {
		let first = from;
		while (this.#done[first]) first += 1;
		const firstCall = this.#calls[first];
		const limit = returnOf(firstCall);
		// Nobody got an answer from those that are left.
		if (firstCall === undefined || limit === Number.POSITIVE_INFINITY) return true;
		const key = `${mask.toString(36)} ${this.#specification.keyOf(state)}`;
		if (this.#seen.has(key)) return false;
		this.#seen.add(key);
		const lapsesNext = this.#nextLapse(first, latest);
		const choices: { readonly place: number; readonly states: readonly S[] }[] = [];
		for (let place = first; place < this.#calls.length; place++) {
			const call = this.#calls[place];
			if (call === undefined || this.#done[place] || call.invoked > limit) continue;
			if (latest > (call.lapsed ?? Number.POSITIVE_INFINITY)) continue;
			if (this.#steps-- <= 0) return false;
			const states = this.#specification.next(state, call, firstCall);
			// It saves trying all orders of those who only look, and of those who were refused. Unless they shut somebody out.
			const isFree = call.returned !== null && call.invoked <= lapsesNext;
			if (isFree && states.includes(state) && this.#specification.isReading(call)) {
				return this.#explainAfter(place, state, first, mask, latest);
			}
			// Without an answer and without an effect, it may as well not have come yet.
			choices.push({ place, states: call.returned === null ? states.filter((after) => after !== state) : states });
		}
		return choices.some(({ place, states }) =>
			states.some((after) => this.#explainAfter(place, after, first, mask, latest)),
		);
	}

	/** @returns the first place at which a call lapses that has not yet, and may come next */
	#nextLapse(first: number, latest: number): number {
		let next = Number.POSITIVE_INFINITY;
		for (let place = first; place < this.#calls.length; place++) {
			const lapsed = this.#calls[place]?.lapsed;
			if (lapsed !== undefined && lapsed >= latest && !this.#done[place]) next = Math.min(next, lapsed);
		}
		return next;
	}

	#explainAfter(place: number, after: S, from: number, mask: bigint, latest: number): boolean {
		const call = this.#calls[place];
		if (call === undefined) return false;
		this.#done[place] = true;
		if (this.#order.push(call) > this.#longest.length) this.#longest = [...this.#order];
		if (this.#explain(after, from, mask | (1n << BigInt(place)), Math.max(latest, call.invoked))) return true;
		this.#done[place] = false;
		this.#order.pop();
		return false;
	}
}

function returnOf(call: Call<unknown, unknown> | undefined): number {
	return call?.returned ?? Number.POSITIVE_INFINITY;
}
