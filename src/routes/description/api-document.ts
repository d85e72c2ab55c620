// The OpenAPI 3.1 document as far as it is read and completed here; the generator's own types allow for much that is never there.

export interface Schema {
	$ref?: string;
	type?: string | readonly string[];
	enum?: readonly unknown[];
	const?: unknown;
	format?: string;
	pattern?: string;
	minimum?: number;
	maximum?: number;
	exclusiveMinimum?: number;
	minLength?: number;
	maxLength?: number;
	minItems?: number;
	maxItems?: number;
	description?: string;
	example?: unknown;
	properties?: Record<string, Schema>;
	required?: readonly string[];
	additionalProperties?: boolean | Schema;
	items?: Schema;
	prefixItems?: readonly Schema[];
	allOf?: readonly Schema[];
	anyOf?: readonly Schema[];
	oneOf?: readonly Schema[];
}

export type Content = Record<string, { schema: Schema; example?: unknown }>;

export interface Answer {
	description: string;
	content?: Content;
	headers?: Readonly<Record<string, { readonly $ref: string }>>;
	/** problem codes, or errors of OAuth, that come with this status */
	"x-codes"?: readonly string[];
}

export interface Parameter {
	readonly name: string;
	readonly in: "path" | "query" | "header";
	readonly required?: boolean;
	readonly description?: string;
	readonly schema: Schema;
}

export interface Operation {
	readonly operationId: string;
	readonly tags: readonly string[];
	readonly summary: string;
	readonly description?: string;
	/** of an API key: any one of these will do; the first is the least */
	readonly "x-scopes"?: readonly string[];
	/** it takes an `Idempotency-Key` (routes/publisher/ask-once.ts) */
	readonly "x-idempotency-key"?: true;
	/** any one of these; each names a scheme */
	readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
	readonly parameters?: readonly Parameter[];
	readonly requestBody?: { readonly required?: boolean; readonly content: Content };
	/** it ends one day: routes/http/endings.ts */
	readonly deprecated?: boolean;
	readonly responses: Record<string, Answer>;
}

export interface ApiDocument {
	/** path → method in lower case → operation */
	readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
	readonly components: {
		readonly schemas: Readonly<Record<string, Schema>>;
		readonly securitySchemes: Readonly<Record<string, unknown>>;
		readonly headers: Readonly<Record<string, { readonly required?: boolean; readonly schema: Schema }>>;
	};
}

/** Every operation of the document, in its order. */
export function operationsOf(document: ApiDocument): { path: string; method: string; operation: Operation }[] {
	return Object.entries(document.paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
	);
}

/** The component that a schema refers to: its name and itself; null where it refers to none. */
export function componentOf(document: ApiDocument, { $ref }: Schema): { name: string; schema: Schema } | null {
	const name = $ref?.split("/").at(-1);
	const schema = name === undefined ? undefined : document.components.schemas[name];
	return name === undefined || schema === undefined ? null : { name, schema };
}
