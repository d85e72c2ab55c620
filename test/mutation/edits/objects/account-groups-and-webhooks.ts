// Faults in an Account's HA groups and in what it tells webhooks.
import type { FileEdits } from "../../edit.ts";

const HA = ["test/workers/objects/account/ha/"];
const HOOKS = ["test/workers/routes/operator/events/webhooks"];

export const ACCOUNT_GROUPS_AND_WEBHOOKS: readonly FileEdits[] = [
	{
		file: "src/objects/account/ha/ha-desk.ts",
		tests: [...HA, "test/workers/objects/account/seats/lease-ends"],
		edits: [
			{
				from: "if (own !== null) seatDesk.place({ ...own, holder: group.id }, by);",
				to: "",
				breaks: "an HA group does not get the seat that its first device brings",
			},
			{
				from: "const until = isLast ? seat.until : firstLeaseEnd",
				to: "const until = firstLeaseEnd",
				breaks: "the last device of an HA group leaves with another lease than the group had",
			},
			{
				from: "licenses.revokeCode(code.id);\n",
				to: "",
				breaks: "the codes of an HA group that is gone stay good",
			},
			{
				from: "if (decision.changed) members += 1;",
				to: "",
				breaks: "an HA group is made with more devices than it may have",
			},
			{
				from: "if (changed) this.#parts.haReports.refresh(group.id, by);",
				to: "",
				breaks: "edges do not learn that an HA group is gone",
			},
			{
				from: 'audit(input, "ha_group.delete", group.id, group.name);',
				to: "",
				breaks: "nobody can see later who deleted an HA group",
			},
			{
				from: "if (device.haGroup !== group.id) return this.#done(group, input, false);\n",
				to: "",
				breaks: "a device can be taken out of a group in which it is not",
			},
		],
	},
	{
		file: "src/objects/clock.ts",
		tests: ["test/workers/objects/callers-clock"],
		edits: [
			{
				from: '{ ...told, until: told["until"] - seconds }',
				to: "told",
				breaks: "an HA group waits a year for a permit that an edge gave whose clock is a year ahead",
			},
		],
	},
	{
		file: "src/objects/account/ha/ha-lock-tables.ts",
		tests: HA,
		edits: [
			{
				from: "if (before === null) this.forgetPermit",
				to: "if (before !== undefined) this.forgetPermit",
				breaks: "an HA group forgets what failed on a device when its next permit is given back",
			},
		],
	},
	{
		file: "src/objects/account/ha/ha-holders.ts",
		tests: [...HA, "test/workers/routes/device/permits/ha-membership"],
		edits: [
			{
				from: "tables.takeAlong(device, haGroup, now);",
				to: "",
				breaks: "a device that leaves its HA group and comes back installs beside its partner",
			},
			{
				from: "if (permit !== null) this.#bring",
				to: "if (permit === undefined) this.#bring",
				breaks: "a device that joins an HA group installs beside its new partner",
			},
			{
				from: "if (isLocked !== false ||",
				to: "if (isLocked === false ||",
				breaks: "a permit that names no lock counts for nothing in the device's HA group",
			},
			{
				from: "this.#parts.haLockTables.cutPermits(seatHolder(device), device.id, now);",
				to: "",
				breaks: "a suspended device that cannot report holds up its HA group for good",
			},
			{
				from: 'if (said.outcome !== "downloaded" && said.outcome !== "installed") haArrivals',
				to: "haArrivals",
				breaks: "a device that joined and installs what it was offered before has its partner install beside it",
			},
		],
	},
	{
		file: "src/objects/account/devices/admission.ts",
		tests: ["test/workers/routes/device/permits/ha-arrivals"],
		edits: [
			{
				from: "if (after !== null && before === null) haHolders.arrive(",
				to: "if (after === undefined) haHolders.arrive(",
				breaks: "a device that fetched a release in no HA group installs it beside its new partner",
			},
			{
				from: "this.noteGroup(by, id, known?.haGroup, haGroup);",
				to: "this.noteGroup(by, id, known?.haGroup ?? null, haGroup);",
				breaks: "a new pair waits for offers that it never had",
			},
		],
	},
	{
		file: "src/fleet/device-state.ts",
		tests: ["test/unit/fleet/"],
		edits: [
			{
				from: "if (isRecent && lastWord(known) === null) return known;",
				to: "if (isRecent) return known;",
				breaks: "a permit that a device takes after it put the release off is not known of",
			},
		],
	},
	{
		file: "src/rollout/lease.ts",
		edits: [
			{
				from: "lease.outcome === null && question.peers.includes(lease.device)",
				to: "lease.outcome === null",
				breaks: "a device waits at a rollout for one that has left its HA group or was given up",
			},
			{
				from: 'question.isUnlocked && peers.some(({ outcome, partners }) => outcome !== "excused" && partners',
				to: "question.isUnlocked && peers.some(({ partners }) => partners",
				breaks: "a device of an unlocked HA group gets past a full step in a place that was given back",
			},
			{
				from: "if (isUnderWay && !question.isUnlocked)",
				to: "if (isUnderWay)",
				breaks: "a device of an HA group that was unlocked still waits at the rollout",
			},
		],
	},
	{
		file: "src/objects/account/ha/ha-tables.ts",
		tests: HA,
		edits: [
			{
				from: "this.#sql.exec(`UPDATE codes SET license = ? WHERE ha_group IN ${holders}`, to, from, last);",
				to: "",
				breaks: "a code for an HA group leads to the license that the group has left",
			},
			{
				from: "(until IS NULL OR until > ?)",
				to: "(until IS NULL OR until >= ?)",
				breaks: "a group's seat counts in the second in which its lease has ended",
			},
		],
	},
	{
		file: "src/objects/account/ha/ha-reports.ts",
		tests: [...HA, "test/workers/routes/device/check/ha-checks"],
		edits: [
			{
				from: "known === undefined || input.now < known.at",
				to: "known === undefined",
				breaks: "what a device said before overwrites what it says now",
			},
			{
				from: 'if (input.now < allowedFrom(known.spentTo, REPORTS)) return "too_soon";\n',
				to: "",
				breaks: "a device that changes its mind all the time writes all the time",
			},
			{
				from: "if (!members.some((one) => one.device === device)) this.tables.deleteReport(device);",
				to: "",
				breaks: "what a device said before it left counts when it is back",
			},
			{
				from: "if (after.version !== before?.version) this.#parts.outbox.add([stepOf(after)]);",
				to: "this.#parts.outbox.add([stepOf(after)]);",
				breaks: "each word of a device writes the record of its group",
			},
			{
				from: "due < (dueBefore ?? Number.POSITIVE_INFINITY)) this.#parts.alarm.setWithin();",
				to: "false) this.#parts.alarm.setWithin();",
				breaks: "a version skew is told only when something else happens",
			},
			{
				from: "priority: priority ?? known.priority",
				to: "priority",
				breaks: "a check without a priority forgets the one that was told",
			},
			{
				from: "Object.keys(grants)",
				to: "Object.keys({ ...before, ...now })",
				breaks: "versions of products that a license no longer names count as skew",
			},
		],
	},
	{
		file: "src/objects/account/ha/ha-events.ts",
		tests: HA,
		edits: [
			{
				from: "if (by.now < allowedFrom(state.eventsSpentTo, EVENTS)) return { ...state, untold: state.untold + 1 };\n",
				to: "",
				breaks: "roles that flap fill the trail",
			},
			{
				from: "untold: 0, eventsSpentTo: spend(state.eventsSpentTo, by.now, EVENTS) };",
				to: "eventsSpentTo: spend(state.eventsSpentTo, by.now, EVENTS) };",
				breaks: "failovers that were told once are counted again",
			},
			{
				from: "if (condition.dueAt !== null) continue;\n",
				to: "",
				breaks: "a skew is told to be over that was never told",
			},
			{
				from: "if (by.now >= dueAt) {",
				to: "if (by.now > dueAt) {",
				breaks: "a skew is told a second after its time",
			},
			{
				from: "const since = open?.since ?? by.now;",
				to: "const since = by.now;",
				breaks: "a skew that is looked at often is never told",
			},
		],
	},
	{
		file: "src/objects/webhooks/webhook-delivery.ts",
		tests: HOOKS,
		edits: [
			{
				from: "position: Math.max(webhook.position, seq)",
				to: "position: seq",
				breaks: "events that were skipped during an attempt are told after all",
			},
			{
				from: "webhook.disabled === null && webhook.nextAttemptMs === null",
				to: "webhook.nextAttemptMs === null",
				breaks: "a webhook that was given up is tried again with the next event",
			},
			{
				from: "webhook.disabled === null && webhook.nextAttemptMs === null",
				to: "webhook.disabled === null",
				breaks: "a webhook that waits after a failure is tried with each event",
			},
			{
				from: "webhook.types.length === 0 ? [] : [...webhook.types, TEST_EVENT]",
				to: "webhook.types",
				breaks: "a webhook that asked for some types cannot be tested",
			},
			{
				from: ".filter(({ until }) => until === null || now < until)",
				to: "",
				breaks: "a secret that was replaced signs for ever",
			},
			{
				from: "if (webhook === null) return false;",
				to: "",
				breaks: "a webhook that was removed during an attempt stops the account's alarm",
			},
			{
				from: "return action === TEST_EVENT ? subject === webhook.id : wantsType(webhook.types, action);",
				to: "return wantsType(webhook.types, action);",
				breaks: "a test of one webhook is told to all",
			},
			{
				from: "count < EVENTS_PER_RUN && Date.now() < until",
				to: "count < EVENTS_PER_RUN",
				breaks: "a slow receiver keeps the account's records from the edges",
			},
			{
				from: "if (running !== undefined) return running;\n",
				to: "",
				breaks: "an event is told twice when a test and the alarm come together",
			},
		],
	},
	{
		file: "src/objects/webhooks/webhooks.ts",
		tests: HOOKS,
		edits: [
			{
				from: "present.length >= MAX_WEBHOOKS",
				to: "present.length > MAX_WEBHOOKS",
				breaks: "an account has a webhook more than it may",
			},
			{
				from: "position: lastPlace(this.#storage.sql),\n\t\t\t\tfailures",
				to: "position: 0,\n\t\t\t\tfailures",
				breaks: "a new webhook is told of everything that ever was",
			},
			{
				from: "secret.until ?? input.now + OLD_SECRET_SECONDS",
				to: "input.now + OLD_SECRET_SECONDS",
				breaks: "a secret that was replaced twice signs for two days",
			},
			{
				from: "position, failures: 0, nextAttemptMs: Date.now(), disabled: null",
				to: "position, nextAttemptMs: Date.now(), disabled: null",
				breaks: "a webhook that was enabled again is given up after one failure",
			},
			{
				from: "new URL(input.url).origin",
				to: "input.url",
				breaks: "secrets in the path of a webhook stand in the trail",
			},
		],
	},
	{
		file: "src/objects/account/account-trail.ts",
		tests: ["test/workers/objects/account/", "test/workers/routes/operator/"],
		edits: [
			{
				from: "const subjects = devices.lineage(device);",
				to: "const subjects = [device];",
				breaks: "the history of a device leaves out those that it replaced",
			},
		],
	},
	{
		file: "src/objects/account/rewind.ts",
		tests: ["test/simulation/rewind.test.ts", "test/workers/routes/operator/accounts/account-rewind"],
		edits: [
			{
				from: "if (at !== null && at > to) return false;",
				to: "",
				breaks: "an account that was not set back is told to be so",
			},
			{
				from: "outbox.add(reinstated.flatMap(",
				to: "void (reinstated.flatMap(",
				breaks: "a device stays refused for what has not happened any more",
			},
			{
				from: "haLocks.takeBack(permits);",
				to: "",
				breaks: "two devices of an HA group install at once after their account was set back",
			},
			{
				from: 'if (!haLocks.isClosed(now)) return { kind: "not_closed" };',
				to: "",
				breaks: "a permit that was given right before the restore is forgotten",
			},
		],
	},
];
