// Pulses in a public R2 bucket, from which a CDN serves them. One object writes them all, one at a time, but R2 does not
// cancel a write that its caller has given up. So each write replaces exactly what was there before it: one that lands late
// finds something newer and fails, and no pulse goes back. What was there before cannot come again, or an early write would be let
// through: a pulse's value is that of a revision, and revisions only rise.
import { PULSE_MAX_AGE_SECONDS } from "../content/check/pulse.ts";
import { pulseKey } from "./keys.ts";

const PULSE: Pick<R2PutOptions, "httpMetadata"> = {
	httpMetadata: { contentType: "application/json", cacheControl: `public, max-age=${PULSE_MAX_AGE_SECONDS}` },
};

export interface PulseStore {
	/** @throws when it is not known whether the pulse was written, or another write came between; the caller tries again */
	put(name: string, body: unknown): Promise<void>;
}

export function createR2PulseStore(bucket: R2Bucket): PulseStore {
	return {
		async put(name, body) {
			const key = pulseKey(name);
			const before = await bucket.head(key);
			const onlyIf = before === null ? { etagDoesNotMatch: "*" } : { etagMatches: before.etag };
			const written = await bucket.put(key, JSON.stringify(body), { ...PULSE, onlyIf });
			if (written === null) throw new Error("another write of the pulse came between");
		},
	};
}
