// The page that a problem's `type` leads to (RFC 9457 §3.1.1): what the code means and what to do about it. For people, so
// it is HTML and no part of the described API. Everything on it stands in the catalogue of problems.
import { Hono } from "hono";
import { ProblemError } from "../../problem.ts";
import { PROBLEMS, type ProblemCode } from "../../problem-catalogue.ts";
import type { AppEnv } from "../http/app-env.ts";

const PAGE_HEADERS = {
	"content-type": "text/html; charset=utf-8",
	"cache-control": "public, max-age=3600",
	"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
};

export const problemPages = new Hono<AppEnv>().get("/problems/:code", (c) => {
	const code = c.req.param("code");
	if (!isProblemCode(code)) throw new ProblemError("not_found");
	return c.body(pageOf(code), 200, PAGE_HEADERS);
});

function isProblemCode(text: string): text is ProblemCode {
	return Object.hasOwn(PROBLEMS, text);
}

function pageOf(code: ProblemCode): string {
	const { title, status, fix, retryable } = PROBLEMS[code];
	const again = retryable ? "The same request can succeed later." : "The same request will not succeed later.";
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${code}</title>
<style>body{font:1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}</style>
<h1>${escapeHtml(title)}</h1><p><code>${code}</code>, status ${status}. ${again}</p><p>${escapeHtml(fix)}</p></html>
`;
}

function escapeHtml(text: string): string {
	return text
		.replaceAll("&", "&amp;")
		.replaceAll("<", "&lt;")
		.replaceAll(">", "&gt;")
		.replaceAll(/`([^`]*)`/g, "<code>$1</code>");
}
