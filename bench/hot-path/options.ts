// The options of `npm run bench`. Pure: every refusal is a sentence that says what to do.
import { parseArgs } from "node:util";
import { NAMES, type Selection, select } from "./rows.ts";

export interface BenchOptions extends Selection {
	readonly rounds: number;
	/** of each turn */
	readonly seconds: number;
	readonly devices: number;
	readonly smallFleet: number;
	readonly largeFleet: number;
	/** how often the service is started */
	readonly startUps: number;
	/** size of the package that goes up and down while memory is watched */
	readonly megabytes: number;
	readonly json: boolean;
}

export type ParsedOptions =
	| { readonly ok: true; readonly options: BenchOptions }
	/** with `isHelp` the text was asked for and is no refusal */
	| { readonly ok: false; readonly isHelp: boolean; readonly text: string };

const FULL = { rounds: 20, seconds: 0.5, devices: 2000, smallFleet: 1000, largeFleet: 50_000, startUps: 5 } as const;
const QUICK = { rounds: 1, seconds: 0.2, devices: 200, smallFleet: 100, largeFleet: 500, startUps: 1 } as const;
/** Of the package that is moved: no more than one request may carry (MAX_BODY_BYTES). */
const MEGABYTES = { full: 100, quick: 20 } as const;

export const USAGE = `npm run bench [-- options]

  --only NAMES    only these and what they are compared with, separated by commas
  --all           yardsticks too: what a bare Worker loses by larger requests, one ES256 verification, …
  --peer          nginx with Lua and Redis in the same rounds (it says what to install)
  --rounds N      how often each has its turn (default ${FULL.rounds})
  --seconds S     how long a turn is (default ${FULL.seconds})
  --devices N     distinct devices (default ${FULL.devices}; the growing fleet has its own)
  --quick         one short round, to see that everything runs
  --json          one JSON document on stdout, also when the run is stopped by Ctrl-C or fails

NAMES: ${NAMES.join(", ")}
`;

/** @param args without the program's name */
export function parseBenchOptions(args: readonly string[]): ParsedOptions {
	let values: ReturnType<typeof readArgs>;
	try {
		values = readArgs(args);
	} catch (error) {
		const [reason = ""] = (error instanceof Error ? error.message : String(error)).split(/\.\s/);
		return refuse(`${reason}\n  fix: npm run bench -- --help names the options`);
	}
	if (values.help) return { ok: false, isHelp: true, text: USAGE };
	const only = values.only?.split(",").map((name) => name.trim()) ?? null;
	const unknown = only?.find((name) => !NAMES.some((known) => known === name));
	if (unknown !== undefined) {
		return refuse(`there is no scenario "${unknown}"\n  fix: choose from ${NAMES.join(", ")}`);
	}
	const defaults = values.quick ? QUICK : FULL;
	const rounds = readNumber("--rounds", values.rounds, defaults.rounds, { min: 1, max: 10_000, isWhole: true });
	const seconds = readNumber("--seconds", values.seconds, defaults.seconds, { min: 0.05, max: 60, isWhole: false });
	const devices = readNumber("--devices", values.devices, defaults.devices, { min: 32, max: 100_000, isWhole: true });
	for (const number of [rounds, seconds, devices]) if (typeof number === "string") return refuse(number);
	const { json, all, peer } = values;
	return {
		ok: true,
		options: {
			...{ ...defaults, megabytes: values.quick ? MEGABYTES.quick : MEGABYTES.full, json },
			...{ rounds: Number(rounds), seconds: Number(seconds), devices: Number(devices) },
			...select(only, all, peer),
		},
	};
}

function readArgs(args: readonly string[]) {
	return parseArgs({
		args: [...args],
		options: {
			only: { type: "string" },
			all: { type: "boolean", default: false },
			peer: { type: "boolean", default: false },
			rounds: { type: "string" },
			seconds: { type: "string" },
			devices: { type: "string" },
			quick: { type: "boolean", default: false },
			json: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	}).values;
}

interface Limits {
	readonly min: number;
	readonly max: number;
	readonly isWhole: boolean;
}

/** @returns a sentence when it is no such number */
function readNumber(option: string, text: string | undefined, fallback: number, limits: Limits): number | string {
	if (text === undefined) return fallback;
	const { min, max, isWhole } = limits;
	const value = Number(text);
	const isGood = text.trim() !== "" && value >= min && value <= max && (!isWhole || Number.isInteger(value));
	if (isGood) return value;
	return `${option} ${text} is not possible\n  fix: give a ${isWhole ? "whole " : ""}number from ${min} to ${max}`;
}

function refuse(text: string): ParsedOptions {
	return { ok: false, isHelp: false, text };
}
