// Faults in an Account's licenses, codes and seats.
import type { FileEdits } from "../../edit.ts";

const SEATS = ["test/workers/objects/account/seats/"];
export const ACCOUNT_LICENSES: readonly FileEdits[] = [
	{
		file: "src/objects/account/account-tables.ts",
		tests: ["test/workers/routes/operator/accounts/accounts"],
		edits: [
			{
				from: " WHERE name_version < ?1",
				to: "",
				breaks: "the last name in an account's trail is not the one that it has",
			},
		],
	},
	{
		file: "src/objects/account/licenses/license-desk.ts",
		tests: [
			"test/workers/objects/account/",
			"test/workers/routes/operator/licenses/license-changes",
			"test/workers/routes/operator/licenses/",
		],
		edits: [
			{
				from: 'if (before.status === "revoked") return { ok: false, reason: "license_revoked" };\n',
				to: "",
				breaks: "a revoked license can be changed",
			},
			{
				from: 'if (input.status === "revoked") this.#parts.licenseTransfer.stopTo(before.id, input.now);\n',
				to: "",
				breaks: "seats go on going over to a license that was revoked",
			},
			{
				from: "this.#parts.expiryDesk.watch(license, input.now);",
				to: "",
				breaks: "nobody is told that a new license ends",
			},
			{
				from: "this.#parts.expiryDesk.watch(after, change.now);",
				to: "",
				breaks: "after a renewal people are told that the license ends as it did before",
			},
			{
				from: "if (before.seats !== after.seats) this.#parts.seatLedger.changeSeats(after, change);",
				to: "",
				breaks: "nobody is told that a license with fewer seats is full now",
			},
			{
				from: "if (changesDevices(before, after)) beginLicenseEpoch(this.#parts, change.now);",
				to: "this.#renewDevices(change.now);",
				breaks: "a change that no device notices makes all devices get new tokens",
			},
			{
				from: "group !== null && group.license !== license",
				to: "false",
				breaks: "a code for an HA group is made for a license that is not the group's",
			},
			{
				from: 'this.#parts.audit(input, "code.revoke", code.id, `license ${code.license}`);',
				to: "",
				breaks: "nobody can see later who revoked an auth code",
			},
		],
	},
	{
		file: "src/objects/account/licenses/license-tables.ts",
		tests: ["test/workers/objects/account/"],
		edits: [
			{
				from: "replaces = ? AND used = 0 AND NOT revoked",
				to: "replaces = ? AND NOT revoked",
				breaks: "the code with which a successor may come back is revoked with the next replacement",
			},
			{
				from: "instance = ? AND revoked = 0 AND expires_at > ?",
				to: "instance = ? AND revoked = 0 AND used = 0 AND expires_at > ?",
				breaks: "a device comes back with its code after its instance has ended",
			},
			{
				from: "if (isNew) this.#sql.exec",
				to: "this.#sql.exec",
				breaks: "a device that activates twice uses up its code",
			},
			{
				from: "SELECT MAX(at) AS at FROM codes",
				to: "SELECT MIN(at) AS at FROM codes",
				breaks: "an end from before the latest launch of an instance takes its device's seat",
			},
		],
	},
	{
		file: "src/objects/account/licenses/expiry-desk.ts",
		tests: ["test/workers/objects/account/licenses/expiry-notices"],
		edits: [
			{
				from: 'license.status === "revoked" ? new Map() : endsOf(license)',
				to: "endsOf(license)",
				breaks: "people are told that a license ends which was revoked",
			},
			{
				from: "this.#tables.remove(awaited);\n\t\t\tthis.#await(awaited.license, awaited.endsAt, now);",
				to: "this.#tables.remove(awaited);",
				breaks: "after the first notice of a license's end there is no other",
			},
			{
				from: "if (this.#dueMs() !== before) this.#parts.alarm.setWithin();",
				to: "",
				breaks: "the alarm stands where it stood before a license was made or changed",
			},
			{
				from: "if (!awaited.some((one) => one.endsAt === endsAt)) this",
				to: "this",
				breaks: "a change of a license has a notice told again, or skipped",
			},
		],
	},
	{
		file: "src/objects/account/seats/seat-desk.ts",
		tests: SEATS,
		edits: [
			{
				from: 'if (typeof of !== "string" && !holdsSeat(of.status)) return null;\n',
				to: "",
				breaks: "a revoked device counts as one that has a seat",
			},
			{
				from: "else if (wanted.until !== null && seat.until !== null && wanted.until > seat.until) {",
				to: "else if (wanted.until !== null) {",
				breaks: "a lease ends earlier because another device joined",
			},
			{
				from: "if (isOver) this.release(seat, by.now);",
				to: "",
				breaks: "a seat whose lease was over is taken again without a word of its end",
			},
			{
				from: "if (!isShared) this.#parts.seatLedger.free",
				to: "this.#parts.seatLedger.free",
				breaks: "an HA group loses its seat with the first device that leaves",
			},
			{
				from: 'if (device.status !== "active") return { ok: false, reason: device.status };\n',
				to: "",
				breaks: "a suspended device renews its lease",
			},
			{
				from: "hasSeat ? { seatsTaken: 0, ...license } : this.roomOf(license, now);",
				to: "{ seatsTaken: 0, ...license };",
				breaks: "a device whose lease was over takes a seat that another one has",
			},
			{
				from: "+ this.promisedBy(license.id, now);",
				to: ";",
				breaks: "a device takes a seat that is promised to one on its way",
			},
			{
				from: "if (seat?.until === null) return { ok: true, lease: { seconds, until: now + tokensEndAfter } };\n",
				to: "",
				breaks: "a seat that came from a fixed license is taken again as if its lease were over",
			},
			{
				from: "this.#parts.seatLedger.refuse(license, holder, `serial ${device.serial}`, by);\n",
				to: "",
				breaks: "nobody learns that a device has lost its seat",
			},
			{
				from: "(this.dueMs() ?? before) < before) this.#parts.alarm.setWithin();",
				to: "false) this.#parts.alarm.setWithin();",
				breaks: "a lease that ends before all others is swept only when those end",
			},
		],
	},
	{
		file: "src/objects/account/licenses/license-epoch.ts",
		tests: ["test/workers/objects/account/", "test/workers/routes/operator/licenses/license-changes"],
		edits: [
			{
				from: "if (info !== null) outbox.add([licenseEpochStep(info, now, tokensEndAfter)]);",
				to: "",
				breaks: "tokens from before a change of a license are good until they end",
			},
		],
	},
	{
		file: "src/objects/account/licenses/license-transfer.ts",
		tests: ["test/workers/objects/account/licenses/", "test/workers/objects/account/ha/", ...SEATS],
		edits: [
			{
				from: "for (const seat of page) if (!isLive(seat.until, now)) seatDesk.release(seat, now);\n",
				to: "",
				breaks: "seats whose lease is over keep a transfer from its end",
			},
			{
				from: "groups.moveGroups(upTo);\n",
				to: "",
				breaks: "an HA group stays with the license that its devices have left",
			},
			{
				from: "devices.moveDevices(upTo);\n",
				to: "",
				breaks: "a seat goes over without its device",
			},
			{
				from: "beginLicenseEpoch(this.#parts, now);\n",
				to: "",
				breaks: "devices go on with the terms of the license that they have left",
			},
			{
				from: "const least = leases.includes(0) ? null : now + this.#leaseOf(to);",
				to: "const least = this.#leaseOf(to) === 0 ? null : now;",
				breaks: "a seat that goes over from a fixed license to an elastic one is never a lease, or one too short",
			},
			{
				from: "const until = now + Math.max(this.#leaseOf(transfer.to), tokensEndAfter);",
				to: "const until = now + this.#leaseOf(transfer.to);",
				breaks: "a seat that moved to an elastic license ends before the tokens from before",
			},
			{
				from: 'if (isPassOver && transfer.leasedTo === "") this.#end(transfer, now);',
				to: "if (isPassOver) this.#end(transfer, now);",
				breaks: "a seat that an HA group got meanwhile stays for good under an elastic license",
			},
			{
				from: "if (page.length < seatsPerPage) this.#allMoved(after, now);",
				to: "if (page.length <= seatsPerPage) this.#allMoved(after, now);",
				breaks: "the rest of a large license stays where it was",
			},
			{
				from: "moved: transfer.moved + moving.length",
				to: "moved: moving.length",
				breaks: "an operator sees how many moved last and not how many have",
			},
			{
				from: "alarm.setWithin();\n\t\treturn { ok: true, changed: true",
				to: "\n\t\treturn { ok: true, changed: true",
				breaks: "a large transfer stands still where the object dies before the answer",
			},
			{
				from: "last?.to === to.id ? last : none",
				to: "none",
				breaks: "a request that is sent again learns nothing of the transfer that it began",
			},
		],
	},
	{
		file: "src/entitlement/licenses/license-transfer.ts",
		tests: ["test/unit/entitlement/licenses/license-transfer"],
		edits: [
			{
				from: "taken + moving > to.seats",
				to: "taken + moving >= to.seats",
				breaks: "devices cannot move to a license that has just enough seats",
			},
			{
				from: 'to.overage === "refuse" && taken',
				to: "taken",
				breaks: "a license that allows overage takes no transfer beyond its seats",
			},
			{
				from: "running.from === from.id && running.to === to.id",
				to: "running.to === to.id",
				breaks: "a transfer is answered with another one",
			},
			{
				from: "[to.seats - takenOfTo]",
				to: "[to.seats]",
				breaks: "a device takes a seat of the license that is left, and there is none for it where it goes",
			},
		],
	},
	{
		file: "src/objects/account/seats/seat-ledger.ts",
		tests: [...SEATS, "test/workers/routes/operator/licenses/license-usage"],
		edits: [
			{
				from: "this.free(seat.holder, by, `left for license ${seat.license}`);\n",
				to: "",
				breaks: "a holder that has a seat cannot take another in its place",
			},
			{
				from: "isOver ? 0 : -1",
				to: "-1",
				breaks: "the end of a lease that was swept late counts as a seat freed now",
			},
			{
				from: 'this.#parts.audit(by, "seat.released", holder, `license ${seat.license}, ${why}`);',
				to: "",
				breaks: "the trail does not tell that a seat was freed",
			},
			{
				from: "if (!isRefusalTold({ lastToldAt, toldLately, now: by.now })) return;\n",
				to: "",
				breaks: "a device that tries each minute fills the trail",
			},
			{
				from: "history.saveRefusal(license.id, who, by.now);\n",
				to: "",
				breaks: "each refusal of a seat is told as if it were the first",
			},
			{
				from: "takers.slice(-beyond)",
				to: "takers",
				breaks: "devices within their seats are told as being beyond them",
			},
			{
				from: "today !== null && after > today.peak",
				to: "today !== null && after >= today.seats",
				breaks: "the peak of a day is not kept",
			},
			{
				from: "this.#begin(upTo.to, by.now, count);\n",
				to: "",
				breaks: "a license that is full after a transfer is not told as full",
			},
			{
				from: "const start = this.#parts.seats.taken(license, startOf(day));",
				to: "const start = 0;",
				breaks: "a day on which seats were only freed has no peak",
			},
		],
	},
	{
		file: "src/objects/account/seats/seat-tables.ts",
		tests: SEATS,
		edits: [
			{
				from: "FROM seats INDEXED BY seats_by_end WHERE until <= ? AND license = ?",
				to: "FROM seats INDEXED BY seats_by_end WHERE until < ? AND license = ?",
				breaks: "a seat counts as taken in the second in which its lease has ended",
			},
			{
				from: "this.#count(from, -count);\n",
				to: "",
				breaks: "a license counts the seats that were moved away",
			},
			{
				from: "until = MAX(?, until)",
				to: "until = MIN(?, until)",
				breaks: "a seat that goes over to another elastic license ends before the tokens from before",
			},
		],
	},
	{
		file: "src/objects/account/seats/seat-history-tables.ts",
		tests: [...SEATS, "test/workers/routes/operator/licenses/license-usage"],
		edits: [
			{
				from: "WHERE license = ? AND at > ?",
				to: "WHERE license <> ? AND at > ?",
				breaks: "refusals under one license count against another",
			},
			{
				from: "AND day < (SELECT MAX(day)",
				to: "AND day <= (SELECT MAX(day)",
				breaks: "a license in which nothing has changed for a year forgets how many seats were taken",
			},
		],
	},
];
