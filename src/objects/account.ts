// One customer: licenses, auth codes, seats and devices. The platform runs each method's synchronous part alone, so what a
// method reads, decides and writes without waiting is one transaction: no seat is given twice. The rules are in
// entitlement/. An account that was never created answers like one without content, and writes nothing.
import { DurableObject } from "cloudflare:workers";
import type { Labels } from "../content/names.ts";
import {
	type ActivationKind,
	type ActivationRefusal,
	decideActivation,
	decideStatusChange,
	type StatusChangeRefusal,
} from "../entitlement/activation.ts";
import type { DevicePublicKey, DeviceStatus } from "../entitlement/device-record.ts";
import type { License, LicenseTerms } from "../entitlement/license.ts";
import { deviceKey } from "../storage/keys.ts";
import { formatRecord } from "../storage/record-store.ts";
import { accessStep, accountRecords, allowStep, deviceStep } from "./account-records.ts";
import { type AccountInfo, AccountTables, type Code, createAccountTables, type Device } from "./account-tables.ts";
import { type AuditEntry, appendAudit, type Change, readAudit } from "./audit.ts";
import { directoryPort, type ObjectBindings, recordLanes, tokenTtlSeconds } from "./bindings.ts";
import { Outbox } from "./outbox.ts";
import {
	type RebuildResult,
	type RecordPageQuery,
	rebuildPage,
	type VerifyResult,
	verifyPage,
} from "./record-pages.ts";
import { Republisher } from "./republisher.ts";
import { hasTable } from "./schema.ts";

const DEVICES_PER_PAGE = 1_000;

export interface ActivationInput {
	/** keyed hash of the auth code */
	readonly codeHash: string;
	/** the id that a device not known yet will get */
	readonly candidateDeviceId: string;
	readonly jwk: DevicePublicKey;
	/** RFC 7638 thumbprint of `jwk`; the caller has proved that it holds the key */
	readonly jkt: string;
	readonly serial: string;
	readonly model: string;
	readonly labels: Labels;
	/** whether the device wants no token without a DPoP proof */
	readonly dpopBound: boolean;
	/** unix seconds */
	readonly now: number;
}

export type ActivationResult =
	| { readonly ok: true; readonly kind: ActivationKind; readonly device: Device; readonly published: boolean }
	| { readonly ok: false; readonly reason: ActivationRefusal };

export type StatusResult =
	| { readonly ok: true; readonly changed: boolean; readonly device: Device; readonly published: boolean }
	| { readonly ok: false; readonly reason: StatusChangeRefusal | "unknown_device" };

export interface LicenseInfo extends License {
	readonly seatsTaken: number;
}

type StatusChange = Change & { readonly deviceId: string; readonly status: DeviceStatus; readonly reason: string };

export class Account extends DurableObject<ObjectBindings> {
	private readonly outbox: Outbox;
	readonly #tables: AccountTables;
	readonly #republisher: Republisher;
	#exists: boolean;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env);
		const { storage } = ctx;
		this.outbox = new Outbox({ storage, lanes: recordLanes(env), directory: directoryPort(env) });
		this.#tables = new AccountTables(storage.sql);
		this.#republisher = new Republisher(ctx, this.outbox);
		this.#exists = hasTable(storage.sql, "account");
		if (this.#exists) createAccountTables(storage.sql);
	}

	/** Creating an account that exists changes nothing. To be called before the Directory lists it. */
	async create(input: Change & { id: string; name: string }): Promise<AccountInfo> {
		const known = await this.info();
		if (known !== null) return known;
		const account: AccountInfo = { id: input.id, name: input.name, createdAt: input.now };
		this.ctx.storage.transactionSync(() => {
			createAccountTables(this.ctx.storage.sql);
			this.#tables.insertAccount(account);
			this.#audit(input, "account.create", account.id, account.name);
		});
		this.#exists = true;
		return account;
	}

	async info(): Promise<AccountInfo | null> {
		return this.#exists ? this.#tables.info() : null;
	}

