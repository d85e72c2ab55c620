// Signing in with an API key, and out; and who passes. A form counts only where it was sent from a page of this service: by what the
// browser says of its origin, and, once somebody is signed in, by the random word of the session in each form.
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import type { HeldScope } from "../entitlement/keys/key-scopes.ts";
import { ProblemError } from "../problem.ts";
import type { KeyHolder } from "../routes/http/app-env.ts";
import { hashOfKey, holderOf } from "../routes/http/key-holder.ts";
import { callerNetwork, limitRate } from "../routes/http/rate-limit.ts";
import { apiFor } from "./api.ts";
import { ApiRefusal, type Application, type ConsoleEnv } from "./console-env.ts";
import { ProblemText } from "./layout.tsx";
import { type ConsoleContext, render } from "./render.tsx";
import { hasTls, openSession, randomWord, SESSION_SECONDS, sealSession } from "./session.ts";
import { SCREENS, seesScreen, viewOf } from "./view.ts";

const COOKIE = "parapet";
/** A message in a few languages; more is written with the command line. */
const MAX_FORM_BYTES = 65_536;
const FORM = "application/x-www-form-urlencoded";

function cookieOptions(c: ConsoleContext) {
	const shared = { httpOnly: true, sameSite: "Strict", path: "/" } as const;
	return hasTls(c.env.services.config.issuer) ? ({ ...shared, secure: true, prefix: "host" } as const) : shared;
}

/** Whether the browser says that one of our own pages sent this. Each one of the last years sends one of the two headers. */
function isFromHere(request: Request): boolean {
	const site = request.headers.get("sec-fetch-site");
	const origin = request.headers.get("origin");
	if (site === null && origin === null) return false;
	return (site ?? "same-origin") === "same-origin" && (origin ?? hereOf(request)) === hereOf(request);
}

function hereOf(request: Request): string {
	return new URL(request.url).origin;
}

function foreignForm(): ApiRefusal {
	const detail = "nothing was done: the form was not sent from a page of this session";
	return new ApiRefusal({
		status: 403,
		title: "The form is refused",
		detail,
		fix: "Open the page again and send it from there.",
	});
}

/** @throws ApiRefusal, ProblemError where there is no form that counts */
export async function readForm(c: Context<ConsoleEnv>): Promise<URLSearchParams> {
	const { raw } = c.req;
	if (!isFromHere(raw)) throw foreignForm();
	const length = raw.headers.get("content-length");
	if (length === null || !/^\d{1,9}$/.test(length)) throw new ProblemError("length_required");
	if (Number(length) > MAX_FORM_BYTES)
		throw new ProblemError("content_too_large", { extras: { limit_bytes: MAX_FORM_BYTES } });
	const type = raw.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
	if (type !== FORM) throw new ProblemError("unsupported_media_type", { detail: `send ${FORM}` });
	const bytes = await raw.arrayBuffer().catch(() => new ArrayBuffer(0));
	c.env.bodyArrived(Date.now());
	return new URLSearchParams(new TextDecoder().decode(bytes));
}

/** Lets pass who is signed in with a key that is still good; whoever reads is sent to sign in, whoever acts is told that nothing was done. */
export function requireSession(application: Application) {
	return createMiddleware<ConsoleEnv>(async (c, next) => {
		const isAction = c.req.method !== "GET" && c.req.method !== "HEAD";
		// Before the session is looked at: its sender may hold the form back until the key was revoked.
		const form = isAction ? await readForm(c) : new URLSearchParams();
		const { config, macKeyring, limits } = c.env.services;
		const sent = getCookie(c, COOKIE, hasTls(config.issuer) ? "host" : undefined);
		const session = sent === undefined ? null : await openSession(macKeyring, config.issuer, sent, c.env.now);
		if (session === null) return signInAgain(c, isAction ? form : null);
		await limitRate(limits.publish, callerNetwork(c.req.raw));
		const holder = await holderOf(c.env, session.hash).catch((error) => {
			if (isNoKey(error)) return null;
			throw error;
		});
		if (holder === null) {
			deleteCookie(c, COOKIE, cookieOptions(c));
			return signInAgain(c, isAction ? form : null);
		}
		c.set("session", session);
		c.set("holder", holder);
		c.set("view", viewOf(holder.scopes));
		c.set("form", form);
		c.set("api", apiFor(c, application, session.hash));
		if (isAction && form.get("form") !== session.form) throw foreignForm();
		await next();
		return undefined;
	});
}

/** @param form that was sent; null = a page was asked for */
function signInAgain(c: ConsoleContext, form: URLSearchParams | null): Response {
	if (form === null)
		return c.redirect(
			`/console/sign-in?${new URLSearchParams({ next: c.req.url.slice(hereOf(c.req.raw).length) })}`,
			303,
		);
	const detail = "nothing was done: you are not signed in any more";
	const next = safeNext(filledIn(c.req.path, form));
	const fix = `Sign in again: eight hours are over, or the key was revoked or has expired. ${
		next === "/console" ? "" : "You come back to the form, as you had filled it in, and can send it then."
	}`;
	c.env.event.problem = "unauthenticated";
	return render(
		c,
		"Sign in again",
		undefined,
		<SignInForm next={next} refused={{ status: 401, title: "", detail, fix }} />,
		401,
	);
}

