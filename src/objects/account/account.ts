// One customer: licenses, auth codes, seats and devices. The platform runs each method's synchronous part alone, so what a
// method reads, decides and writes without waiting is one transaction: no seat is given twice. The rules are in
// entitlement/, the work is done at the desks. An account that was never created answers like one without content, and
// writes nothing.
import { DurableObject } from "cloudflare:workers";
import { holdsSeat, type LicenseStatus, type LicenseTerms } from "../../entitlement/license.ts";
import { formatRecord } from "../../storage/record-store.ts";
import { type AuditEntry, type Change, readAudit, readTrail, type TrailPage, type TrailQuery } from "../audit.ts";
import type { ObjectBindings } from "../bindings.ts";
import { nowSeconds } from "../clock.ts";
import type { Outbox } from "../outbox/outbox.ts";
import {
	type OwnedRecords,
	type RebuildResult,
	type RecordPageQuery,
	rebuildPage,
	type VerifyResult,
	verifyPage,
} from "../outbox/record-pages.ts";
import { Republisher } from "../outbox/republisher.ts";
import { createTables, openTables } from "../schema.ts";
import { type AccountDesks, openDesks } from "./account-desks.ts";
import { accountRecords, stepOf } from "./account-records.ts";
import type { AccountInfo } from "./account-tables.ts";
import type { ActivationInput, StatusChange } from "./device-desk.ts";
import { type Device, seatHolder } from "./device-tables.ts";
import type { HaReport, HaReportOutcome } from "./ha/ha-reports.ts";
import type { HaGroupChange, HaGroupInfo } from "./ha-desk.ts";
import type { ImportedDevice, ImportOutcome } from "./import-desk.ts";
import type { InstanceEvent, InstanceLaunch } from "./instance-desk.ts";
import type { ExplainedDevice, LicenseChange, LicenseInfo, NewCode } from "./license-desk.ts";
import type { Code } from "./license-tables.ts";
import type { LicenseUsage } from "./license-usage.ts";
import type { Replacement } from "./replacement-desk.ts";
import { ACCOUNT_SCHEMA } from "./schema.ts";
import type { RenewalOutcome } from "./seats/seat-desk.ts";
import type { Webhook } from "./webhooks/webhook-tables.ts";
import type { WebhookChange, WebhookResult } from "./webhooks/webhooks.ts";

const DEVICES_PER_PAGE = 1_000;
const CODES_PER_PAGE = 1_000;
/** As many records as the outbox delivers in a run. Not one page: the next alarm may have to wait for slow webhooks. */
const RENEWAL_PAGES_PER_RUN = 4;

