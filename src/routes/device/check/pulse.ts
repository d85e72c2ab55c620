// A pulse: a public object of a few bytes that changes when there is something new to ask about. Devices read it instead of
// checking. No token, no store read of its own: the isolate holds `heads` anyway. The same objects lie in the public bucket
// (objects/bindings.ts), which is where devices are sent once PULSE_ORIGIN is set.
import { createRoute, z } from "@hono/zod-openapi";
import { emergencyUntil, PULSE_MAX_AGE_SECONDS, pulseUrgency } from "../../../content/check/pulse.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { PULSE_NAME, type PulseSubject } from "../../../signing/pulse-signer.ts";
import { pulseKey } from "../../../storage/keys.ts";
import { createRouter, jsonAnswer, problems } from "../../http/openapi.ts";
import { revisionOf } from "../../http/pulse-links.ts";

const pulseBody = z
	.object({
		value: z
			.string()
			.openapi({ description: "Compare it with the value in the check's answer", example: "mJ3n0pQ4s-TuVwX9" }),
		spread: z.int().openapi({ description: "Seconds within which devices that see a change check", example: 300 }),
		emergency: z.boolean().openapi({ description: "Whether the news is an emergency release" }),
	})
	.openapi("Pulse");

const route = createRoute({
	method: "get",
	path: `/${pulseKey("{name}")}`,
	operationId: "getPulse",
	tags: ["Device"],
	summary: "Whether there is anything to check for",
	request: { params: z.object({ name: z.string().regex(PULSE_NAME) }) },
	responses: {
		200: jsonAnswer(pulseBody, "The present value, and how soon to check when it has changed"),
		...problems("not_found", "invalid_identifier"),
	},
});

export const pulse = createRouter().openapi(route, async (c) => {
	const scope = c.env;
	const { records, config, pulses } = scope.services;
	const view = await records.current(scope);
	const subject = await subjectOf(c.req.valid("param").name, Object.keys(view.heads.products), scope);
	if (subject === null) throw new ProblemError("not_found");
	const record = subject === "messages" ? null : await records.product(subject.product, view, scope);
	const body = {
		value: await pulses.valueOf(subject, revisionOf(view.heads, subject)),
		...pulseUrgency(emergencyUntil(record), scope.now, config.checkIntervalSeconds),
	};
	return c.json(body, 200, { "cache-control": `public, max-age=${PULSE_MAX_AGE_SECONDS}` });
});

/** Names are MACs and lead nowhere back, so those of all subjects are compared; they are made once per isolate. */
async function subjectOf(name: string, products: readonly string[], scope: RequestScope): Promise<PulseSubject | null> {
	const subjects: readonly PulseSubject[] = ["messages", ...products.map((product) => ({ product }))];
	for (const subject of subjects) {
		if ((await scope.services.pulses.nameOf(subject)) === name) return subject;
	}
	return null;
}
