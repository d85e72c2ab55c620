// Setting an account back to an earlier time, for when it was spoilt: by a script that revoked the wrong devices, or a fault.
import { createRoute, z } from "@hono/zod-openapi";
import { plainText } from "../../../plain-text.ts";
import { ProblemError } from "../../../problem.ts";
import { accountPath, changeRefusals, openAccount } from "../../http/account-in-path.ts";
import { operatorAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toSeconds, toTimestamp } from "../../http/openapi.ts";
import { type RewindOutcome, rewindAccount } from "./rewind-account.ts";

/** For so long the platform keeps what an object was. */
const HISTORY_SECONDS = 30 * 86_400;

const rewindBody = z
	.object({
		account: z.string(),
		to: timestamp,
		rewound: z.boolean().openapi({ description: "false = a dry run; nothing was changed" }),
		lost: z
			.object({
				events: z.int().openapi({ description: "Entries of the account's trail since then" }),
				by_type: z.record(z.string(), z.int()),
				devices: z.array(z.string()).openapi({
					description: "Devices that came since then, the first hundred: they have to activate again, or be imported",
				}),
				let_in_again: z.array(z.string()).openapi({
					description:
						"Devices that were active then and were suspended, revoked, replaced or deactivated since, the first hundred: they are served again",
				}),
			})
			.openapi("LostByRewind"),
		published: z.boolean().optional().openapi({ description: "Whether every store has what is to be known at once" }),
	})
	.openapi("Rewind");

const rewind = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/rewind",
	operationId: "rewindAccount",
	tags: ["Operator"],
	summary: "Set an account back to what it was at an earlier time, or show what that would lose",
	description:
		"Licenses, codes, devices, seats, HA groups, webhooks and the trail are what they were; the account's name, products and messages are kept elsewhere and stay. Every device needs a new token. Broken off, it is finished by the same request again.",
	...operatorAccess,
	request: {
		params: accountPath,
		body: jsonBody(
			z.strictObject({
				to: timestamp.openapi({ description: "At most 30 days ago, and not before the account was made" }),
				dry_run: z.boolean().optional().openapi({ description: "Show what would be lost, and change nothing" }),
				reason: plainText(300).optional().openapi({ description: "Kept in the audit trail" }),
			}),
		),
	},
	responses: {
		200: jsonAnswer(rewindBody, "It was set back, or what that would lose"),
		...changeRefusals,
		...problems("unavailable"),
	},
});

export const accountRewind = createRouter().openapi(rewind, async (c) => {
	const { by, id, objectName } = await openAccount(c, c.req.valid("param").account);
	const { to: text, dry_run: isDry = false, reason = "" } = c.req.valid("json");
	const to = toSeconds(text);
	const { objects } = c.env.services;
	const account = () => objects.account(objectName);
	const survey = await account().rewind({ kind: "survey", to });
	if (survey?.kind !== "survey") throw new ProblemError("not_found");
	const earliest = Math.max(survey.createdAt, by.now - HISTORY_SECONDS);
	if (to < earliest || to >= by.now) {
		const message = `a time from ${toTimestamp(earliest)} until now`;
		throw new ProblemError("invalid_request", { extras: { errors: [{ field: "to", message }] } });
	}
	const { events, byType, devices, letInAgain } = survey;
	const lost = { events, by_type: { ...byType }, devices: [...devices], let_in_again: [...letInAgain] };
	const shown = { account: id, to: toTimestamp(to), lost };
	if (isDry) return c.json({ ...shown, rewound: false }, 200);
	const parties = { account, directory: () => objects.directory() };
	const outcome = await rewindAccount(parties, { objectName, to, reason, by }, survey);
	if (!outcome.ok) throw refusal(outcome.reason);
	return c.json({ ...shown, rewound: true, published: outcome.published }, 200);
});

function refusal(reason: (RewindOutcome & { ok: false })["reason"]): ProblemError {
	switch (reason) {
		case "unknown_account":
			return new ProblemError("not_found");
		case "no_history":
			return new ProblemError("conflict", {
				detail:
					"the platform has no such state of this account: it keeps 30 days, and a service on one machine keeps none",
			});
		case "too_many_permits":
			return new ProblemError("conflict", {
				detail: "more than 10,000 devices of its HA groups are installing now; try again once they have reported",
			});
		// The object ended for another reason, or has not ended yet.
		case "not_rewound":
			return new ProblemError("unavailable");
	}
}
