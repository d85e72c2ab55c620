// `credential:<hash>`: a publisher's or operator's API key as the edge knows it. The key itself is stored nowhere.
import { z } from "zod";
import { productName } from "../names.ts";
import { ACCOUNT_ID } from "./ids.ts";

const accountId = z.string().regex(ACCOUNT_ID, "an account is named by its id, acct-…");

/** `operate`, `publish:<product>`, or `lifecycle:<account id>`: to tell of that account's instances, and nothing else. */
export const scope = z.union(
	[z.literal("operate"), z.templateLiteral(["publish:", productName]), z.templateLiteral(["lifecycle:", accountId])],
	"a scope is operate, publish:<product> or lifecycle:<account id>",
);
export type Scope = z.infer<typeof scope>;

const credentialRecord = z.object({
	id: z.string(),
	subject: z.string(),
	scopes: z.array(scope),
	/** unix seconds; null = never */
	expiresAt: z.int().nonnegative().nullable(),
	revoked: z.boolean(),
});
export type CredentialRecord = z.infer<typeof credentialRecord>;
