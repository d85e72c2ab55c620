// The records that the Directory publishes, each as the step that delivers it, made from its tables as they are now.
import { type DeniedRecord, deniedPart, deniedRecord } from "../../content/denied-list.ts";
import { headsRecord } from "../../content/heads-record.ts";
import { type MessagesRecord, messagesRecord } from "../../content/messages/message.ts";
import { deniedKey, deniedPartKeys, HEADS_KEY, messagesKey } from "../../storage/keys.ts";
import type { PulseStep, RecordStep } from "../outbox/outbox-rows.ts";
import type { OwnedRecords } from "../outbox/record-pages.ts";
import type { DirectoryTables } from "./directory-tables.ts";

/** @returns the record under a key; for an earlier revision the one of now; null for what never was */
export function stepFor(tables: DirectoryTables, key: string, now: number): RecordStep | null {
	return versionFor(tables, key) === null ? null : presentStep(tables, key, now);
}

/** @returns the present version of the record under a key, or of a later revision; null for what never was */
export function versionFor(tables: DirectoryTables, key: string): number | null {
	const part = partIn(tables, key);
	if (part !== null) return part.version;
	const [, name, asked] = /^(messages|denied)@(\d+)$/.exec(key) ?? [];
	if (key !== HEADS_KEY && name !== "messages" && name !== "denied") return null;
	const revision = tables.revision(name === "messages" || name === "denied" ? name : "heads");
	return revision === 0 || Number(asked ?? 0) > revision ? null : revision;
}

/** @param key one for which `versionFor` has a version */
export function presentStep(tables: DirectoryTables, key: string, now: number): RecordStep {
	if (key === HEADS_KEY) return headsStep(tables);
	const part = partIn(tables, key);
	if (part !== null) return part;
	return key.startsWith(MESSAGES) ? messagesStep(tables, now) : deniedStep(tables);
}

// Each record is read as every edge will read it, before it is written: one that they could not read would end every check, so the
// change fails instead.

export function messagesStep(tables: DirectoryTables, now: number): RecordStep {
	const revision = tables.revision("messages");
	const body: MessagesRecord = messagesRecord.parse({ revision, messages: tables.messages(now) });
	return { kind: "record", key: messagesKey(revision), version: revision, body };
}

export function deniedStep(tables: DirectoryTables): RecordStep {
	const revision = tables.revision("denied");
	const body: DeniedRecord = deniedRecord.parse({ revision, ...tables.denials.denied() });
	return { kind: "record", key: deniedKey(revision), version: revision, body };
}

/** The parts of the list of denials, which go before it. */
export function deniedPartSteps(tables: DirectoryTables): readonly RecordStep[] {
	const steps = deniedPartKeys(tables.denials.parts() ?? undefined).map((key) => partIn(tables, key));
	return steps.filter((step) => step !== null).map((step) => ({ ...step, body: deniedPart.parse(step.body) }));
}

/** @returns the present part for an earlier revision too, but never where the list is in another number of parts now */
function partIn(tables: DirectoryTables, key: string): RecordStep | null {
	const [, part, count, asked] = /^denied-(\d+)-of-(\d+)@(\d+)$/.exec(key) ?? [];
	const parts = tables.denials.parts();
	if (parts === null || Number(count) !== parts.count || Number(asked) > parts.revision) return null;
	const body = tables.denials.part(Number(part));
	const present = deniedPartKeys(parts)[Number(part)];
	if (body === null || present === undefined) return null;
	return { kind: "record", key: present, version: parts.revision, body };
}

export function headsStep(tables: DirectoryTables): RecordStep {
	return { kind: "record", key: HEADS_KEY, version: tables.revision("heads"), body: headsRecord.parse(tables.heads()) };
}

/**
 * The pulses that tell of `heads` as it is now.
 * @param changed the product that has changed, null = the messages; left out: all of them
 */
export function pulseSteps(tables: DirectoryTables, changed?: string | null): readonly PulseStep[] {
	const products = tables
		.products()
		.filter(({ name, revision }) => (changed === undefined ? revision > 0 : name === changed))
		.map(({ name, revision, emergencyUntil }) => ({ product: name, revision, emergencyUntil }));
	const messages = { product: null, revision: tables.revision("messages"), emergencyUntil: 0 };
	// Every answer to a check names the pulse of the messages, so there is one before the first message.
	const tellsMessages = changed === undefined || changed === null || messages.revision === 0;
	return [...products, ...(tellsMessages ? [messages] : [])].map((news) => ({ kind: "pulse", ...news }));
}

/** Everything that the Directory publishes, `heads` after all that it points to. A page is named by the place in this order. */
export function directoryRecords(tables: DirectoryTables, now: () => number): OwnedRecords {
	const all = (): RecordStep[] => [
		...(tables.revision("messages") === 0 ? [] : [messagesStep(tables, now())]),
		...deniedPartSteps(tables),
		...(tables.revision("denied") === 0 ? [] : [deniedStep(tables)]),
		...(tables.revision("heads") === 0 ? [] : [headsStep(tables)]),
	];
	return {
		read(after, limit) {
			// What comes in between repeats a record at worst. Only parts leave this order, and then all behind them were just written.
			const start = /^\d{1,9}$/.test(after) ? Number(after) : 0;
			const steps = all();
			const end = start + limit;
			return { steps: steps.slice(start, end), next: end < steps.length ? String(end) : null };
		},
		// A record is made without the messages that have ended; one that was made earlier may hold some, and says the same.
		essence: (key, body) => (key.startsWith(MESSAGES) ? withoutEnded(body, now()) : body),
	};
}

const MESSAGES = "messages@";

function withoutEnded(body: unknown, now: number): unknown {
	const read = messagesRecord.safeParse(body);
	if (!read.success) return body;
	return { ...read.data, messages: read.data.messages.filter(({ endsAt }) => endsAt > now) };
}
