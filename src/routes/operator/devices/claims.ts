// Serial numbers that an account expects: their appliances come with their maker's certificate and need no auth code.
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Claim } from "../../../entitlement/devices/claim.ts";
import { isLicenseId, isManufacturerId } from "../../../entitlement/ids.ts";
import { foldSerial, serialNumber } from "../../../names.ts";
import type { AccountClaims } from "../../../objects/account/devices/claim-desk.ts";
import { ProblemError } from "../../../problem.ts";
import {
	accountClosed,
	accountPath,
	accountRefusals,
	changeRefusals,
	nextAfter,
	openAccount,
} from "../../http/account-in-path.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { accountAccess, accountReadAccess } from "../../http/key-access.ts";
import { claimKey } from "../../http/mtls/claim-key.ts";
import { createRouter, jsonAnswer, jsonBody, timestamp, toTimestamp, wholeNumber } from "../../http/openapi.ts";

const path = "/v1/accounts/{account}/claims";
const MAX_SERIALS = 200;
const CLAIMS_PER_PAGE = 1_000;
const manufacturer = z.string().refine(isManufacturerId, "a manufacturer looks like mfr-…");

const claimBody = z
	.object({
		serial: z.string(),
		manufacturer: z.string(),
		license: z.string(),
		device: z.string().nullable().openapi({ description: "That came by it last; null = none yet" }),
		spent: z.boolean().openapi({
			description: "A device with this serial number was revoked since: nobody comes by it until it is claimed again",
		}),
		claimed_at: timestamp,
	})
	.openapi("Claim");

const list = createRoute({
	...accountReadAccess,
	method: "get",
	path,
	operationId: "listClaims",
	tags: ["Operator"],
	summary: "Serial numbers that the account has claimed, a page at a time",
	request: {
		params: accountPath,
		query: z.object({
			after: z.string().max(128).optional().openapi({ description: "`next` of the page before" }),
			limit: wholeNumber(1, CLAIMS_PER_PAGE)
				.optional()
				.openapi({ description: `${CLAIMS_PER_PAGE} if left out` }),
		}),
	},
	responses: {
		200: jsonAnswer(
			z.object({ claims: z.array(claimBody), next: z.string().nullable() }),
			"In the order of the serial numbers",
		),
		...accountRefusals,
	},
});

const claim = createRoute({
	...accountAccess,
	method: "post",
	path,
	operationId: "claimDevices",
	tags: ["Operator"],
	summary: "Claim appliances by their serial numbers, so that they activate without an auth code",
	description:
		"A serial number of a manufacturer is one account's: those that another one has claimed are answered in `taken`, and nothing is changed for them. Claimed again, one is for the license that is named now. As many may wait for their appliances as the license has free seats (elastic, or with overage: as it has seats), and ten more; 409 beyond that, and nothing is claimed.",
	request: {
		params: accountPath,
		body: jsonBody(
			z
				.strictObject({
					serials: z.array(serialNumber).min(1).max(MAX_SERIALS),
					license: z.string().refine(isLicenseId, "a license looks like lic-…"),
					manufacturer: manufacturer.optional().openapi({ description: "May be left out where there is one" }),
				})
				.openapi("NewClaims"),
		),
	},
	responses: {
		200: jsonAnswer(
			z
				.object({
					claims: z.array(claimBody),
					taken: z.array(z.string()).openapi({ description: "Serial numbers that another account has claimed" }),
				})
				.openapi("MadeClaims"),
			"What the account has of them now",
		),
		...changeRefusals,
	},
});

const unclaim = createRoute({
	...accountAccess,
	method: "delete",
	path: `${path}/{serial}`,
	operationId: "unclaimDevice",
	tags: ["Operator"],
	summary: "Give a claim back; a device that came by it stays",
	request: {
		params: accountPath.extend({ serial: serialNumber }),
		query: z.object({ manufacturer: manufacturer.optional() }),
	},
	responses: { 204: { description: "Given back" }, ...changeRefusals },
});

function describeClaim({
	serial,
	manufacturer,
	license,
	device,
	isSpent,
	createdAt,
}: Claim): z.infer<typeof claimBody> {
	return { serial, manufacturer, license, device, spent: isSpent, claimed_at: toTimestamp(createdAt) };
}

