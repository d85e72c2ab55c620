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
	variantName,
	versionName,
} from "../../../src/names.ts";
import { healthReport } from "../../../src/rollout/health.ts";
import { CliError } from "../../errors.ts";
import { dropDrafts, readIfPresent, writeAtomically } from "../../files/atomic-file.ts";
import { parseJson } from "../../json.ts";
import { checkAnswer } from "../answers.ts";
import type { FirewallHome, StateName, StateOf } from "./firewall-state.ts";

const privateJwk = z.union([
	z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: z.string(), y: z.string(), d: z.string() }),
	z.object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string(), d: z.string() }),
]);

const certificate = z.object({
	certFile: z.string(),
	keyFile: z.string(),
	x5t: z.string(),
	subjectDn: z.string().nullable(),
	origin: z.string(),
});

const identity = z.object({
	server: z.string(),
	serial: serialNumber,
	model: modelName,
	labels: labels,
	engine: versionName.nullable(),
	algorithm: z.enum(["ES256", "Ed25519"]),
	certificate: certificate.optional(),
	device: z
		.object({ id: z.string(), account: z.string(), license: z.string(), registrationToken: z.string() })
		.nullable(),
});

const token = z.object({
	server: z.string(),
	accessToken: z.string(),
	type: z.enum(["DPoP", "Bearer"]),
	expiresAt: z.number(),
	products: z.array(z.string()).nullable(),
	lineage: z.string().optional(),
	anchorsToldAt: z.number().optional(),
});

const installed = z.record(
	productName,
	z.object({
		version: versionName,
		sha256: sha256Hex,
		size: z.number(),
		name: packageFileName,
		variant: variantName.optional(),
		path: z.string(),
		installedAt: z.number(),
		untold: z.array(z.object({ version: versionName, at: z.number() })).optional(),
	}),
);

const verified = z.record(productName, z.object({ sha256: sha256Hex, at: z.number() }));
const lastCheck = z.object({ query: z.string(), etag: z.string(), answer: checkAnswer });
const ha = z.object({ role: haRole.optional(), priority: z.number().optional(), peer: z.string().optional() });
const failed = z.record(productName, z.object({ version: versionName, at: z.number() }));
const bad = z.record(productName, z.object({ sha256: sha256Hex, times: z.number().min(1), at: z.number() }));
const permits = z.record(
	productName,
	z.object({ version: versionName, permit: z.string().optional(), report_by: z.string().nullish() }),
);
const messages = z.object({ seen: z.number() });
const reports = z.array(
	z.object({
		permit: z.string(),
		outcome: z.string(),
		detail: z.string().optional(),
		health: healthReport.optional(),
		reportBy: z.number().nullable(),
	}),
);

const FILES: { readonly [Name in StateName]: z.ZodType<StateOf<Name>> } = {
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
};
/** The device's identity cannot be had again without a new activation. All else is asked for, downloaded or said again. */
const IRREPLACEABLE: readonly StateName[] = ["key", "identity"];

/**
 * The state under `folder`, which need not exist yet. A damaged file is kept beside, as `.damaged`, and its content is as if it had never been
 * saved; that of the device's key or identity is an error (CliError).
 */
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
	if (read.success) return read.data;
	if (!IRREPLACEABLE.includes(name)) return null;
	throw new CliError(`${path} is damaged`, {
		code: "damaged_state",
		fix: "restore it, or remove it and activate again",
	});
}
