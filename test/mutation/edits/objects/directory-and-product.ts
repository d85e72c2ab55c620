// Faults in the Directory and the Products.
import type { FileEdits } from "../../edit.ts";

const PAGES = ["test/workers/objects/outbox/record-pages", "test/workers/routes/operator/stores/records"];

export const DIRECTORY_AND_PRODUCT: readonly FileEdits[] = [
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
	{
		file: "src/objects/product/record-reader.ts",
		tests: ["test/workers/routes/publisher/", "test/workers/routes/operator/"],
		edits: [
			{
				from: "|| asked > info.revision",
				to: "",
				breaks: "a revision that is yet to come is answered with an older one",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/regression-desk.ts",
		tests: ["test/workers/routes/publisher/regressions"],
		edits: [
			{
				from: "release.withdrawnAt !== null || ",
				to: "",
				breaks: "a release that is withdrawn is told to fail",
			},
			{
				from: "|| rollouts.regression(version) !== null",
				to: "",
				breaks: "the same regression is told again and again",
			},
			{
				from: "now >= release.outAt + WATCHED_SECONDS",
				to: "false",
				breaks: "a release is watched for ever",
			},
			{
				from: "if (release.outAt === null) return false;",
				to: "",
				breaks: "a release that failed while few might have it is never judged when everybody may",
			},
		],
	},
	{
		file: "src/objects/product/releases/release-desk.ts",
		tests: ["test/workers/routes/publisher/", "test/workers/objects/product/"],
		edits: [
			{
				from: "known.sha256 === input.sha256",
				to: "true",
				breaks: "other bytes are taken for those that a version has",
			},
			{
				from: 'audit(input, "release.withdraw", version, target === null ? reason : `back to ${target}: ${reason}`);',
				to: "",
				breaks: "nobody can see later who withdrew a release, and why",
			},
			{
				from: 'audit(input, "package.add", input.version, input.sha256);',
				to: "",
				breaks: "nobody can see later who uploaded a package",
			},
			{
				from: 'known === null || known.status === "uploaded"',
				to: "known === null",
				breaks: "a package that was never released can be withdrawn",
			},
			{
				from: 'if (known.status === "withdrawn" && target === known.revertTo) return { ok: true, changed: false };',
				to: "",
				breaks: "each repetition of a withdrawal is published anew",
			},
			{
				from: "rolloutDesk.end(input, version, `withdrawn: ${reason}`);",
				to: "",
				breaks: "a release that was withdrawn is still permitted to the next step",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/lease-tables.ts",
		tests: ["test/workers/objects/product/rollouts/lease-plans"],
		edits: [
			{
				from: "FROM leases INDEXED BY leases_of_group WHERE",
				to: "FROM leases WHERE",
				breaks: "a permit reads each lease of its release",
			},
			{
				from: "FROM leases INDEXED BY leases_by_site",
				to: "FROM leases",
				breaks: "a permit for a device of a site reads each lease of its release",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/lease-ends.ts",
		tests: ["test/workers/objects/product/"],
		edits: [
			{
				from: "return oldest + expect > now ? [oldest + expect, oldest + lease] : [oldest + lease];",
				to: "return [];",
				breaks: "nobody notices that devices fell silent",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/permit-question.ts",
		tests: ["test/workers/objects/product/"],
		edits: [
			{
				from: 'release?.status === "withdrawn"',
				to: "false",
				breaks: "a release that everybody had is permitted after it was withdrawn",
			},
			{
				from: 'rollout.channel === "beta" && channel === "stable"',
				to: "false",
				breaks: "a device that left beta takes a place there",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/rollout-desk.ts",
		tests: ["test/workers/objects/product/"],
		edits: [
			{
				from: 'rollouts.count(version, step, "permits",',
				to: 'rollouts.count(version, step, "excused",',
				breaks: "a step gives more permits than it has places",
			},
			{
				from: "releases.setReach(version, reachOf(rollout), change.now);\n\t\t// A plan",
				to: "// A plan",
				breaks: "edges go on offering a release that was halted",
			},
			{
				from: "rollouts.active(channel)",
				to: "rollouts.active()",
				breaks: "a release that is out on beta ends those that are on their way to stable",
			},
			{
				from: "leases.forget(version);",
				to: "",
				breaks: "what the steps on beta showed passes the steps on stable",
			},
		],
	},
	{
		file: "src/objects/product/product-tables.ts",
		tests: ["test/workers/routes/publisher/"],
		edits: [
			{
				from: "recorded = 1 WHERE version = ? AND sequence IS NULL",
				to: "recorded = 1 WHERE version = ?",
				breaks: "a release gets another place in the order when it is released again",
			},
			{
				from: "FROM releases AS others WHERE withdrawn_at IS NULL AND out_at IS NOT NULL",
				to: "FROM releases AS others WHERE out_at IS NOT NULL",
				breaks: "no release is the current one after the newest was withdrawn",
			},
			{
				from: "AND others.channel = releases.channel",
				to: "",
				breaks: "what is out on beta takes the word current from what stable has",
			},
		],
	},
	{
		file: "src/objects/product/releases/release-row.ts",
		tests: ["test/workers/routes/publisher/"],
		edits: [
			{
				from: "release.engine.min === engine.min && ",
				to: "",
				breaks: "a release that says another engine counts as the same",
			},
			{
				from: "models: JSON.stringify(release.models) === JSON.stringify(models),",
				to: "models: true,",
				breaks: "a release that says other models counts as the same",
			},
			{
				from: "withdrawn: row.withdrawn_at !== null",
				to: "withdrawn: false",
				breaks: "devices are offered a release that was withdrawn",
			},
		],
	},
];
