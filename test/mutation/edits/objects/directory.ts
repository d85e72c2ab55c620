// Faults in the Directory.
import type { FileEdits } from "../../edit.ts";

const PAGES = ["test/workers/objects/outbox/record-pages", "test/workers/routes/operator/stores/records"];

export const DIRECTORY: readonly FileEdits[] = [
	{
		file: "src/objects/directory/account-list.ts",
		tests: ["test/workers/routes/operator/accounts/accounts"],
		edits: [
			{
				from: "const account: AccountEntry = { id, name, nameVersion: 0, createdAt, closedAt: null };\n\t\tthis.#tables.insertAccount(account);",
				to: "const account: AccountEntry = { id, name, nameVersion: 0, createdAt, closedAt: null };",
				breaks: "an account that was made is in no list",
			},
			{
				from: "const by = isSharedName === true ? null : this.#tables.accountNamed(name, id);",
				to: "const by = null as string | null;",
				breaks: "two accounts that are made in one moment have one name",
			},
			{
				from: "if (before === null || before.closedAt !== null) return before;",
				to: "if (before === null) return before;",
				breaks: "the list tells twice that an account was closed",
			},
			{
				from: "nameVersion: before.nameVersion + 1",
				to: "nameVersion: 1",
				breaks: "the second new name of an account is not in its own trail",
			},
		],
	},
	{
		file: "src/objects/directory/denial-list.ts",
		tests: ["test/workers/objects/directory/"],
		edits: [
			{
				from: "const isFolded = denials.isFoldDue(now);",
				to: "const isFolded = false;",
				breaks: "the list outgrows a row, and then nobody is denied any more",
			},
			{
				from: "for (const key of replaced) this.#outdated.add(key, now, deniedKey(revision));",
				to: "",
				breaks: "parts that no list names stay in the stores for ever",
			},
		],
	},
	{
		file: "src/objects/directory/directory.ts",
		tests: ["test/workers/routes/operator/"],
		edits: [
			{
				from: "if (!this.#desks.tables.raiseProduct(head)) return;",
				to: "this.#desks.tables.raiseProduct(head);",
				breaks: "news of a revision that is known makes all edges read new heads",
			},
			{
				from: "if (step.key === key) this.#desks.republisher.offer(step);",
				to: "",
				breaks: "a lost record of the Directory is not stored again when an edge asks for it",
			},
		],
	},
	{
		file: "src/objects/directory/directory-desks.ts",
		tests: ["test/workers/objects/directory/"],
		edits: [
			{
				from: "outbox.add([messagesStep(tables, now), nextHeadsStep(), ...pulseSteps(tables, null)]);",
				to: "outbox.add([messagesStep(tables, now), ...pulseSteps(tables, null)]);",
				breaks: "a new message reaches nobody before the next release",
			},
		],
	},
	{
		file: "src/objects/directory/credential-list.ts",
		tests: ["test/workers/routes/operator/"],
		edits: [
			{
				from: "if (maker !== null && keyEnding(maker, input.now) !== null)",
				to: "if (maker?.id === 'none')",
				breaks: "a stolen key makes another one in the seconds after its revocation",
			},
			{
				from: 'this.#audit(input, "credential.revoke", id, subject);',
				to: "",
				breaks: "nobody can see later who revoked an API key",
			},
		],
	},
	{
		file: "src/objects/directory/product-list.ts",
		tests: ["test/workers/routes/operator/"],
		edits: [
			{
				from: "known !== null && known.createdAt > 0",
				to: "known !== null",
				breaks: "a product whose release came before its entry never gets its title",
			},
		],
	},
	{
		file: "src/objects/directory/denial-tables.ts",
		tests: ["test/workers/objects/directory/", "test/workers/routes/attacks/put-back", "test/workers/routes/operator/"],
		edits: [
			{
				from: "folded = CASE folded WHEN 0 THEN 0 ELSE 2 END",
				to: "folded = 0",
				breaks: "a device that was let in again is refused by the part that it is in",
			},
			{
				from: "WHERE folded <> 1 AND folded = 0 AND until <= ?",
				to: "WHERE until <= ?",
				breaks: "what ends in a part can never be lifted there",
			},
			{
				from: "if (!isKnown && step.until === 0) return false;\n\t\treturn this.#save(step, true) && isKnown;",
				to: "return this.#save(step, true);",
				breaks: "each reinstated device leaves a row, and all edges read a new list",
			},
			{
				from: "if (!isKnown && step.until === 0) return false;",
				to: "if (!isKnown) return false;",
				breaks: "a record from under a fixed license that a device has left is believed once its denial has ended",
			},
			{
				from: "until = MAX(until, excluded.until)",
				to: "until = excluded.until",
				breaks: "a second denial can end the first one earlier",
			},
			{
				from: "WHERE excluded.version > version RETURNING",
				to: "WHERE excluded.version >= version RETURNING",
				breaks: "each repetition of a denial is published anew",
			},
			{
				from: "WHERE until <= ?",
				to: "WHERE until < ?",
				breaks: "a denial stays a second longer than it must",
			},
		],
	},
	{
		file: "src/objects/directory/message-list.ts",
		tests: ["test/workers/routes/operator/", "test/workers/routes/device/messages", "test/workers/objects/directory/"],
		edits: [
			{
				from: 'this.#audit(input, "message.remove", input.id, "");',
				to: "",
				breaks: "nobody can see later who took a message down",
			},
			{
				from: "this.#tables.insertMessage(known, known.waves, fraction)",
				to: "this.#tables.insertMessage(known, [], fraction)",
				breaks: "whoever has read a message sees it again as unread whenever it is shown to more",
			},
		],
	},
	{
		file: "src/objects/directory/directory-tables.ts",
		tests: ["test/workers/routes/operator/"],
		edits: [
			{
				from: "WHERE excluded.revision > revision RETURNING name",
				to: "WHERE excluded.revision <> revision RETURNING name",
				breaks: "heads go back to an earlier revision of a product",
			},
			{
				from: "message.endsAt > now",
				to: "message.endsAt >= now",
				breaks: "a message is published at the moment of its end",
			},
			{
				from: "revoked: row.revoked === 1",
				to: "revoked: false",
				breaks: "an API key that was revoked opens everything that it did",
			},
			{
				from: "limit + 1).toArray()",
				to: "limit).toArray()",
				breaks: "of the accounts only the first page is listed",
			},
		],
	},
	{
		file: "src/objects/directory/directory-records.ts",
		tests: [...PAGES, "test/workers/routes/attacks/messages"],
		edits: [
			{
				from: "revision === 0 || Number(asked ?? 0) > revision",
				to: "revision === 0",
				breaks: "who asks for a revision that is yet to come gets an older one under its name",
			},
			{
				from: "key.startsWith(MESSAGES) ? withoutEnded(body, now()) : body",
				to: "body",
				breaks: "messages that have ended make a comparison find drift",
			},
		],
	},
	{
		file: "src/objects/directory/credential-reader.ts",
		edits: [
			{
				from: "Math.min(FRESH_SECONDS, freshSeconds) * 1_000",
				to: "FRESH_SECONDS * 1_000",
				breaks: "a revoked API key is good for ten seconds more in a service that keeps no copies",
			},
			{
				from: "nowMs < known.untilMs",
				to: "nowMs <= known.untilMs",
				breaks: "an answer about an API key is taken for longer than it is said to hold",
			},
			{
				from: "await answerInTime(directory().credential(hash))",
				to: "await directory().credential(hash)",
				breaks: "a Directory that is mute keeps every operator waiting without end",
			},
		],
	},
];
