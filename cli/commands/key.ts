// `parapet key …`: API keys of publishers and operators. The server's own secrets: `secret generate`.

import type { Command } from "commander";
import { z } from "zod";
import { keySubject, scope, teamName } from "../../src/entitlement/keys/credential-record.ts";
import { addYesOption } from "../command-line/confirmation.ts";
import { readOperand } from "../command-line/read-options.ts";
import { runAsOperator } from "../command-line/run-as.ts";
import { collect, commaList, moment } from "../command-line/values.ts";
import { anyAnswer } from "../http/answers.ts";
import { listAnswer } from "../http/lists.ts";
import { formatTable, type Surroundings } from "../terminal/output.ts";

const keyId = z
	.string()
	.regex(/^key-[0-9a-z]{4,40}$/, "the id of a key looks like key-01234567; `parapet key list` shows it");

export function defineKey(key: Command, surroundings: Surroundings): void {
	const create = key
		.command("create <subject>")
		.description("make an API key for somebody; it is shown once")
		.requiredOption(
			"--scopes <scopes>",
			"comma-separated: operate, read, operate:<account>, read:<account>, publish:<product> (upload), release:<product> (release, withdraw), validate:<product> (its validator), lifecycle:<account>",
			collect,
		)
		.option("--team <team>", "for which its holder speaks in rollouts (default: none)")
		.option("--expires <when>", "a date, a span such as 90d, or never; 90d if left out, for keys that operate or read");
	const shape = {
		scopes: commaList.pipe(z.array(scope).min(1)),
		team: teamName.optional(),
		expires: z.union([z.literal("never"), moment(surroundings)]).optional(),
	};
	runAsOperator(create, surroundings, shape, async ({ api, options, operands, output }) => {
		const made = await api.call("POST", "/v1/keys", "could not create the key", anyAnswer, {
			subject: readOperand(operands, 0, "subject", keySubject),
			scopes: options.scopes,
			team: options.team,
			expires_at: options.expires === "never" ? null : options.expires,
		});
		if (typeof made["expires_at"] === "string") output.note(`it ends at ${made["expires_at"]}`);
		output.note("this key is shown once:");
		output.answer(made, String(made["key"]));
	});
	runAsOperator(
		key.command("list").description("all keys, without the secrets"),
		surroundings,
		{},
		async ({ api, output }) => {
			const found = await api.call("GET", "/v1/keys", "could not list keys", listAnswer("keys"));
			const rows = found.items.map((one) => [
				one["id"],
				one["subject"],
				one["team"],
				one["scopes"],
				one["expires_at"],
				one["revoked"],
				one["created_by"],
			]);
			output.answer(
				found.answer,
				formatTable(["KEY", "SUBJECT", "TEAM", "SCOPES", "EXPIRES", "REVOKED", "MADE BY"], rows),
			);
		},
	);
	const revoke = key
		.command("revoke <id>")
		.description("end a key for good")
		.option("--cascade", "and the keys that were made with it, and those made with them");
	addYesOption(revoke);
	const revokeShape = { cascade: z.boolean().optional() };
	runAsOperator(revoke, surroundings, revokeShape, async ({ api, options, operands, output, confirm }) => {
		const id = readOperand(operands, 0, "id", keyId);
		await confirm(`whoever uses ${id} is refused from now on`);
		await api.call(
			"DELETE",
			`/v1/keys/${id}${options.cascade === true ? "?cascade=true" : ""}`,
			"could not revoke the key",
			anyAnswer,
		);
		output.answer({ id, revoked: true }, `${id} is revoked`);
	});
}
