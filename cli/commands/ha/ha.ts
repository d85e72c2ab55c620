// `parapet ha …`: HA groups, firewalls that share one seat. The rules live on the server.

import type { Command } from "commander";
import { z } from "zod";
import { haMode } from "../../../src/entitlement/ha/ha-group.ts";
import { productName } from "../../../src/names.ts";
import { displayName, plainText } from "../../../src/plain-text.ts";
import { addYesOption } from "../../command-line/confirmation.ts";
import { accountId, deviceId, haGroupId, licenseId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { collect, commaList, wholeNumber } from "../../command-line/values.ts";
import { CliError, UsageError } from "../../errors.ts";
import { anyAnswer, readAnswer } from "../../http/answers.ts";
import { readPages } from "../../http/lists.ts";
import { formatTable, type Surroundings } from "../../terminal/output.ts";
import { describeHaState, haStateAnswer } from "./ha-lines.ts";

type Group = z.infer<typeof anyAnswer>;

const member = z.looseObject({ device: z.string(), status: z.string(), serial: z.string(), model: z.string() });

export function defineHa(ha: Command, surroundings: Surroundings): void {
	addCreate(ha, surroundings);
	addList(ha, surroundings);
	addChange(ha, surroundings);
	const show = ha.command("show <account> <group>").description("an HA group, its devices and its seat");
	runAsOperator(show, surroundings, {}, async ({ api, operands, output }) => {
		const what = "could not read the HA group";
		const found = await api.call("GET", readGroup(operands).path, what, anyAnswer);
		output.answer(found, [describe(found), ...describeHaState(readAnswer(found, what, haStateAnswer))]);
	});
	const remove = ha
		.command("delete <account> <group>")
		.description("remove an HA group; each of its devices takes a seat of its own, or it stays");
	addYesOption(remove);
	runAsOperator(remove, surroundings, {}, async ({ api, operands, output, confirm }) => {
		const { id, path } = readGroup(operands);
		await confirm(`${id} is gone for good, and each of its devices takes a seat of its own`);
		await api.call("DELETE", path, `could not remove ${id}`, anyAnswer);
		output.answer({ ha_group: id, deleted: true }, `HA group ${id} is removed`);
	});
	addUnlock(ha, surroundings);
	addMembership(ha, surroundings, "add", "PUT", "let a firewall join: it gives up its own seat and shares the group's");
	addMembership(ha, surroundings, "remove", "DELETE", "let a firewall leave: it takes a seat of its own");
}

function addCreate(ha: Command, surroundings: Surroundings): void {
	const create = ha
		.command("create <account> <name>")
		.description("make an HA group under a license")
		.requiredOption("--license <license>", "of all its devices")
		.requiredOption("--mode <mode>", "active-passive or active-active")
		.option(
			"--skew-limit-hours <n>",
			"how long its devices may run different versions before that is an event (default: 24)",
		)
		.option("--sync", "its devices bring each other up to date, so a permit of one is for all")
		.option("--devices <devices>", "comma-separated: devices that join it, all or none", collect);
	const shape = {
		license: licenseId,
		mode: haMode,
		skewLimitHours: wholeNumber.optional(),
		sync: z.boolean().optional(),
		devices: commaList.pipe(z.array(deviceId)).optional(),
	};
	runAsOperator(create, surroundings, shape, async ({ api, options, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const name = readOperand(operands, 1, "name", displayName);
		const { license, mode, skewLimitHours, sync, devices } = options;
		const body = { name, mode, license, skew_limit_hours: skewLimitHours, sync, devices };
		const path = `/v1/accounts/${account}/ha-groups`;
		const made = await api.call("POST", path, "could not make the HA group", anyAnswer, body);
		output.answer(made, describe(made));
	});
}

function addList(ha: Command, surroundings: Surroundings): void {
	const list = ha.command("list <account>").description("a customer's HA groups");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const path = `/v1/accounts/${readOperand(operands, 0, "account", accountId)}/ha-groups`;
		const found = await readPages(api, path, "could not list HA groups", "ha_groups");
		const rows = found.items.map((one) => [
			one["ha_group"],
			one["name"],
			one["mode"],
			one["license"],
			one["holds_seat"] === true ? "yes" : "no",
			membersOf(one).length,
		]);
		const table = formatTable(["HA GROUP", "NAME", "MODE", "LICENSE", "SEAT", "DEVICES"], rows);
		output.answer(found.answer, table);
	});
}

