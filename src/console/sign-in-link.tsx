// Signing in by a link: whoever holds an API key has one made, and whoever opens it signs in by a button. Opening alone uses nothing up,
// because programs look at links too before people do; the button counts once, whoever presses it first. Who presses it twice is signed in too.
import { ProblemError } from "../problem.ts";
import { readAuthorization, refuse } from "../routes/http/authenticate.ts";
import { hashOfKey, holderOf } from "../routes/http/key-holder.ts";
import { toTimestamp } from "../routes/http/openapi.ts";
import { callerNetwork, limitRate } from "../routes/http/rate-limit.ts";
import { ApiRefusal } from "./console-env.ts";
import { type ConsoleContext, render } from "./render.tsx";
import { randomWord } from "./session.ts";
import { beginSession, isNoKey, opensAnyScreen, readForm, SignInForm } from "./sign-in.tsx";
import { openTicket, type SignInTicket, sealTicket, TICKET_SECONDS } from "./sign-in-ticket.ts";

/** Characters of the word of a page; longer ones are none of ours. */
const MAX_WORD = 64;

/** For programs, with the key as any call of the API has it. @throws ProblemError as those do */
export async function makeLink(c: ConsoleContext): Promise<Response> {
	const { config, limits, macKeyring } = c.env.services;
	const authorization = readAuthorization(c.req.header("authorization") ?? null);
	if (authorization?.scheme !== "Bearer") refuse(c.env, "no_api_key");
	await limitRate(limits.publish, callerNetwork(c.req.raw));
	const hash = await hashOfKey(c.env, authorization.credentials);
	const { subject, scopes } = await holderOf(c.env, hash);
	if (!opensAnyScreen(scopes))
		throw new ProblemError("insufficient_scope", { detail: "this key opens no screen of the console" });
	const exp = c.env.now + TICKET_SECONDS;
	const ticket = await sealTicket(macKeyring, config.issuer, { hash, id: randomWord(), exp });
	const url = `${config.issuer}/console/link?${new URLSearchParams({ ticket })}`;
	return c.json({ url, subject, expires_at: toTimestamp(exp) }, 201) as Response;
}

/** The page with the button. It says in whose name: a link may come from somebody who wants to be mistaken for its reader. */
export async function showLink(c: ConsoleContext): Promise<Response> {
	// The address of this page opens the console: its own files need not hear of it either.
	c.header("referrer-policy", "strict-origin");
	const text = c.req.query("ticket") ?? "";
	await limitRate(c.env.services.limits.publish, callerNetwork(c.req.raw));
	const { hash } = await openedTicket(c, text);
	const { subject, scopes } = await holderOf(c.env, hash).catch(refuseLink);
	return render(
		c,
		"Sign in",
		undefined,
		<form method="post" action="/console/link" class="narrow">
			<p>
				This link signs you in as <strong>{subject}</strong>, with the scopes <code>{scopes.join(" ")}</code>. It counts
				once, and the session ends after eight hours.
			</p>
			<input type="hidden" name="ticket" value={text} />
			<input type="hidden" name="page" value={randomWord()} />
			<button type="submit">Sign in as {subject}</button>
		</form>,
	);
}

export async function signInByLink(c: ConsoleContext): Promise<Response> {
	const form = await readForm(c);
	await limitRate(c.env.services.limits.publish, callerNetwork(c.req.raw));
	const { hash, id, exp } = await openedTicket(c, form.get("ticket") ?? "");
	const holder = await holderOf(c.env, hash).catch(refuseLink);
	// Nobody else has the word of the page: a link that others have got hold of counts for them no second time.
	const page = form.get("page")?.slice(0, MAX_WORD) || null;
	// Last, because it cannot be taken back.
	if (!(await c.env.services.objects.useOnce(`console ${hash}`, id, exp, c.env.now, "", page))) {
		c.env.event.reason = "ticket_used";
		throw linkOver();
	}
	await beginSession(c, hash, holder);
	return c.redirect("/console", 303);
}

/** For these routes alone: what the link's reader sees in place of a page of the console. */
export function renderLinkFailure(c: ConsoleContext, error: unknown): Response {
	if (!(error instanceof ApiRefusal)) throw error;
	const { problem } = error;
	c.env.event.problem = problem.code ?? null;
	return render(c, problem.title, undefined, <SignInForm next="/console" refused={problem} />, problem.status);
}

/** @throws ApiRefusal where it is none of ours, or over */
async function openedTicket(c: ConsoleContext, text: string): Promise<SignInTicket> {
	const { config, macKeyring } = c.env.services;
	const opened = await openTicket(macKeyring, config.issuer, text, c.env.now);
	if (opened.ok) return opened.ticket;
	c.env.event.reason = `ticket_${opened.reason}`;
	throw linkOver();
}

function refuseLink(error: unknown): never {
	throw isNoKey(error) ? linkOver() : error;
}

/** The same for each reason, which the log has. */
function linkOver(): ApiRefusal {
	return new ApiRefusal({
		status: 401,
		code: "unauthenticated",
		title: "This link is over",
		detail: "nobody was signed in: a link counts once, for ten minutes, while its key is in force",
		fix: "Have another made with `parapet console link`, or sign in with a key.",
	});
}
