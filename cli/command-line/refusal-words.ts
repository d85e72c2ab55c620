// A refusal in the words of the command that met it: the options and operands that its fields were, and what lists the names.
import type { Command, Option } from "commander";
import { z } from "zod";
import { type RefusalWords, ServerRefusal } from "../errors.ts";
import { plainWords } from "../files/plain-words.ts";
import { messageOf } from "../http/refusal.ts";
import { seeHelp } from "./usage-faults.ts";

/** Fields of requests that no option is called after. */
const OPTION_OF_FIELD: Readonly<Record<string, string>> = {
	product_validity: "product-ends",
	locales: "locale",
};
/** Fields that are whole files, by the option that names the file. */
const FILE_OPTIONS: Readonly<Record<string, string>> = { plan: "--plan", beta_plan: "--beta-plan" };
/** What shows the names that there are, by the operand or option that takes one. */
const LISTED_BY: Readonly<Record<string, string>> = {
	account: "account list",
	product: "product list",
	version: "release list PRODUCT",
	license: "license list ACCOUNT",
	code: "code list ACCOUNT",
	group: "ha list ACCOUNT",
	"ha-group": "ha list ACCOUNT",
	device: "device list ACCOUNT",
	webhook: "webhook list ACCOUNT",
	publisher: "publisher list PRODUCT",
};

const THING_OF: Readonly<Record<string, string>> = {
	code: "auth code",
	group: "HA group",
	"ha-group": "HA group",
};
/** What of `rollout` changes one. */
const RELEASING = new Set(["approve", "override", "resume", "halt", "revert"]);
/** characters of a value that an error repeats */
const LONGEST_QUOTE = 60;
/** Options that say how a command works, not what a request says. */
const SHARED = new Set(["--json", "--url", "--key", "--key-file", "--home", "--yes"]);
/** Problems whose title says less than what follows it. */
const TITLE_IS_LESS = new Set([
	"invalid_request",
	"conflict",
	"version_exists",
	"already_exists",
	"older_version",
	"not_found",
]);

/** @returns the same refusal as it is to be shown */
export function wordForCommand(error: ServerRefusal, command: Command): ServerRefusal {
	const { refusal } = error;
	// A wrong clock explains more than any other advice.
	const isOfFile = refusal.said?.errors.some(({ field }) => fieldOfFile(field, command) !== undefined) === true;
	const own = isOfFile ? "correct what is named there in the file, and give it again" : fixOf(refusal.code, command);
	const fix = (refusal.clockAheadSeconds === undefined ? own : undefined) ?? error.fix;
	if (refusal.said === undefined) return new ServerRefusal({ ...refusal, fix });
	const { said } = refusal;
	// That there is no such thing says it all, where it can be one thing only.
	const isOneThing = refusal.code === "invalid_identifier" && thingsNamed(command).length === 1;
	const errors = (isOneThing ? [] : said.errors).map(({ field, message }) => {
		const inFile = fieldOfFile(field, command);
		if (inFile !== undefined) return { field: inFile, message: plainWords(message) };
		const name = nameOf(field, command);
		return { field: name === undefined ? field : withValue(name, command), message: plainer(message, command) };
	});
	const title = titleOf(refusal.code, said, command);
	// What a field's fault says is said once.
	const isSaid = said.detail !== undefined && said.errors.some(({ message }) => said.detail?.endsWith(message));
	const detail = said.detail === undefined || isSaid ? undefined : plainer(said.detail, command);
	return new ServerRefusal({ ...refusal, fix, message: messageOf({ what: said.what, title, detail, errors }) });
}

function titleOf(code: string, { title, detail, errors }: RefusalWords, command: Command): string {
	if (TITLE_IS_LESS.has(code) && (detail !== undefined || errors.length > 0)) return "";
	if (code !== "not_found" && code !== "invalid_identifier") return title;
	const things = thingsNamed(command).map(({ thing }) => thing);
	return things.length === 0 ? title : `there is no such ${[...new Set(things)].join(" or ")}`;
}

