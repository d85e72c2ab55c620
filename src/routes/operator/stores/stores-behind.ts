// How a request is refused that would add to what the stores have not taken yet.
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";

/** A store takes some ten to some hundred records a second from one object, and a page waits. */
const RETRY_MIN_SECONDS = 2;
const RETRY_SPREAD_SECONDS = 3;

/** @throws ProblemError `unavailable`, with Retry-After in seconds */
export function refuseStoresBehind({ event }: RequestScope): never {
	const seconds = RETRY_MIN_SECONDS + Math.floor(Math.random() * RETRY_SPREAD_SECONDS);
	event.reason = "stores_behind";
	throw new ProblemError("unavailable", { headers: { "retry-after": String(seconds) } });
}
