// What a firewall remembers, one small JSON file per subject under its home folder, each written atomically and
// readable by its owner only. `installed` is the commit point of an update: what it names is what runs. A damaged file stops
// the firewall only where its content cannot be had again.
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { haRole } from "../../../src/entitlement/ha/ha-group.ts";
import {
	labels,
	modelName,
	packageFileName,
	productName,
	serialNumber,
	sha256Hex,
	versionName,
} from "../../../src/names.ts";
import { healthReport } from "../../../src/rollout/health.ts";
import { CliError } from "../../errors.ts";
import { dropDrafts, readIfPresent, writeAtomically } from "../../files/atomic-file.ts";
import { parseJson } from "../../json.ts";
import { checkAnswer } from "../answers.ts";

const privateJwk = z.union([
	z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string(), d: z.string() }),
	z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string(), d: z.string() }),
]);

const clientCertificate = z.object({
	/** PEM files, which are read each time: whoever renews the certificate writes them anew */
	certFile: z.string(),
	keyFile: z.string(),
	/** SHA-256 of the one that the service knows, base64url */
	x5t: z.string(),
	/** known by its name, so that another one to it needs no word; null = by the certificate itself */
	subjectDn: z.string().nullable(),
	/** where the service asks for it; no slash at the end */
	origin: z.string(),
});
export type KnownCertificate = z.infer<typeof clientCertificate>;

/** Written before activation is tried, so that a lost reply is repeated with the same key and serial. */
const identity = z.object({
	server: z.string(),
	serial: serialNumber,
	model: modelName,
	labels: labels,
	engine: versionName.nullable(),
	algorithm: z.enum(["ES256", "Ed25519"]),
	/** by which client certificate it is known; left out = by its key */
	certificate: clientCertificate.optional(),
	/** null = not activated yet */
	device: z
		.object({ id: z.string(), account: z.string(), license: z.string(), registrationToken: z.string() })
		.nullable(),
});
export type Identity = z.infer<typeof identity>;

const token = z.object({
	server: z.string(),
	accessToken: z.string(),
	type: z.enum(["DPoP", "Bearer"]),
	/** unix seconds */
	expiresAt: z.number(),
	/** every product of the device's license, learned once per token; null = not asked yet */
	products: z.array(z.string()).nullable(),
	/** to be sent for the next one */
	lineage: z.string().optional(),
	/** when it last told what its updates rest on, unix seconds; see anchors.ts */
	anchorsToldAt: z.number().optional(),
});
export type Token = z.infer<typeof token>;

const installed = z.record(
	productName,
	z.object({
		version: versionName,
		sha256: sha256Hex,
		size: z.number(),
		name: packageFileName,
		/** under the home folder */
		path: z.string(),
		/** unix seconds */
		installedAt: z.number(),
		/** what was installed and no report has told, up to this version: checks do; unix seconds */
		untold: z.array(z.object({ version: versionName, at: z.number() })).optional(),
	}),
);
export type Installed = z.infer<typeof installed>;

/** By product when the SHA-256 of which installed file was last seen to be right, unix seconds; see installed-content.ts. */
const verified = z.record(productName, z.object({ sha256: sha256Hex, at: z.number() }));

/** The last answer to a check, and the question it belongs to. */
const lastCheck = z.object({ query: z.string(), etag: z.string(), answer: checkAnswer });
/** What it says of itself as a member of an HA group; see ha.ts. */
const ha = z.object({ role: haRole.optional(), priority: z.number().optional(), peer: z.string().optional() });
/** What does not work on it, and since when it says so, unix seconds; see failed-content.ts. */
const failed = z.record(productName, z.object({ version: versionName, at: z.number() }));
/** By product the release that came damaged, how often, and when last, unix seconds; see bad-releases.ts. */
const bad = z.record(productName, z.object({ sha256: sha256Hex, times: z.number().min(1), at: z.number() }));
/** By product what it asked a permit for and has not reported on; see open-permits.ts. */
const permits = z.record(
	productName,
	z.object({ version: versionName, permit: z.string().optional(), report_by: z.string().nullish() }),
);
const messages = z.object({ seen: z.number() });
/** Reports that the server has not taken yet. */
const reports = z.array(
	z.object({
		permit: z.string(),
		outcome: z.string(),
		detail: z.string().optional(),
		health: healthReport.optional(),
		reportBy: z.number().nullable(),
	}),
);
export type PendingReport = z.infer<typeof reports>[number];

const FILES = {
	key: privateJwk,
	identity,
	token,
	installed,
	verified,
	lastCheck,
	messages,
	reports,
	ha,
	failed,
	bad,
	permits,
} as const;
export type StateName = keyof typeof FILES;
/** The device's identity cannot be had again without a new activation. All else is asked for, downloaded or said again. */
const IRREPLACEABLE: readonly StateName[] = ["key", "identity"];
export type StateOf<Name extends StateName> = z.infer<(typeof FILES)[Name]>;

export interface FirewallHome {
	readonly folder: string;
	/**
	 * @returns what was saved last, null when nothing was or the file was damaged (then it is kept beside, as `.damaged`)
	 * @throws CliError when the device's key or identity is damaged
	 */
	load<Name extends StateName>(name: Name): Promise<StateOf<Name> | null>;
	save<Name extends StateName>(name: Name, value: StateOf<Name>): Promise<void>;
	forget(...names: readonly StateName[]): Promise<void>;
	/** Removes what writes that a power failure has cut short have left; there may be a key in it. */
	dropDrafts(): Promise<void>;
}

/** The state under `folder`, which need not exist yet. */
export function openHome(folder: string): FirewallHome {
	const pathOf = (name: StateName) =>
		join(folder, `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.json`);
	return {
		folder,
		load: async (name) => {
			const path = pathOf(name);
			const text = await readIfPresent(path);
			const value = text === null ? null : parseState(name, text, path);
			if (text !== null && value === null) await rename(path, `${path}.damaged`);
			return value;
		},
		save: (name, value) => writeAtomically(pathOf(name), `${JSON.stringify(value, null, "\t")}\n`),
		forget: async (...names) => {
			for (const name of names) await rm(pathOf(name), { force: true });
		},
		dropDrafts: () => dropDrafts(folder),
	};
}

/** @returns null = it is damaged */
function parseState<Name extends StateName>(name: Name, text: string, path: string): StateOf<Name> | null {
	const read = FILES[name].safeParse(parseJson(text));
	// The compiler does not connect a table's row with its schema's type.
	if (read.success) return read.data as StateOf<Name>;
	if (!IRREPLACEABLE.includes(name)) return null;
	throw new CliError(`${path} is damaged`, {
		code: "damaged_state",
		fix: "restore it, or remove it and activate again",
	});
}
