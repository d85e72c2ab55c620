// What the router hands from one handler to the next.
import type { Context } from "hono";
import type { SharedView } from "../../content/heads-record.ts";
import type { HeldScope } from "../../entitlement/keys/key-scopes.ts";
import type { Change } from "../../objects/audit.ts";
import type { OnceRequest } from "../../objects/product/once-desk.ts";
import type { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";
import type { OpenedAccessToken } from "../../signing/sealed/access-token.ts";
import { callerAddress } from "./rate-limit.ts";

/** A device by its token. */
export interface DeviceCaller extends OpenedAccessToken {
	/** under which it was let in, and under which the rest of its request is decided */
	readonly view: SharedView;
	/** what ties ETags and offers to the token */
	readonly tail: string;
}

/** Whoever called with an API key, or with a token of trusted publishing. */
export interface KeyHolder {
	/** the key's id, or `bootstrap`; of a token its publisher's id */
	readonly key: string;
	/** to whom it was given */
	readonly subject: string;
	readonly scopes: readonly HeldScope[];
	/** for which its holder speaks in rollouts; null = for none */
	readonly team: string | null;
	/** unix seconds; null = never */
	readonly expiresAt: number | null;
	/** of a token: which run of CI has it */
	readonly run?: string;
}

export interface AppEnv {
	Bindings: RequestScope;
	Variables: {
		/** set by `requireDevice` */
		caller: DeviceCaller;
		/** set by the access of a route that takes API keys; not on one that a device may have asked */
		holder: KeyHolder;
		/** set by `deviceOrOperatorAccess`: the device that asks, null = the holder of an API key */
		askingDevice: DeviceCaller | null;
		/** the request as its `Idempotency-Key` names it; set where it has one */
		once: OnceRequest | undefined;
		/** set where the body cannot be read as JSON, which the router's validation finds out without saying why */
		bodyProblem: ProblemError | undefined;
	};
}

/** What each change brings with it that the holder of the API key makes now. Behind the access of a route that takes API keys only. */
export function changeBy(c: Context<AppEnv>): Change {
	const { key, subject, run } = c.var.holder;
	const via = {
		key,
		...(run !== undefined && { run }),
		requestId: c.env.requestId(),
		address: callerAddress(c.req.raw),
	};
	return { actor: subject, now: c.env.now, via };
}
