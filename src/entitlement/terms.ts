// By which terms releases are chosen for a device that may have the product: those of its license, or, where every registered device may
// have the product, none but the ages that its license's tier and its account ask for.

import type { ByClass } from "../content/releases/release-facts.ts";
import type { Pass } from "./decide.ts";
import type { Grant } from "./devices/device-record.ts";
import { agesOf } from "./policy/account-policy.ts";
import type { DevicePolicy } from "./policy/device-policy.ts";

/** What of a grant decides which releases it covers: unix seconds, and seconds; `until` may be Infinity. */
export interface Terms extends Pick<Grant, "until" | "grace" | "delay" | "emergencyDelay"> {
	/** seconds that a release of a class must be old beside that; not given = as any */
	readonly classAges?: ByClass;
	/** the same of an emergency release */
	readonly emergencyClassAges?: ByClass;
}

/** @param policy of the device: it counts by itself where there is no grant that has it in its delays */
export function termsOf(pass: Pass, policy: DevicePolicy | null): Terms {
	const terms = licensedTerms(pass, policy);
	const { minAges: ages, passes } = policy ?? {};
	if (ages === undefined) return terms;
	return { ...terms, classAges: ages, ...(passes?.includes("emergency") !== true && { emergencyClassAges: ages }) };
}

function licensedTerms({ code, grant }: Pass, policy: DevicePolicy | null): Terms {
	if (code !== "registered") return grant;
	return { ...agesOf(policy), ...grant, until: Number.POSITIVE_INFINITY, grace: 0 };
}
