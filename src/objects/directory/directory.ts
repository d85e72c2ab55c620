// What the whole deployment shares: accounts, products, credentials, messages, who is denied, and the one record that moves,
// `heads`, after what it names. Low traffic: no device's request comes here unless a store has lost a shared record.
import type { Message } from "../../content/messages/message.ts";
import type { CredentialRecord } from "../../entitlement/keys/credential-record.ts";
import type { ProbeResult } from "../../probe/run-probe.ts";
import { HEADS_KEY } from "../../storage/keys.ts";
import { type Change, readTrail, type TrailPage, type TrailQuery } from "../audit.ts";
import type { ObjectBindings } from "../bindings.ts";
import { nowSeconds } from "../clock.ts";
import { KeptObject } from "../kept-object.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { DenialStep } from "../outbox/outbox-rows.ts";
import type { ProductHead } from "../outbox/product-head.ts";
import { type RecordPageQuery, rebuildPage, verifyPage } from "../outbox/record-pages.ts";
import { ToldRecords } from "../outbox/told-records.ts";
import type { Webhook } from "../webhooks/webhook-tables.ts";
import type { WebhookOrder, WebhookResult } from "../webhooks/webhooks.ts";
import type { AccountList, AccountNaming } from "./account-list.ts";
import type { NewCredential } from "./credential-list.ts";
import type { Forgotten, PreparedRewind } from "./denial-list.ts";
import { type DirectoryDesks, openDirectoryDesks } from "./directory-desks.ts";
import { directoryRecords, headsStep, presentStep, pulseSteps, versionFor } from "./directory-records.ts";
import type { Credential, ProductEntry } from "./directory-tables.ts";
import { type FactoryList, NO_MANUFACTURERS } from "./factory-list.ts";
import type { MessageList, MessageResult } from "./message-list.ts";
import type { RemovalClaim, RemovalEnd } from "./package-claims.ts";
import type { NewUpload, PackageSurvey } from "./package-desk.ts";
import type { ProductNaming } from "./product-list.ts";
import type { RequirementClaim, RequirementClaimed } from "./requirement-list.ts";
import type { RoundPart, RoundResult } from "./rounds.ts";
import { DIRECTORY_SCHEMA } from "./schema.ts";