	async createLicense(input: Change & { id: string; terms: LicenseTerms }) {
		if (!this.#exists) return { ok: false, reason: "unknown_account" } as const;
		if (this.#tables.license(input.id) !== null) return { ok: false, reason: "id_taken" } as const;
		const license: License = { ...input.terms, id: input.id, createdAt: input.now };
		this.ctx.storage.transactionSync(() => {
			this.#tables.insertLicense(license);
			this.#audit(input, "license.create", license.id, `${license.seats} seats: ${license.products.join(" ")}`);
		});
		return { ok: true, license: { ...license, seatsTaken: 0 } satisfies LicenseInfo } as const;
	}

	async listLicenses(): Promise<LicenseInfo[]> {
		if (!this.#exists) return [];
		return this.#tables.licenses().map((license) => ({ ...license, seatsTaken: this.#tables.seatsTaken(license.id) }));
	}

	/** @param input hash is the keyed hash of the code; the code itself is known to its holder alone */
	async createCode(input: Change & { id: string; hash: string; license: string; uses: number; expiresAt: number }) {
		if (!this.#exists) return { ok: false, reason: "unknown_account" } as const;
		if (this.#tables.license(input.license) === null) return { ok: false, reason: "unknown_license" } as const;
		const { id, hash, license, uses, expiresAt, now: createdAt } = input;
		if (this.#tables.hasCode(id, hash)) return { ok: false, reason: "id_taken" } as const;
		const code: Code = { id, license, uses, used: 0, expiresAt, createdAt };
		this.ctx.storage.transactionSync(() => {
			this.#tables.insertCode(hash, code);
			this.#audit(input, "code.create", id, `license ${license}, ${uses} uses`);
		});
		return { ok: true, code } as const;
	}

	async listCodes(): Promise<Code[]> {
		return this.#exists ? this.#tables.codes() : [];
	}

	/** Takes a seat for a key, or finds that it has one. Asking again after a lost answer gives the same device. */
	async activate(input: ActivationInput): Promise<ActivationResult> {
		if (!this.#exists) return { ok: false, reason: "unknown_code" };
		const result = this.ctx.storage.transactionSync(() => this.#activate(input));
		return result.ok ? { ...result, published: await this.outbox.flush() } : result;
	}

	/** The device gives up its seat; its key may come back under a code. */
	async deactivate(input: Change & { deviceId: string }): Promise<StatusResult> {
		return this.#changeStatus({ ...input, status: "deactivated", reason: "" });
	}

	/** Suspends, reinstates ("active") or revokes for good. The reason is kept in the audit trail. */
	async setDeviceStatus(input: StatusChange & { status: "active" | "suspended" | "revoked" }): Promise<StatusResult> {
		return this.#changeStatus(input);
	}

	/** @param after id of the last device of the page before */
	async listDevices(after = "", limit = DEVICES_PER_PAGE): Promise<Device[]> {
		return this.#exists ? this.#tables.devices(after, limit) : [];
	}

	async device(deviceId: string): Promise<Device | null> {
		return this.#exists ? this.#tables.device(deviceId) : null;
	}

	/** @returns the record in its stored form, as the stores should have it; they get it again soon */
	async readRecord(key: string): Promise<string | null> {
		const prefix = deviceKey("");
		if (!this.#exists || !key.startsWith(prefix)) return null;
		const device = this.#tables.device(key.slice(prefix.length));
		if (device === null) return null;
		const step = deviceStep(device);
		this.#republisher.offer(step);
		return formatRecord(key, step);
	}

	/** Delivers a page of its records again; null if there is no such account. */
	async rebuildRecords(query: RecordPageQuery): Promise<RebuildResult | null> {
		return this.#exists ? rebuildPage(this.outbox, accountRecords(this.#tables), query) : null;
	}

	/** Compares a page of its records with the stores; null if there is no such account. */
	async verifyRecords(query: RecordPageQuery): Promise<VerifyResult | null> {
		return this.#exists ? verifyPage(this.outbox, accountRecords(this.#tables), query) : null;
	}

	async audit(limit: number): Promise<AuditEntry[]> {
		return this.#exists ? readAudit(this.ctx.storage.sql, limit) : [];
	}

	override async alarm(): Promise<void> {
		if (this.#exists) await this.outbox.deliver();
	}

	#activate(input: ActivationInput) {
		const { codeHash, jkt, serial, model, labels, dpopBound, jwk, now } = input;
		const code = this.#tables.codeByHash(codeHash);
		const license = code === null ? null : this.#tables.license(code.license);
		const known = this.#tables.deviceByKey(jkt);
		const usedThisCode = known !== null && this.#tables.hasActivated(codeHash, known.id);
		const decision = decideActivation({
			code,
			license,
			serial,
			deviceWithSameKey: known === null ? null : { ...known, usedThisCode },
			serialHeldByOther: this.#tables.isSerialHeldByOther(serial, jkt),
			seatsTaken: license === null ? 0 : this.#tables.seatsTaken(license.id),
			now,
		});
		if (!decision.ok) return decision;
		if (decision.kind === "same") return { ...decision, device: this.#deviceOrThrow(known?.id) };

		const id = known?.id ?? input.candidateDeviceId;
		// Moving to another license does not lift a suspension; a device that returns starts afresh.
		const status = decision.kind === "moved" && known !== null ? known.status : "active";
		const activatedAt = decision.kind === "moved" && known !== null ? known.activatedAt : now;
		const described = { serial, model, labels, jkt, jwk, dpopBound, activatedAt };
		this.#tables.saveDevice({ id, status, license: license?.id ?? "", ...described });
		this.#tables.insertActivation(codeHash, id, now);
		const device = this.#deviceOrThrow(id);
		this.#audit({ actor: `code:${code?.id}`, now }, `device.${decision.kind}`, id, `serial ${serial}`);
		this.outbox.add(decision.kind === "returned" ? [deviceStep(device), allowStep(device)] : [deviceStep(device)]);
		return { ...decision, device };
	}

	async #changeStatus(input: StatusChange): Promise<StatusResult> {
		if (!this.#exists) return { ok: false, reason: "unknown_device" };
		const result = this.ctx.storage.transactionSync(() => {
			const known = this.#tables.device(input.deviceId);
			if (known === null) return { ok: false, reason: "unknown_device" } as const;
			const decision = decideStatusChange(known.status, input.status);
			if (!decision.ok) return decision;
			if (!decision.changed) return { ...decision, device: known };
			this.#tables.saveDevice({ ...known, status: input.status });
			const device = this.#deviceOrThrow(known.id);
			this.#audit(input, `device.${input.status}`, known.id, input.reason);
			this.outbox.add([deviceStep(device), accessStep(device, input.now, tokenTtlSeconds(this.env))]);
			return { ...decision, device };
		});
		return result.ok ? { ...result, published: await this.outbox.flush() } : result;
	}

	#deviceOrThrow(id: string | undefined): Device {
		const device = id === undefined ? null : this.#tables.device(id);
		if (device === null) throw new Error("a device vanished inside a transaction");
		return device;
	}

	#audit({ actor, now }: Change, action: string, subject: string, detail: string): void {
		appendAudit(this.ctx.storage.sql, { at: now, actor, action, subject, detail });
	}
}
