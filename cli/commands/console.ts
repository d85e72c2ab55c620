// `parapet console …`: getting into the pages for people.
import type { Command } from "commander";
import { z } from "zod";
import { runAsOperator } from "../command-line/run-as.ts";
import type { OperatorApi } from "../http/operator-api.ts";
import type { Surroundings } from "../terminal/output.ts";

const signInLink = z.looseObject({ url: z.string(), subject: z.string(), expires_at: z.string() });
export type SignInLink = z.infer<typeof signInLink>;

export function defineConsole(consoleCommand: Command, surroundings: Surroundings): void {
	const link = consoleCommand
		.command("link")
		.description("a link that signs one browser in to the console with your key's scopes, once, within ten minutes");
	runAsOperator(link, surroundings, {}, async ({ api, output }) => {
		const made = await makeSignInLink(api);
		output.note(`it signs in as ${made.subject}, once, until ${made.expires_at}; whoever has it may use it:`);
		output.answer(made, made.url);
	});
}

/** For the holder of the API's key. @throws as `OperatorApi.call` */
export function makeSignInLink(api: OperatorApi): Promise<SignInLink> {
	return api.call("POST", "/console/links", "could not make a link", signInLink);
}
