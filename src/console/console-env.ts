// What the console hands from one of its handlers to the next, and how they ask the API.

import type { RequestScope } from "../request-scope.ts";
import type { KeyHolder } from "../routes/http/app-env.ts";
import type { Session } from "./session.ts";
import type { View } from "./view.ts";

/** The application behind the API. */
export type Application = (
	request: Request,
	scope: RequestScope,
	context: ExecutionContext,
) => Response | Promise<Response>;

export interface Api {
	/** @throws ApiRefusal */
	get<T>(path: string, query?: Readonly<Record<string, string | undefined>>): Promise<T>;
	/** @throws ApiRefusal */
	send<T>(method: string, path: string, body?: object): Promise<T>;
}

export interface ConsoleEnv {
	Bindings: RequestScope;
	Variables: {
		session: Session;
		holder: KeyHolder;
		view: View;
		api: Api;
		/** the fields that were sent; empty for GET */
		form: URLSearchParams;
	};
}

/** A problem document (RFC 9457) as the API answers it. */
export interface Problem {
	readonly status: number;
	readonly title: string;
	readonly code?: string;
	readonly detail?: string;
	readonly fix?: string;
	readonly request_id?: string;
	readonly errors?: readonly { readonly field: string; readonly message: string }[];
}

/** What was asked for is refused: by the API, or by the console itself. */
export class ApiRefusal extends Error {
	override readonly name = "ApiRefusal";
	readonly problem: Problem;
	readonly retryAfter: string | null;

	constructor(problem: Problem, retryAfter: string | null = null) {
		super(problem.title);
		this.problem = problem;
		this.retryAfter = retryAfter;
	}
}