export class Directory extends KeptObject {
	private readonly outbox: Outbox;
	readonly #desks: DirectoryDesks;
	readonly #told = new ToldRecords();

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env, DIRECTORY_SCHEMA);
		this.#desks = openDirectoryDesks(ctx, env);
		this.outbox = this.#desks.outbox;
		this.wakeBy(this.#desks.alarm);
	}

	/** Enters an account in the list. Its own object comes first: an entry without one would lead nowhere. */
	async createAccount(input: AccountNaming) {
		return this.#change(() => this.#desks.accounts.create(input));
	}

	/** @returns id of an open account that has the name; null = none has. What `createAccount` says of the name is what counts */
	async accountNamed(name: string): Promise<string | null> {
		return this.exists ? this.#desks.tables.accountNamed(name, "") : null;
	}
	async renameAccount(input: AccountNaming) {
		return this.#change(() => this.#desks.accounts.rename(input));
	}
	async closeAccount(input: Parameters<AccountList["close"]>[0]) {
		return this.#change(() => this.#desks.accounts.close(input));
	}

	/** @param after id of the last account of the page before; "" = from the first @returns null when there is no such account */
	async listAccounts(after = "", limit = 200) {
		if (this.exists) return this.#desks.tables.accounts(after, limit);
		return after === "" ? { accounts: [], next: null } : null;
	}

	/** Enters a product in the list, after its object was created; again under the same name changes nothing. */
	async createProduct(input: ProductNaming) {
		return this.#change(() => this.#desks.products.create(input));
	}

	/** Whose certificates let appliances in without a code. */
	async manufacturers(order: Parameters<FactoryList["manufacturers"]>[0]) {
		if (order.kind === "list" && !this.exists) return NO_MANUFACTURERS;
		return this.#change(() => this.#desks.factories.manufacturers(order));
	}
	/** @returns for each key whose serial number it is now: the name of an account's object, null = nobody's */
	async serialClaims(order: Parameters<FactoryList["claims"]>[0]): Promise<(string | null)[]> {
		return order.kind === "find" && !this.exists ? [null] : this.#change(() => this.#desks.factories.claims(order));
	}

	async listProducts(): Promise<ProductEntry[]> {
		return this.exists ? this.#desks.tables.products() : [];
	}

	/** Asked before a release that requires other products is published: see `RequirementList.claim`. */
	async claimRequirements(claim: RequirementClaim): Promise<RequirementClaimed> {
		return this.#change(() => this.#desks.tables.requirements.claim(claim));
	}

	async createMessage(input: Parameters<MessageList["create"]>[0]) {
		return this.#publishing(this.#change(() => this.#desks.messages.create(input)));
	}

	async raiseMessage(input: Parameters<MessageList["raise"]>[0]) {
		if (!this.exists) return { ok: false, reason: "unknown_message", fraction: 0 } as const;
		return this.#publishing(this.#change(() => this.#desks.messages.raise(input)));
	}

	/** @returns messages that have not ended, the one with the newest wave first */
	async listMessages(now: number): Promise<Message[]> {
		return this.exists ? this.#desks.tables.messages(now) : [];
	}

	/** @returns null = there is none; one that has ended is still there */
	async message(id: string): Promise<Message | null> {
		return this.exists ? this.#desks.tables.message(id) : null;
	}

	async removeMessage(input: Change & { id: string }) {
		if (!this.exists) return { removed: false, published: true };
		return { removed: this.#change(() => this.#desks.messages.remove(input)), published: await this.outbox.flush() };
	}

	async createCredential(input: NewCredential) {
		return this.#change(() => this.#desks.credentials.create(input));
	}

	/** @param hash keyed hash of an API key */
	async credential(hash: string): Promise<CredentialRecord | null> {
		return this.exists ? this.#desks.credentials.find(hash) : null;
	}

	async listCredentials(): Promise<Credential[]> {
		return this.exists ? this.#desks.tables.credentials() : [];
	}

	async revokeCredential(input: Change & { id: string; cascade?: boolean }) {
		if (!this.exists) return { ok: false, reason: "unknown_credential" } as const;
		return this.#change(() => this.#desks.credentials.revoke(input));
	}

	/** Asked before the bytes of a package are taken in: see `PackageDesk.admit`. */
	async admitUpload(upload: NewUpload) {
		return this.#change(() => this.#desks.packages.admit(upload, nowSeconds()));
	}

	/** Asked before the bytes of packages are removed, and again what became of that: see `PackageDesk`. */
	async surveyPackages(sha256s: readonly string[]): Promise<PackageSurvey> {
		return this.exists ? this.#desks.packages.survey(sha256s, nowSeconds()) : { products: [], claimed: [] };
	}

	async claimRemoval(input: { actor: string; sha256s: readonly string[] }): Promise<RemovalClaim> {
		return this.#change(() => this.#desks.packages.claims.claimForRemoval(input.sha256s, input.actor, nowSeconds()));
	}

	async endRemoval(input: Change & RemovalEnd): Promise<void> {
		this.#change(() => this.#desks.packages.claims.endRemoval(input, input));
	}

	/** Points to a product's new record; an earlier revision than the known one changes nothing. */
	async advanceProduct(head: ProductHead): Promise<{ published: boolean }> {
		this.#change(() => {
			if (!this.#desks.tables.raiseProduct(head)) return;
			this.outbox.add([this.#desks.nextHeadsStep(), ...pulseSteps(this.#desks.tables, head.product)]);
		});
		return { published: await this.outbox.flush() };
	}

	/** Has every edge refuse devices and accounts whose tokens may still say otherwise, or no longer. Makes one new list at most. */
	async changeDenials(changes: readonly DenialStep[]): Promise<{ published: boolean }> {
		this.#change(() => {
			const steps = this.#desks.denials.change(changes, nowSeconds());
			if (steps.length > 0) this.outbox.add([...steps, this.#desks.nextHeadsStep()]);
		});
		return { published: await this.outbox.flush() };
	}

	/** Keeps what an account forgets that is set back (null = nothing new), and says what is kept, and who of its devices is refused here. */
	async prepareRewind(account: string, forgets: Forgotten | null): Promise<PreparedRewind> {
		return this.#change(() => this.#desks.denials.prepareRewind(account, forgets));
	}

	/** @returns the version of `heads` (0 before the first), whether every record has reached every store, and of owners what the round found */
	async status() {
		const behind = this.exists ? this.#desks.tables.rounds.behind() : { count: 0, first: [], asOf: null };
		const probe = this.exists ? this.#desks.probe.state() : null;
		return {
			heads: this.exists ? this.#desks.tables.revision("heads") : 0,
			settled: await this.settled(),
			behind,
			probe,
		};
	}

	/** What the service has found when it asked itself as a device. */
	async noteProbe(result: ProbeResult): Promise<void> {
		// Not the first change of a deployment: one that is being restored is empty still.
		if (this.exists) this.#change(() => this.#desks.probe.note(result, nowSeconds()));
	}

	/** @returns the next part of the daily round; null = nothing until tomorrow */
	async goRound(now: number, limit: number, missedLimit: number): Promise<RoundPart | null> {
		return this.exists
			? this.#change(() => this.#desks.tables.rounds.goOn(this.#desks.tables, now, limit, missedLimit))
			: null;
	}

	async endRound(result: RoundResult): Promise<void> {
		this.#change(() => this.#desks.tables.rounds.reach(result));
	}

	/** @returns whether every record has reached every store */
	async settled(): Promise<boolean> {
		return this.exists ? this.outbox.flush() : true;
	}

	/** @returns the record in its stored form; for an earlier revision the one of now, because a newer record is better than none */
	async readRecord(key: string): Promise<string | null> {
		const version = this.exists ? versionFor(this.#desks.tables, key) : null;
		if (version === null) return null;
		const { step, text } = this.#told.tell(key, version, () => presentStep(this.#desks.tables, key, nowSeconds()));
		if (step.key === key) this.#desks.republisher.offer(step);
		return text;
	}

	/** Delivers a page of its records again, `heads` last; with the first page of all stores, the pulses too. */
	async rebuildRecords(query: RecordPageQuery) {
		if (!this.exists) return { ok: true, records: 0, next: null, published: true } as const;
		if (query.store === null && query.after === "") this.outbox.add(pulseSteps(this.#desks.tables));
		return rebuildPage(this.outbox, directoryRecords(this.#desks.tables, nowSeconds), query);
	}

	/** Compares a page of its records with the stores. */
	async verifyRecords(query: RecordPageQuery) {
		if (!this.exists) return { records: 0, next: null, stores: [], drift: [] };
		return verifyPage(this.outbox, directoryRecords(this.#desks.tables, nowSeconds), query);
	}

	async events(query: TrailQuery): Promise<TrailPage> {
		return this.exists ? readTrail(this.ctx.storage.sql, query) : { entries: [], next: 0, more: false };
	}

	/** Writes `heads` again as it is: in a store it counts for a while only (storage/sealed-records.ts). */
	async renewHeads(): Promise<void> {
		if (!this.exists || this.#desks.tables.revision("heads") === 0 || this.outbox.owes(HEADS_KEY)) return;
		this.outbox.add([headsStep(this.#desks.tables)]);
		await this.outbox.flush();
	}

	async listWebhooks(): Promise<readonly Webhook[]> {
		return this.exists ? this.#desks.webhooks.list() : [];
	}

	/** See `Webhooks.obey`. */
	async changeWebhook(order: WebhookOrder): Promise<WebhookResult> {
		if (order.kind === "create") this.#change(() => {});
		return this.exists ? this.#desks.webhooks.obey(order) : { ok: false, reason: "unknown_webhook" };
	}

	/** Runs a change as one transaction, in tables that come into being with the first one. */
	#change<T>(change: () => T): T {
		const result = this.ctx.storage.transactionSync(() => {
			if (!this.exists) this.createTables();
			return change();
		});
		this.exists = true;
		return result;
	}

	readonly #publishing = async (result: MessageResult) =>
		result.ok ? { ...result, published: await this.outbox.flush() } : result;
}
