// Signing in as whom Cloudflare Access has let through, where it stands before the console: by the API key that was made in the name of
// their e-mail address. Access says who somebody is; what they may do, until when, and whose word it is in the trail is the key's matter.
import { keyNamed } from "../entitlement/keys/named-key.ts";
import { ProblemError } from "../problem.ts";
import { holderOf } from "../routes/http/key-holder.ts";
import { callerNetwork, limitRate } from "../routes/http/rate-limit.ts";
import { verifyAccessAssertion } from "../signing/access-assertion.ts";
import { ApiRefusal } from "./console-env.ts";
import { type ConsoleContext, render } from "./render.tsx";
import { beginSession, readForm, SignInForm, safeNext } from "./sign-in.tsx";

const HEADER = "cf-access-jwt-assertion";

/** @returns null where Access is not configured, or has not let this request through */
async function personOf(c: ConsoleContext): Promise<{ readonly email: string; readonly exp: number } | null> {
	const { access } = c.env.services;
	const assertion = c.req.header(HEADER);
	if (access === null || assertion === undefined) return null;
	const verified = await verifyAccessAssertion(access.keys, access.settings, assertion, c.env.now).catch(() => {
		c.env.event.reason = "access_keys_unreachable";
		throw new ProblemError("unavailable", { headers: { "retry-after": "10" } });
	});
	if (verified.ok) return verified;
	c.env.event.reason = `access_${verified.reason}`;
	return null;
}

/** The page for signing in: with a key always, beside it as whom Access says one is. */
export async function showSignIn(c: ConsoleContext): Promise<Response> {
	const next = safeNext(c.req.query("next"));
	// A page with a field for the key is worth more than an answer that Access's keys cannot be had.
	const person = await personOf(c).catch(() => null);
	return render(
		c,
		"Sign in",
		undefined,
		<>
			{person !== null && (
				<form method="post" action="/console/sign-in/access" class="narrow">
					<input type="hidden" name="next" value={next} />
					<button type="submit">Sign in as {person.email}</button>
				</form>
			)}
			<SignInForm next={next} />
		</>,
	);
}

export async function signInByAccess(c: ConsoleContext): Promise<Response> {
	const form = await readForm(c);
	const next = safeNext(form.get("next"));
	await limitRate(c.env.services.limits.publish, callerNetwork(c.req.raw));
	const person = await personOf(c);
	if (person === null)
		return refused(c, next, "Cloudflare Access has not said who you are", "Open this page through it, or use a key.");
	const keys = await c.env.services.objects.directory().listCredentials();
	const key = keyNamed(keys, person.email, c.env.now);
	if (key === null) {
		c.env.event.reason = "access_without_key";
		return refused(
			c,
			next,
			`no API key in force is named ${person.email}`,
			`Ask somebody who operates for one: parapet key create ${person.email} --scopes read. You need not be given it.`,
		);
	}
	await beginSession(c, key.hash, await holderOf(c.env, key.hash), person.exp);
	return c.redirect(next, 303);
}

function refused(c: ConsoleContext, next: string, detail: string, fix: string): Response {
	const { problem } = new ApiRefusal({ status: 401, code: "unauthenticated", title: "Sign in", detail, fix });
	c.env.event.problem = problem.code ?? null;
	return render(c, "Sign in", undefined, <SignInForm next={next} refused={problem} />, problem.status);
}