function whichOf(count: number, named: string | undefined): string {
	if (count === 0) return "there is none yet: `parapet manufacturer add`, which an operator may, comes first";
	const what = named === undefined ? `name one of ${count}` : "there is no such manufacturer";
	return `${what}; \`parapet manufacturer list\` shows them`;
}

/** @throws ProblemError where it is not known, or none was named and there is not exactly one */
async function manufacturerOf(c: Context<AppEnv>, named: string | undefined): Promise<string> {
	const { manufacturers } = await c.env.services.objects.directory().manufacturers({ kind: "list" });
	const found = named === undefined ? manufacturers : manufacturers.filter(({ id }) => id === named);
	const [only, ...more] = found;
	if (only !== undefined && more.length === 0) return only.id;
	const message = whichOf(manufacturers.length, named);
	throw new ProblemError("invalid_request", { extras: { errors: [{ field: "manufacturer", message }] } });
}

function refusal({ reason, open }: AccountClaims): ProblemError {
	if (reason === "account_closed") return accountClosed();
	if (reason === "unknown_license" || open === undefined) return new ProblemError("not_found");
	const may = `${open.most} serial numbers may wait for their appliances under this license, as many as it has free seats and a few more`;
	const detail = `${may}; ${open.now} do: give some back, add seats, or claim fewer at once`;
	return new ProblemError("conflict", { detail });
}

export const claims = createRouter()
	.openapi(list, async (c) => {
		const { object } = await openAccount(c, c.req.valid("param").account);
		if ((await object.info()) === null) throw new ProblemError("not_found");
		const { after = "", limit = CLAIMS_PER_PAGE } = c.req.valid("query");
		const found = (await object.claims({ kind: "list", after, limit })).claims;
		const next = nextAfter(found, limit, ({ serial, manufacturer }) => `${serial} ${manufacturer}`);
		return c.json({ claims: found.map(describeClaim), next }, 200);
	})
	.openapi(claim, async (c) => {
		const { object, objectName, by } = await openAccount(c, c.req.valid("param").account);
		const { serials, license, manufacturer: named } = c.req.valid("json");
		const id = await manufacturerOf(c, named);
		const wanted = { ...by, manufacturer: id, license };
		// Before anything is taken that nobody could use.
		const asked = await object.claims({ ...wanted, kind: "ask", serials });
		if (asked.reason !== null) throw refusal(asked);
		const { services } = c.env;
		const keys = await Promise.all(serials.map((serial) => claimKey(services.lookupKeys, id, serial)));
		const holders = await services.objects.directory().serialClaims({ kind: "claim", account: objectName, keys });
		const isOurs = (_: string, index: number) => holders[index] === objectName;
		const own = serials.filter(isOurs);
		const made = await object.claims({ ...wanted, kind: "claim", serials: own });
		if (made.reason !== null) {
			// Another request came in between. What it has taken stays, and so does what the account had.
			const had = new Set(made.claims.map((one) => foldSerial(one.serial)));
			const unused = keys.filter((_, index) => isOurs("", index) && !had.has(foldSerial(serials[index] ?? "")));
			await services.objects.directory().serialClaims({ kind: "release", account: objectName, keys: unused });
			throw refusal(made);
		}
		const taken = serials.filter((serial, index) => !isOurs(serial, index));
		return c.json({ claims: made.claims.map(describeClaim), taken }, 200);
	})
	.openapi(unclaim, async (c) => {
		const { object, objectName, by } = await openAccount(c, c.req.valid("param").account);
		const { serial } = c.req.valid("param");
		// Also of one that was removed since.
		const id = c.req.valid("query").manufacturer ?? (await manufacturerOf(c, undefined));
		const { claims: gone } = await object.claims({ ...by, kind: "unclaim", serial, manufacturer: id });
		const { services } = c.env;
		const keys = [await claimKey(services.lookupKeys, id, serial)];
		// Last, so that nobody has it while this account has: and also where its row was never written.
		await services.objects.directory().serialClaims({ kind: "release", account: objectName, keys });
		if (gone.length === 0) throw new ProblemError("not_found");
		return c.body(null, 204);
	});
