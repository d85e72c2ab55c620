// One product: its packages, its releases and how they reach the fleet. Publishes its record under a new revision with each change, then has
// the Directory point to it. One that was never created answers like one without releases, and writes nothing. Work is done at the desks.
import type { SignedRole } from "../../content/releases/signed-releases.ts";
import type { ProductCount } from "../../fleet/regression.ts";
import type { Reported } from "../../rollout/lease.ts";
import { type Change, readTrail, type TrailPage, type TrailQuery } from "../audit.ts";
import type { ObjectBindings } from "../bindings.ts";
import { capCallersClocks, nowSeconds } from "../clock.ts";
import { KeptObject } from "../kept-object.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { type RecordPageQuery, rebuildPage, verifyPage } from "../outbox/record-pages.ts";
import { type TendedPage, tendPage } from "../outbox/tending.ts";
import { UNKNOWN_OWNER, type WebhookOrder, type WebhookResult } from "../webhooks/webhooks.ts";
import { createProduct } from "./create-product.ts";
import type { Asked, KeptAnswer, Once, OnceRequest } from "./once-desk.ts";
import { openProductDesks, type ProductDesks } from "./product-desks.ts";
import type { NewProduct, ProductInfo, ProductSettings } from "./product-row.ts";
import type { Exchanged, PublisherOrder, PublisherResult, ShownIdToken, StoredPublisher } from "./publisher-desk.ts";
import { RecordReader } from "./record-reader.ts";
import type { AddedDelta, NewDelta } from "./releases/delta-desk.ts";
import type { DisabledRule, RulesChange } from "./releases/disabled-rules.ts";
import { type ExplainedReleases, type ExplainedUnit, explainReleases } from "./releases/explained-releases.ts";
import type { AddedPackage, Discarded, Promoted, Released, Withdrawn } from "./releases/outcomes.ts";
import type { NewPackage, NewRelease, Promotion } from "./releases/release-desk.ts";
import { RELEASES_PER_LIST, tellRelease, tellReleases } from "./releases/release-life.ts";
import type { ReleaseEntry } from "./releases/release-row.ts";
import type { NewRuleIndex } from "./releases/rule-index-desk.ts";
import { setRules } from "./releases/set-rules.ts";
import type { ValidationOrder, ValidationResult } from "./releases/validation-desk.ts";
import type { NewVariant } from "./releases/variant-desk.ts";
import type { ControlWord } from "./rollouts/control-desk.ts";
import type { PermitInput, PermitOutcome } from "./rollouts/permit-question.ts";
import {
	type ApprovalRefusal,
	NO_ROLLOUT,
	type RolloutView,
	sayWord,
	viewRollout,
	viewUnderWay,
	type Word,
} from "./rollouts/rollout-approval.ts";
import type { ReportInput } from "./rollouts/rollout-desk.ts";
import { type Halted, haltRollout, readLog } from "./rollouts/rollout-halt.ts";
import { PRODUCT_SCHEMA } from "./schema.ts";
import { type Settled, settle, UNKNOWN_PRODUCT } from "./settled.ts";
import { heldAmong, type ToldProduct, tellProduct } from "./told-product.ts";

