// Faults in the numbers of a fleet: how they are kept, told and put together.
import type { FileEdits } from "../edit.ts";

export const FLEET: readonly FileEdits[] = [
	{
		file: "src/fleet/fleet-tally.ts",
		tests: ["test/unit/fleet/fleet-tally.test.ts"],
		edits: [
			{
				from: "if (sum > 0 && (known !== undefined || items.size < this.#maxKinds)) {",
				to: "if (sum > 0) {",
				breaks: "accounts with versions of their own make the census as large as they like",
			},
			{
				from: "if (left > 0) items.set(restKey, { ...rest, devices: left });",
				to: "",
				breaks: "devices that find no room are counted nowhere",
			},
			{
				from: "if (sum.licenses === 0) this.#licenses.delete(kind);",
				to: "",
				breaks: "a kind of license that nobody has any more is listed for ever",
			},
		],
	},
	{
		file: "src/objects/account/fleet/device-count.ts",
		tests: ["test/workers/objects/account/fleet/"],
		edits: [
			{
				from: "if (this.#before.has(device) || (this.#countedTo !== null && device > this.#countedTo)) return;",
				to: "if (this.#before.has(device)) return;",
				breaks: "a device that changes while the others are counted is counted twice",
			},
			{
				from: "if (this.#before.size === 1) queueMicrotask(() => this.#settle());",
				to: "if (this.#before.size === 1) this.#settle();",
				breaks: "what a device was before its change is counted for ever",
			},
			{
				from: "if (!holdsSeat(status)) return { ...EMPTY_SUMMARY, devices };",
				to: "",
				breaks: "a revoked device counts among those that run a version",
			},
		],
	},
	{
		file: "src/objects/account/fleet/summary-desk.ts",
		tests: ["test/workers/routes/operator/fleet/fleet.test.ts"],
		edits: [
			{
				from: "this.#setDue(now + AGAIN_AFTER_SECONDS);",
				to: "",
				breaks: "a summary that does not arrive is sent again at once, and again",
			},
			{
				from: "if (account === null || !this.#parts.count.countOn()) return Promise.resolve(false);",
				to: "if (account === null) return Promise.resolve(false);",
				breaks: "after a start an account tells that it has no devices",
			},
		],
	},
	{
		file: "src/objects/census/census-count.ts",
		tests: ["test/workers/routes/operator/fleet/fleet.test.ts"],
		edits: [
			{
				from: "if (this.#countedTo === null || after.account <= this.#countedTo) this.#replace(before, after);",
				to: "this.#replace(before, after);",
				breaks: "a summary that comes while the census counts is counted twice",
			},
			{
				from: "this.#tally.add(before, -1);",
				to: "",
				breaks: "devices are counted under each version that they have ever had",
			},
		],
	},
	{
		file: "src/objects/census/census-tables.ts",
		tests: ["test/workers/routes/operator/fleet/fleet.test.ts"],
		edits: [
			{
				from: "if (at - known.at < SETTLED_AFTER_SECONDS && changed.every(({ by }) => by < step)) return;",
				to: "",
				breaks: "every minute writes a row for each version",
			},
		],
	},
	{
		file: "src/objects/account/account-desks.ts",
		tests: ["test/workers/routes/operator/fleet/fleet.test.ts"],
		edits: [
			{
				from: 'if (changesNumbers(action)) summaryDesk.mark(at, "news");',
				to: "",
				breaks: "a revoked device stays in the census until another one says something",
			},
		],
	},
	{
		file: "src/fleet/trust-anchors.ts",
		tests: ["test/unit/fleet/trust-anchors.test.ts"],
		edits: [
			{
				from: "return newest !== null && newest.version >= own.version ? newest : own;",
				to: "return own;",
				breaks: "devices count as stopping although they take a newer TUF root by themselves",
			},
			{
				from: "if (at < before.toldAt) return before;",
				to: "",
				breaks: "a word that comes late takes the place of a later one",
			},
			{
				from: "if (text.length > MAX_ANCHORS_CHARACTERS) return null;",
				to: "",
				breaks: "a device has the service read as much JSON as a token request holds",
			},
		],
	},
	{
		file: "src/fleet/trust-outlook.ts",
		tests: ["test/unit/fleet/trust-outlook.test.ts"],
		edits: [
			{
				from: "one.place - two.place || two.devices",
				to: "two.devices",
				breaks: "one account's made-up roots displace what other accounts' devices rest on",
			},
			{
				from: "return first !== undefined && first.endsAt <= by;",
				to: "return first !== undefined && first.endsAt < by;",
				breaks: "whose root ends at the very time counts among those that go on",
			},
			{
				from: "return addUp([...most, ...more, ...fewest.map(restOfTrust)]);",
				to: "return addUp([...most, ...more]);",
				breaks: "devices that rest on something rare are counted nowhere",
			},
		],
	},
	{
		file: "src/objects/account/fleet/anchor-desk.ts",
		tests: ["test/workers/routes/operator/fleet/fleet-trust.test.ts"],
		edits: [
			{
				from: "if (after === before || !this.#writes.take(device, at)) continue;",
				to: "if (after === before) continue;",
				breaks: "a device that says something else each time has a row written each time",
			},
			{
				from: "changing(device);",
				to: "",
				breaks: "a device is counted with what it rests on before and after",
			},
		],
	},
];
