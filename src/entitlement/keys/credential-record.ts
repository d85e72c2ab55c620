// `credential:<hash>`: a publisher's or operator's API key as the edge knows it. The key itself is stored nowhere.
import { z } from "zod";
import { PRODUCT_NAME, productName } from "../../names.ts";
import { ACCOUNT_ID } from "../ids.ts";

const accountId = z.string().regex(ACCOUNT_ID, "an account is named by its id, acct-…");

/** The patterns are for the API's description: the description of a template does not say what follows the colon. */
const ofAccount = (kind: string) => ({ pattern: `^${kind}:${ACCOUNT_ID.source.slice(1)}` });
const ofProduct = (kind: string) => ({ pattern: `^${kind}:${PRODUCT_NAME.source.slice(1)}` });

/** What an API key may do; which routes each scope opens stands in routes/http/key-access.ts. */
export const scope = z.union(
	[
		z.literal("operate"),
		z.literal("read"),
		z.templateLiteral(["operate:", accountId]).meta(ofAccount("operate")),
		z.templateLiteral(["read:", accountId]).meta(ofAccount("read")),
		z.templateLiteral(["publish:", productName]).meta(ofProduct("publish")),
		z.templateLiteral(["release:", productName]).meta(ofProduct("release")),
		z.templateLiteral(["validate:", productName]).meta(ofProduct("validate")),
		z.templateLiteral(["lifecycle:", accountId]).meta(ofAccount("lifecycle")),
	],
	"a scope is operate, read, operate:<account id>, read:<account id>, publish:<product>, release:<product>, validate:<product> or lifecycle:<account id>",
);
export type Scope = z.infer<typeof scope>;

/** What the trail says of others than the holders of API keys, and ids: a key's subject must not pass for one of them. */
const RESERVED_SUBJECT = /^(bootstrap|service|unknown)$|^(acct|code|dev|evt|hag|key|lic|msg|pk|pub|whk)[-_]/i;

/** To whom an API key is given: a person or a machine, as the trail will name it. */
export const keySubject = z
	.string()
	.regex(/^[A-Za-z0-9][A-Za-z0-9 .@_-]{0,99}$/, "a subject is up to 100 letters, digits, spaces and . @ _ -")
	.refine(
		(text) => !RESERVED_SUBJECT.test(text),
		"the trail uses this name for something else; name a person or a machine",
	);

/** Who owns products, and gives their word on rollouts. */
export const teamName = z
	.string()
	.regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "a team is up to 32 lower-case letters, digits and -");

const credentialRecord = z.object({
	id: z.string(),
	subject: z.string(),
	scopes: z.array(scope),
	/** for which its holder speaks in rollouts; null = for none */
	team: teamName.nullable(),
	/** unix seconds; null = never */
	expiresAt: z.int().nonnegative().nullable(),
	revoked: z.boolean(),
});
export type CredentialRecord = z.infer<typeof credentialRecord>;