export class Product extends KeptObject {
	private readonly outbox: Outbox;
	readonly #desks: ProductDesks;
	readonly #reader: RecordReader;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env, PRODUCT_SCHEMA);
		const desks = openProductDesks(ctx.storage, env);
		this.#desks = desks;
		this.outbox = desks.outbox;
		this.#reader = new RecordReader(ctx, desks);
		this.wakeBy(desks.alarm);
	}

	/** Creating a product that exists changes nothing. Nothing is published before the first release. */
	async create(input: Change & NewProduct): Promise<ToldProduct> {
		const known = await this.info();
		if (known !== null) return known;
		const product = createProduct(this.ctx.storage, () => this.createTables(), this.#desks, input);
		this.exists = true;
		return { ...product, unsigned: 0 };
	}

	/** See `SettingsDesk.change`. @returns null if there is no such product */
	async change(input: Change & Partial<ProductSettings>): Promise<ToldProduct | null> {
		if (this.exists) await this.#turn(() => this.#desks.settingsDesk.change(input), true);
		return this.info();
	}

	/** What its role file names now; see `SettingsDesk.noteRole`. @returns null if there is no such product */
	async noteRole(input: Change & { role: SignedRole }): Promise<ProductInfo | null> {
		return this.exists ? this.#turn(() => this.#desks.settingsDesk.noteRole(input), true) : null;
	}

	async info(): Promise<ToldProduct | null> {
		return this.exists ? tellProduct(this.#desks.tables) : null;
	}

	/** See `explainReleases`. */
	async explain(unit: ExplainedUnit): Promise<ExplainedReleases | null> {
		return this.exists ? explainReleases(this.#desks, unit) : null;
	}

	/** See `ReleaseDesk.addPackage`. */
	async addPackage(input: NewPackage): Promise<AddedPackage | typeof UNKNOWN_PRODUCT> {
		return this.exists ? this.#within(() => this.#desks.releaseDesk.addPackage(input, nowSeconds())) : UNKNOWN_PRODUCT;
	}

	/** See `VariantDesk.add`. */
	async addVariant(input: Change & NewVariant) {
		return this.exists ? this.#within(() => this.#desks.variants.add(input, nowSeconds())) : UNKNOWN_PRODUCT;
	}

	/** See `DeltaDesk.add`. */
	async addDelta(input: Change & NewDelta): Promise<AddedDelta | typeof UNKNOWN_PRODUCT> {
		return this.exists ? this.#within(() => this.#desks.deltas.add(input, nowSeconds())) : UNKNOWN_PRODUCT;
	}

	/** See `RuleIndexDesk.add`. */
	async addRuleIndex(input: Change & NewRuleIndex) {
		return this.exists ? this.#within(() => this.#desks.ruleIndexes.add(input, nowSeconds())) : UNKNOWN_PRODUCT;
	}

	/** See `RuleIndexDesk.of`. */
	async ruleIndex(version: string) {
		return this.exists ? this.#desks.ruleIndexes.of(version) : null;
	}

	/** See `RuleIndexDesk.ofVersions`. */
	async ruleIndexesOf(versions: readonly string[], withCves: boolean) {
		return this.exists ? this.#desks.ruleIndexes.ofVersions(versions, withCves) : [];
	}

	/** See `RuleIndexDesk.naming`. */
	async ruleIndexes(cve: string) {
		return this.exists ? this.#desks.ruleIndexes.naming(cve) : [];
	}

	/** See `ReleaseDesk.release`. */
	async release(input: Once & NewRelease): Promise<Settled<Released>> {
		return this.#settle(input, () => this.#desks.releaseDesk.release(input));
	}

	/** See `ReleaseDesk.promote`. */
	async promote(input: Once & Promotion): Promise<Settled<Promoted>> {
		return this.#settle(input, () => this.#desks.releaseDesk.promote(input));
	}

	/** See `ReleaseDesk.discard`. */
	async discard(input: Change & { version: string }): Promise<Discarded | typeof UNKNOWN_PRODUCT> {
		return this.exists ? this.#within(() => this.#desks.releaseDesk.discard(input)) : UNKNOWN_PRODUCT;
	}

	/** See `ReleaseDesk.withdraw`. */
	async withdraw(input: Once & { version: string; reason: string; revertTo?: string }): Promise<Settled<Withdrawn>> {
		return this.#settle(input, () => this.#desks.releaseDesk.withdraw(input));
	}

	/** See `ValidationDesk.obey`. */
	async validate(order: Change & ValidationOrder): Promise<ValidationResult | typeof UNKNOWN_PRODUCT> {
		return this.exists ? this.#turn(() => this.#desks.validationDesk.obey(order), true) : UNKNOWN_PRODUCT;
	}

	/** Rules that devices leave out; null where there is no such product. */
	async disabledRules(): Promise<DisabledRule[] | null> {
		return this.exists ? this.#desks.rules.list() : null;
	}

	/** See `setRules`. */
	async setRules(what: "disable" | "enable", change: RulesChange & Once) {
		return this.exists ? setRules(this.#desks, what, change, (work) => this.#within(work)) : UNKNOWN_PRODUCT;
	}

	/** Whose CI may publish it; null where there is no such product. */
	async publishers(): Promise<StoredPublisher[] | null> {
		return this.exists ? this.#desks.publishers.list() : null;
	}

	/** See `PublisherDesk.obey`. */
	async changePublishers(order: Change & PublisherOrder): Promise<PublisherResult | typeof UNKNOWN_PRODUCT> {
		return this.exists ? this.#within(() => this.#desks.publishers.obey(order)) : UNKNOWN_PRODUCT;
	}

	/** See `PublisherDesk.exchange`. */
	async exchangeIdToken(shown: ShownIdToken): Promise<Exchanged | typeof UNKNOWN_PRODUCT> {
		return this.exists ? this.#within(() => this.#desks.publishers.exchange(shown)) : UNKNOWN_PRODUCT;
	}

	/** A permit for a release that few may have; see `decidePermit`. */
	async takePermit(input: PermitInput): Promise<PermitOutcome> {
		if (!this.exists) return { ok: false, reason: "ended", retryAfter: 0 };
		return this.#turn(() => this.#desks.rolloutDesk.permit(input));
	}

	/** A device that is held back has asked what to run; see `ControlDesk`. */
	async hearControl(word: ControlWord): Promise<void> {
		if (this.exists) await this.#turn(() => this.#desks.rolloutDesk.hearControl(word));
	}

	/** What became of such a permit, or of one that nobody remembers. @returns the word that counts; see `RolloutDesk.report` */
	async hearReport(input: ReportInput): Promise<Reported> {
		return this.exists ? this.#turn(() => this.#desks.rolloutDesk.report(input)) : input.reported;
	}

	/** How the product's versions do; see `RegressionDesk.hear`. */
	async hearCensus(count: ProductCount): Promise<string[]> {
		return this.exists ? this.#turn(() => this.#desks.regressions.hear(count, nowSeconds())) : [];
	}

	/** @returns every rollout that may still move, newest release first, after the week's regressions; null where there is no such product */
	async rolloutsUnderWay(now: number): Promise<RolloutView[] | null> {
		return this.exists ? viewUnderWay(this.#desks, now) : null;
	}

	/** @returns null where there is no such release */
	async rollout(version: string, now: number): Promise<RolloutView | null> {
		return this.exists ? viewRollout(this.#desks, version, now) : null;
	}

	/** A person's word on a rollout, for the evidence that they saw. @returns the rollout with it, or why it is not taken */
	async approveRollout(input: Word): Promise<{ ok: true; view: RolloutView } | ApprovalRefusal | typeof NO_ROLLOUT> {
		return this.exists ? sayWord(this.#desks, input, (work) => this.#turn(work, true)) : NO_ROLLOUT;
	}

	/** See `haltRollout`. */
	async haltRollout(input: Once & { version: string; reason: string }): Promise<Halted | typeof NO_ROLLOUT> {
		return this.exists ? haltRollout(this.#desks, input, (work) => this.#turn(work, true)) : NO_ROLLOUT;
	}

	/** @param after place after which to begin; 0 = from the first @returns null where there is no such rollout */
	async rolloutLog(version: string, after: number, limit: number) {
		return this.exists ? readLog(this.#desks, version, after, limit) : null;
	}

	/** See `tellReleases`. */
	async list(limit = RELEASES_PER_LIST): Promise<ReleaseEntry[]> {
		return this.exists ? tellReleases(this.#desks, limit, nowSeconds()) : [];
	}

	async find(version: string): Promise<ReleaseEntry | null> {
		return this.exists ? tellRelease(this.#desks, version, nowSeconds()) : null;
	}

	/** @returns those of the digests that a version has, or that is kept beside one, whatever became of it; null if there is no such product */
	async heldPackages(sha256s: readonly string[]): Promise<string[] | null> {
		return this.exists ? heldAmong(this.#desks, sha256s) : null;
	}

	/** See `RecordReader.read`. */
	async readRecord(key: string): Promise<string | null> {
		return this.exists ? this.#reader.read(key) : null;
	}

	/** Delivers its record again; null if there is no such product. */
	async rebuildRecords(query: RecordPageQuery) {
		return this.exists ? rebuildPage(this.outbox, this.#desks.records.owned, query) : null;
	}

	/** Compares its record with the stores; null if there is no such product. */
	async verifyRecords(query: RecordPageQuery) {
		return this.exists ? verifyPage(this.outbox, this.#desks.records.owned, query) : null;
	}

	/** What the daily round does here; null if there is no such product. */
	async tend(): Promise<TendedPage | null> {
		return this.exists ? tendPage(this.outbox, this.#desks.alarm, this.#desks.records.owned, "") : null;
	}

	/** @returns null where there is no such product */
	async events(query: TrailQuery): Promise<TrailPage | null> {
		return this.exists ? readTrail(this.ctx.storage.sql, query) : null;
	}

	/** @returns null where there is no such product */
	async listWebhooks() {
		return this.exists ? this.#desks.webhooks.list() : null;
	}

	/** See `Webhooks.obey`. */
	async changeWebhook(order: WebhookOrder): Promise<WebhookResult> {
		return this.exists ? this.#desks.webhooks.obey(order) : UNKNOWN_OWNER;
	}

	/** See `OnceDesk.ask`. Of a product that was never created nothing is kept. */
	async askOnce(request: OnceRequest): Promise<Asked> {
		return this.exists ? this.#desks.once.ask(request) : { kind: "go" };
	}

	/** @param answer null = it was refused, or failed */
	async settleOnce(request: OnceRequest, answer: KeptAnswer | null): Promise<void> {
		if (this.exists) this.#desks.once.settle(request, answer);
	}

	#within<T>(work: () => T): T {
		return this.ctx.storage.transactionSync(work);
	}

	/** A change of a rollout. @param isAwaited whether a person waits until the stores have it; devices do not */
	async #turn<T>(work: () => T, isAwaited = false): Promise<T> {
		const result = this.#within(work);
		// Neither rejects.
		if (isAwaited) await this.outbox.flush();
		else void this.outbox.deliver();
		return result;
	}

	#settle<Result extends { readonly ok: boolean }>(
		{ version, once }: Once & { readonly version: string },
		work: () => Result,
	): Promise<Settled<Result>> {
		if (!this.exists) return Promise.resolve(UNKNOWN_PRODUCT);
		return settle(this.#desks, version, () => this.#within(() => this.#desks.once.run(once, work)));
	}
}
capCallersClocks(Product);
