// The demo's customer: account, products, license, auth code, message. Each is looked for first, so that a second run
// finds everything in place. The auth code is shown only once by the server, so it is kept beside the demo's firewall.

import { join } from "node:path";
import { z } from "zod";
import type { PlanChoice } from "../../../src/rollout/built-in-plans.ts";
import { readIfPresent, writeAtomically } from "../../files/atomic-file.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { parseJson } from "../../json.ts";
import type { RunStep } from "./steps.ts";

const ACCOUNT_NAME = "Demo customer";
const MESSAGE_TITLE = "Welcome to Parapet";
const SEATS = 25;
const DAY_MS = 86_400_000;

const account = z.looseObject({ account: z.string(), name: z.string() });
const license = z.looseObject({ license: z.string(), products: z.array(z.string()).default([]), ends_at: z.string() });
const code = z.looseObject({ id: z.string(), code: z.string() });
const savedCode = z.object({ account: z.string(), license: z.string(), id: z.string(), code: z.string() });

export interface SeedOptions {
	readonly api: OperatorApi;
	readonly step: RunStep;
	readonly products: readonly string[];
	/** where the auth code is kept */
	readonly folder: string;
	readonly nowMs: () => number;
}

export interface Seed {
	readonly account: string;
	readonly license: string;
	readonly code: string;
	readonly messageTitle: string;
}

export async function seedDemo(options: SeedOptions): Promise<Seed> {
	const owner = await options.step("account", () => ensureAccount(options, ACCOUNT_NAME));
	// Nobody waits for days to see a demo; a product of yours goes by `standard` unless you choose otherwise.
	for (const product of options.products)
		await options.step("product", () => ensureProduct(options, product, "immediate"));
	const bought = await options.step("license", () => ensureLicense(options, owner));
	const activation = await options.step("code", () => ensureCode(options, owner, bought));
	await options.step("message", () => ensureMessage(options));
	return { account: owner, license: bought, code: activation, messageTitle: MESSAGE_TITLE };
}

type Seeding = Pick<SeedOptions, "api">;

/** @returns the id of the account of this name */
export async function ensureAccount({ api }: Seeding, name: string) {
	const page = z.looseObject({ accounts: z.array(account), next: z.string().nullish() });
	let cursor: string | null | undefined;
	do {
		const query: string = cursor == null ? "" : `?after=${encodeURIComponent(cursor)}`;
		const found = await api.call("GET", `/v1/accounts${query}`, "could not list accounts", page);
		const existing = found.accounts.find((one) => one.name === name);
		if (existing !== undefined)
			return told(existing.account, { account: existing.account }, `${existing.account} "${name}"`, false);
		cursor = found.next;
	} while (cursor != null);
	const made = await api.call("POST", "/v1/accounts", "could not create the account", account, { name });
	return told(made.account, { account: made.account }, `${made.account} "${name}"`, true);
}

export async function ensureProduct({ api }: Seeding, product: string, plan: PlanChoice) {
	const listing = z.looseObject({ products: z.array(z.looseObject({ product: z.string() })) });
	const found = await api.call("GET", "/v1/products", "could not list products", listing);
	const missing = !found.products.some((one) => one.product === product);
	const title = `Demo product ${product}`;
	if (missing)
		await api.call("POST", "/v1/products", "could not create the product", z.looseObject({}), {
			...{ product, title, plan },
		});
	return told(product, { product }, product, missing);
}

async function ensureLicense({ api, products, nowMs }: SeedOptions, owner: string) {
	const path = `/v1/accounts/${owner}/licenses`;
	const listing = z.looseObject({ licenses: z.array(license) });
	const found = await api.call("GET", path, "could not list licenses", listing);
	const existing = found.licenses.find(
		(one) => products.every((product) => one.products.includes(product)) && Date.parse(one.ends_at) > nowMs() + DAY_MS,
	);
	const line = (id: string) => `${id}: ${SEATS} seats of ${products.join(", ")} for a year`;
	if (existing !== undefined)
		return told(existing.license, { license: existing.license }, line(existing.license), false);
	const ends = new Date(nowMs() + 365 * DAY_MS).toISOString().replace(/\.\d{3}Z$/, "Z");
	const terms = { products, seats: SEATS, ends_at: ends, grace_days: 30 };
	const made = await api.call(
		"POST",
		path,
		"could not create the license",
		z.looseObject({ license: z.string() }),
		terms,
	);
	return told(made.license, { license: made.license, seats: SEATS }, line(made.license), true);
}

async function ensureCode({ api, folder }: SeedOptions, owner: string, bought: string) {
	const path = `/v1/accounts/${owner}/codes`;
	const file = join(folder, "code.json");
	const kept = savedCode.safeParse(parseJson((await readIfPresent(file)) ?? ""));
	const listing = z.looseObject({ codes: z.array(z.looseObject({ id: z.string() })) });
	const found = await api.call("GET", path, "could not list auth codes", listing);
	if (
		kept.success &&
		kept.data.account === owner &&
		kept.data.license === bought &&
		found.codes.some((one) => one.id === kept.data.id)
	) {
		return told(kept.data.code, { code_id: kept.data.id }, kept.data.code, false);
	}
	const made = await api.call("POST", path, "could not create the auth code", code, { license: bought, uses: SEATS });
	await writeAtomically(file, JSON.stringify({ account: owner, license: bought, id: made.id, code: made.code }));
	return told(made.code, { code_id: made.id }, made.code, true);
}

async function ensureMessage({ api, nowMs }: SeedOptions) {
	const listing = z.looseObject({
		messages: z.array(z.looseObject({ id: z.string(), title: z.string(), ends_at: z.string().nullish() })),
	});
	const found = await api.call("GET", "/v1/messages/all", "could not list messages", listing);
	const existing = found.messages.find(
		(one) => one.title === MESSAGE_TITLE && !(Date.parse(one.ends_at ?? "") < nowMs()),
	);
	if (existing !== undefined)
		return told(existing.id, { message: existing.id }, `${existing.id} "${MESSAGE_TITLE}"`, false);
	const made = await api.call(
		"POST",
		"/v1/messages",
		"could not create the message",
		z.looseObject({ id: z.string() }),
		{
			severity: "info",
			title: MESSAGE_TITLE,
			body: "This firewall gets its updates from the Parapet on this machine.",
			ends_at: new Date(nowMs() + 30 * DAY_MS).toISOString().replace(/\.\d{3}Z$/, "Z"),
			locales: {
				de: {
					title: "Willkommen bei Parapet",
					body: "Diese Firewall bezieht ihre Updates vom Parapet auf diesem Rechner.",
				},
			},
		},
	);
	return told(made.id, { message: made.id }, `${made.id} "${MESSAGE_TITLE}"`, true);
}

function told(value: string, facts: Readonly<Record<string, unknown>>, line: string, made: boolean) {
	return { value, facts: { ...facts, made }, line: made ? line : `${line} (in place)` };
}
