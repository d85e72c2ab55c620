// `GET /`: what answers here, as a page for people and as JSON for programs.
import { type ConsoleContext, render } from "./render.tsx";

const WHAT = "Parapet, an update service for fleets of firewalls";

/** Which of the two is wanted: a program that does not say so gets JSON. */
export function frontPage(c: ConsoleContext): Response {
	c.header("vary", "accept");
	if (!(c.req.header("accept") ?? "").includes("text/html")) {
		const { issuer } = c.env.services.config;
		return c.json({
			service: "parapet",
			description: WHAT,
			version: c.env.services.version,
			console: `${issuer}/console`,
			openapi: `${issuer}/openapi.json`,
			authorization_server: `${issuer}/.well-known/oauth-authorization-server`,
		}) as Response;
	}
	return render(
		c,
		"Parapet",
		undefined,
		<>
			<p>{WHAT}.</p>
			<ul>
				<li>
					<a href="/console">The console</a>: rollouts, fleet, devices, releases, licenses, messages, trail
				</li>
				<li>
					<a href="/openapi.json">The API</a>, as an OpenAPI document
				</li>
				<li>
					<a href="/.well-known/oauth-authorization-server">Where firewalls sign in</a> (RFC 8414)
				</li>
			</ul>
		</>,
	);
}
