// What can be done from the console. Each action has a page of its own that says what it does and asks again, takes a reason, and then
// makes one call of the API.
import type { Child } from "hono/jsx";
import { ApiRefusal } from "./console-env.ts";
import { forkOf, LineText } from "./forks.tsx";
import { segment } from "./layout.tsx";
import { type ConsoleContext, render } from "./render.tsx";
import type { Rollout } from "./screens/rollout-words.ts";
import type { Screen } from "./view.ts";

interface Action {
	readonly title: string;
	readonly says: string;
	readonly reason: "required" | "kept" | "none";
	/** nothing takes it back */
	readonly isFinal?: true;
}

export const ACTIONS: Readonly<Record<string, Action>> = {
	approve: { title: "Approve", says: "The next step begins: more devices get the release.", reason: "none" },
	override: { title: "Let it pass", says: "The step passes although its gate has not seen enough.", reason: "none" },
	resume: { title: "Let it go on", says: "The halted rollout goes on where it stopped.", reason: "none" },
	halt: { title: "Halt", says: "Nobody gets the release who has not got it. It can go on later.", reason: "required" },
	revert: {
		title: "Revert",
		says: "The release is withdrawn for good: it is offered no more, and who runs it is offered another.",
		reason: "required",
		isFinal: true,
	},
	suspend: {
		title: "Suspend",
		says: "It gets nothing new until it is reinstated, and keeps what it has.",
		reason: "kept",
	},
	reinstate: { title: "Reinstate", says: "It may update again.", reason: "kept" },
	revoke: { title: "Revoke", says: "It is refused for good, and its seat is free.", reason: "kept", isFinal: true },
	resolve: {
		title: "Say which is the device",
		says: "The fork is over. The other copy is refused nothing: if it goes on, it is a fork again. To shut it out, revoke or replace the device.",
		reason: "kept",
	},
	"take-down": { title: "Take down", says: "Devices are shown the message no more.", reason: "none", isFinal: true },
};

/** @param base where the console has what it is about, or the API, with what stands between product and version there */
export function rolloutPath(
	{ product, version }: { product: string; version: string },
	base = "/console/rollouts",
	between = "",
): string {
	return `${base}/${segment(product)}${between}/${segment(version)}`;
}

/** Links to the pages of actions, the first of them the safest. */
export function actionLinks(path: string, names: readonly string[]): Child {
	return (
		<p class="actions">
			{names.map((name, index) => (
				<a class={index === 0 ? "button" : "button outline"} href={`${path}/${name}`}>
					{ACTIONS[name]?.title ?? name}
				</a>
			))}
		</p>
	);
}

export interface Target {
	readonly screen: Screen;
	/** what it is about, as people call it */
	readonly name: string;
	/** where to go when it is done */
	readonly back: string;
	/** @param given what the form says, by field; "" where it says nothing */
	call(name: string, given: (field: string) => string): readonly [method: string, path: string, body?: object];
}

/** The page that asks. @param facts to go by @param fields of the form, beside the reason */
export function askAction(c: ConsoleContext, target: Target, facts: Child = null, fields: Child = null): Response {
	const name = c.req.param("action") ?? "";
	const action = actionNamed(name);
	return render(
		c,
		`${action.title}: ${target.name}`,
		target.screen,
		<>
			<article class={action.isFinal ? "red" : "amber"}>
				{action.says} {action.isFinal && <strong>This cannot be taken back.</strong>}
			</article>
			{facts}
			<form method="post" class="narrow">
				<input type="hidden" name="form" value={c.var.session.form} />
				{fields}
				{action.reason !== "none" && (
					<label>
						Reason, for the trail
						<textarea name="reason" maxlength={500} required={action.reason === "required"}>
							{c.req.query("reason") ?? ""}
						</textarea>
					</label>
				)}
				<div class="actions">
					<button type="submit">{action.title}</button>
					<a class="button outline" href={target.back}>
						Leave it
					</a>
				</div>
			</form>
		</>,
	);
}

/** Does it, by one call of the API, and leads back to what it was about. */
export async function act(c: ConsoleContext, target: Target): Promise<Response> {
	const name = c.req.param("action") ?? "";
	actionNamed(name);
	const { form, api } = c.var;
	await api.send(...target.call(name, (field) => (form.get(field) ?? "").trim()));
	return c.redirect(target.back, 303);
}

