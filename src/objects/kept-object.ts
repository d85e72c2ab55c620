// An object of which every row is the truth about something: what is common to all of them. It comes into being with its first change,
// and answers like an empty one until then.
import { DurableObject } from "cloudflare:workers";
import type { ObjectBindings } from "./bindings.ts";
import { openTables, type Schema } from "./schema.ts";

export abstract class KeptObject extends DurableObject<ObjectBindings> {
	/** whether it has its tables: until its first change it has none, and nothing may be read */
	protected exists: boolean;

	constructor(ctx: DurableObjectState, env: ObjectBindings, schema: Schema) {
		super(ctx, env);
		this.exists = openTables(ctx.storage, schema);
	}
}