export class Account extends DurableObject<ObjectBindings> {
	private readonly outbox: Outbox;
	readonly #desks: AccountDesks;
	readonly #republisher: Republisher;
	#exists: boolean;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env);
		this.#exists = openTables(ctx.storage, ACCOUNT_SCHEMA);
		const desks = openDesks(ctx.storage, env);
		const { account, outbox, alarm } = desks;
		this.#desks = desks;
		this.outbox = outbox;
		this.#republisher = new Republisher(ctx, outbox);
		const hasRenewals = () => this.#exists && outbox.isEmpty() && account.renewedTo() !== null;
		alarm.add({ dueMs: () => (hasRenewals() ? 0 : null), run: () => this.#renew() });
	}

	/** Creating an account that exists changes nothing. To be called before the Directory lists it. */
	async create(input: Change & { id: string; name: string }): Promise<AccountInfo> {
		const known = await this.info();
		if (known !== null) return known;
		const account: AccountInfo = { id: input.id, name: input.name, createdAt: input.now, licenseEpoch: 0 };
		this.ctx.storage.transactionSync(() => {
			createTables(this.ctx.storage, ACCOUNT_SCHEMA);
			this.#desks.account.insert(account);
			this.#desks.audit(input, "account.create", account.id, account.name);
		});
		this.#exists = true;
		return account;
	}

	async info(): Promise<AccountInfo | null> {
		return this.#exists ? this.#desks.account.info() : null;
	}

	async createLicense(input: Change & { id: string; terms: LicenseTerms }) {
		return this.#change("unknown_account", () => this.#desks.licenseDesk.create(input));
	}

	async listLicenses(now = nowSeconds()): Promise<LicenseInfo[]> {
		return this.#exists ? this.#desks.licenseDesk.list(now) : [];
	}

	/** @param id null = each license @param days of how many the peaks are wanted, today with them */
	async licenseUsage(id: string | null, now: number, days: number): Promise<LicenseUsage[]> {
		return this.#exists ? this.#desks.licenseDesk.usage(id, now, days) : [];
	}

	/** @param input see LicenseChange */
	async changeLicense(input: Change & LicenseChange) {
		return this.#change("unknown_license", () => this.#desks.licenseDesk.change(input));
	}

	/** Suspends, reinstates ("active") or revokes for good. The reason is kept in the audit trail. */
	async setLicenseStatus(input: Change & { id: string; status: LicenseStatus; reason: string }) {
		return this.#change("unknown_license", () => this.#desks.licenseDesk.setStatus(input));
	}

	/** Moves all devices that hold a seat of one license to another. */
	async transferLicense(input: Change & { id: string; to: string }) {
		return this.#change("unknown_license", () => this.#desks.licenseDesk.transfer(input));
	}

	async createCode(input: Change & NewCode) {
		return this.#change("unknown_account", () => this.#desks.licenseDesk.createCode(input));
	}

	/** @param after id of the last code of the page before */
	async listCodes(after = "", limit = CODES_PER_PAGE): Promise<Code[]> {
		return this.#exists ? this.#desks.licenseDesk.codes(after, limit) : [];
	}

	/** No device activates with it from now on; those that did stay. */
	async revokeCode(input: Change & { id: string }) {
		return this.#change("unknown_code", () => this.#desks.licenseDesk.revokeCode(input));
	}

	/** Takes a seat for a key, or finds that it has one. Asking again after a lost answer gives the same device. */
	async activate(input: ActivationInput) {
		return this.#change("unknown_code", () => this.#desks.deviceDesk.activate(input));
	}

	/** Takes over devices that an operator vouches for. The answer does not wait for any store. */
	async importDevices(
		input: Change & { devices: readonly ImportedDevice[] },
	): Promise<ImportOutcome | { readonly ok: false; readonly reason: "unknown_account" }> {
		if (!this.#exists) return { ok: false, reason: "unknown_account" };
		const outcome = this.ctx.storage.transactionSync(() => this.#desks.importDesk.importAll(input));
		// Never rejects. Also when the stores were behind: one that is well again is found out now.
		void this.outbox.deliver();
		return outcome;
	}

	/** Keeps, renews or takes back the seat of an elastic license. To be called for each token; tells the edges nothing. */
	async renewSeat(input: { deviceId: string; now: number }): Promise<RenewalOutcome> {
		if (!this.#exists) return { ok: false, reason: "unknown_device" };
		return this.ctx.storage.transactionSync(() => this.#desks.seatDesk.renew(input));
	}

	/** Takes what a device of an HA group says of itself with a check. What the edges are to know is delivered behind. */
	async reportHa(input: HaReport): Promise<HaReportOutcome> {
		if (!this.#exists) return "no_member";
		const outcome = this.ctx.storage.transactionSync(() => this.#desks.haReports.report(input));
		if (outcome === "taken") this.ctx.waitUntil(this.outbox.flush());
		return outcome;
	}

	/** The device gives up its seat; its key may come back under a code. */
	async deactivate(input: Change & { deviceId: string }) {
		return this.#change("unknown_device", () =>
			this.#desks.deviceDesk.changeStatus({ ...input, status: "deactivated", reason: "" }),
		);
	}

	/** Suspends, reinstates ("active") or revokes for good. The reason is kept in the audit trail. */
	async setDeviceStatus(input: StatusChange & { status: "active" | "suspended" | "revoked" }) {
		return this.#change("unknown_device", () => this.#desks.deviceDesk.changeStatus(input));
	}

	/** Refuses a device from now on, and gives its place to another appliance, now or when that activates. */
	async replaceDevice(input: Replacement) {
		return this.#change("unknown_device", () => this.#desks.replacementDesk.replace(input));
	}

	/** @param after id of the last group of the page before */
	async listHaGroups(after: string, limit: number, now: number): Promise<HaGroupInfo[]> {
		return this.#exists ? this.#desks.haDesk.list(after, limit, now) : [];
	}

	async haGroup(id: string, now: number): Promise<HaGroupInfo | null> {
		return this.#exists ? this.#desks.haDesk.read(id, now) : null;
	}

	/** Makes, changes or removes an HA group, or has a device join or leave it. */
	async changeHaGroup(change: HaGroupChange) {
		return this.#change("unknown_account", () => this.#desks.haDesk.change(change));
	}

	/** Makes the code of an instance's launch, or finds it. */
	async launchInstance(input: InstanceLaunch) {
		return this.#change("unknown_license", () => this.#desks.instanceDesk.launch(input));
	}

	/** Frees the seats of an instance that is gone; its codes are revoked. */
	async terminateInstance(input: InstanceEvent) {
		return this.#change("unknown_account", () => this.#desks.instanceDesk.terminate(input));
	}

	/** @param after id of the last device of the page before */
	async listDevices(after = "", limit = DEVICES_PER_PAGE): Promise<Device[]> {
		return this.#exists ? this.#desks.devices.devices(after, limit) : [];
	}

	async device(deviceId: string): Promise<Device | null> {
		return this.#exists ? this.#desks.devices.device(deviceId) : null;
	}

	/** What an answer to the device rests on: the device, its license with the seats that are taken, and its own one. */
	async explainDevice(deviceId: string, now: number): Promise<ExplainedDevice | null> {
		const device = await this.device(deviceId);
		if (device === null) return null;
		const group = device.haGroup === null ? null : this.#desks.groups.group(device.haGroup);
		return {
			device,
			license: this.#desks.licenseDesk.read(device.license, now),
			seat: holdsSeat(device.status) ? this.#desks.seatDesk.seats.seat(seatHolder(device)) : null,
			ha: group && this.#desks.haReports.describe(group),
		};
	}

	/** @returns the record in its stored form, as the stores should have it; they get it again soon */
	async readRecord(key: string): Promise<string | null> {
		const { devices, haReports } = this.#desks;
		const step = this.#exists ? stepOf(key, devices, haReports) : null;
		if (step === null) return null;
		this.#republisher.offer(step);
		return formatRecord(key, step);
	}

	/** Delivers a page of its records again; null if there is no such account. */
	async rebuildRecords(query: RecordPageQuery): Promise<RebuildResult | null> {
		return this.#exists ? rebuildPage(this.outbox, this.#records(), query) : null;
	}

	/** Compares a page of its records with the stores; null if there is no such account. */
	async verifyRecords(query: RecordPageQuery): Promise<VerifyResult | null> {
		return this.#exists ? verifyPage(this.outbox, this.#records(), query) : null;
	}

	async audit(limit: number): Promise<AuditEntry[]> {
		return this.#exists ? readAudit(this.ctx.storage.sql, limit) : [];
	}

	/** @param device only what is about it and those that it replaced @returns null where there is no such account or device */
	async events(query: TrailQuery, device?: string): Promise<TrailPage | null> {
		if (!this.#exists) return null;
		if (device === undefined) return readTrail(this.ctx.storage.sql, query);
		const subjects = this.#desks.devices.lineage(device);
		return subjects.length === 0 ? null : readTrail(this.ctx.storage.sql, { ...query, subjects });
	}

	/** @returns null where there is no such account */
	async listWebhooks(): Promise<readonly Webhook[] | null> {
		return this.#exists ? this.#desks.webhooks.list() : null;
	}

	async changeWebhook(change: WebhookChange): Promise<WebhookResult> {
		return this.#exists ? this.#desks.webhooks.change(change) : { ok: false, reason: "unknown_account" };
	}

	override async alarm(): Promise<void> {
		if (!this.#exists) return;
		await this.#desks.alarm.ring();
		await this.#desks.lasting.renew(nowSeconds());
	}

	#records(): OwnedRecords {
		return accountRecords(this.#desks.devices, this.#desks.haReports, this.#desks.account);
	}

	/** One page at a time, so that what is changed meanwhile comes between. */
	async #renew(): Promise<void> {
		for (let page = 0; page < RENEWAL_PAGES_PER_RUN && this.#desks.account.renewedTo() !== null; page++) {
			if (!this.outbox.isEmpty()) break;
			this.ctx.storage.transactionSync(() => this.outbox.add(this.#desks.deviceDesk.takeRenewals()));
			await this.outbox.deliver();
		}
	}

	/**
	 * Runs a change as one transaction.
	 * @param unknown the reason to refuse where there is no account
	 * @returns what came of it and, of a success, whether all that it sets off has arrived
	 */
	async #change<R extends { readonly ok: boolean }, U extends string>(
		unknown: U,
		change: () => R,
	): Promise<Settled<R> | { readonly ok: false; readonly reason: U }> {
		if (!this.#exists) return { ok: false, reason: unknown };
		const result = this.ctx.storage.transactionSync(change);
		return settled(result, !result.ok || (await this.outbox.flush()));
	}
}

type Settled<R> = R extends { readonly ok: true } ? R & { readonly published: boolean } : R;

function settled<R extends { readonly ok: boolean }>(result: R, published: boolean): Settled<R>;
function settled(result: { readonly ok: boolean }, published: boolean) {
	return result.ok ? { ...result, published } : result;
}