/** @returns `--ends` for ends_at where the command has it, `name` where it is an operand; undefined where it is neither */
function nameOf(field: string, command: Command): string | undefined {
	const steps = field.split(".").filter((step) => !/^\d+$/.test(step));
	const [first = ""] = steps;
	const kebab = (text: string) => text.replaceAll("_", "-");
	const tails = steps.map((_, index) => kebab(steps.slice(index).join("-")));
	// engine.min is --engine-min, audience.models is --models, products.0 is --products
	const names = [OPTION_OF_FIELD[first], ...tails, kebab(first)];
	for (const name of names.flatMap((one) => (one ? [one, one.replace(/-at$/, "")] : []))) {
		if (command.registeredArguments.some((one) => one.name() === name)) return name;
		const long = `--${name}`;
		if (!SHARED.has(long) && command.options.some((one) => one.long === long)) return long;
	}
	return undefined;
}

/** @returns `--plan "own.json" steps[2].bake` for a field of a file that an option names; undefined where it is none */
function fieldOfFile(field: string, command: Command): string | undefined {
	const [first = "", ...steps] = field.split(".");
	const option = FILE_OPTIONS[first];
	if (option === undefined || steps.length === 0 || !command.options.some(({ long }) => long === option))
		return undefined;
	const path = steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
	return `${withValue(option, command)} ${z.core.toDotPath(path)}`;
}

/** @returns the name with what was typed for it */
function withValue(name: string, command: Command): string {
	const index = command.registeredArguments.findIndex((one) => one.name() === name);
	const option = command.options.find(({ long }) => long === name);
	const value: unknown = option === undefined ? command.args[index] : command.getOptionValue(option.attributeName());
	return typeof value === "string" && value.length <= LONGEST_QUOTE ? `${name} "${value}"` : name;
}

/** What a schema says by itself, in words; and the names of fields by those of options. */
function plainer(message: string, command: Command): string {
	return plainWords(message).replace(
		/`(\w+)`|\b[a-z]+(?:_[a-z]+)+\b/g,
		(text, quoted) => nameOf(quoted ?? text, command) ?? text,
	);
}

/** @returns what of a command's operands and options is looked up, and what lists it */
function thingsNamed(command: Command): { readonly thing: string; readonly list: string }[] {
	const given = command.options.filter(
		(one) => one.long === "--product" || one.mandatory || command.getOptionValue(one.attributeName()) !== undefined,
	);
	const named = [...command.registeredArguments.map((one) => one.name()), ...given.map(nameOfOption)];
	const group = command.parent?.name() ?? "";
	return named.flatMap((name) => {
		if (name === "id") return [{ thing: group, list: `${group} list` }];
		const list = LISTED_BY[name];
		return list === undefined ? [] : [{ thing: THING_OF[name] ?? name, list }];
	});
}

/** @returns its own name, or that of its value where it has another: `--to <license>` takes a license, `--to <version>` a version */
function nameOfOption({ long, flags }: Option): string {
	const own = long?.slice(2) ?? "";
	return own in LISTED_BY ? own : (/<([\w-]+)>/.exec(flags)?.[1] ?? own);
}

function fixOf(code: string, command: Command): string | undefined {
	if (code === "invalid_request") return seeHelp(command);
	if (code === "unauthenticated" && !command.options.some(({ long }) => long === "--key")) {
		return "the service does not take this firewall's token: is --url the service where it was activated, and is its clock right?";
	}
	const isRollout = command.parent?.name() === "rollout";
	// Before a word the rollout is read, for which less would do.
	if (code === "insufficient_scope" && isRollout && RELEASING.has(command.name()))
		return `use a key with the scope release:${command.args[0]}; \`parapet key list\` shows who has which`;
	if (code !== "not_found" && code !== "invalid_identifier") return undefined;
	if (code === "not_found" && isRollout && command.args.length === 2 && command.name() !== "start") {
		const [product, version] = command.args;
		return `\`parapet release list ${product}\` shows what there is; \`parapet rollout start ${product} ${version}\` sends a draft on its way`;
	}
	const lists = [...new Set(thingsNamed(command).map(({ list }) => `\`parapet ${list}\``))];
	if (lists.length === 0) return undefined;
	return `check what you named: ${lists.join(" and ")} ${lists.length === 1 ? "shows" : "show"} what there is`;
}
