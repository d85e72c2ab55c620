// What one line of an import is, before anything of it is sent. Of a line that is refused nothing is kept but its number and,
// if it has the form of one, its serial number: it may hold a private key.

import { z } from "zod";
import { type LineError, type LineRefusal, readDeviceLine } from "../../../../src/entitlement/devices/device-line.ts";
import type { ImportRefusal } from "../../../../src/entitlement/devices/import-decision.ts";
import { serialNumber } from "../../../../src/names.ts";
import { parseStrictJsonText } from "../../../../src/signing/formats/strict-json.ts";
import { parseJson } from "../../../json.ts";
import type { TextLine } from "./line-reader.ts";

/** A line of the file of rejects. */
export interface Reject {
	readonly line: number;
	readonly serial?: string | undefined;
	readonly code: string;
	readonly why: string;
}

/** Names of this account in place of those that the lines have from another account or another system. */
export interface NameChoice {
	/** license for lines that name none */
	readonly license: string | undefined;
	readonly licenses: Readonly<Record<string, string>>;
	readonly haGroups: Readonly<Record<string, string>>;
}

export type CheckedLine =
	| {
			readonly ok: true;
			readonly number: number;
			readonly serial: string;
			/** thumbprint of the key */
			readonly jkt: string;
			/** what is sent, nothing else of the line */
			readonly body: string;
	  }
	| { readonly ok: false; readonly reject: Reject };

type TextRefusal = "not_json" | "ambiguous" | "not_utf8" | "line_too_long";
const REASONS: Readonly<Record<LineRefusal | ImportRefusal | TextRefusal, string>> = {
	not_json: "is not JSON",
	ambiguous: "names a field twice, or has one that is called __proto__: readers differ in what they make of it",
	not_utf8: "is not UTF-8",
	line_too_long: "is longer than a device can be",
	malformed: "does not describe a device",
	private_key: "holds a private key: make the appliance a new one, and give its public half",
	key_unusable: "the key is no point of its curve: no appliance can have it",
	unknown_license: "the account has no such license: see `license list`; --map-license replaces it",
	license_suspended: "the license is suspended: reinstate it, or name another",
	license_revoked: "the license was revoked: name another",
	license_expired: "the license has ended: renew it, or name another",
	unknown_ha_group: "the account has no such HA group: see `ha list`; --map-ha-group replaces it",
	other_license: "the HA group is of another license: name that one",
	ha_group_full: "the HA group has as many devices as one can have",
	no_seat_left: "every seat of the license is taken: give it more, or free some",
	serial_taken: "another device of the account is there under this serial number: revoke it first",
	serial_changed: "the account knows the key under another serial number: each appliance has a key of its own",
	key_revoked: "the account has revoked the device with this key: make the appliance a new one",
};

/** @returns what a code means for a line, with what is wrong with its form */
export function explainRefusal(code: string, errors: readonly LineError[] = []): string {
	const why = Object.entries(REASONS).find(([known]) => known === code)?.[1] ?? code;
	return code === "malformed" && errors.length > 0
		? errors.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)).join("; ")
		: why;
}

const anyObject = z.record(z.string(), z.unknown());

/** @returns the device of a line; null for an empty one */
export async function checkLine(line: TextLine, names: NameChoice): Promise<CheckedLine | null> {
	const { number } = line;
	const reject = (code: string, why = explainRefusal(code), serial?: string) =>
		({ ok: false, reject: { line: number, serial, code, why } }) as const;
	if (!line.ok) return reject(line.reason);
	if (line.text.trim() === "") return null;
	const value = parseJson(line.text);
	// Not what the parser says: it quotes the text.
	if (value === undefined) return reject("not_json");
	const given = anyObject.safeParse(value);
	if (!given.success) return reject("malformed");
	const { license = names.license, ha_group, ...rest } = given.data;
	const named = { license: replace(license, names.licenses), ha_group: replace(ha_group, names.haGroups) };
	const read = await readDeviceLine({ ...rest, ...named });
	if (!read.ok) {
		const serial = serialNumber.safeParse(given.data["serial"]);
		return reject(read.reason, explainRefusal(read.reason, read.errors), serial.data);
	}
	// Last, since a private key has to be named even beside this.
	if (!parseStrictJsonText(line.text, Number.POSITIVE_INFINITY).ok) return reject("ambiguous");
	const { dpopBound, haGroup, jkt, ...as } = read.line;
	const body = { ...as, dpop_bound: dpopBound, ha_group: haGroup };
	const { serial } = as;
	return { ok: true, number, serial, jkt, body: JSON.stringify(body) };
}

function replace(name: unknown, by: Readonly<Record<string, string>>): unknown {
	return typeof name === "string" && Object.hasOwn(by, name) ? by[name] : name;
}
