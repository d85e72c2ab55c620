// A refusal in the words of the command that met it: the options and operands that its fields were, and what lists the names.
import type { Command } from "commander";
import { ServerRefusal } from "../errors.ts";
import { messageOf } from "../http/refusal.ts";
import { seeHelp } from "./usage-faults.ts";

/** Fields of requests that no option is called after. */
const OPTION_OF_FIELD: Readonly<Record<string, string>> = {
	product_validity: "product-ends",
	locales: "locale",
};
/** What shows the names that there are, by the operand or option that takes one. */
const LISTED_BY: Readonly<Record<string, string>> = {
	account: "account list",
	product: "product list",
	version: "release list PRODUCT",
	license: "license list ACCOUNT",
	to: "license list ACCOUNT",
	code: "code list ACCOUNT",
	group: "ha list ACCOUNT",
	"ha-group": "ha list ACCOUNT",
	device: "device list ACCOUNT",
	webhook: "webhook list ACCOUNT",
};

/** @returns the same refusal as it is to be shown */
export function wordForCommand(error: ServerRefusal, command: Command): ServerRefusal {
	const { refusal } = error;
	const fix = fixOf(refusal.code, command) ?? error.fix;
	if (refusal.said === undefined) return new ServerRefusal({ ...refusal, fix });
	const errors = refusal.said.errors.map((one) => ({ ...one, field: nameOf(one.field, command) }));
	return new ServerRefusal({ ...refusal, fix, message: messageOf({ ...refusal.said, errors }) });
}

/** @returns `--ends` for ends_at where the command has it, `name` where it is an operand, else the field as it is */
function nameOf(field: string, command: Command): string {
	const steps = field.split(".").filter((step) => !/^\d+$/.test(step));
	const [first = ""] = steps;
	const kebab = (text: string) => text.replaceAll("_", "-");
	// engine.min is --engine-min, audience.models is --models, products.0 is --products
	const tails = steps.map((_, index) => kebab(steps.slice(index).join("-")));
	const names = [OPTION_OF_FIELD[first], ...tails, kebab(first)];
	for (const name of names.flatMap((one) => (one ? [one, one.replace(/-at$/, "")] : []))) {
		if (command.options.some(({ long }) => long === `--${name}`)) return `--${name}`;
		if (command.registeredArguments.some((one) => one.name() === name)) return name;
	}
	return field;
}

function fixOf(code: string, command: Command): string | undefined {
	if (code === "invalid_request") return seeHelp(command);
	if (code !== "not_found" && code !== "invalid_identifier") return undefined;
	const named = [
		...command.registeredArguments.map((one) => one.name()),
		...command.options.filter((one) => one.mandatory).map(({ long }) => long?.slice(2) ?? ""),
	];
	const group = command.parent?.name();
	const lists = named.flatMap(
		(name) => LISTED_BY[name] ?? (name === "id" && group !== undefined ? `${group} list` : []),
	);
	if (lists.length === 0) return undefined;
	return `check what you named: ${lists.map((list) => `\`parapet ${list}\``).join(", ")} shows what there is`;
}
