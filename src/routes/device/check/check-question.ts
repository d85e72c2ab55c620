// The question of a check, and what its answer depends on besides the device. A fleet asks the same few questions over and
// over, so each is read once, and its state described once for each head; a request then costs two look-ups.
import { z } from "@hono/zod-openapi";
import {
	failedForm,
	type Installed,
	installedAtForm,
	installedForm,
	parseFailed,
	parseInstalled,
	parseInstalledAt,
} from "../../../content/check/installed.ts";
import { type HeadsRecord, productRevision } from "../../../content/heads-record.ts";
import type { Room } from "../../../content/releases/room.ts";
import { type HaRole, haRole } from "../../../entitlement/ha/ha-group.ts";
import type { Installation } from "../../../fleet/told-installations.ts";
import { versionName } from "../../../names.ts";
import { ProblemError } from "../../../problem.ts";
import { createBoundedEntries } from "../../../storage/bounded-entries.ts";
import { invalidRequest } from "../../http/openapi.ts";
import { withPlainPlus } from "../../http/plain-handler.ts";
import { readRoom, roomParameters } from "../words/room-word.ts";

export const checkQuery = z.object({
	installed: z.string().max(2048).optional().openapi({
		description: "`product@version` or `product`, joined by commas. Left out: every product of the license.",
		example: "crs@4.27.0",
	}),
	installed_at: z.string().max(2048).optional().openapi({
		description:
			"`product@version@seconds` (unix time), joined by commas: what the device has installed when, in no report of its own, from the last that it has told up to what is installed",
		example: "crs@4.27.0@1795835781",
	}),
	heard_until: z
		.string()
		.regex(/^\d{1,15}$/, "a whole number")
		.optional()
		.openapi({
			type: "integer",
			minimum: 0,
			maximum: 999_999_999_999_999,
			description:
				"Unix time: `heard_until` of the last answer, while it lies ahead. Until then the installations of a device need not be told again. Left out: they are told",
			example: 1_795_857_381,
		}),
	damaged: z.string().max(2048).optional().openapi({
		description:
			"Products of `installed` whose content is missing or damaged, joined by commas: what was held is offered again",
		example: "crs",
	}),
	permitted: z.string().max(2048).optional().openapi({
		description:
			"`product@version`, joined by commas: what it asked a permit for and has not reported on. A device that has a permit is offered that release again also where its rollout lets nobody else in",
		example: "crs@4.27.0",
	}),
	failed: z.string().max(2048).optional().openapi({
		description:
			"`product@version`, joined by commas, up to five of one product: what does not work on this device. It is not offered, and where it is installed, what to go back to is",
		example: "crs@4.27.0",
	}),
	engine: versionName.optional().openapi({ description: "Software version of the device", example: "11.1.4-h7" }),
	...roomParameters,
	seen: z
		.string()
		.regex(/^\d{1,15}$/, "a whole number")
		.optional()
		.openapi({
			type: "integer",
			minimum: 0,
			maximum: 999_999_999_999_999,
			description: "Highest message sequence already shown",
		}),
	ha_role: haRole.optional().openapi({
		description: "Of a device in an HA group: what it is now. Of one in none, all `ha_…` are ignored.",
	}),
	ha_priority: z
		.string()
		.regex(/^(0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$/, "a whole number from 0 to 255")
		.optional()
		.openapi({ type: "integer", minimum: 0, maximum: 255, description: "Of the election in its HA group, 0 to 255" }),
	ha_peer: z.string().max(2048).optional().openapi({
		description: "What its peer in the HA group runs, as this device sees it; form as `installed`",
		example: "crs@4.26.0",
	}),
});

export interface CheckQuestion {
	/** null = every product of the license; of what is damaged nothing is installed */
	readonly installed: Installed | null;
	/** by product: what it has installed that no report has told, in that order, up to what is installed */
	readonly installations: ReadonlyMap<string, readonly Installation[]>;
	/** unix seconds, as an earlier answer said it; null = it has not said */
	readonly heardUntil: number | null;
	/** by product: the version that is damaged */
	readonly held: ReadonlyMap<string, string>;
	/** by product: the version that it asked a permit for, and has not reported on */
	readonly permitted: Installed;
	/** by product: the version that does not work on the device */
	readonly failed: ReadonlyMap<string, ReadonlySet<string>>;
	readonly engine: string | null;
	/** what it has room for; undefined = it does not say */
	readonly room: Room | undefined;
	readonly seen: number;
	/** what it says of itself as a member of an HA group; null = nothing, as nearly always */
	readonly ha: HaWords | null;
}

export interface HaWords {
	readonly role: HaRole | null;
	readonly priority: number | null;
	readonly peer: Installed | null;
}

/** 6,000 questions as they are usual. One can have 16,000 characters, and a device can always ask something new. */
const MAX_CHARACTERS = 4_000 * 1_000;
/** What an entry takes besides its query. */
const ENTRY_CHARACTERS = 500;
const questions = createBoundedEntries<{ readonly question: CheckQuestion; readonly characters: number }>(
	MAX_CHARACTERS,
	({ characters }) => ENTRY_CHARACTERS + characters,
);
const states = new WeakMap<CheckQuestion, { heads: HeadsRecord; text: string }>();

/** The question, if it was asked before; a stranger's question is not even read. @param query as for `readQuestion` */
export function knownQuestion(query: string): CheckQuestion | undefined {
	return questions.get(query)?.question;
}

/**
 * @param query of the check's URL, with its question mark, or ""
 * @throws ProblemError `invalid_request`
 */
export function readQuestion(query: string): CheckQuestion {
	const known = knownQuestion(query);
	if (known !== undefined) return known;
	const question = parseQuestion(query);
	questions.set(query, { question, characters: query.length });
	return question;
}

/** Revisions of the products asked about and of the messages: an ETag seals this text, and a changed text is a changed answer. */
export function stateOf(question: CheckQuestion, heads: HeadsRecord): string {
	const known = states.get(question);
	if (known?.heads === heads) return known.text;
	const products = question.installed?.keys() ?? Object.keys(heads.products).sort();
	const text = [...products]
		.map((product) => `${product}@${productRevision(heads, product)}`)
		.concat(`messages@${heads.messages}`)
		.join(" ");
	states.set(question, { heads, text });
	return text;
}

function parseQuestion(query: string): CheckQuestion {
	const parameters = [...new URLSearchParams(withPlainPlus(query))];
	if (new Set(parameters.map(([name]) => name)).size !== parameters.length) {
		throw new ProblemError("invalid_request", { detail: "a parameter is given twice" });
	}
	const parsed = checkQuery.safeParse(Object.fromEntries(parameters));
	if (!parsed.success) throw invalidRequest(parsed.error);
	const { installed, engine, seen } = parsed.data;
	const named = readVersions("installed", installed);
	const held = readDamaged(parsed.data.damaged, named);
	const failed = readFailed(parsed.data.failed);
	const installations = readInstallations(parsed.data.installed_at, named);
	const heardUntil = parsed.data.heard_until;
	const products = named && new Map([...named].map(([name, version]) => [name, held.has(name) ? null : version]));
	return {
		installed: products,
		...{ installations, held, failed },
		heardUntil: heardUntil === undefined ? null : Number(heardUntil),
		permitted: readVersions("permitted", parsed.data.permitted) ?? NONE,
		engine: engine ?? null,
		room: readRoom(parsed.data),
		seen: Number(seen ?? 0),
		ha: readHaWords(parsed.data),
	};
}

const NONE: ReadonlyMap<string, string> = new Map();
const NO_INSTALLATIONS: CheckQuestion["installations"] = new Map();

function readInstallations(text: string | undefined, installed: Installed | null): CheckQuestion["installations"] {
	if (text === undefined) return NO_INSTALLATIONS;
	const found = parseInstalledAt(text);
	const isLast = ([product, of]: [string, readonly Installation[]]) => of.at(-1)?.version === installed?.get(product);
	if (found !== null && [...found].every(isLast)) return found;
	throw invalidRequest({ issues: [{ path: ["installed_at"], message: installedAtForm }] });
}

function readDamaged(text: string | undefined, installed: Installed | null): ReadonlyMap<string, string> {
	if (text === undefined) return NONE;
	const held = new Map<string, string>();
	for (const product of text.split(",")) {
		const version = installed?.get(product);
		if (version == null || held.has(product)) {
			const message = "products that `installed` names with a version, joined by commas, each once";
			throw invalidRequest({ issues: [{ path: ["damaged"], message }] });
		}
		held.set(product, version);
	}
	return held;
}

function readFailed(text: string | undefined): ReadonlyMap<string, ReadonlySet<string>> {
	if (text === undefined) return new Map();
	const failed = parseFailed(text);
	if (failed === null) throw invalidRequest({ issues: [{ path: ["failed"], message: failedForm }] });
	return failed;
}

function readHaWords({ ha_role: role, ha_priority, ha_peer }: z.infer<typeof checkQuery>): HaWords | null {
	if (role === undefined && ha_priority === undefined && ha_peer === undefined) return null;
	const priority = ha_priority === undefined ? null : Number(ha_priority);
	return { role: role ?? null, priority, peer: readVersions("ha_peer", ha_peer) };
}

function readVersions(name: string, text: string | undefined): Installed | null {
	const versions = text === undefined ? null : parseInstalled(text);
	if (text === undefined || versions !== null) return versions;
	throw invalidRequest({ issues: [{ path: [name], message: installedForm }] });
}
