// `credential:<hash>`: a publisher's or operator's API key as the edge knows it. The key itself is stored nowhere.
import { z } from "zod";
import { productName } from "../content/names.ts";

/** `operate`, or `publish:<product>`. */
export const scope = z.union([z.literal("operate"), z.templateLiteral(["publish:", productName])]);
export type Scope = z.infer<typeof scope>;

export const credentialRecord = z.object({
	id: z.string(),
	subject: z.string(),
	scopes: z.array(scope),
	/** unix seconds; null = never */
	expiresAt: z.int().nonnegative().nullable(),
	revoked: z.boolean(),
});
export type CredentialRecord = z.infer<typeof credentialRecord>;
