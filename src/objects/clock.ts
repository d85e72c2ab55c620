// The clock of the objects, and how far they believe that of who calls them. What a device claims about time never comes in here.

/** @returns unix seconds */
export function nowSeconds(): number {
	return Math.floor(Date.now() / 1_000);
}

/** The platform's clocks differ by milliseconds. One that is further ahead is wrong, and what waits for time must not go by it. */
export const MOST_AHEAD_SECONDS = 30;

/**
 * Has all methods of a class of objects read the times of their callers (`now`, and `at` of words that come in a list) against the
 * object's own clock: what lies further ahead counts as the last moment that is believed. An edge whose clock runs ahead can therefore
 * end no lease, pass no time in which a step is watched, and date nothing into the future. What it gave until a later time (`until`, beside
 * the time or in what was `said`) ends as much earlier, so that it lasts as long as meant. A time in the past stays: words come late.
 * To be called once, for the class; not for a method, so that none can be forgotten.
 */
export function capCallersClocks({ prototype }: { readonly prototype: object }): void {
	for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
		if (name === "constructor" || typeof value !== "function") continue;
		const method = value as (this: unknown, ...given: unknown[]) => unknown;
		Object.defineProperty(prototype, name, {
			...{ configurable: true, writable: true },
			value(this: unknown, ...given: unknown[]) {
				const latest = nowSeconds() + MOST_AHEAD_SECONDS;
				return method.apply(
					this,
					given.map((one) =>
						Array.isArray(one) ? one.map((word) => capped(word, "at", latest)) : capped(one, "now", latest),
					),
				);
			},
		});
	}
}

interface Told {
	readonly [key: string]: unknown;
}

function capped(given: unknown, name: "now" | "at", latest: number): unknown {
	if (given === null || typeof given !== "object") return given;
	const told = given as Told;
	const time = told[name];
	if (typeof time !== "number" || time <= latest) return given;
	const { said } = told;
	const isSaid = said !== null && typeof said === "object";
	return {
		...{ ...endingEarlier(told, time - latest), [name]: latest },
		...(isSaid && { said: endingEarlier(said as Told, time - latest) }),
	};
}

function endingEarlier(told: Told, seconds: number): Told {
	return typeof told["until"] === "number" ? { ...told, until: told["until"] - seconds } : told;
}
