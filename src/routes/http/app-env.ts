// What the router hands from one handler to the next.
import type { Context } from "hono";
import type { SharedView } from "../../content/heads-record.ts";
import type { Change } from "../../objects/audit.ts";
import type { RequestScope } from "../../request-scope.ts";
import type { OpenedAccessToken } from "../../signing/access-token.ts";

/** A device by its token. */
export interface DeviceCaller extends OpenedAccessToken {
	/** under which it was let in, and under which the rest of its request is decided */
	readonly view: SharedView;
	/** what ties ETags and offers to the token */
	readonly tail: string;
}

export interface AppEnv {
	Bindings: RequestScope;
	Variables: {
		/** set by `requireDevice` */
		caller: DeviceCaller;
		/** set by `requireKey`: to whom the API key was given */
		subject: string;
		/** set by `requireDeviceOrOperator`: the device that asks, null = an operator */
		askingDevice: DeviceCaller | null;
	};
}

/** What each change brings with it that the holder of the API key makes now. Behind `requireKey` only. */
export function changeBy(c: Context<AppEnv>): Change {
	return { actor: c.var.subject, now: c.env.now };
}
