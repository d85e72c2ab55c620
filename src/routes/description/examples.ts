// Example values of the fields on the wire, by their names, which mean the same everywhere. Where a name means several things,
// the name of the body stands before it. All of them belong to one made-up fleet, so that examples fit together.
import { DEVICE_EXAMPLES } from "./examples/devices.ts";
import { OPERATION_EXAMPLES } from "./examples/operation.ts";
import { ROLLOUT_EXAMPLES } from "./examples/rollouts.ts";

/** Field → example; `Body.field` goes before `field`. */
export const EXAMPLES: Readonly<Record<string, unknown>> = {
	...DEVICE_EXAMPLES,
	...OPERATION_EXAMPLES,
	...ROLLOUT_EXAMPLES,
};

/** What may be left out, and is in examples, by the same names. */
export const LEFT_OUT: ReadonlySet<string> = new Set([
	"degraded",
	"Permit.as_of",
	"Messages.as_of",
	"Entitlements.as_of",
	"ProductEntitlement.as_of",
	"Explanation.as_of",
	"DeviceLineResult.code",
	"DeviceLineResult.errors",
	"DeviceLine.id",
	"DeviceLine.activated_at",
	"DeviceLine.ha_group",
	"NewAuthCode.ha_group",
	"NewAuthCode.serial",
	"NewAuthCode.model",
	"NewAuthCode.instance",
	"NewLicense.product_validity",
	"NewLicense.starts_at",
	"NewLicense.critical_days",
	"NewLicense.overage",
	"NewLicense.kind",
	"NewLicense.lease_minutes",
	"LicenseChange.products",
	"LicenseChange.product_validity",
	"LicenseChange.starts_at",
	"LicenseChange.grace_days",
	"LicenseChange.critical_days",
	"LicenseChange.delay_hours",
	"LicenseChange.emergency_delay_hours",
	"LicenseChange.overage",
	"LicenseChange.lease_minutes",
	"NewMessage.starts_at",
	"NewRelease.starts_at",
	"NewRelease.plan",
	"NewApiKey.team",
	"POST /v1/products.team",
	"ProductChange.team",
	"ChangedHaSettings.name",
	"ChangedHaSettings.mode",
	"POST /v1/reports.detail",
	"POST /oauth2/token.client_id",
	"POST /oauth2/token.scope",
	"RecordPage.store",
	"RecordPage.after",
	"AutoscalingAnswer.note",
	"AutoscalingAnswer.deactivated",
	"LaunchEvent.at",
	"TerminateEvent.at",
	"OAuthError.server_time",
]);