/** Addresses that forms are sent to, whose page has another; all others have one and the same. */
const PAGE_OF_FORM: Readonly<Record<string, string>> = { "/console/messages": "/console/messages/new" };
/** A longer address is taken by no edge; what stands in it is what a person typed. */
const MAX_FILLED_IN = 12_000;

/** @returns address of the page with the form, filled in as it was; its word and its evidence are of the session and of the time that are over */
function filledIn(path: string, form: URLSearchParams): string {
	const kept = [...form].filter(([name, value]) => name !== "form" && name !== "evidence" && value !== "");
	const page = PAGE_OF_FORM[path] ?? path;
	const address = kept.length === 0 ? page : `${page}?${new URLSearchParams(kept)}`;
	return address.length > MAX_FILLED_IN ? page : address;
}

/** Where to go on after signing in. What anybody may write into a link leads nowhere but into the console. */
export function safeNext(text: string | null | undefined): string {
	if (text == null || !/^\/console(?:[/?][\x21-\x5b\x5d-\x7e]*)?$/.test(text)) return "/console";
	// As the browser goes there: without `..` and its like, which are in no address that the console gives.
	const { pathname } = new URL(text, "https://console.invalid");
	const isInside = text.split("?", 1)[0] === pathname && !/^\/console\/(?:sign-|link)/.test(pathname);
	return isInside ? text : "/console";
}

export function SignInForm({ next, refused }: { next: string; refused?: ApiRefusal["problem"] }) {
	return (
		<>
			{refused && <ProblemText problem={refused} />}
			<form method="post" action="/console/sign-in" class="narrow">
				<label>
					API key
					<input type="password" name="key" required autocomplete="off" maxlength={200} />
				</label>
				<input type="hidden" name="next" value={next} />
				<button type="submit">Sign in</button>
			</form>
			<p>
				What the key may do is what you may do here; the trail names its holder. After eight hours you sign in again.
			</p>
			{next !== "/console" && (
				<p>
					You came from another site and are signed in already? <a href={next}>Go on</a>
				</p>
			)}
		</>
	);
}

export async function signIn(c: ConsoleContext): Promise<Response> {
	const form = await readForm(c);
	const next = safeNext(form.get("next"));
	await limitRate(c.env.services.limits.publish, callerNetwork(c.req.raw));
	try {
		const hash = await hashOfKey(c.env, form.get("key")?.trim() ?? "");
		await beginSession(c, hash, await holderOf(c.env, hash));
		return c.redirect(next, 303);
	} catch (error) {
		const refused = refusalOf(error);
		c.env.event.problem = refused.code ?? null;
		return render(c, "Sign in", undefined, <SignInForm next={next} refused={refused} />, refused.status);
	}
}

/**
 * Gives the browser its cookie.
 * @param hash of the key to which the session is bound @param until unix seconds at which it ends at the latest
 * @throws ApiRefusal where the key opens no screen
 */
export async function beginSession(
	c: ConsoleContext,
	hash: string,
	{ scopes }: KeyHolder,
	until = Number.POSITIVE_INFINITY,
): Promise<void> {
	const { config, macKeyring } = c.env.services;
	if (!opensAnyScreen(scopes))
		throw new ApiRefusal({
			status: 403,
			title: "No screen is for this key",
			detail: "this key opens no screen",
			fix: "Sign in with a key of another scope, such as read or read:<account>.",
		});
	const exp = Math.min(c.env.now + SESSION_SECONDS, until);
	const session = { hash, form: randomWord(), exp };
	const options = { ...cookieOptions(c), maxAge: Math.max(exp - c.env.now, 0) };
	setCookie(c, COOKIE, await sealSession(macKeyring, config.issuer, session), options);
}

export function opensAnyScreen(scopes: readonly HeldScope[]): boolean {
	const view = viewOf(scopes);
	return SCREENS.some((screen) => seesScreen(view, screen));
}

/** Whether it was refused because no such key is in force. */
export function isNoKey(error: unknown): boolean {
	return error instanceof ProblemError && error.code === "unauthenticated";
}

function refusalOf(error: unknown): ApiRefusal["problem"] {
	if (error instanceof ApiRefusal) return error.problem;
	if (!isNoKey(error)) throw error;
	const fix = "Check that it is whole, not revoked, and from this deployment.";
	return { status: 401, code: "unauthenticated", title: "Sign in", detail: "this is no API key that counts here", fix };
}

export function signOut(c: ConsoleContext): Response {
	deleteCookie(c, COOKIE, cookieOptions(c));
	return c.redirect("/console/sign-in", 303);
}
