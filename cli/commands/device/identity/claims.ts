// `parapet device claim|unclaim|claims`: serial numbers whose appliances activate with their manufacturer's certificate and no auth code.
import type { Command } from "commander";
import { z } from "zod";
import { serialNumber } from "../../../../src/names.ts";
import { addYesOption } from "../../../command-line/confirmation.ts";
import { accountId, licenseId, manufacturerId } from "../../../command-line/ids.ts";
import { readOperand } from "../../../command-line/read-options.ts";
import { runAsOperator } from "../../../command-line/run-as.ts";
import { CliError, UsageError } from "../../../errors.ts";
import { anyAnswer } from "../../../http/answers.ts";
import { readPages } from "../../../http/lists.ts";
import type { OperatorApi } from "../../../http/operator-api.ts";
import { formatTable, type Surroundings } from "../../../terminal/output.ts";

/** What the service takes at once. */
const PER_REQUEST = 200;

const made = z.looseObject({ claims: z.array(anyAnswer), taken: z.array(z.string()) });

/** @param device the `device` command */
export function addClaimCommands(device: Command, surroundings: Surroundings): void {
	const claim = device
		.command("claim <serial...>")
		.description("operator: expect appliances, which then activate with their manufacturer's certificate and no code")
		.requiredOption("--account <account>", "whose they are")
		.requiredOption("--license <license>", "under which they are activated")
		.option("--manufacturer <id>", "who made them (default: the only one there is)");
	const shape = { account: accountId, license: licenseId, manufacturer: manufacturerId.optional() };
	runAsOperator(claim, surroundings, shape, async ({ api, options, operands, output }) => {
		const serials = readSerials(operands);
		const { account, license, manufacturer } = options;
		const claims: unknown[] = [];
		const taken: string[] = [];
		for (let at = 0; at < serials.length; at += PER_REQUEST) {
			const body = { serials: serials.slice(at, at + PER_REQUEST), license, manufacturer };
			const answer = await api.call("POST", `/v1/accounts/${account}/claims`, "could not claim them", made, body);
			claims.push(...answer.claims);
			taken.push(...answer.taken);
		}
		output.answer({ claims, taken }, `${claims.length} claimed for ${account}`);
		if (taken.length === 0) return;
		throw new CliError(`claimed by another account: ${taken.join(", ")}`, {
			code: "serial_claimed",
			fix: "have that account give them back, or look at the serial numbers again",
		});
	});

	const unclaim = device
		.command("unclaim [serial...]")
		.description("operator: expect appliances no more; those that are active stay")
		.requiredOption("--account <account>", "that has claimed them")
		.option("--all", "every one that it has claimed, as before it is closed")
		.option("--manufacturer <id>", "who made them (default: the only one there is)");
	addYesOption(unclaim);
	const unclaimShape = { account: accountId, manufacturer: manufacturerId.optional(), all: z.boolean().default(false) };
	runAsOperator(unclaim, surroundings, unclaimShape, async ({ api, options, operands, output, confirm }) => {
		const { account, manufacturer } = options;
		if (options.all && operands.length > 0) throw new UsageError("--all and serial numbers", "give one or the other");
		const made = options.all ? await readMade(api, account, manufacturer) : null;
		if (made !== null && made.length > 0)
			await confirm(`${made.length} serial numbers of ${account} can be claimed by others from now on`);
		const claims = made ?? readSerials(operands).map((serial) => ({ serial, manufacturer }));
		for (const one of claims) {
			const query = one.manufacturer === undefined ? "" : `?manufacturer=${one.manufacturer}`;
			const path = `/v1/accounts/${account}/claims/${encodeURIComponent(one.serial)}${query}`;
			await api.call("DELETE", path, `could not give ${one.serial} back`, anyAnswer);
		}
		const unclaimed = claims.map(({ serial }) => serial);
		output.answer({ unclaimed }, claims.length === 0 ? "nothing is claimed" : `${unclaimed.join(", ")}: given back`);
	});

	const list = device
		.command("claims <account>")
		.description("operator: the serial numbers that an account has claimed");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const found = await readPages(api, `/v1/accounts/${account}/claims`, "could not list claims", "claims");
		const rows = found.items.map((one) => [
			...[one["serial"], one["manufacturer"], one["license"], one["device"]],
			one["spent"] === true ? "revoked since" : "",
			one["claimed_at"],
		]);
		const header = ["SERIAL", "MANUFACTURER", "LICENSE", "DEVICE", "", "CLAIMED"];
		output.answer(found.answer, formatTable(header, rows));
	});
}

/** @param manufacturer undefined = of any */
async function readMade(api: OperatorApi, account: string, manufacturer: string | undefined) {
	const { items } = await readPages(api, `/v1/accounts/${account}/claims`, "could not list claims", "claims");
	const claims = items.map((one) => ({ serial: String(one["serial"]), manufacturer: String(one["manufacturer"]) }));
	return claims.filter((one) => manufacturer === undefined || one.manufacturer === manufacturer);
}

function readSerials(operands: readonly string[]): string[] {
	if (operands.length === 0) throw new UsageError("no serial number", "give one or more");
	return operands.map((_, index) => readOperand(operands, index, "serial", serialNumber));
}