function addChange(ha: Command, surroundings: Surroundings): void {
	const change = ha
		.command("change <account> <group>")
		.description("change how an HA group is called or judged; its license changes when that is transferred")
		.option("--name <name>", "its name for people; what is not named stays")
		.option("--mode <mode>", "active-passive or active-active")
		.option("--skew-limit-hours <n>", "how long its devices may run different versions before that is an event")
		.option("--sync", "its devices bring each other up to date, so a permit of one is for all")
		.option("--no-sync", "each of its devices is updated by itself, one after the other");
	const shape = {
		name: displayName.optional(),
		mode: haMode.optional(),
		skewLimitHours: wholeNumber.optional(),
		sync: z.boolean().optional(),
	};
	runAsOperator(change, surroundings, shape, async ({ api, options, operands, output }) => {
		const { id, path } = readGroup(operands);
		const { name, mode, skewLimitHours: hours, sync } = options;
		if ([name, mode, hours, sync].every((one) => one === undefined)) {
			throw new UsageError("nothing to change", "give --name, --mode, --skew-limit-hours or --sync");
		}
		const body = { name, mode, skew_limit_hours: hours, sync };
		const done = await api.call("PATCH", path, `could not change ${id}`, anyAnswer, body);
		output.answer(done, describe(done));
	});
}

function addUnlock(ha: Command, surroundings: Surroundings): void {
	const unlock = ha
		.command("unlock <account> <group>")
		.description("let an HA group go on with an update that one of its devices holds up")
		.requiredOption("--product <product>", "whose update is held up")
		.requiredOption("--reason <text>", "kept in the audit trail");
	addYesOption(unlock);
	const shape = { product: productName, reason: plainText(300).pipe(z.string().min(1)) };
	runAsOperator(unlock, surroundings, shape, async ({ api, options, operands, output, confirm }) => {
		const { id, path } = readGroup(operands);
		await confirm(`the other devices of ${id} may have the update that one of them failed with or is about to install`);
		const done = await api.call("POST", `${path}/unlock`, `could not unlock ${id}`, anyAnswer, options);
		if (done["changed"] === false) {
			throw new CliError(`could not unlock ${id}: nothing of ${options.product} is held up there`, {
				code: "not_locked",
				fix: "`parapet ha show` says what its devices wait for",
			});
		}
		output.answer(done, describe(done));
	});
}

function addMembership(
	ha: Command,
	surroundings: Surroundings,
	verb: "add" | "remove",
	method: "PUT" | "DELETE",
	description: string,
): void {
	const command = ha.command(`${verb} <account> <group> <device>`).description(description);
	runAsOperator(command, surroundings, {}, async ({ api, operands, output }) => {
		const { id, path } = readGroup(operands);
		const device = readOperand(operands, 2, "device", deviceId);
		const done = await api.call(method, `${path}/devices/${device}`, `could not ${verb} ${device}`, anyAnswer);
		if (verb === "remove" && done["changed"] === false) {
			throw new CliError(`could not remove ${device}: it is not in ${id}`, {
				code: "not_a_member",
				fix: "`parapet ha show` names its devices, `parapet device list` the group of each device",
			});
		}
		output.answer(done, describe(done));
	});
}

function readGroup(operands: readonly string[]): { readonly id: string; readonly path: string } {
	const account = readOperand(operands, 0, "account", accountId);
	const id = readOperand(operands, 1, "group", haGroupId);
	return { id, path: `/v1/accounts/${account}/ha-groups/${id}` };
}

function membersOf(group: Group): z.infer<typeof member>[] {
	return z.array(member).safeParse(group["devices"]).data ?? [];
}

function describe(group: Group): string {
	const { ha_group: id, name, mode, license } = group;
	const { length: count } = membersOf(group);
	const devices = count === 0 ? "no device yet" : count === 1 ? "1 device" : `${count} devices`;
	const seat = group["holds_seat"] === true ? `one seat of ${license}` : `no seat of ${license} taken`;
	const late = group["published"] === false ? "; not every store has it yet" : "";
	return `HA group ${id} (${name}): ${mode}, ${devices}, ${seat}${late}`;
}
