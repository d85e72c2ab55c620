// Faults in what an Account does with its devices and their instances.
import type { FileEdits } from "../../edit.ts";

export const ACCOUNT_DEVICES: readonly FileEdits[] = [
	{
		file: "src/objects/account/account.ts",
		tests: [
			"test/workers/objects/account/ha/ha-reports",
			"test/workers/routes/device/check/ha-checks",
			"test/workers/routes/operator/events/webhooks",
		],
		edits: [
			{
				from: 'if (outcome === "taken") this.ctx.waitUntil(this.outbox.flush());',
				to: "",
				breaks: "what a device says of its HA group reaches the edges seconds later than it could",
			},
			{
				from: "(await this.info()) ?? createAccount",
				to: "createAccount",
				breaks: "an account that is created twice loses its name",
			},
			{
				from: "void this.outbox.deliver();",
				to: "",
				breaks: "imported devices are not published before something else happens",
			},
		],
	},
	{
		file: "src/objects/account/devices/admission.ts",
		tests: ["test/workers/objects/account/"],
		edits: [
			{
				from: 'const kept = kind === "moved" ? known : null;',
				to: "const kept = null as Device | null;",
				breaks: "a suspended device that registers with another license's code is active again",
			},
			{
				from: 'const kept = kind === "moved" ? known : null;',
				to: "const kept = known;",
				breaks: "a device that was deactivated stays so when it comes back",
			},
			{
				from: "replaces: replaced?.id ?? known?.replaces ?? null",
				to: "replaces: replaced?.id ?? null",
				breaks: "a successor that moves loses the history of its place",
			},
			{
				from: "replaced?.labels ?? channelLabels",
				to: "channelLabels",
				breaks: "a successor does not get the labels of the device that it replaces",
			},
			{
				from: "channelLabels(known?.labels ?? {})",
				to: "{}",
				breaks: "a device on beta that activates again is on stable",
			},
			{
				from: 'if (kind === "returned") this.callOffReplacement(id, by);',
				to: "",
				breaks: "a device that came back by itself can still be replaced with the old code",
			},
			{
				from: "outbox.add([...steps, ...this.#accessSteps(known, device, kind, by.now)]);",
				to: "outbox.add(steps);",
				breaks: "a device that came back is refused until its denial ends",
			},
			{
				from: "devices.isSerialHeldByOther(serial, jkt, replaced?.id ?? null)",
				to: "devices.isSerialHeldByOther(serial, jkt, null)",
				breaks: "a device with a new key after a factory reset cannot take its own place",
			},
			{
				from: "others.length >= MAX_HA_MEMBERS",
				to: "others.length > MAX_HA_MEMBERS",
				breaks: "an HA group takes a device more than it may",
			},
			{
				from: "return Math.max(seat?.until ?? 0, now + (life ?? this.#parts.tokensEndAfter));",
				to: "return seat?.until ?? 0;",
				breaks: "a seat is given to another while tokens from before are out",
			},
			{
				from: "until === null ? null : Math.max(until, kept?.until ?? 0)",
				to: "until",
				breaks: "a successor gets a shorter lease than the device had that it replaces",
			},
			{
				from: "group?.id ?? known?.id ?? serial, `serial",
				to: "serial, `serial",
				breaks: "one HA group that finds no seat is told of as many devices",
			},
			{
				from: 'saveDevice({ ...replaced, status: "revoked", haGroup: null, replacedBy: successor })',
				to: 'saveDevice({ ...replaced, status: "revoked", replacedBy: successor })',
				breaks: "a device that was replaced stays in its HA group",
			},
			{
				from: "outbox.add([deviceStep(device), accessStep(device, by.now, tokensEndAfter)]);",
				to: "outbox.add([deviceStep(device)]);",
				breaks: "tokens of a device that was replaced are good until they end",
			},
		],
	},
	{
		file: "src/objects/account/devices/device-desk.ts",
		tests: [
			"test/workers/routes/operator/devices/device-status",
			"test/workers/objects/account/seats/",
			"test/workers/objects/account/ha/",
		],
		edits: [
			{
				from: 'if (decision.reason === "no_seat_left") this.#admission.noteRefusal(place, claims, known, by);',
				to: "",
				breaks: "nobody learns that a device came and found no seat",
			},
			{
				from: "if (code.instance !== null && code.used < code.uses) licenses.insertActivation(codeHash, device.id, now);",
				to: "",
				breaks: "an end from before an instance was launched again takes its device's seat",
			},
			{
				from: 'if (input.status === "active") this.#admission.callOffReplacement(known.id, input);',
				to: "",
				breaks: "a device that was reinstated can still be replaced with the old code",
			},
			{
				from: "this.#parts.audit(input, `device.${input.status}`, known.id, input.reason);",
				to: "",
				breaks: "nobody can see later who suspended a device, and why",
			},
			{
				from: "if (!holdsSeat(input.status)) this.#parts.seatDesk.vacate(known, input, `device ${input.status}`);",
				to: "",
				breaks: "a revoked device keeps its seat",
			},
			{
				from: "this.#parts.outbox.add([deviceStep(device), accessStep(device, input.now, this.#parts.tokensEndAfter)]);",
				to: "this.#parts.outbox.add([deviceStep(device)]);",
				breaks: "tokens of a suspended device are good until they end",
			},
			{
				from: "if (known.haGroup !== null) this.#parts.haReports.refresh(known.haGroup, input);",
				to: "",
				breaks: "a revoked device counts as a member of its HA group still",
			},
			{
				from: "if (device?.replacedBy === null) return",
				to: "if (device !== null) return",
				breaks: "a code of a replacement leads to the place of a device that has left it",
			},
		],
	},
	{
		file: "src/objects/account/devices/device-tables.ts",
		tests: ["test/workers/objects/account/", "test/workers/routes/operator/devices/account-devices"],
		edits: [
			{
				from: "version: row.version + account.licenseEpoch",
				to: "version: row.version",
				breaks: "stores keep the old records of devices after a change of their license",
			},
			{
				from: "SET version = version + 1, status",
				to: "SET status",
				breaks: "a device's record changes under the same version",
			},
			{
				from: "AND id NOT IN (${places}) AND ${HOLDS_SEAT} LIMIT 1",
				to: "AND id NOT IN (${places}) LIMIT 1",
				breaks: "the seat of an HA group is kept by a device that was revoked",
			},
			{
				from: "jkt <> ? AND id IS NOT ? AND ${HOLDS_SEAT} LIMIT 1",
				to: "jkt <> ? AND id IS NOT ? LIMIT 1",
				breaks: "a serial number can never be used again once its device was revoked",
			},
			{
				from: "UNION SELECT * FROM devices WHERE serial = ? AND ${HOLDS_SEAT} ORDER BY id",
				to: "UNION SELECT * FROM devices WHERE 0 AND serial = ? ORDER BY id",
				breaks: "the end of an instance frees no seat of a device that has its name for a serial number",
			},
			{
				from: "SELECT * FROM devices WHERE id > ? ORDER BY id LIMIT ?",
				to: "SELECT * FROM devices WHERE id >= ? ORDER BY id LIMIT ?",
				breaks: "the last device of a page comes again on the next",
			},
			{
				from: "license?.leaseSeconds || null",
				to: "null",
				breaks: "devices of an elastic license get tokens that outlive their lease",
			},
			{
				from: 'for (const holder of ["id", "ha_group"]) {',
				to: 'for (const holder of ["id"]) {',
				breaks: "a license's transfer leaves the devices of HA groups behind",
			},
		],
	},
	{
		file: "src/objects/account/account-records.ts",
		tests: [
			"test/workers/objects/outbox/record-pages",
			"test/workers/objects/account/",
			"test/workers/routes/operator/stores/records",
			"test/workers/routes/attacks/put-back",
		],
		edits: [
			{
				from: "return allowStep(device, since + RECORD_LIFE_SECONDS + tokensEndAfter);",
				to: "return allowStep(device, 0);",
				breaks: "a record from under a fixed license that a device has left is believed once its denial has ended",
			},
			{
				from: "lease === null ? RECORD_LIFE_SECONDS : 0",
				to: "0",
				breaks: "a record from before a revocation is believed once the denial has ended",
			},
			{
				from: "lease === null ? RECORD_LIFE_SECONDS : 0",
				to: "RECORD_LIFE_SECONDS",
				breaks: "instances that come and go fill the deny list",
			},
			{
				from: "until: now + RECORD_LIFE_SECONDS + tokensEndAfter",
				to: "until: now + tokensEndAfter",
				breaks: "a record from before a change of licenses is decided on",
			},
			{
				from: "key > deviceKey(renewedTo)",
				to: "true",
				breaks: "a comparison leaves out records that were written anew already",
			},
			{
				from: "devices.length === limit ? devices.at(-1) : undefined",
				to: "devices.length > limit ? devices.at(-1) : undefined",
				breaks: "of an account's devices only the first page is written anew",
			},
			{
				from: "if (key.startsWith(ofGroups)) return groups.step(key.slice(ofGroups.length));\n",
				to: "",
				breaks: "the record of an HA group that a store has lost cannot be read any more",
			},
		],
	},
	{
		file: "src/objects/account/account-tables.ts",
		tests: [
			"test/workers/objects/account/licenses/license-epoch",
			"test/workers/routes/operator/licenses/license-changes",
		],
		edits: [
			{
				from: "SET license_epoch = MAX(license_epoch + 1, ?), renewed_to = ''",
				to: "SET license_epoch = MAX(license_epoch + 1, ?)",
				breaks: "the records of devices are not written anew after a change of licenses",
			},
		],
	},
	{
		file: "src/objects/account/licenses/record-renewal.ts",
		tests: [
			"test/workers/objects/account/licenses/license-epoch",
			"test/workers/routes/operator/licenses/license-changes",
		],
		edits: [
			{
				from: "account.setRenewedTo(next);\n",
				to: "",
				breaks: "the records of an account are written anew for ever",
			},
			{
				from: "return outbox.isEmpty() && account.renewedTo() !== null;",
				to: "return account.renewedTo() !== null;",
				breaks: "thousands of records go before a revocation that waits",
			},
		],
	},
	{
		file: "src/objects/account/devices/import-desk.ts",
		tests: ["test/workers/routes/operator/devices/account-devices"],
		edits: [
			{
				from: "if (this.#waiting() >= MAX_WAITING)",
				to: "if (this.#waiting() > MAX_WAITING)",
				breaks: "an import goes on though a thousand records wait",
			},
			{
				from: "line.haGroup ?? (known?.license === license.id ? known.haGroup : null)",
				to: "line.haGroup",
				breaks: "an import takes a device out of its HA group without being told to",
			},
			{
				from: 'audit(by, "device.changed", device.id, `serial ${device.serial}`);',
				to: "",
				breaks: "nobody can see later who changed a device by an import",
			},
			{
				from: "outbox.add(changedSteps(before, device, by.now, tokensEndAfter));",
				to: "",
				breaks: "edges do not learn what an import changed of a device",
			},
		],
	},
	{
		file: "src/objects/account/instances/instance-desk.ts",
		tests: ["test/workers/routes/hooks/"],
		edits: [
			{
				from: "const at = Math.min(input.at, now);\n\t\tconst index",
				to: "const { at } = input;\n\t\tconst index",
				breaks: "an instance whose clock is ahead cannot be launched again for as long",
			},
			{
				from: 'status === "suspended" ? "revoked" : "deactivated"',
				to: '"deactivated"',
				breaks: "the seat of a suspended device is not freed when its instance has ended",
			},
			{
				from: "this.#revokeCodes(input, codeId);\n",
				to: "",
				breaks: "codes of an instance's earlier launches stay good",
			},
			{
				from: "instances.note(instance, { ...UNKNOWN_INSTANCE, terminatedAt: at }, now);",
				to: "",
				breaks: "a launch that is told late gives a code to an instance that has ended",
			},
			{
				from: "isNews ? this.#revokeCodes(input, null) : []",
				to: "this.#revokeCodes(input, null)",
				breaks: "an end that is told late revokes the code of the present launch",
			},
		],
	},
	{
		file: "src/objects/account/instances/instance-tables.ts",
		tests: ["test/workers/objects/account/instances/instances", "test/workers/routes/hooks/"],
		edits: [
			{
				from: "launched_at = max(launched_at, excluded.launched_at)",
				to: "launched_at = excluded.launched_at",
				breaks: "the end of an instance makes its launch forgotten",
			},
		],
	},
	{
		file: "src/objects/account/devices/suspension-trail.ts",
		tests: ["test/workers/routes/device/explain/explain-suspensions"],
		edits: [
			{
				from: "return (end === -1 ? newestFirst : newestFirst.slice(0, end)).reverse();",
				to: "return newestFirst.reverse();",
				breaks: "an explanation gives reasons of a suspension that is over",
			},
			{
				from: "this.of(subject).at(-1)?.reason !== reason",
				to: "true",
				breaks: "a call that is sent again stands twice in the trail",
			},
			{
				from: 'reason !== "" && ',
				to: "",
				breaks: "a suspension that is repeated without a reason takes the place of the one with a reason",
			},
		],
	},
	{
		file: "src/objects/account/devices/replacement-desk.ts",
		tests: ["test/workers/objects/account/devices/replacement", "test/workers/routes/operator/devices/replacement"],
		edits: [
			{
				from: 'audit(input, "device.replacement", before.id, detailOf(input));\n\t\tthis.#admission.callOffReplacement(before.id, input);',
				to: 'audit(input, "device.replacement", before.id, detailOf(input));',
				breaks: "two appliances have codes for one place",
			},
			{
				from: "outbox.add([deviceStep(suspended), accessStep(suspended, now, tokensEndAfter)]);",
				to: "outbox.add([deviceStep(suspended)]);",
				breaks: "a device that is to be replaced goes on with the token that it has",
			},
			{
				from: 'if (before.status === "active") {',
				to: "{",
				breaks: "a revoked device that is to be replaced is only suspended",
			},
		],
	},
];
