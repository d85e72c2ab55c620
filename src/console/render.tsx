// From a screen to its answer, and from a failure to a page that says what to do.
import type { Context } from "hono";
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { answerFailure } from "../failure.ts";
import { CHART } from "./chart.tsx";
import { ApiRefusal, type ConsoleEnv, type Problem } from "./console-env.ts";
import { Main, Page, ProblemText } from "./layout.tsx";
import type { Screen } from "./view.ts";

export type ConsoleContext = Context<ConsoleEnv>;
type Status = 200 | 400 | 401 | 403 | 404 | 422 | 429 | 503;

export function render(
	c: ConsoleContext,
	title: string,
	screen: Screen | undefined,
	body: Child,
	status = 200,
): Response {
	const { holder, view, session } = c.var;
	const signedIn = holder === undefined ? undefined : { holder, view, session };
	const main = String(<Main title={title}>{body}</Main>);
	const page = (
		<Page
			{...{ title, version: c.env.services.version, hasChart: main.includes(CHART) }}
			{...(screen && { screen })}
			{...(signedIn && { signedIn })}
		>
			{raw(main)}
		</Page>
	);
	return c.html(`<!doctype html>${page}`, status as Status) as Response;
}

/** @returns a page for whatever went wrong, known or not; never more than the API would tell */
export async function renderFailure(c: ConsoleContext, error: unknown): Promise<Response> {
	const refused = error instanceof ApiRefusal ? error : await asRefusal(c, error);
	const { problem, retryAfter } = refused;
	c.env.event.problem ??= problem.code ?? null;
	if (retryAfter !== null) c.header("retry-after", retryAfter);
	return render(c, problem.title, undefined, <ProblemText problem={problem} />, problem.status);
}

async function asRefusal(c: ConsoleContext, error: unknown): Promise<ApiRefusal> {
	const answer = answerFailure(error, c.env, c.req.path);
	return new ApiRefusal(await answer.json<Problem>(), answer.headers.get("retry-after"));
}
