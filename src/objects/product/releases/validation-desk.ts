// Asks a product's validator about each release before its first step, and hears what it says: at once, later by the API, or never, when
// somebody may say why it goes on without. Synchronous parts run in their caller's transaction; asking is the work of the alarm.
import { isHolding, VALIDATOR, type ValidationAnswer } from "../../../content/releases/validation.ts";
import { productTrail } from "../../../events/event-id.ts";
import type { ValidatorReply, ValidatorSender } from "../../../events/validator-sender.ts";
import { decideAttempt } from "../../../events/webhook-attempt.ts";
import { foldName } from "../../../plain-text.ts";
import type { Alarm, Chore } from "../../alarm.ts";
import type { Change, WriteProductAudit } from "../../audit.ts";
import type { ProductTables } from "../product-tables.ts";
import type { StoredValidation, ValidationTables, Validator } from "./validation-tables.ts";

export type ValidationOrder =
	| { readonly kind: "show" | "remove" }
	/** url: one that `acceptsWebhookUrl` has accepted. kid: of the key in MAC_KEYS that a new secret comes from */
	| { readonly kind: "set"; readonly url: string; readonly minutes: number; readonly kid: string }
	| { readonly kind: "answer"; readonly version: string; readonly sha256: string; readonly answer: ValidationAnswer }
	| { readonly kind: "override"; readonly version: string; readonly reason: string };

export type ValidationResult =
	| { readonly ok: true; readonly validator: Validator | null; readonly validation: StoredValidation | null }
	/** not_asked: the version was never sent to a validator; own_release: its uploader, where the product asks for two people */
	| { readonly ok: false; readonly reason: "not_asked" | "other_package" | "own_release" | "decided" | "failed" }
	/** from: unix seconds */
	| { readonly ok: false; readonly reason: "too_early"; readonly from: number };

export interface ValidationDeskParts {
	readonly storage: DurableObjectStorage;
	readonly alarm: Alarm;
	readonly validations: ValidationTables;
	readonly releases: ProductTables;
	readonly sender: ValidatorSender;
	readonly audit: WriteProductAudit;
	/** has rollouts looked at again: one may begin */
	readonly reconsider: (change: Change) => void;
	readonly service: (now: number) => Change;
	/** to be called after each transaction of the alarm: has the outbox deliver */
	readonly deliver: () => void;
}

/** No new attempt after this: the outbox may wait for the same alarm. */
const RUN_MS = 5_000;

export class ValidationDesk implements Chore {
	readonly #parts: ValidationDeskParts;

	constructor(parts: ValidationDeskParts) {
		this.#parts = parts;
		parts.alarm.add(this);
	}

	/** Part of the transaction that sends the version on its way. What was asked once, on beta, is not asked again. */
	ask(change: Change, version: string, sha256: string): void {
		const { validations, audit } = this.#parts;
		const validator = validations.validator();
		if (validator === null || validations.validation(version) !== null) return;
		const { now } = change;
		validations.save({
			...{ version, state: "pending", askedAt: now, dueAt: now + validator.minutes * 60, nextMs: Date.now() },
			...{ failures: 0, told: false, answeredAt: null, by: null, findings: [], reason: null, lastResult: null },
		});
		audit(change, "release.validate", version, sha256);
		this.#parts.alarm.setWithin();
	}

	obey(order: Change & ValidationOrder): ValidationResult {
		switch (order.kind) {
			case "show":
				return this.#told(null);
			case "set":
				return this.#set(order);
			case "remove":
				return this.#remove(order);
			case "answer":
				return this.#hear(order);
			case "override":
				return this.#override(order);
		}
	}

	dueMs(): number | null {
		return this.#parts.validations.earliestMs();
	}

	async run(nowMs: number): Promise<void> {
		const { storage, validations, audit, service } = this.#parts;
		const until = Date.now() + RUN_MS;
		for (const one of validations.pending()) {
			if (one.nextMs !== null && one.nextMs <= nowMs && Date.now() < until) await this.#put(one);
			const now = Math.floor(nowMs / 1_000);
			storage.transactionSync(() => {
				const present = validations.validation(one.version);
				if (present?.state !== "pending" || present.told || now < present.dueAt) return;
				validations.save({ ...present, told: true });
				audit(service(now), "release.validation_overdue", one.version, present.lastResult ?? "it was not asked yet");
			});
		}
		await this.#parts.alarm.set();
		this.#parts.deliver();
	}

