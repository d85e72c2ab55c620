// `credential:<hash>`: a publisher's or operator's API key as the edge knows it. The key itself is stored nowhere.
import { z } from "zod";
import { productName } from "../names.ts";
import { ACCOUNT_ID } from "./ids.ts";

const accountId = z.string().regex(ACCOUNT_ID, "an account is named by its id, acct-…");

/** What an API key may do; which routes each scope opens stands in routes/http/key-access.ts. */
export const scope = z.union(
	[
		z.literal("operate"),
		z.literal("read"),
		z.templateLiteral(["operate:", accountId]),
		z.templateLiteral(["read:", accountId]),
		z.templateLiteral(["publish:", productName]),
		z.templateLiteral(["release:", productName]),
		z.templateLiteral(["lifecycle:", accountId]),
	],
	"a scope is operate, read, operate:<account id>, read:<account id>, publish:<product>, release:<product> or lifecycle:<account id>",
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
