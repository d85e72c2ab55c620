// A message of the day as it is shown, to devices and to operators.
import { z } from "@hono/zod-openapi";
import { severity } from "../../../content/messages/message.ts";
import { timestamp } from "../../http/openapi.ts";

export const shownMessage = z.object({
	id: z.string(),
	sequence: z.int(),
	severity,
	title: z.string(),
	body: z.string(),
	starts_at: timestamp,
	ends_at: timestamp,
});
