// What `cloudflare:workers` is to the objects outside workerd: the one class that they extend.
export class DurableObject<Bindings> {
	readonly ctx: DurableObjectState;
	readonly env: Bindings;

	constructor(ctx: DurableObjectState, env: Bindings) {
		this.ctx = ctx;
		this.env = env;
	}
}
