// The console: pages for people over the API, rendered here, which work without scripts. Which address is which screen; every answer
// carries the policy that lets nothing into a page but this service's own files.
import { Hono } from "hono";
import { answerFailure } from "../failure.ts";
import {
	act,
	askAction,
	askDevice,
	askRollout,
	deviceTarget,
	messageTarget,
	notHere,
	rolloutTarget,
} from "./actions.tsx";
import { ApiRefusal, type Application, type ConsoleEnv } from "./console-env.ts";
import { frontPage } from "./front-page.tsx";
import { type ConsoleContext, renderFailure } from "./render.tsx";
import { showDevice } from "./screens/device.tsx";
import { showDevices } from "./screens/devices.tsx";
import { showAdoption } from "./screens/fleet/adoption.tsx";
import { showFleet } from "./screens/fleet/fleet.tsx";
import { showInstalled } from "./screens/fleet/installed.tsx";
import { showTrust } from "./screens/fleet/trust.tsx";
import { showForks } from "./screens/forks.tsx";
import { showLicense, showLicenses } from "./screens/licenses.tsx";
import { showMessage, showMessages } from "./screens/messages.tsx";
import { showRelease } from "./screens/release.tsx";
import { showReleases } from "./screens/releases.tsx";
import { showRollout, showRollouts } from "./screens/rollouts.tsx";
import { showTraffic } from "./screens/traffic.tsx";
import { showTrail } from "./screens/trail.tsx";
import { putUp, writeMessage } from "./screens/write-message.tsx";
import { requireSession, signIn, signOut } from "./sign-in.tsx";
import { showSignIn, signInByAccess } from "./sign-in-access.tsx";
import { makeLink, renderLinkFailure, showLink, signInByLink } from "./sign-in-link.tsx";
import { SCREENS, seesScreen } from "./view.ts";

const HEADERS = {
	"content-security-policy":
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	// Not `no-referrer`: with it browsers send forms without their origin.
	"referrer-policy": "same-origin",
	"cross-origin-opener-policy": "same-origin",
} as const;
const FILE_CACHE = "public, max-age=86400";

export function createConsole(application: Application): Hono<ConsoleEnv> {
	const pages = new Hono<ConsoleEnv>();
	pages.use(async (c, next) => {
		await next();
		for (const [name, value] of Object.entries(HEADERS)) if (!c.res.headers.has(name)) c.res.headers.set(name, value);
	});
	pages.get("/", noted("/", frontPage));
	pages.get("/console/files/:file", async (c) => {
		c.env.event.route = "/console/files/:file";
		const answer = await c.env.services.consoleFiles?.fetch(c.req.raw as Parameters<Fetcher["fetch"]>[0]);
		if (answer?.status === 304) return new Response(null, { status: 304, headers: { "cache-control": FILE_CACHE } });
		if (answer?.ok !== true) throw notHere();
		return new Response(answer.body as BodyInit | null, {
			headers: {
				"content-type": answer.headers.get("content-type") ?? "application/octet-stream",
				etag: answer.headers.get("etag") ?? "",
				"cache-control": FILE_CACHE,
			},
		});
	});
	pages.get("/console/sign-in", noted("/console/sign-in", showSignIn));
	pages.post("/console/sign-in", noted("/console/sign-in", signIn));
	pages.post("/console/sign-in/access", noted("/console/sign-in/access", signInByAccess));
	pages.post(
		"/console/links",
		noted("/console/links", (c) => makeLink(c).catch((error) => answerFailure(error, c.env, c.req.path))),
	);
	const byLink = (open: AsyncHandler) => noted("/console/link", (c) => open(c).catch((e) => renderLinkFailure(c, e)));
	pages.get("/console/link", byLink(showLink));
	pages.post("/console/link", byLink(signInByLink));
	pages.use("/console", requireSession(application));
	pages.use("/console/*", requireSession(application));
	pages.post("/console/sign-out", noted("/console/sign-out", signOut));
	pages.get("/console", (c) => {
		const first = SCREENS.find((screen) => seesScreen(c.var.view, screen));
		return c.redirect(`/console/${first ?? "sign-in"}`, 303);
	});
	const screen = (path: string, show: Handler) => pages.get(path, noted(path, show));
	const action = (path: string, ask: Handler, target: typeof deviceTarget) => {
		screen(`${path}/:action`, ask);
		pages.post(
			`${path}/:action`,
			noted(`${path}/:action`, (c) => act(c, target(c))),
		);
	};
	for (const name of SCREENS)
		pages.use(`/console/${name}/*`, async (c, next) => {
			if (!seesScreen(c.var.view, name)) throw otherKey();
			await next();
		});
	screen("/console/rollouts", showRollouts);
	screen("/console/rollouts/:product/:version", showRollout);
	screen("/console/fleet", showFleet);
	screen("/console/fleet/installed", showInstalled);
	screen("/console/fleet/trust", showTrust);
	screen("/console/fleet/products/:product", showAdoption);
	screen("/console/devices", showDevices);
	screen("/console/devices/forks", showForks);
	screen("/console/devices/:device", showDevice);
	screen("/console/releases", showReleases);
	screen("/console/releases/:product/:version", showRelease);
	screen("/console/licenses", showLicenses);
	screen("/console/licenses/:license", showLicense);
	screen("/console/messages", showMessages);
	screen("/console/messages/new", writeMessage);
	screen("/console/messages/:message", showMessage);
	pages.post("/console/messages", noted("/console/messages", putUp));
	screen("/console/traffic", showTraffic);
	screen("/console/trail", showTrail);
	action("/console/rollouts/:product/:version", askRollout, rolloutTarget);
	action("/console/devices/:device", askDevice, deviceTarget);
	action("/console/messages/:message", (c) => askAction(c, messageTarget(c)), messageTarget);
	pages.notFound((c) => renderFailure(c, notHere()));
	pages.onError((error, c) => renderFailure(c, error));
	return pages;
}

/** The API would refuse as well; but some screens have nothing to ask it for such a key. */
function otherKey(): ApiRefusal {
	const fix = "Go on from one of the screens above, or sign in with another key.";
	return new ApiRefusal({ status: 403, code: "insufficient_scope", title: "This screen is not for your key", fix });
}

type Handler = (c: ConsoleContext) => Response | Promise<Response>;
type AsyncHandler = (c: ConsoleContext) => Promise<Response>;

/** Names the route for the log, which never has an address itself. */
function noted(route: string, handler: Handler): Handler {
	return (c) => {
		c.env.event.route = route;
		return handler(c);
	};
}
