// The firewall's side as a library: what the package gives as `parapet/client`. The commands of `parapet device` are made of the same
// functions. A firewall is a state (a home folder, or any other that keeps FirewallState) and a session with its server; everything it
// says is authenticated by its key. Expected outcomes are values, refusals and lost lines are thrown as the errors at the end.
//
// Whole, with packages in the home folder: activateFirewall, createSession, updateFirewall. In steps, with packages wherever the caller
// wants them: checkForUpdates, permitInOffer or askPermit, fetchPackage, noteInstalled, reportInstalled.

export { CliError, ConnectionError, DiskError, type Refusal, ServerRefusal } from "../errors.ts";
export { askEntitlements, askPermit, type CheckResult, checkForUpdates } from "./check/check.ts";
export { acknowledgeMessages, type ReadMessages, readMessages } from "./check/messages.ts";
export { type HeardPulses, hearNothing, type WakeUp, waitForNews } from "./check/pulse.ts";
export { type FailedTries, pauseAfter } from "./check/retry.ts";
export { rememberHa } from "./ha.ts";
export {
	type DeviceAlgorithm,
	type FirewallHome,
	type FirewallState,
	type Identity,
	type Installed,
	type InstalledContent,
	keepInMemory,
	type PendingReport,
	type PrivateJwk,
	type StateByName,
	type StateName,
	type StateOf,
	type Token,
} from "./home/firewall-state.ts";
export { openHome } from "./home/state.ts";
export {
	type ActivationOptions,
	type ActiveIdentity,
	activateFirewall,
	deactivateFirewall,
	loadActiveIdentity,
} from "./identity/activation.ts";
export {
	type Clock,
	createSession,
	type FirewallRequest,
	type FirewallSession,
	type SessionOptions,
	systemClock,
} from "./identity/session.ts";
export type { ChangedRules } from "./installed/disabled-rules.ts";
export { rememberFailed } from "./installed/failed-content.ts";
export { type DamagedProduct, findDamaged } from "./installed/installed-content.ts";
export { type FetchedPackage, fetchPackage } from "./update/fetch-package.ts";
export { installPackage, noteInstalled } from "./update/install.ts";
export { permitInOffer } from "./update/offered-download.ts";
export { downloadPermitted, type PermittedDownload, type PermittedResult } from "./update/permitted-download.ts";
export { flushReports, type Outcome, reportInstalled, reportOutcome } from "./update/reports.ts";
export { createOfferJudge, type JudgeOffer, pinTrustRoot } from "./update/signed-offer.ts";
export { type UpdateOptions, updateFirewall } from "./update/update.ts";
export {
	answerAfter,
	type FailedUpdate,
	type ProductUpdate,
	type PutOffUpdate,
	type UpdateResult,
} from "./update/update-result.ts";
export type * from "./wire-types.ts";
