// One customer: licenses, auth codes, seats and devices. What a method reads, decides and writes without waiting is one transaction: no
// seat is given twice. Rules: entitlement/; work: the desks. An account that was never created answers like an empty one, and writes nothing.
import type { LicenseStatus, LicenseTerms } from "../../entitlement/licenses/license.ts";
import type { DeviceWord } from "../../fleet/device-state.ts";
import type { MessageAck, Receipt } from "../../fleet/message-receipt.ts";
import type { Change, TrailPage, TrailQuery } from "../audit.ts";
import type { ObjectBindings } from "../bindings.ts";
import { capCallersClocks, nowSeconds } from "../clock.ts";
import { KeptObject } from "../kept-object.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { type RecordPageQuery, rebuildPage, verifyPage } from "../outbox/record-pages.ts";
import { Republisher } from "../outbox/republisher.ts";
import { UNKNOWN_OWNER, type WebhookOrder, type WebhookResult } from "../webhooks/webhooks.ts";
import { createAccount } from "./account-desk.ts";
import { type AccountDesks, openDesks } from "./account-desks.ts";
import { accountRecords, readOwnRecord } from "./account-records.ts";
import type { AccountInfo } from "./account-tables.ts";
import { readAccountTrail } from "./account-trail.ts";
import type { CertificateChange } from "./devices/certificate-desk.ts";
import { type AccountClaimOrder, type AccountClaims, claimsOfNobody } from "./devices/claim-desk.ts";
import type { ActivationInput, ChannelChange, LabelChange, StatusChange } from "./devices/device-desk.ts";
import type { Device } from "./devices/device-tables.ts";
import { type ExplainedDevice, explainDevice } from "./devices/explained-device.ts";
import type { ImportedDevice, ImportOutcome } from "./devices/import-desk.ts";
import type { Replacement } from "./devices/replacement-desk.ts";
import type { DevicePage, DeviceQuery } from "./fleet/device-search.ts";
import { type ForkAnswer, type ForkOrder, NO_FORKS } from "./fleet/lineage-desk.ts";
import { NO_RECEIPTS, type ReceiptPage, type ReceiptQuery } from "./fleet/receipt-desk.ts";
import type { AskedSummary } from "./fleet/summary-desk.ts";
import type { TripwireOrder, TripwireSetting } from "./fleet/tripwire-desk.ts";
import type { HaGroupInfo, HaGroupOrder } from "./ha/ha-desk.ts";
import type { HaLockOutcome, HaLockQuestion, HaLockReport } from "./ha/ha-locks.ts";
import type { HaReport, HaReportOutcome } from "./ha/ha-reports.ts";
import type { InstanceEvent, InstanceLaunch } from "./instances/instance-desk.ts";
import type { LicenseChange, LicenseInfo, NewCode } from "./licenses/license-desk.ts";
import type { PolicyChange } from "./policy/policy-desk.ts";
import { type RewindAnswer, type RewindStep, takeRewindStep } from "./rewind.ts";
import { ACCOUNT_SCHEMA } from "./schema.ts";
import { type RenewalOutcome, UNKNOWN_DEVICE } from "./seats/seat-desk.ts";
import { type Outcome, type Refused, type Settled, settleChange } from "./settled-change.ts";
import { describeFleet, tendAccount } from "./tend-account.ts";

export class Account extends KeptObject {
	private readonly outbox: Outbox;
	readonly #desks: AccountDesks;
	readonly #republisher: Republisher;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env, ACCOUNT_SCHEMA);
		this.#desks = openDesks(ctx.storage, env);
		this.outbox = this.#desks.outbox;
		this.#republisher = new Republisher(ctx, this.outbox, () => this.#desks.account.renewedTo() !== null);
		this.wakeBy(this.#desks.alarm);
	}