	/** Asks once, and notes what came of it. */
	async #put({ version, askedAt, dueAt }: StoredValidation): Promise<void> {
		const { storage, validations, releases, sender } = this.#parts;
		const validator = validations.validator();
		const release = releases.release(version);
		const product = releases.info()?.name;
		const now = Math.floor(Date.now() / 1_000);
		let reply: ValidatorReply | null = null;
		if (validator !== null && release !== null && product !== undefined) {
			const { url, kid, generation } = validator;
			const secret = { kid, generation, trail: productTrail(product), webhook: VALIDATOR };
			const { sha256, size, name, variants = [], urgency } = release;
			const asked = { product, version, sha256, size, name, variants, urgency, askedAt, dueAt, now };
			reply = await sender.ask({ url, secret, ...asked });
		}
		storage.transactionSync(() => {
			// Read again: it may have been answered by the API meanwhile, or withdrawn.
			const present = validations.validation(version);
			if (present?.state !== "pending" || present.askedAt !== askedAt) return;
			// Whoever is no validator any more decides nothing, and does not put off when the next one is asked.
			if (isSameValidator(validator, validations.validator())) this.#note(present, reply);
		});
	}

	#note(present: StoredValidation, reply: ValidatorReply | null): void {
		const { validations, service } = this.#parts;
		const nowMs = Date.now();
		const asked = { ...present, nextMs: null, lastResult: reply?.kind ?? "there is no validator any more" };
		if (reply?.kind === "answered") {
			this.#settle(service(Math.floor(nowMs / 1_000)), asked, reply.answer, null);
			return;
		}
		if (reply === null || reply.kind === "later") {
			validations.save({ ...asked, failures: 0 });
			return;
		}
		// What it said wrongly it may say rightly in a while.
		const failed = { ok: false, reason: "status", status: null, retryAfterSeconds: null } as const;
		const attempt = reply.kind === "failed" ? reply.attempt : failed;
		const decision = decideAttempt(attempt, present.failures, Math.random());
		const nextMs = decision.kind === "retry" ? nowMs + decision.afterMs : null;
		const words = reply.kind === "failed" ? describeFailure(reply.attempt) : reply.kind;
		validations.save({ ...asked, nextMs, failures: present.failures + 1, lastResult: words });
	}

	#set({ url, minutes, kid, ...change }: Change & Extract<ValidationOrder, { kind: "set" }>): ValidationResult {
		const { validations } = this.#parts;
		const known = validations.validator();
		if (known?.url === url && known.minutes === minutes) return this.#told(null);
		validations.setValidator({ url, minutes, kid, setAt: change.now });
		this.#audit(change, `${new URL(url).origin}, ${minutes} minutes`);
		// Whoever is there now is asked what the one before has not answered.
		for (const one of validations.pending()) validations.save({ ...one, nextMs: Date.now(), failures: 0 });
		this.#parts.alarm.setWithin();
		return this.#told(null);
	}

	/** Releases that wait for it stay held: their time ends, and somebody says why they go on. */
	#remove(change: Change): ValidationResult {
		const { validations } = this.#parts;
		if (validations.validator() === null) return this.#told(null);
		validations.removeValidator();
		this.#audit(change, "off");
		return this.#told(null);
	}

	/** The last word counts, as long as nobody has the release: whoever failed it may pass it, and the reverse. */
	#hear(order: Change & Extract<ValidationOrder, { kind: "answer" }>): ValidationResult {
		const { version, sha256, answer } = order;
		const present = this.#parts.validations.validation(version);
		const release = this.#parts.releases.release(version);
		if (present === null || release === null) return { ok: false, reason: "not_asked" };
		if (release.sha256 !== sha256) return { ok: false, reason: "other_package" };
		const findings = answer.findings ?? [];
		const isSame = present.state === answer.result && present.findings.join("\n") === findings.join("\n");
		if (isSame) return this.#told(version);
		if (!isHolding(present)) return { ok: false, reason: "decided" };
		if (answer.result === "passed" && this.#isOwn(order, version)) return { ok: false, reason: "own_release" };
		this.#settle(order, present, answer, order.actor);
		return this.#told(version);
	}

	#override(order: Change & Extract<ValidationOrder, { kind: "override" }>): ValidationResult {
		const { version, reason, actor, now } = order;
		const present = this.#parts.validations.validation(version);
		if (present === null) return { ok: false, reason: "not_asked" };
		if (present.state === "overridden") return this.#told(version);
		if (present.state === "failed") return { ok: false, reason: "failed" };
		if (present.state !== "pending") return { ok: false, reason: "decided" };
		if (now < present.dueAt) return { ok: false, reason: "too_early", from: present.dueAt };
		if (this.#isOwn(order, version)) return { ok: false, reason: "own_release" };
		const overridden = { ...present, state: "overridden", nextMs: null, answeredAt: now, by: actor, reason } as const;
		this.#parts.validations.save(overridden);
		this.#parts.audit(order, "release.validation_overridden", version, reason);
		this.#parts.reconsider(order);
		return this.#told(version);
	}

	#settle(
		change: Change,
		present: StoredValidation,
		{ result, findings = [] }: ValidationAnswer,
		by: string | null,
	): void {
		const { validations, audit, reconsider } = this.#parts;
		validations.save({ ...present, state: result, nextMs: null, answeredAt: change.now, by, findings });
		const first = findings[0] === undefined ? "" : `: ${findings[0]}`;
		const more = findings.length > 1 ? `, and ${findings.length - 1} more` : "";
		audit(change, "release.validated", present.version, `${result}${first}${more}`);
		reconsider(change);
	}

	#isOwn({ actor }: Change, version: string): boolean {
		const { releases } = this.#parts;
		const uploader = releases.release(version)?.addedBy;
		return releases.info()?.twoPeople === true && uploader !== undefined && foldName(uploader) === foldName(actor);
	}

	#told(version: string | null): ValidationResult {
		const { validations } = this.#parts;
		const validation = version === null ? null : validations.validation(version);
		return { ok: true, validator: validations.validator(), validation };
	}

	#audit(change: Change, detail: string): void {
		this.#parts.audit(change, "product.validator", this.#parts.releases.info()?.name ?? "", detail);
	}
}

function isSameValidator(asked: Validator | null, present: Validator | null): boolean {
	if (asked === null || present === null) return asked === present;
	return asked.url === present.url && asked.setAt === present.setAt && asked.generation === present.generation;
}

function describeFailure({ reason, status }: Extract<ValidatorReply, { kind: "failed" }>["attempt"]): string {
	return status === null ? reason : `${reason} ${status}`;
}
