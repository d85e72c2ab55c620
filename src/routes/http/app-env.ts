// What the router hands from one handler to the next.
import type { SharedView } from "../../content/heads-record.ts";
import type { RequestScope } from "../../request-scope.ts";
import type { VerifiedAccessToken } from "../../signing/access-token.ts";

/** A device by its verified token. */
export interface DeviceCaller extends VerifiedAccessToken {
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
