// Who holds an API key: by the key itself, or by its keyed hash, which is what a session of the console has of it. Whether the key is
// known, in force and not revoked is asked each time; what its scopes open is for key-access.ts.
import { parseApiKey } from "../../entitlement/ids.ts";
import { keyEnding } from "../../entitlement/keys/key-expiry.ts";
import type { HeldScope } from "../../entitlement/keys/key-scopes.ts";
import type { RequestScope } from "../../request-scope.ts";
import { hashSecret } from "../../signing/keys/lookup-keys.ts";
import { openPublishToken } from "../../signing/sealed/publish-token.ts";
import type { KeyHolder } from "./app-env.ts";
import { refuse } from "./authenticate.ts";

/** Whoever calls with the bootstrap key of the configuration. No other key can have the subject (`keySubject`). */
const BOOTSTRAP: KeyHolder = {
	key: "bootstrap",
	subject: "bootstrap",
	scopes: ["operate"],
	team: null,
	expiresAt: null,
};

/**
 * @param key as its holder sent it
 * @returns its keyed hash @throws ProblemError `unauthenticated` for what has not the form of a key of this service
 */
export async function hashOfKey(scope: RequestScope, key: string): Promise<string> {
	const { lookupKeys, bootstrapKeyHash } = scope.services;
	const hash = await hashSecret(lookupKeys, "key", key);
	// Its own check tells an API key from garbage, so garbage never reaches a store.
	if (hash !== bootstrapKeyHash && (await parseApiKey(lookupKeys, key)) === null)
		refuse(scope, "api_key_malformed", "Bearer");
	return hash;
}

/** @param hash of the key, by `hashOfKey` @throws ProblemError `unauthenticated` for one that is unknown, revoked or over */
export async function holderOf(scope: RequestScope, hash: string): Promise<KeyHolder> {
	const { services, event } = scope;
	if (hash === services.bootstrapKeyHash) {
		event.subject = BOOTSTRAP.subject;
		event.key = BOOTSTRAP.key;
		return BOOTSTRAP;
	}
	const credential = await services.readCredential(hash, scope.nowMs);
	event.key = credential?.id ?? null;
	if (credential === null) refuse(scope, "api_key_unknown", "Bearer");
	const ending = keyEnding(credential, scope.now);
	if (ending !== null) refuse(scope, `api_key_${ending}`, "Bearer");
	const { id, subject, scopes, team, expiresAt } = credential;
	event.subject = subject;
	return { key: id, subject, scopes, team, expiresAt };
}

/** What a token of trusted publishing opens: uploading, and releasing by the product's own plan. */
export function publishTokenScopes(product: string): HeldScope[] {
	return [`publish:${product}`, `propose:${product}`];
}

/**
 * @param text of a token of trusted publishing, as its holder sent it
 * @throws ProblemError `unauthenticated` for one that is not good, is over, or whose publisher was removed
 */
export async function holderOfPublishToken(scope: RequestScope, text: string): Promise<KeyHolder> {
	const { services, event, now } = scope;
	const opened = await openPublishToken(services.macKeyring, services.config.issuer, text, now);
	if (!opened.ok) refuse(scope, `publish_token_${opened.reason}`, "Bearer");
	const { product, publisher, subject, run, exp } = opened.token;
	event.subject = subject;
	event.key = publisher;
	const known = await services.objects.product(product).publishers();
	if (known?.some(({ id }) => id === publisher) !== true) refuse(scope, "publisher_removed", "Bearer");
	return { key: publisher, subject, scopes: publishTokenScopes(product), team: null, expiresAt: exp, run };
}