	/** Creating an account that exists changes nothing. To be called before the Directory lists it. */
	async create(input: Change & { id: string; name: string }): Promise<AccountInfo> {
		const account =
			(await this.info()) ?? createAccount(this.ctx.storage, () => this.createTables(), this.#desks, input);
		this.exists = true;
		return account;
	}

	async info(): Promise<AccountInfo | null> {
		return this.exists ? this.#desks.account.info() : null;
	}

	/** @param input `version` as the Directory has counted */
	async noteName(input: Change & { name: string; version: number }) {
		return this.#change("unknown_account", () => this.#desks.accountDesk.noteName(input));
	}

	async closeAccount(input: Change & { reason: string }) {
		return this.#change("unknown_account", () => this.#desks.accountDesk.close(input));
	}

	async createLicense(input: Change & { id: string; terms: LicenseTerms }) {
		return this.#change("unknown_account", () => this.#desks.licenseDesk.create(input));
	}

	async listLicenses(now = nowSeconds()): Promise<LicenseInfo[]> {
		return this.exists ? this.#desks.licenseDesk.list(now) : [];
	}

	async license(id: string, now: number): Promise<LicenseInfo | null> {
		return this.exists ? this.#desks.licenseDesk.read(id, now) : null;
	}

	/** @param id null = each license @param days of how many the peaks are wanted, today with them */
	async licenseUsage(id: string | null, now: number, days: number) {
		return this.exists ? this.#desks.licenseDesk.usage(id, now, days) : [];
	}

	async changeLicense(input: Change & LicenseChange) {
		return this.#change("unknown_license", () => this.#desks.licenseDesk.change(input));
	}

	/** Suspends, reinstates ("active") or revokes for good. The reason is kept in the audit trail. */
	async setLicenseStatus(input: Change & { id: string; status: LicenseStatus; reason: string }) {
		return this.#change("unknown_license", () => this.#desks.licenseDesk.setStatus(input));
	}

	/** Begins to move all devices that hold a seat of one license to another; see LicenseTransfer. */
	async transferLicense(input: Change & { id: string; to: string }) {
		return this.#change("unknown_license", () => this.#desks.licenseTransfer.begin(input));
	}

	async createCode(input: Change & NewCode) {
		return this.#change("unknown_account", () => this.#desks.licenseDesk.createCode(input));
	}

	/** @param after id of the last code of the page before @returns null when the account has no such code */
	async listCodes(after = "", limit = 1_000) {
		if (this.exists) return this.#desks.licenseDesk.codes(after, limit);
		return after === "" ? [] : null;
	}

	/** No device activates with it from now on; those that did stay. */
	async revokeCode(input: Change & { id: string }) {
		return this.#change("unknown_code", () => this.#desks.licenseDesk.revokeCode(input));
	}

	/** Takes a seat for a key, or finds that it has one. Asking again after a lost answer gives the same device. */
	async activate(input: ActivationInput) {
		const desk = input.claim === undefined ? this.#desks.deviceDesk : this.#desks.claimDesk;
		return this.#change("unknown_code", () => desk.activate(input));
	}

	/** Takes over devices that an operator vouches for. The answer does not wait for any store. */
	async importDevices(input: Change & { devices: readonly ImportedDevice[] }) {
		const unknown = { ok: false, reason: "unknown_account" } as const;
		const outcome = this.#alone<ImportOutcome | typeof unknown>(unknown, () => this.#desks.importDesk.importAll(input));
		// Never rejects. Also when the stores were behind: one that is well again is found out now.
		if (this.exists) void this.outbox.deliver();
		return outcome;
	}

	/** Keeps, renews or takes back the seat of an elastic license. To be called for each token; tells the edges nothing. */
	async renewSeat(input: { deviceId: string; now: number }): Promise<RenewalOutcome> {
		return this.#alone<RenewalOutcome>(UNKNOWN_DEVICE, () => this.#desks.seatDesk.renew(input));
	}

	/** Takes what a device of an HA group says of itself with a check. What the edges are to know is delivered behind. */
	async reportHa(input: HaReport): Promise<HaReportOutcome> {
		const outcome = this.#alone<HaReportOutcome>("no_member", () => this.#desks.haReports.report(input));
		if (outcome === "taken") this.ctx.waitUntil(this.outbox.flush());
		return outcome;
	}

	async askHaLock(input: HaLockQuestion): Promise<HaLockOutcome> {
		return this.#alone({ ok: true, at: null, peers: [], isUnlocked: false }, () => this.#desks.haLocks.ask(input));
	}

	async hearHaLock(input: HaLockReport): Promise<void> {
		this.#alone(undefined, () => this.#desks.haLocks.hear(input));
	}

	/** Suspends, reinstates ("active") or revokes for good; deactivated it gives up its seat, and its key may come back under a code. */
	async setDeviceStatus(input: StatusChange) {
		return this.#change("unknown_device", () => this.#desks.deviceDesk.changeStatus(input));
	}

	/** Serial numbers that devices may come with without a code: listed, claimed, given back. */
	async claims(order: AccountClaimOrder): Promise<AccountClaims> {
		return this.#alone(claimsOfNobody(order), () => this.#desks.claimDesk.obey(order));
	}

	/** By which certificates the device is known from now on, or by its key again; the rest of it stays. */
	async setCertificate(input: CertificateChange) {
		return this.#change("unknown_device", () => this.#desks.certificateDesk.change(input));
	}
	async changeDevice(input: ChannelChange | LabelChange) {
		return this.#change("unknown_device", () => this.#desks.deviceDesk.change(input));
	}

	/** Refuses a device from now on, and gives its place to another appliance, now or when that activates. */
	async replaceDevice(input: Replacement) {
		return this.#change("unknown_device", () => this.#desks.replacementDesk.replace(input));
	}

	async listHaGroups(after: string, limit: number, now: number): Promise<HaGroupInfo[]> {
		return this.exists ? this.#desks.haDesk.list(after, limit, now) : [];
	}
	async haGroup(id: string, now: number): Promise<HaGroupInfo | null> {
		return this.exists ? this.#desks.haDesk.read(id, now) : null;
	}
	async changeHaGroup(order: Change & HaGroupOrder) {
		return this.#change("unknown_account", () => this.#desks.haDesk.obey(order));
	}

	async policy() {
		return this.exists ? this.#desks.policyDesk.read() : null;
	}
	async changePolicy(input: Change & PolicyChange) {
		return this.#change("unknown_account", () => this.#desks.policyDesk.change(input));
	}

	/** Makes the code of an instance's launch, or finds it. */
	async launchInstance(input: InstanceLaunch) {
		return this.#change("unknown_license", () => this.#desks.instanceDesk.launch(input));
	}

	/** Frees the seats of an instance that is gone; its codes are revoked. */
	async terminateInstance(input: InstanceEvent) {
		return this.#change("unknown_account", () => this.#desks.instanceDesk.terminate(input));
	}

	async listDevices(after = "", limit = 1_000): Promise<Device[]> {
		return this.exists ? this.#desks.devices.devices(after, limit) : [];
	}

	async hearDevices(words: readonly DeviceWord[]): Promise<void> {
		this.#alone(undefined, () => this.#desks.stateDesk.hear(words));
	}

	async forks(order: ForkOrder): Promise<ForkAnswer> {
		return this.#alone<ForkAnswer>(NO_FORKS, () => this.#desks.lineageDesk.obey(order));
	}
	async tripwire(order: TripwireOrder): Promise<TripwireSetting | null> {
		return this.#alone(null, () => this.#desks.tripwireDesk.obey(order));
	}

	async acknowledgeMessage(input: MessageAck): Promise<Receipt | null> {
		return this.#alone(null, () => this.#desks.receiptDesk.acknowledge(input));
	}
	async messageReceipts(query: ReceiptQuery): Promise<ReceiptPage> {
		return this.exists ? this.#desks.receiptDesk.read(query) : NO_RECEIPTS;
	}

	async findDevices(query: DeviceQuery): Promise<DevicePage> {
		return this.exists ? this.#desks.deviceSearch.find(query) : { devices: [], next: null };
	}

	/** Null where there is no such account. @param isToldToo the Census is told now as well, and serial numbers */
	async fleet(now: number, isToldToo = false): Promise<AskedSummary | null> {
		return this.exists ? describeFleet(this.#desks, now, isToldToo) : null;
	}

	async device(deviceId: string): Promise<Device | null> {
		return this.exists ? this.#desks.devices.device(deviceId) : null;
	}

	async givenUp(deviceIds: readonly string[], since: readonly number[] = []): Promise<string[]> {
		return this.exists ? this.#desks.deviceDesk.givenUp(deviceIds, since) : [];
	}

	/** What an answer to the device rests on. */
	async explainDevice(deviceId: string, now: number): Promise<ExplainedDevice | null> {
		return this.exists ? explainDevice(this.#desks, deviceId, now) : null;
	}

	/** @returns the record in its stored form, as the stores should have it; they get it again soon */
	async readRecord(key: string): Promise<string | null> {
		return this.exists ? readOwnRecord(this.#desks, this.#republisher, key) : null;
	}

	/** Delivers a page of its records again; null if there is no such account. */
	async rebuildRecords(query: RecordPageQuery) {
		return this.exists ? rebuildPage(this.outbox, accountRecords(this.#desks), query) : null;
	}

	/** Compares a page of its records with the stores; null if there is no such account. */
	async verifyRecords(query: RecordPageQuery) {
		return this.exists ? verifyPage(this.outbox, accountRecords(this.#desks), query) : null;
	}

	/** What the daily round does here, a page at a time; null if there is no such account. */
	async tend(after: string) {
		return this.exists ? tendAccount(this.#desks, after, nowSeconds()) : null;
	}

	/** A step of setting it back to an earlier time; null where there is no such account. */
	async rewind(step: RewindStep): Promise<RewindAnswer | null> {
		return this.exists ? takeRewindStep(this.ctx, this.#desks, step) : null;
	}

	/** @param device only what is about it and those that it replaced @returns null where there is no such account or device */
	async events(query: TrailQuery, device?: string): Promise<TrailPage | null> {
		return this.exists ? readAccountTrail(this.ctx.storage.sql, this.#desks.devices, query, device) : null;
	}

	async listWebhooks() {
		return this.exists ? this.#desks.webhooks.list() : null;
	}
	async changeWebhook(order: WebhookOrder): Promise<WebhookResult> {
		return this.exists ? this.#desks.webhooks.obey(order) : UNKNOWN_OWNER;
	}

	/** What tells the edges nothing, in a transaction. @param absent the answer where there is no account */
	#alone<R>(absent: R, work: () => R): R {
		return this.exists ? this.ctx.storage.transactionSync(work) : absent;
	}

	/** @param unknown the reason to refuse where there is no account */
	async #change<R extends Outcome, U extends string>(unknown: U, change: () => R): Promise<Settled<R> | Refused<U>> {
		if (!this.exists) return { ok: false, reason: unknown };
		return settleChange(this.ctx.storage, this.outbox, change);
	}
}
capCallersClocks(Account);
