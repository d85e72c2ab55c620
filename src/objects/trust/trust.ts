// The deployment's TUF repository. Takes what operators and publishers have signed, if every client would; signs snapshot and
// timestamp itself, and writes all of it into R2: files with a version first, the timestamp last, so that a client meets the old
// repository or the new one, wherever this object dies; and has the transparency log tell it before. One object, because versions only
// rise by one.
import type { TufRoot } from "../../fleet/trust-anchors.ts";
import { entryOfFile, type LogEntry } from "../../signing/tlog/entries.ts";
import { acceptRole, acceptRoot, acceptTargets, isStillSigned } from "../../signing/tuf/accept.ts";
import type { TufSigner } from "../../signing/tuf/keys.ts";
import type { RootSigned } from "../../signing/tuf/metadata.ts";
import {
	makeSnapshot,
	makeTimestamp,
	onlineSigners,
	SNAPSHOT_SECONDS,
	signerFor,
	TIMESTAMP_SECONDS,
} from "../../signing/tuf/online.ts";
import { createR2LogStore, type LogStore } from "../../storage/r2-log-store.ts";
import { createR2TrustFileStore, type TrustFileStore } from "../../storage/r2-trust-file-store.ts";
import { formatTimestamp } from "../../timestamps.ts";
import { Alarm } from "../alarm.ts";
import type { LoggedWithdrawal, ObjectBindings } from "../bindings.ts";
import { nowSeconds } from "../clock.ts";
import { KeptObject } from "../kept-object.ts";
import { LogDesk } from "./log-desk.ts";
import { LogTables } from "./log-tables.ts";
import { isProposal, withSignaturesOf } from "./proposals.ts";
import { NOT_DELEGATED, NOT_SET_UP, type RolePublished, type TrustChanged, type TrustState } from "./trust-outcomes.ts";
import { TRUST_SCHEMA, type TrustFile, TrustTables } from "./trust-tables.ts";
import {
	delegationTo,
	describeRole,
	newestRoot,
	type RoleView,
	readRole,
	readTopLevel,
	viewRole,
	viewRoles,
} from "./trust-view.ts";

const RENEWAL_SECONDS = 900;
/** What R2 or a key did not let happen is tried again after this time. */
const RETRY_MS = 30_000;