function actionNamed(name: string): Action {
	const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
	if (action === undefined) throw notHere();
	return action;
}

export function notHere(): ApiRefusal {
	return new ApiRefusal({
		status: 404,
		code: "not_found",
		title: "There is nothing here",
		fix: "Go on from one of the screens above.",
	});
}

export function rolloutTarget(c: ConsoleContext): Target {
	const of = { product: c.req.param("product") ?? "", version: c.req.param("version") ?? "" };
	const api = rolloutPath(of, "/v1/products", "/releases");
	return {
		screen: "rollouts",
		name: `${of.product} ${of.version}`,
		back: rolloutPath(of),
		call: (name, given) => {
			const [reason, evidence, sha256] = ["reason", "evidence", "sha256"].map(given);
			if (name === "halt") return ["POST", `${api}/rollout/halt`, { reason }];
			if (name === "revert") return ["POST", `${api}/withdraw`, { reason }];
			if (name === "approve" || name === "override" || name === "resume")
				return ["POST", `${api}/rollout/words`, { kind: name, evidence, ...(sha256 !== "" && { sha256 }) }];
			throw notHere();
		},
	};
}

export async function askRollout(c: ConsoleContext): Promise<Response> {
	const target = rolloutTarget(c);
	const of = { product: c.req.param("product") ?? "", version: c.req.param("version") ?? "" };
	// A release that nobody was offered has none, and can be withdrawn all the same.
	const rollout = await c.var.api
		.get<Rollout>(`${rolloutPath(of, "/v1/products", "/releases")}/rollout`)
		.catch((error: unknown) => {
			if (error instanceof ApiRefusal && error.problem.status === 404 && c.req.param("action") === "revert")
				return null;
			throw error;
		});
	const failed = rollout?.steps.reduce((sum, step) => sum + step.failed, 0) ?? 0;
	const facts = rollout && (
		<p>
			It is {rollout.phase} in step {rollout.step}; the verdict is {rollout.verdict}, and {failed}{" "}
			{failed === 1 ? "unit" : "units"} failed. Its package, uploaded by {rollout.publisher}, has the SHA-256{" "}
			<code>{rollout.sha256}</code>.
		</p>
	);
	const seen = rollout && (
		<>
			<input type="hidden" name="evidence" value={rollout.evidence} />
			<input type="hidden" name="sha256" value={rollout.sha256} />
		</>
	);
	return askAction(c, target, facts, seen);
}

export function deviceTarget(c: ConsoleContext): Target {
	const device = c.req.param("device") ?? "";
	return {
		screen: "devices",
		name: device,
		back: `/console/devices/${segment(device)}`,
		call: (name, given) => {
			const reason = given("reason") === "" ? {} : { reason: given("reason") };
			const path = `/v1/devices/${segment(device)}`;
			if (name === "resolve") return ["POST", `${path}/fork/resolve`, { keep: given("keep"), ...reason }];
			if (name !== "suspend" && name !== "reinstate" && name !== "revoke") throw notHere();
			return ["POST", `${path}/${name}`, reason];
		},
	};
}

/** Of a fork the page has the two lines to choose from. */
export async function askDevice(c: ConsoleContext): Promise<Response> {
	const target = deviceTarget(c);
	if (c.req.param("action") !== "resolve") return askAction(c, target);
	const id = c.req.param("device") ?? "";
	const { account } = await c.var.api.get<{ account: string }>(`/v1/devices/${segment(id)}`);
	const fork = await forkOf(c, account, id);
	if (fork === null)
		throw new ApiRefusal({ status: 404, code: "not_found", title: "No two copies of it are known to live" });
	const choices = (
		<fieldset>
			<legend>The device is the one that</legend>
			{fork.lines.map((one) => (
				<label>
					<input type="radio" name="keep" value={one.line} required />
					<LineText of={one} />
				</label>
			))}
		</fieldset>
	);
	return askAction(c, target, null, choices);
}

export function messageTarget(c: ConsoleContext): Target {
	const message = c.req.param("message") ?? "";
	return {
		screen: "messages",
		name: message,
		back: "/console/messages",
		call: (name) => {
			if (name !== "take-down") throw notHere();
			return ["DELETE", `/v1/messages/${segment(message)}`];
		},
	};
}