export class Trust extends KeptObject {
	readonly #tables: TrustTables;
	readonly #alarm: Alarm;
	readonly #signers: () => Promise<readonly TufSigner[]>;
	/** replaced by tests */
	store: Pick<TrustFileStore, "put">;
	/** replaced by tests */
	logStore: LogStore;
	readonly #log: LogDesk;
	#turn: Promise<unknown> = Promise.resolve();
	#restUntilMs = 0;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env, TRUST_SCHEMA);
		this.#tables = new TrustTables(ctx.storage.sql);
		this.store = createR2TrustFileStore(env.PULSES);
		this.logStore = createR2LogStore(env.PULSES);
		this.#log = new LogDesk({
			storage: ctx.storage,
			tables: new LogTables(ctx.storage.sql),
			store: () => this.logStore,
			macKeys: env.MAC_KEYS,
			issuer: env.ISSUER,
		});
		let signers: Promise<readonly TufSigner[]> | undefined;
		this.#signers = () => (signers ??= onlineSigners(env.MAC_KEYS));
		this.#alarm = new Alarm(ctx.storage);
		this.#alarm.add({ dueMs: () => this.#dueMs(), run: () => this.#inTurn(() => this.#tend()) });
		this.wakeBy(this.#alarm);
	}

	async state(): Promise<TrustState> {
		const online = (await this.#signers()).map(({ keyid, key }) => ({ keyid, key }));
		const body = (role: string) => (this.exists ? (this.#tables.file(role)?.body ?? null) : null);
		const proposed = (product: string) => this.#tables.proposal(product) !== null;
		const roles = (await this.#roles()).map((role) => ({ ...role, proposed: proposed(role.product) }));
		const files = { root: body("root"), targets: body("targets"), timestamp: body("timestamp") };
		return { online, ...files, log: await this.#log.describe(this.exists), roles };
	}

	/** The newest; null where the repository has not been set up. */
	async root(): Promise<TufRoot | null> {
		return this.exists ? newestRoot(this.#tables) : null;
	}

	/** See `describeRole`. */
	async role(product: string) {
		return this.exists ? describeRole(this.#tables, product) : null;
	}

	/** Root, targets or both: what is served afterwards holds together, or nothing changes. */
	async change(input: { root?: string; targets?: string; now: number }): Promise<TrustChanged> {
		return this.#inTurn(() => this.#change(input));
	}

	/** A role file. One that too few have signed is kept as a proposal; the same file again changes nothing. */
	async publishRole(input: { product: string; file: string; now: number }): Promise<RolePublished> {
		return this.#inTurn(() => this.#publishRole(input));
	}

	/** A release that is offered no more, for the log. The same again changes nothing. */
	async logWithdrawal({ product, version, at }: LoggedWithdrawal): Promise<void> {
		await this.#inTurn(async () => {
			await this.#save([], [{ kind: "withdrawal", product, version, at: formatTimestamp(at) }]);
			await this.#deliver();
		});
	}

	async #change({ root, targets, now }: { root?: string; targets?: string; now: number }): Promise<TrustChanged> {
		const before = this.exists ? readTopLevel(this.#tables) : null;
		const newRoot = root === undefined || this.#isHeld("root", root) ? undefined : root;
		const newTargets = targets === undefined || this.#isHeld("targets", targets) ? undefined : targets;
		const online = (await this.#signers()).map(({ keyid }) => keyid);
		const acceptedRoot =
			newRoot === undefined ? null : await acceptRoot(newRoot, before?.root.signed ?? null, online, now);
		if (acceptedRoot?.ok === false) return { ...acceptedRoot, file: "root" };
		const rootNow = acceptedRoot?.metadata ?? before?.root;
		if (rootNow === undefined) return NOT_SET_UP;
		const acceptedTargets =
			newTargets === undefined
				? null
				: await acceptTargets(newTargets, rootNow.signed, before?.targets.signed ?? null, now);
		if (acceptedTargets?.ok === false) return { ...acceptedTargets, file: "targets" };
		const targetsNow = acceptedTargets?.metadata ?? before?.targets;
		if (targetsNow === undefined) return NOT_SET_UP;
		const { roles, keys } = rootNow.signed;
		if (!(await isStillSigned(targetsNow, roles.targets, keys))) return { ok: false, reason: "targets_untrusted" };
		const files: TrustFile[] = [];
		if (newRoot !== undefined) files.push({ role: "root", version: rootNow.signed.version, body: newRoot });
		if (newTargets !== undefined) files.push({ role: "targets", version: targetsNow.signed.version, body: newTargets });
		if (files.length > 0) await this.#commit(files, rootNow.signed, now);
		const published = await this.#deliver();
		return { ok: true, changed: files.length > 0, published, roles: await this.#roles() };
	}

	async #publishRole({
		product,
		file: given,
		now,
	}: {
		product: string;
		file: string;
		now: number;
	}): Promise<RolePublished> {
		const top = this.exists ? readTopLevel(this.#tables) : null;
		if (top === null) return NOT_SET_UP;
		const delegation = delegationTo(product, top);
		if (delegation === undefined) return NOT_DELEGATED;
		const isSame = this.#isHeld(product, given);
		let file = given;
		if (!isSame) {
			const current = readRole(this.#tables, product)?.signed ?? null;
			const { keys } = top.targets.signed.delegations;
			const accept = (text: string) => acceptRole(text, delegation, keys, current, now);
			const own = await accept(given);
			if (!own.ok && !isProposal(own)) return own;
			// What nobody could hand in now any more, because it has expired or its keys were taken away, stands in nobody's way.
			const held = this.#tables.proposal(product);
			const before = held === null ? null : await accept(held);
			const isHeld = held !== null && before !== null && !before.ok && isProposal(before);
			if (isHeld) file = withSignaturesOf(given, held, delegation.keyids);
			const accepted = file === given ? own : await accept(file);
			if (!accepted.ok && isProposal(accepted)) {
				// Whoever may hand in files need not have a key: an old copy with fewer signatures takes none away.
				if (isHeld && accepted.count < before.count) return accepted;
				this.#tables.saveProposal(product, file);
				return { ok: true, kind: "proposed", count: accepted.count, threshold: accepted.threshold };
			}
			if (!accepted.ok) return accepted;
			const { version } = accepted.metadata.signed;
			await this.#commit([{ role: product, version, body: file }], top.root.signed, now);
		}
		const published = await this.#deliver();
		const role = await viewRole(this.#tables, delegation, top);
		return { ok: true, kind: isSame ? "same" : "new", published, role };
	}

	/** Signs what leads to the files, and keeps all of it in one transaction. @throws where the root names no key of the service */
	async #commit(files: readonly TrustFile[], root: RootSigned, now: number): Promise<void> {
		const versions = this.exists ? this.#tables.versions() : new Map<string, number>();
		for (const { role, version } of files) versions.set(role, version);
		const next = (role: string) => (versions.get(role) ?? 0) + 1;
		const [snapshotVersion, timestampVersion] = [next("snapshot"), next("timestamp")];
		for (const role of ["root", "snapshot", "timestamp"]) versions.delete(role);
		const body = await makeSnapshot(snapshotVersion, versions, await this.#signer("snapshot", root), now);
		const snapshot = { role: "snapshot", version: snapshotVersion, body };
		const timestamp = await this.#makeTimestamp(timestampVersion, snapshot, root, now);
		const entries = await Promise.all(files.map(({ role, version, body: file }) => entryOfFile(role, version, file)));
		await this.#save([...files, snapshot, timestamp], entries);
	}

	/** In one transaction: what is served next, and that the log has it. */
	async #save(files: readonly TrustFile[], entries: readonly LogEntry[]): Promise<void> {
		const leaves = await this.#log.prepare(entries);
		this.ctx.storage.transactionSync(() => {
			if (!this.exists) this.createTables();
			for (const file of files) this.#tables.save(file);
			for (const { role } of files) this.#tables.saveProposal(role, null);
			this.#log.add(leaves);
			this.exists = true;
			this.#alarm.setWithin();
		});
	}

	async #makeTimestamp(version: number, snapshot: TrustFile, root: RootSigned, now: number): Promise<TrustFile> {
		const body = await makeTimestamp(version, snapshot, await this.#signer("timestamp", root), now);
		return { role: "timestamp", version, body };
	}

	async #signer(role: "snapshot" | "timestamp", root: RootSigned): Promise<TufSigner> {
		const signer = signerFor(role, root, await this.#signers());
		if (signer === undefined) throw new Error(`the root names no key of MAC_KEYS for the ${role}: sign another root`);
		return signer;
	}

	/**
	 * The log first: nothing leads a device to a file that it could not find there.
	 * @returns whether R2 has everything; what it has not got it gets by the alarm
	 */
	async #deliver(): Promise<boolean> {
		try {
			if (this.exists) await this.#log.publish();
			for (let next = this.#tables.nextUnwritten(); next !== null; next = this.#tables.nextUnwritten()) {
				await this.store.put(next.file, next.body);
				this.#tables.noteWritten(next.file, next.body);
			}
			this.#restUntilMs = 0;
			return true;
		} catch (error) {
			console.warn(
				`R2 has not got all of the TUF repository and its log: ${error instanceof Error ? error.message : "unknown"}`,
			);
			this.#restUntilMs = Date.now() + RETRY_MS;
			return false;
		} finally {
			await this.#alarm.set();
		}
	}

	/** Renews what ends, and writes what R2 has not got. */
	async #tend(): Promise<void> {
		try {
			await this.#renew(nowSeconds());
		} catch (error) {
			console.error(`the TUF timestamp is not renewed: ${error instanceof Error ? error.message : "unknown"}`);
			this.#restUntilMs = Date.now() + RETRY_MS;
		}
		await this.#deliver();
	}

	async #renew(now: number): Promise<void> {
		const top = readTopLevel(this.#tables);
		const [snapshot, timestamp] = [this.#tables.file("snapshot"), this.#tables.file("timestamp")];
		if (top === null || snapshot === null || timestamp === null) return;
		if (endOf(timestamp) - TIMESTAMP_SECONDS + RENEWAL_SECONDS > now) return;
		if (endOf(snapshot) - SNAPSHOT_SECONDS / 2 <= now) return this.#commit([], top.root.signed, now);
		const renewed = await this.#makeTimestamp(timestamp.version + 1, snapshot, top.root.signed, now);
		this.ctx.storage.transactionSync(() => this.#tables.save(renewed));
	}

	#dueMs(): number | null {
		if (!this.exists) return null;
		if (this.#tables.hasUnwritten() || this.#log.hasWork()) return this.#restUntilMs;
		const timestamp = this.#tables.file("timestamp");
		if (timestamp === null) return null;
		const renewalMs = (endOf(timestamp) - TIMESTAMP_SECONDS + RENEWAL_SECONDS) * 1_000;
		return Math.max(renewalMs, this.#restUntilMs);
	}

	async #roles(): Promise<RoleView[]> {
		return this.exists ? viewRoles(this.#tables) : [];
	}

	#isHeld(role: string, body: string): boolean {
		return this.exists && this.#tables.file(role)?.body === body;
	}

	/** One after the other: what is accepted rests on what was served before. */
	#inTurn<T>(work: () => Promise<T>): Promise<T> {
		const turn = this.#turn.then(work, work);
		this.#turn = turn.catch(() => {});
		return turn;
	}
}

/** @returns unix seconds */
function endOf({ body }: TrustFile): number {
	return Date.parse((JSON.parse(body) as { signed: { expires: string } }).signed.expires) / 1_000;
}
